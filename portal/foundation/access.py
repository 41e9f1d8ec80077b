"""Who may do what: one table of roles and permissions, and the person (or system) who acts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from portal.foundation.errors import Refused
from portal.foundation.language import say

__all__ = [
    "ROLE_PERMISSIONS",
    "Actor",
    "OrganisationKind",
    "Permission",
    "Role",
    "demand",
    "portal_actor",
    "system_actor",
]


class OrganisationKind(StrEnum):
    """The three sides of the portal."""

    BANK = "bank"
    AGENCY = "agency"
    LAW_FIRM = "law_firm"


class Role(StrEnum):
    """What a person is here for. A role belongs to one kind of organisation."""

    ADMINISTRATOR = "administrator"
    VENDOR_MANAGER = "vendor_manager"
    FINANCE = "finance"
    COMPLIANCE = "compliance"
    AGENCY_LEADER = "agency_leader"
    AGENCY_STAFF = "agency_staff"
    LEGAL_PARTNER = "legal_partner"


class Permission(StrEnum):
    """Every route, operation and command names one of these, or says that it is public."""

    SELF_MANAGE = "self.manage"  # own password, sessions, one-time codes, language
    HOME_VIEW = "home.view"
    ORGANISATIONS_VIEW = "organisations.view"
    ORGANISATIONS_MANAGE = "organisations.manage"
    USERS_VIEW = "users.view"
    USERS_MANAGE = "users.manage"
    JOBS_VIEW = "jobs.view"
    JOBS_MANAGE = "jobs.manage"
    AUDIT_VIEW = "audit.view"
    ACCOUNTS_VIEW = "accounts.view"
    ACCOUNTS_IMPORT = "accounts.import"
    PERSON_REVEAL = "person.reveal"
    HOLDS_VIEW = "holds.view"
    HOLDS_RAISE = "holds.raise"  # with what proves them: for accounts that one may see
    HOLDS_MANAGE = "holds.manage"
    CONTRACTS_VIEW = "contracts.view"
    CONTRACTS_MANAGE = "contracts.manage"
    VENDORS_VIEW = "vendors.view"  # of oneself for everybody but the bank: standing, papers, staff register
    VENDORS_MANAGE = "vendors.manage"  # papers and limits, what is required, who is not permitted
    REGISTER_KEEP = "register.keep"  # the staff register of one's own organisation; at the bank of all
    PLACEMENTS_VIEW = "placements.view"
    PLACEMENTS_PROPOSE = "placements.propose"
    PLACEMENTS_APPROVE = "placements.approve"
    BATCHES_VIEW = "batches.view"
    BATCHES_ACCEPT = "batches.accept"
    RECALLS_VIEW = "recalls.view"
    RECALLS_ANSWER = "recalls.answer"  # the organisation's own: objections, returns, wishes to keep accounts
    QUEUE_WORK = "queue.work"
    QUEUE_DEAL = "queue.deal"  # the whole agency's queue, and who works which of its accounts
    ATTEMPTS_VIEW = "attempts.view"
    ATTEMPTS_IMPORT = (
        "attempts.import"  # the log of one's own organisation; at the bank of all, for accounts that have gone back
    )
    MESSAGES_VIEW = "messages.view"  # words to debtors: texts, and what was sent
    MESSAGES_EXPORT = "messages.export"  # the outbox with its addresses, and what became of what was sent
    TEXTS_WRITE = "texts.write"
    TEXTS_APPROVE = "texts.approve"
    CONDUCT_VIEW = "conduct.view"  # what the rules found, over all organisations
    RULES_VIEW = "rules.view"  # rule packs
    RULES_PROPOSE = "rules.propose"
    RULES_PUBLISH = "rules.publish"
    ARRANGEMENTS_VIEW = "arrangements.view"
    ARRANGEMENTS_DRAW = "arrangements.draw"  # the agency's: plans, settlements, waivers, and what the debtor lives on
    ARRANGEMENTS_DECIDE = "arrangements.decide"  # the bank's: what goes beyond a contract's authority
    REQUESTS_VIEW = "requests.view"  # between the bank and who holds an account
    REQUESTS_WRITE = "requests.write"  # ask, answer, close: for one's own side
    COMPLAINTS_VIEW = "complaints.view"
    COMPLAINTS_WRITE = "complaints.write"  # raise one, reply to a question about one: for one's own side
    COMPLAINTS_MANAGE = "complaints.manage"  # take, ask about, decide
    LIMITS_NOTE = "limits.note"  # what begins a claim's limitation anew, where the portal does not come to know it
    PAYMENTS_VIEW = "payments.view"
    PAYMENTS_IMPORT = "payments.import"
    EXCEPTIONS_PROPOSE = "exceptions.propose"  # whom a payment that no rule decides is credited to
    EXCEPTIONS_CHECK = "exceptions.check"  # what another person has proposed
    PAYMENTS_RULES = "payments.rules"  # how payments are taken, matched and chased
    REPORTED_VIEW = (
        "reported.view"  # payments as agencies report them; of one's own organisation for everybody but the bank
    )
    REPORTED_WRITE = "reported.write"  # the agency's: report one, withdraw a report
    REPORTED_MATCH = "reported.match"  # the bank's: which posting a report is, where the portal did not find it
    REMITTANCES_VIEW = "remittances.view"  # what agencies hold of the bank's money
    REMITTANCES_ANNOUNCE = "remittances.announce"  # the agency's
    REMITTANCES_RECORD = "remittances.record"  # the bank's: what has come in
    STATEMENTS_VIEW = "statements.view"
    STATEMENTS_DRAW = "statements.draw"
    STATEMENTS_ISSUE = "statements.issue"
    STATEMENTS_RELEASE = "statements.release"
    STATEMENTS_CONFIRM = "statements.confirm"
    STATEMENTS_SETTLE = "statements.settle"  # invoices matched or sent back, payments recorded, taxes set
    CHARGES_VIEW = "charges.view"  # costs and adjustments
    CHARGES_PROPOSE = "charges.propose"  # adjustments
    CHARGES_DECIDE = "charges.decide"
    COSTS_ENTER = "costs.enter"  # the organisation's own: what it advanced
    SCORES_MANAGE = "scores.manage"  # points and ranks of a period: proposed by one person, fixed by another
    PLANS_TRY = "plans.try"  # a plan on what was paid already
    CONTRIBUTION_VIEW = "contribution.view"  # what batches leave the bank
    PACKS_VIEW = "packs.view"
    PACKS_BUILD = "packs.build"
    PACKS_APPROVE = "packs.approve"
    PACKS_DOWNLOAD = "packs.download"
    PACKS_DISPATCH = "packs.dispatch"  # what was sent, and what came of it
    MATTERS_VIEW = "matters.view"  # suits, hearings, their costs and documents
    MATTERS_RUN = "matters.run"  # the law firm's: open, take further, hearings, ask for costs
    EVIDENCE_BUNDLE = "evidence.bundle"  # all that is known of an account as one PDF, with the person's name
    LETTER_TEMPLATES_VIEW = "letter_templates.view"
    API_MANAGE = "api.manage"  # tokens and webhooks of one's own organisation; the bank sees those of all


_P = Permission
_EVERYONE = {_P.SELF_MANAGE, _P.HOME_VIEW, _P.JOBS_VIEW}
_WRITES = {_P.REQUESTS_VIEW, _P.REQUESTS_WRITE, _P.HOLDS_RAISE}  # who works with accounts, on either side
_COMPLAINTS = {_P.COMPLAINTS_VIEW, _P.COMPLAINTS_WRITE}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(
        _EVERYONE
        | {_P.ORGANISATIONS_VIEW, _P.ORGANISATIONS_MANAGE, _P.USERS_VIEW, _P.USERS_MANAGE, _P.JOBS_MANAGE}
        | {_P.AUDIT_VIEW, _P.CONTRACTS_VIEW, _P.CONTRACTS_MANAGE}
        | {_P.VENDORS_VIEW, _P.VENDORS_MANAGE, _P.REGISTER_KEEP}
        # The first administrator is the command line's actor where none is named (DESIGN section 8).
        | {_P.ACCOUNTS_IMPORT, _P.PAYMENTS_IMPORT}
        | {_P.API_MANAGE}
        | {_P.PAYMENTS_RULES}
        | {_P.LETTER_TEMPLATES_VIEW}
    ),
    Role.VENDOR_MANAGER: frozenset(
        _EVERYONE
        | {_P.ACCOUNTS_VIEW, _P.ACCOUNTS_IMPORT, _P.PERSON_REVEAL, _P.HOLDS_VIEW, _P.HOLDS_MANAGE}
        | {_P.ORGANISATIONS_VIEW, _P.CONTRACTS_VIEW, _P.CONTRACTS_MANAGE}
        | {_P.PLACEMENTS_VIEW, _P.PLACEMENTS_PROPOSE, _P.PLACEMENTS_APPROVE, _P.BATCHES_VIEW, _P.RECALLS_VIEW}
        | {_P.VENDORS_VIEW, _P.VENDORS_MANAGE, _P.REGISTER_KEEP}
        | {_P.ATTEMPTS_VIEW, _P.ATTEMPTS_IMPORT, _P.PAYMENTS_VIEW, _P.STATEMENTS_VIEW, _P.PACKS_VIEW, _P.AUDIT_VIEW}
        | {_P.MESSAGES_VIEW, _P.MESSAGES_EXPORT, _P.TEXTS_WRITE, _P.TEXTS_APPROVE}
        | {_P.CONDUCT_VIEW, _P.RULES_VIEW}
        | {_P.ARRANGEMENTS_VIEW, _P.ARRANGEMENTS_DECIDE}
        | {_P.LIMITS_NOTE}
        | _WRITES
        | _COMPLAINTS
        | {_P.REPORTED_VIEW, _P.REMITTANCES_VIEW}
        | {_P.CHARGES_VIEW, _P.CHARGES_PROPOSE, _P.CHARGES_DECIDE, _P.SCORES_MANAGE, _P.PLANS_TRY, _P.CONTRIBUTION_VIEW}
        | {_P.MATTERS_VIEW, _P.EVIDENCE_BUNDLE}
        | {_P.PACKS_BUILD, _P.LETTER_TEMPLATES_VIEW}
    ),
    Role.FINANCE: frozenset(
        _EVERYONE
        | {_P.ACCOUNTS_VIEW, _P.PAYMENTS_VIEW, _P.PAYMENTS_IMPORT, _P.CONTRACTS_VIEW, _P.ORGANISATIONS_VIEW}
        | {_P.STATEMENTS_VIEW, _P.STATEMENTS_DRAW, _P.STATEMENTS_ISSUE, _P.STATEMENTS_RELEASE}
        | {_P.PLACEMENTS_VIEW, _P.BATCHES_VIEW, _P.RECALLS_VIEW, _P.VENDORS_VIEW}
        | {_P.REQUESTS_VIEW, _P.REQUESTS_WRITE}
        | {_P.EXCEPTIONS_PROPOSE, _P.EXCEPTIONS_CHECK}
        | {_P.PAYMENTS_RULES, _P.REPORTED_VIEW, _P.REPORTED_MATCH, _P.REMITTANCES_VIEW, _P.REMITTANCES_RECORD}
        | {_P.STATEMENTS_SETTLE}
        | {_P.CHARGES_VIEW, _P.CHARGES_PROPOSE, _P.CHARGES_DECIDE, _P.PLANS_TRY, _P.CONTRIBUTION_VIEW}
        | {_P.MATTERS_VIEW}
    ),
    Role.COMPLIANCE: frozenset(
        _EVERYONE
        | {_P.ACCOUNTS_VIEW, _P.PERSON_REVEAL, _P.HOLDS_VIEW, _P.HOLDS_MANAGE, _P.ATTEMPTS_VIEW, _P.AUDIT_VIEW}
        | {_P.PLACEMENTS_VIEW, _P.BATCHES_VIEW, _P.RECALLS_VIEW, _P.ORGANISATIONS_VIEW, _P.PACKS_VIEW}
        | {_P.VENDORS_VIEW, _P.MESSAGES_VIEW, _P.TEXTS_WRITE, _P.TEXTS_APPROVE}
        | {_P.CONDUCT_VIEW, _P.RULES_VIEW, _P.RULES_PROPOSE, _P.RULES_PUBLISH}
        | {_P.ARRANGEMENTS_VIEW}
        | _WRITES
        | _COMPLAINTS
        | {_P.COMPLAINTS_MANAGE}
        | {_P.LIMITS_NOTE}
        | {_P.MATTERS_VIEW, _P.EVIDENCE_BUNDLE}
        | {_P.LETTER_TEMPLATES_VIEW}
    ),
    Role.AGENCY_LEADER: frozenset(
        _EVERYONE
        | {_P.BATCHES_VIEW, _P.BATCHES_ACCEPT, _P.ACCOUNTS_VIEW, _P.QUEUE_WORK, _P.ATTEMPTS_VIEW, _P.PERSON_REVEAL}
        | {_P.CONTRACTS_VIEW, _P.RECALLS_VIEW, _P.RECALLS_ANSWER, _P.VENDORS_VIEW, _P.REGISTER_KEEP}
        | {_P.PAYMENTS_VIEW, _P.STATEMENTS_VIEW, _P.STATEMENTS_CONFIRM, _P.USERS_VIEW, _P.HOLDS_VIEW}
        | {_P.ATTEMPTS_IMPORT}
        | {_P.QUEUE_DEAL}
        | {_P.MESSAGES_VIEW, _P.TEXTS_WRITE}
        | {_P.ARRANGEMENTS_VIEW, _P.ARRANGEMENTS_DRAW}
        | _WRITES
        | _COMPLAINTS
        | {_P.API_MANAGE}
        | {_P.REPORTED_VIEW, _P.REPORTED_WRITE, _P.REMITTANCES_VIEW, _P.REMITTANCES_ANNOUNCE}
        | {_P.CHARGES_VIEW, _P.COSTS_ENTER}
    ),
    Role.AGENCY_STAFF: frozenset(
        _EVERYONE
        | {_P.ACCOUNTS_VIEW, _P.QUEUE_WORK, _P.ATTEMPTS_VIEW, _P.ATTEMPTS_IMPORT, _P.PERSON_REVEAL, _P.HOLDS_VIEW}
        | {_P.MESSAGES_VIEW}
        | {_P.ARRANGEMENTS_VIEW, _P.ARRANGEMENTS_DRAW}
        | _WRITES
        | _COMPLAINTS
        | {_P.REPORTED_VIEW, _P.REPORTED_WRITE}
    ),
    Role.LEGAL_PARTNER: frozenset(
        _EVERYONE
        | {_P.BATCHES_VIEW, _P.BATCHES_ACCEPT, _P.ACCOUNTS_VIEW, _P.PERSON_REVEAL, _P.HOLDS_VIEW}
        | {_P.CONTRACTS_VIEW, _P.RECALLS_VIEW, _P.RECALLS_ANSWER, _P.VENDORS_VIEW, _P.REGISTER_KEEP}
        | {_P.PACKS_VIEW, _P.PACKS_BUILD, _P.PACKS_APPROVE, _P.PACKS_DOWNLOAD}
        | {_P.STATEMENTS_VIEW, _P.STATEMENTS_CONFIRM, _P.USERS_VIEW}
        | {_P.LIMITS_NOTE}
        | _WRITES
        | _COMPLAINTS
        | {_P.API_MANAGE}
        | {_P.CHARGES_VIEW, _P.COSTS_ENTER}
        | {_P.PACKS_DISPATCH}
        | {_P.MATTERS_VIEW, _P.MATTERS_RUN, _P.EVIDENCE_BUNDLE}
        | {_P.LETTER_TEMPLATES_VIEW}
    ),
}

ROLES_OF: dict[OrganisationKind, tuple[Role, ...]] = {
    OrganisationKind.BANK: (Role.ADMINISTRATOR, Role.VENDOR_MANAGER, Role.FINANCE, Role.COMPLIANCE),
    OrganisationKind.AGENCY: (Role.AGENCY_LEADER, Role.AGENCY_STAFF),
    OrganisationKind.LAW_FIRM: (Role.LEGAL_PARTNER,),
}


@dataclass(frozen=True)
class Actor:
    """The person who acts, as plain values, so that operations and rules need no session to know them.

    The system actor (`organisation_kind` None) signs people in, runs the job list and seals the audit chain; it sees
    organisations, users, jobs and audit events, and nobody's accounts.
    """

    user_id: int | None
    name: str
    user_name: str = ""
    organisation_id: int | None = None
    organisation_name: str = ""
    organisation_kind: OrganisationKind | None = None
    role: Role | None = None
    permissions: frozenset[Permission] = field(default=frozenset(), repr=False)
    locale: str = "zh_Hans"
    time_zone: str = "Asia/Shanghai"
    origin: str = "cli"

    def can(self, permission: Permission) -> bool:
        """Whether this person's role carries the permission."""
        return permission in self.permissions

    @property
    def is_system(self) -> bool:
        return self.organisation_kind is None

    @property
    def is_bank(self) -> bool:
        return self.organisation_kind is OrganisationKind.BANK

    @property
    def scope(self) -> str:
        """The word that the database's row policies know: `system`, `bank` or `organisation`."""
        if self.is_system:
            return "system"
        return "bank" if self.is_bank else "organisation"

    def coming_from(self, origin: str) -> Actor:
        """The same person, acting from another place (`job`, `cli`, an address)."""
        return replace(self, origin=origin)


def demand(actor: Actor, permission: Permission) -> None:
    """Refused (403) without the permission. The page has asked already; whoever calls from elsewhere is asked here."""
    if not actor.can(permission):
        words = say("Your role does not include this. Ask your administrator if you need it.")
        raise Refused("access.forbidden", words, status=403)


def system_actor(name: str, origin: str = "system") -> Actor:
    """A named system actor: `sign-in`, `sealer`, `job-runner`, `verification`."""
    return Actor(user_id=None, name=name, user_name=name, origin=origin)


def portal_actor(organisation_id: int, organisation_name: str, time_zone: str) -> Actor:
    """The bank's own portal, which does what the day brings without anybody asking; the audit trail names it so."""
    return Actor(
        user_id=None,
        name="portal",
        user_name="portal",
        organisation_id=organisation_id,
        organisation_name=organisation_name,
        organisation_kind=OrganisationKind.BANK,
        time_zone=time_zone,
        origin="job",
    )
