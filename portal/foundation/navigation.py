"""The narrow navigation at the left: one ordered list, of which each role sees its own words.

Entries name endpoints of rooms that stand below the foundation, by name only; an entry whose endpoint is not there is
not shown. What waits behind an entry is counted by the room that knows, which registers itself with `counts`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portal.foundation.access import Actor, Permission, Role
from portal.foundation.language import _l

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["ENTRIES", "Entry", "Item", "counts", "items_for"]

Count = Callable[[Actor], int]

_BANK = frozenset({Role.ADMINISTRATOR, Role.VENDOR_MANAGER, Role.FINANCE, Role.COMPLIANCE})
_AGENCY = frozenset({Role.AGENCY_LEADER, Role.AGENCY_STAFF})
_OUTSIDE = frozenset({Role.AGENCY_LEADER, Role.LEGAL_PARTNER})  # who speak for their organisation
_EVERYONE = frozenset(Role)
_counts: dict[str, Count] = {}


@dataclass(frozen=True, slots=True)
class Entry:
    """A word of the navigation, where it leads, and who has it. `pages`: endpoints (or their beginnings) that lie under it."""

    label: Any
    endpoint: str
    permission: Permission
    roles: frozenset[Role] = _EVERYONE
    pages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """An entry as one person sees it now; `count` is what waits there."""

    label: Any
    endpoint: str
    count: int
    is_here: bool


def counts(endpoint: str) -> Callable[[Count], Count]:
    """Registers how many things wait for an actor behind an entry. The count must be cheap: every page asks for it."""

    def register(count: Count) -> Count:
        _counts[endpoint] = count
        return count

    return register


_R, _P = Role, Permission
# What is known of an organisation beside its name; the administrator comes to it from the organisations.
_VENDOR_PAGES = (
    "vendors.vendor", "vendors.edit_vendor", "vendors.requirements", "vendors.new_paper", "vendors.new_contact",
    "vendors.edit_contact", "vendors.staff", "vendors.member", "vendors.new_member", "vendors.edit_member",
    "vendors.new_record", "vendors.imports", "vendors.new_import", "vendors.prepare_import", "vendors.import_run",
    "vendors.layouts", "vendors.layout",
)  # fmt: skip

_PACKS = ("legal.pack", "legal.new_pack", "legal.build", "legal.letter", "legal.seal", "dispatch.")

ENTRIES: tuple[Entry, ...] = (
    Entry(_l("Home"), "oversight.home", _P.HOME_VIEW, _EVERYONE - {_R.AGENCY_STAFF}),
    Entry(
        _l("Queue"),
        "contact.queue",
        _P.QUEUE_WORK,
        _AGENCY,
        ("contact.account", "contact.new_point", "contact.next_one", "contact.reveal"),
    ),
    Entry(_l("Promises"), "contact.promises", _P.QUEUE_WORK, _AGENCY),
    Entry(_l("Arrangements"), "arrangements.index", _P.ARRANGEMENTS_VIEW, _AGENCY, ("arrangements.",)),
    Entry(_l("My day"), "contact.my_day", _P.QUEUE_WORK, frozenset({_R.AGENCY_STAFF})),
    Entry(_l("The team's day"), "contact.my_day", _P.QUEUE_WORK, frozenset({_R.AGENCY_LEADER})),
    Entry(
        _l("Contact logs"),
        "contact.imports",
        _P.ATTEMPTS_IMPORT,
        frozenset({_R.AGENCY_LEADER, _R.VENDOR_MANAGER}),
        ("contact.import", "contact.new_import", "contact.prepare_import", "contact.layout", "contact.evidence"),
    ),
    Entry(_l("Packs"), "legal.packs", _P.PACKS_VIEW, frozenset({_R.LEGAL_PARTNER}), _PACKS),
    Entry(_l("Matters"), "matters.index", _P.MATTERS_VIEW, frozenset({_R.LEGAL_PARTNER}), ("matters.",)),
    Entry(_l("Accounts"), "portfolio.accounts", _P.ACCOUNTS_VIEW),
    Entry(_l("Imports"), "portfolio.imports", _P.ACCOUNTS_IMPORT),
    Entry(_l("Placements"), "placement.runs", _P.PLACEMENTS_VIEW, _BANK, ("placement.run", "placement.new_run")),
    Entry(
        _l("Segments"),
        "placement.segments",
        _P.PLACEMENTS_VIEW,
        frozenset({_R.VENDOR_MANAGER}),
        ("placement.segment", "placement.new_segment", "placement.edit_segment"),
    ),
    Entry(
        _l("Batches"),
        "placement.batches",
        _P.BATCHES_VIEW,
        pages=("placement.batch", "placement.accept", "placement.refuse", "placement.new_return"),
    ),
    Entry(
        _l("Recalls"),
        "placement.recalls",
        _P.RECALLS_VIEW,
        pages=(
            "placement.recall",
            "placement.new_re",
            "placement.retention",
            "placement.import",
            "placement.new_import",
            "placement.objection",
            "placement.answer_",
            "placement.object_",
        ),
    ),
    Entry(
        _l("Certificates"),
        "placement.certificates",
        _P.BATCHES_VIEW,
        frozenset(_EVERYONE) - {_R.FINANCE},
        ("placement.certificate", "placement.confirm_certificate"),
    ),
    Entry(
        _l("Exits"),
        "placement.exits",
        _P.PLACEMENTS_VIEW,
        frozenset({_R.VENDOR_MANAGER}),
        ("placement.exit_page", "placement.plan_exit", "placement.tail_register"),
    ),
    Entry(_l("Arrangements"), "arrangements.index", _P.ARRANGEMENTS_VIEW, _BANK, ("arrangements.",)),
    Entry(_l("Letters"), "legal.packs", _P.PACKS_VIEW, _BANK, _PACKS),
    Entry(
        _l("Letter templates"),
        "legal.template_list",
        _P.LETTER_TEMPLATES_VIEW,
        frozenset({_R.ADMINISTRATOR, _R.COMPLIANCE, _R.LEGAL_PARTNER}),
        ("legal.template",),
    ),
    Entry(_l("Matters"), "matters.index", _P.MATTERS_VIEW, _BANK, ("matters.",)),
    Entry(_l("Messages"), "contact.messages", _P.MESSAGES_VIEW, pages=("contact.message",)),
    Entry(
        _l("Texts"),
        "contact.texts",
        _P.MESSAGES_VIEW,
        frozenset(_EVERYONE) - {_R.AGENCY_STAFF},
        ("contact.text", "contact.new_text", "contact.edit_text"),
    ),
    Entry(
        _l("Numbers found"),
        "contact.found_points",
        _P.CONDUCT_VIEW,
        frozenset({_R.COMPLIANCE}),
        ("contact.mark_found",),
    ),
    Entry(_l("Conduct"), "conduct.findings", _P.CONDUCT_VIEW, frozenset({_R.COMPLIANCE}), ("conduct.decision",)),
    Entry(
        _l("Requests"),
        "contact.requests",
        _P.REQUESTS_VIEW,
        pages=("contact.request_", "contact.new_request", "contact.write_", "contact.reopen_", "contact.show_request"),
    ),
    Entry(
        _l("Complaints"),
        "contact.complaints",
        _P.COMPLAINTS_VIEW,
        _EVERYONE - {_R.VENDOR_MANAGER},  # who comes to them from the account
        ("contact.complaint", "contact.new_complaint", "contact.say_of_complaint", "contact.move_deadline"),
    ),
    Entry(
        _l("Holds"),
        "portfolio.holds",
        _P.HOLDS_VIEW,
        frozenset({_R.COMPLIANCE, _R.VENDOR_MANAGER}),
        ("contact.hold", "contact.new_hold", "contact.prove_hold", "contact.end_hold"),
    ),
    Entry(
        _l("Rule packs"),
        "conduct.packs",
        _P.RULES_VIEW,
        frozenset({_R.COMPLIANCE}),
        ("conduct.pack", "conduct.new_pack", "conduct.publish", "conduct.choose"),
    ),
    Entry(_l("Payments"), "recovery.payments", _P.PAYMENTS_VIEW),
    Entry(_l("Exceptions"), "recovery.exceptions", _P.PAYMENTS_IMPORT),
    Entry(_l("Reported payments"), "reported.index", _P.REPORTED_VIEW, pages=("reported.",)),
    Entry(_l("Remittances"), "remittances.index", _P.REMITTANCES_VIEW, pages=("remittances.",)),
    Entry(_l("Statements"), "commission.statements", _P.STATEMENTS_VIEW),
    Entry(_l("Costs and adjustments"), "charges.index", _P.CHARGES_VIEW, pages=("charges.",)),
    Entry(_l("Scores"), "scores.index", _P.SCORES_MANAGE, pages=("scores.",)),
    Entry(_l("Plans tried"), "trials.index", _P.PLANS_TRY, pages=("trials.",)),
    Entry(_l("What batches leave"), "contribution.index", _P.CONTRIBUTION_VIEW),
    Entry(
        _l("Agencies"),
        "vendors.vendors",
        _P.VENDORS_VIEW,
        _BANK - {_R.ADMINISTRATOR},
        (*_VENDOR_PAGES, "identity.organisation"),
    ),
    Entry(_l("Our organisation"), "vendors.own", _P.VENDORS_VIEW, _OUTSIDE, ("vendors.vendor",)),
    Entry(_l("Team"), "team.index", _P.QUEUE_DEAL, frozenset({_R.AGENCY_LEADER}), ("team.",)),
    Entry(
        _l("Staff register"),
        "vendors.staff",
        _P.VENDORS_VIEW,
        _OUTSIDE,
        (
            "vendors.member",
            "vendors.new_member",
            "vendors.edit_member",
            "vendors.new_record",
            "vendors.imports",
            "vendors.new_import",
            "vendors.prepare_import",
            "vendors.import_run",
        ),
    ),
    Entry(
        _l("Contracts"),
        "vendors.contracts",
        _P.CONTRACTS_VIEW,
        pages=("vendors.contract", "vendors.new_contract", "vendors.new_version", "vendors.organisation_contracts"),
    ),
    Entry(
        _l("Organisations"),
        "identity.organisations",
        _P.ORGANISATIONS_VIEW,
        frozenset({_R.ADMINISTRATOR}),
        ("identity.organisation", "identity.new_", "identity.edit_organisation", *_VENDOR_PAGES),
    ),
    Entry(
        _l("Users"),
        "identity.users",
        _P.USERS_VIEW,
        pages=("identity.user", "identity.edit_user", "identity.set_initial_password"),
    ),
    Entry(_l("API"), "api.tokens", _P.API_MANAGE, pages=("api.",)),
    Entry(_l("Webhooks"), "webhooks.index", _P.API_MANAGE, pages=("webhooks.",)),
    Entry(_l("Jobs"), "jobs.index", _P.JOBS_MANAGE),
    Entry(_l("Audit"), "oversight.audit", _P.AUDIT_VIEW),
)


def items_for(
    actor: Actor, app: Flask, here: str | None, entries: Iterable[Entry] = ENTRIES, *, counted: bool = True
) -> list[Item]:
    """The navigation of one person; `here` is the endpoint of the page that is being shown, `counted`: with what waits."""
    mine = [
        e for e in entries
        if e.endpoint in app.view_functions and actor.can(e.permission) and actor.role in e.roles
    ]  # fmt: skip
    current = _current(mine, here or "")
    return [Item(e.label, e.endpoint, _waiting(e, actor) if counted else 0, e is current) for e in mine]


def _current(entries: list[Entry], here: str) -> Entry | None:
    """The entry itself, or the one that claims the page, or the only one of the page's room."""
    exact = [e for e in entries if e.endpoint == here or any(here.startswith(p) for p in e.pages)]
    room = [e for e in entries if e.endpoint.split(".")[0] == here.split(".")[0]]
    found = exact or (room if len(room) == 1 else [])
    return found[0] if found else None


def _waiting(entry: Entry, actor: Actor) -> int:
    count = _counts.get(entry.endpoint)
    return count(actor) if count else 0
