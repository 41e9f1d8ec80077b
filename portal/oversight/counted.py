"""What waits in numbers: one line a kind, which leads to the list of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.commission import life_queries as statements
from portal.commission import remittance_queries as remittances
from portal.contact.arrangements import queries as arrangements
from portal.contact.complaints import queries as complaints
from portal.contact.messages import queries as messages
from portal.contact.points import queries as points
from portal.contact.requests import queries as requests
from portal.contact.requests.thread import RequestState
from portal.contact.rules.queries import drafts_waiting
from portal.foundation.access import Permission, Role
from portal.foundation.language import _l, say
from portal.oversight.tasks import Desk, Task, reviewed_by
from portal.placement import leaving_queries as leaving
from portal.placement import recall_queries as recalls
from portal.portfolio.models import Hold, ImportKind
from portal.portfolio.queries import SOON_DAYS, holds_soon_due, overdue_holds, waiting_imports
from portal.recovery.reported import queries as reported
from portal.vendors.knowing import staff_expiring

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from portal.foundation.access import Actor
    from portal.foundation.language import Message

__all__ = ["COUNTED", "Counted"]


@dataclass(frozen=True)
class Counted:
    """A kind of thing: who may act on it, how many wait, and where they are. `today`: they should be done by today;
    `due`: the first deadline of theirs."""

    may: Callable[[Actor], bool]
    count: Callable[[Desk], int]
    words: Message
    action: Any
    endpoint: str
    values: dict[str, Any] = field(default_factory=dict)
    today: bool = False
    due: Callable[[Desk], date | datetime | None] | None = None

    def task(self, desk: Desk) -> Task | None:
        """The line, where anything waits."""
        found = self.count(desk)
        if not found:
            return None
        due = desk.today if self.today else self.due(desk) if self.due else None
        return Task(self.words, self.action, self.endpoint, dict(self.values), due, count=found)


def _bank_decides(actor: Actor) -> bool:
    return actor.can(Permission.PLACEMENTS_APPROVE)


def _decides_arrangements(actor: Actor) -> bool:
    return actor.can(Permission.ARRANGEMENTS_DECIDE)


def _vendor_manager(actor: Actor) -> bool:
    return actor.role is Role.VENDOR_MANAGER


def _answers_recalls(actor: Actor) -> bool:
    return actor.can(Permission.RECALLS_ANSWER)


def _leads(actor: Actor) -> bool:
    return actor.can(Permission.BATCHES_ACCEPT)


def _keeps_the_register(actor: Actor) -> bool:
    return actor.role in (Role.VENDOR_MANAGER, Role.AGENCY_LEADER)


def _writes(actor: Actor) -> bool:
    return actor.can(Permission.REQUESTS_WRITE)


def _decides_complaints(actor: Actor) -> bool:
    return actor.can(Permission.COMPLAINTS_MANAGE)


def _marks_found_points(actor: Actor) -> bool:
    return actor.can(Permission.HOLDS_MANAGE) and actor.can(Permission.CONDUCT_VIEW)


def _is_asked_of_complaints(actor: Actor) -> bool:
    return actor.can(Permission.COMPLAINTS_WRITE) and not actor.is_bank


def _settles(actor: Actor) -> bool:
    return actor.can(Permission.STATEMENTS_SETTLE)


def _bills(actor: Actor) -> bool:
    return actor.can(Permission.STATEMENTS_CONFIRM)


def _files(desk: Desk) -> int:
    wanted = waiting_imports(desk.actor, ImportKind.ACCOUNTS).order_by(None).limit(100).subquery()
    return desk.session.scalar(sa.select(sa.func.count()).select_from(wanted)) or 0


def _approves_texts(actor: Actor) -> bool:
    return actor.can(Permission.TEXTS_APPROVE)


def _holds(among: Callable[[Actor, date], sa.Select[Any]]) -> Callable[[Desk], int]:
    """How many holds there are of these, a thousand at the most."""

    def count(desk: Desk) -> int:
        wanted = among(desk.actor, desk.today).with_only_columns(Hold.id).limit(1_000).subquery()
        return desk.session.scalar(sa.select(sa.func.count()).select_from(wanted)) or 0

    return count


def _first_clock(among: Callable[[Actor, date], sa.Select[Any]]) -> Callable[[Desk], date | None]:
    """The first day by which one of these holds is to be decided about."""
    return lambda desk: desk.session.scalar(
        among(desk.actor, desk.today).with_only_columns(Hold.due_on).order_by(Hold.due_on, Hold.id).limit(1)
    )


COUNTED: tuple[Counted, ...] = (
    Counted(
        lambda actor: actor.can(Permission.RULES_PUBLISH), lambda d: drafts_waiting(d.session, d.actor),
        say("Rule packs wait for a second person"), _l("Look and decide"), "conduct.packs",
    ),
    Counted(
        _bank_decides, lambda d: recalls.objections_to_decide(d.session, d.actor),
        say("Objections to recalls wait for an answer"), _l("Look and decide"), "placement.objections",
        {"state": "open", "sort": "final_on"}, today=True,
    ),
    Counted(
        _bank_decides, lambda d: recalls.retentions_to_decide(d.session, d.actor),
        say("Wishes to keep accounts past their term"), _l("Look and decide"), "placement.retentions",
        {"state": "asked"}, today=True,
    ),
    Counted(
        _bank_decides, lambda d: leaving.exits_to_approve(d.session, d.actor),
        say("Exits of organisations wait for approval"), _l("Look and decide"), "placement.exits",
        {"state": "submitted"},
    ),
    Counted(
        _decides_arrangements, lambda d: arrangements.to_decide(d.session, d.actor),
        say("Arrangements wait for the bank's decision"), _l("Look and decide"), "arrangements.index",
        {"state": "proposed"}, due=lambda d: arrangements.first_day_to_decide(d.session, d.actor),
    ),
    Counted(
        _vendor_manager, lambda d: leaving.certificates_overdue(d.session, d.actor, d.today),
        say("Certificates of return and deletion are overdue"), _l("See whose"), "placement.certificates",
        {"state": "overdue"}, today=True,
    ),
    Counted(
        _vendor_manager, _files,
        say("Files of accounts wait to be imported"), _l("Go on with them"), "portfolio.imports", {"state": "waiting"},
    ),
    Counted(
        _answers_recalls, lambda d: recalls.stopping_count(d.session, d.actor),
        say("Recalls for compliance have stopped all work on their accounts"), _l("See which"), "placement.recalls",
        {"state": "asked"}, today=True,
    ),
    Counted(
        _answers_recalls, lambda d: recalls.pending_accounts(d.session, d.actor),
        say("Accounts are recalled and go on their last day"), _l("See which"), "placement.recalls",
        {"state": "pending"}, due=lambda d: recalls.next_last_day(d.session, d.actor, d.today),
    ),
    Counted(
        _leads, lambda d: leaving.certificates_open(d.session, d.actor),
        say("Certificates of return and deletion are to be confirmed"), _l("Confirm them"), "placement.certificates",
        due=lambda d: leaving.next_certificate(d.session, d.actor),
    ),
    Counted(
        _decides_complaints, lambda d: complaints.waiting(d.session, d.actor),
        say("Complaints are to be decided"), _l("Look and decide"), "contact.complaints",
        {"state": "open", "sort": "due_on"}, due=lambda d: complaints.first_due(d.session, d.actor),
    ),
    Counted(
        _decides_complaints, lambda d: complaints.unanswered(d.session, d.actor, d.now)[0],
        say("Organisations have not replied about complaints in time"), _l("See which"), "contact.complaints",
        {"state": "open", "late": "yes"}, due=lambda d: complaints.unanswered(d.session, d.actor, d.now)[1],
    ),
    Counted(
        _marks_found_points, lambda d: points.unchecked(d.session, d.actor),
        say("Numbers and addresses that agencies found are to be looked at"), _l("Look at them"),
        "contact.found_points", {"state": "unchecked"},
    ),
    Counted(
        _decides_complaints, _holds(overdue_holds),
        say("Holds should have been decided about"), _l("See which"), "portfolio.holds",
        {"late": "yes", "sort": "due"}, due=_first_clock(overdue_holds),
    ),
    Counted(
        _decides_complaints, _holds(holds_soon_due),
        say("Holds are to be decided about within %(n)s days", n=SOON_DAYS), _l("See which"), "portfolio.holds",
        {"late": "week", "sort": "due"}, due=_first_clock(holds_soon_due),
    ),
    Counted(
        _approves_texts, lambda d: messages.texts_to_decide(d.session, d.actor),
        say("Texts wait for approval"), _l("Read and decide"), "contact.texts", {"state": "submitted"},
        due=lambda d: reviewed_by(messages.first_submitted(d.session, d.actor)),
    ),
    Counted(
        _is_asked_of_complaints, lambda d: complaints.waiting(d.session, d.actor),
        say("The bank asks about complaints"), _l("Answer them"), "contact.complaints",
        {"asked": "yes"}, due=lambda d: complaints.first_due(d.session, d.actor),
    ),
    Counted(
        _writes, lambda d: requests.waiting(d.session, d.actor, RequestState.OPEN),
        say("Requests wait for your answer"), _l("Answer them"), "contact.requests",
        {"turn": "ours", "state": "open", "code": requests.REQUESTS, "sort": "due_at"},
        due=lambda d: requests.next_due(d.session, d.actor),
    ),
    Counted(
        _writes, lambda d: requests.waiting(d.session, d.actor, RequestState.ANSWERED),
        say("Your requests have been answered"), _l("Look at the answers"), "contact.requests",
        {"turn": "ours", "state": "answered"},
    ),
    Counted(
        lambda a: a.can(Permission.REPORTED_WRITE) or a.can(Permission.REPORTED_MATCH),
        lambda d: reported.count_open(d.session, d.actor),
        say("Payments that one side tells and the other does not"), _l("Look through them"), "reported.open_items",
    ),
    Counted(
        lambda a: a.can(Permission.REMITTANCES_RECORD),
        lambda d: len(remittances.announced(d.session, d.actor)),
        say("Remittances are announced"), _l("Record them"), "remittances.index",
    ),
    Counted(
        _settles, lambda d: statements.count_statements(d.session, d.actor, statements.undecided_invoice(d.actor.user_id)),
        say("Invoices differ from their statements"), _l("Look at them"), "commission.statements", {"life": "invoice"},
    ),
    Counted(
        _settles, lambda d: statements.count_statements(d.session, d.actor, statements.is_unsettled(payable=True)),
        say("Statements are to be paid"), _l("Pay them"), "commission.statements", {"life": "payable"},
    ),
    Counted(
        _bills, lambda d: statements.count_statements(d.session, d.actor, statements.to_bill()),
        say("Confirmed statements wait for your invoice"), _l("Upload it"), "commission.statements", {"life": "to_bill"},
    ),
    Counted(
        _keeps_the_register, lambda d: staff_expiring(d.session, d.actor, d.today),
        say("Trainings and certificates of staff end within 60 days"), _l("See who"), "vendors.staff", {"ends": "yes"},
    ),
)  # fmt: skip
