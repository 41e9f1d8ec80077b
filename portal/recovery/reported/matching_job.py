"""Open reports and open postings brought together: after each file of payments, and after each report.

The rule is `portal.recovery.matching`; here is what it is given, a few hundred people at a time, and what is kept of its
answer. It runs with the bank's eyes, since an agency sees no postings.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from portal.foundation import hooks
from portal.foundation.bulk import in_chunks, one_at_a_time
from portal.foundation.jobs import JobView, Progress, handler
from portal.foundation.language import _l
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.portfolio.models import Account
from portal.recovery.dates import Dates, days_apart, steps
from portal.recovery.matching import RULE, Item, match
from portal.recovery.models import Payment
from portal.recovery.reported.models import (
    AgencyReceipt,
    ReportedEvent,
    ReportedPayment,
    ReportStanding,
    ReportState,
    ReportStep,
    Unreported,
    Way,
)
from portal.recovery.reported.receipts import note_receipts
from portal.recovery.rules import rules_now

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from portal.foundation.work import Work
    from portal.recovery.rules import PaymentRules

__all__ = ["ask_to_match", "match_open", "match_pair", "open_again"]

MATCH: Final = "recovery.match"
PEOPLE: Final = 500  # of whom everything open is looked at together


def ask_to_match(work: Work, key: str) -> None:
    """Ask for a look at what is open of the people in these reports, once the transaction stands. `key`: `report-` with a
    report's id, or `run-` with that of a file's import."""
    work.request_job(MATCH, key, {"of": key}, as_portal=True)


@handler(MATCH, _l("Reported payments matched with postings"))
def _match_job(job: JobView, _progress: Progress) -> dict[str, int]:
    kind, _, number = str(job.payload["of"]).partition("-")
    of = ReportedPayment.id if kind == "report" else ReportedPayment.import_run_id
    with transaction(job.actor) as work:
        return {"matched": match_open(work, visible(ReportedPayment, work.actor).where(of == int(number)))}


@hooks.payments_credited.register
def _after_posting(work: Work, import_run_id: int) -> None:
    """What agencies received is theirs to see and to remit; and what was posted may be what somebody has reported."""
    note_receipts(work, import_run_id)
    posted = visible(Payment, work.actor).where(Payment.import_run_id == import_run_id)
    people = posted.with_only_columns(Payment.customer_id)
    match_open(work, visible(ReportedPayment, work.actor).where(ReportedPayment.customer_id.in_(people)))


def match_open(work: Work, among: sa.Select[Any]) -> int:
    """Match what is open of the people in these reports; how many matches were found."""
    one_at_a_time(work.session, MATCH)
    rules, found = rules_now(work.session, work.actor), 0
    people = (
        among.join(ReportStanding, ReportStanding.reported_id == ReportedPayment.id)
        .where(ReportStanding.state == ReportState.OPEN)
        .with_only_columns(ReportedPayment.customer_id)
        .distinct()
        .order_by(ReportedPayment.customer_id)
    )
    for chunk in in_chunks(work.session.scalars(people).all(), PEOPLE):
        found += _match_people(work, chunk, rules)
    if found:
        work.audit("reported_payments.matched", "report_standing", after={"count": found}, rule=RULE)
    return found


def _match_people(work: Work, people: Collection[int], rules: PaymentRules) -> int:
    session, actor = work.session, work.actor
    open_ = visible(ReportStanding, actor).where(
        ReportStanding.customer_id.in_(people), ReportStanding.state == ReportState.OPEN
    )
    rows = session.execute(
        open_.join(ReportedPayment, ReportedPayment.id == ReportStanding.reported_id).add_columns(ReportedPayment)
    ).all()
    if not rows:
        return 0
    reports = {report.id: (report, standing) for standing, report in rows}
    postings = {payment.id: payment for payment in _postings(work, people, list(reports.values()), rules)}
    undone = _undone(work, reports)
    pairs = _pairs(reports, postings, rules, undone)
    for reported_id, payment_id, way in pairs:
        report, standing = reports[reported_id]
        match_pair(work, report, standing, postings[payment_id], Way(way), rules)
    session.flush()
    return len(pairs)


def _pairs(
    reports: dict[int, tuple[ReportedPayment, ReportStanding]], postings: dict[int, Payment], rules: PaymentRules,
    undone: dict[int, set[int]],
) -> list[tuple[int, int, str]]:  # fmt: skip
    """What the rule finds. Of a person with a match that was undone each report is looked at by itself, without the
    postings that it was taken from."""
    items = {
        id_: Item(id_, r.account_id, r.customer_id, r.currency, r.amount_minor, r.paid_on, r.kind.received_by.value)
        for id_, (r, _standing) in reports.items()
    }
    posted = {
        id_: Item(id_, p.account_id, p.customer_id, p.currency, p.amount_minor, p.paid_on, p.received_by.value)
        for id_, p in postings.items()
    }
    careful = {items[id_].person for id_ in undone}
    found = match(
        [item for item in items.values() if item.person not in careful],
        [item for item in posted.values() if item.person not in careful],
        rules.limits,
    )
    left = {id_: item for id_, item in posted.items() if item.person in careful}
    for id_, item in sorted(items.items()):
        if item.person in careful:
            allowed = [posting for key, posting in left.items() if key not in undone.get(id_, ())]
            for pair in match([item], allowed, rules.limits):
                left.pop(pair.posting.id)
                found.append(pair)
    return [(pair.report.id, pair.posting.id, pair.way) for pair in found]


def _postings(
    work: Work, people: Collection[int], rows: Sequence[tuple[ReportedPayment, ReportStanding]], rules: PaymentRules
) -> Sequence[Payment]:
    """Payments of these people that nothing is matched with, within the days of their reports; reversals are none."""
    near = timedelta(days=rules.match_days)
    first = min(report.paid_on for report, _ in rows) - near
    last = max(report.paid_on for report, _ in rows) + near
    accounts = sa.select(Account.id).where(Account.customer_id.in_(people))
    taken = sa.select(ReportStanding.reported_id).where(ReportStanding.payment_id == Payment.id).exists()
    return work.session.scalars(
        visible(Payment, work.actor).where(
            Payment.account_id.in_(accounts), Payment.paid_on.between(first, last), Payment.reverses_ref.is_(None), ~taken
        )
    ).all()  # fmt: skip


def _undone(work: Work, reports: Collection[int]) -> dict[int, set[int]]:
    """Of these reports the postings that people took from them."""
    found: dict[int, set[int]] = defaultdict(set)
    wanted = visible(ReportedEvent, work.actor).where(
        ReportedEvent.reported_id.in_(list(reports)), ReportedEvent.step == ReportStep.UNDONE
    )
    for event in work.session.scalars(wanted):
        found[event.reported_id].add(event.payment_id or 0)
    return found


def match_pair(
    work: Work, report: ReportedPayment, standing: ReportStanding, payment: Payment, way: Way, rules: PaymentRules,
    reason: str = "",
) -> None:  # fmt: skip
    """Within another operation: a report is this posting. What differs in amount and days, and what took too long, is kept
    beside it for lists."""
    standing.state, standing.way = ReportState.MATCHED, way
    standing.payment_id, standing.payment_ref = payment.id, payment.payment_ref
    standing.posting_minor, standing.posting_paid_on = payment.amount_minor, payment.paid_on
    standing.posting_received_on, standing.posting_cleared_on = payment.received_on, payment.cleared_on
    standing.posting_posted_on = payment.posted_on
    standing.differs = report.amount_minor != payment.amount_minor or bool(days_apart(report.paid_on, payment.paid_on))
    standing.late = any(step.late for step in steps(dates_of(report, standing), rules.late_after))
    _note(work, report, ReportStep.MATCHED, payment.id, payment.payment_ref, way, reason)
    reported = visible(Unreported, work.actor).where(Unreported.payment_id == payment.id)
    for row in work.session.scalars(reported):
        work.session.delete(row)


def open_again(work: Work, report: ReportedPayment, standing: ReportStanding, reason: str) -> None:
    """Within another operation: the match is taken back, and both sides are open."""
    payment_id, payment_ref = standing.payment_id, standing.payment_ref
    standing.state, standing.way, standing.payment_id, standing.payment_ref = ReportState.OPEN, None, None, ""
    standing.posting_minor = standing.posting_paid_on = standing.posting_received_on = None
    standing.posting_cleared_on = standing.posting_posted_on = None
    standing.differs = standing.late = False
    _note(work, report, ReportStep.UNDONE, payment_id, payment_ref, None, reason)
    wanted = visible(AgencyReceipt, work.actor).where(
        AgencyReceipt.payment_id == payment_id, AgencyReceipt.amount_minor > 0
    )
    receipt = work.session.scalar(wanted.order_by(AgencyReceipt.attribution_id.desc()).limit(1))
    if receipt is not None:
        work.session.add(
            Unreported(
                attribution_id=receipt.attribution_id,
                organisation_id=receipt.organisation_id,
                payment_id=receipt.payment_id,
            )
        )
    work.session.flush()


def dates_of(report: ReportedPayment, standing: ReportStanding) -> Dates:
    """The dates of both sides, for the rule."""
    return Dates(
        standing.posting_paid_on or report.paid_on, report.received_on, standing.posting_received_on,
        standing.posting_cleared_on, standing.posting_posted_on,
    )  # fmt: skip


def _note(
    work: Work, report: ReportedPayment, step: ReportStep, payment_id: int | None, payment_ref: str, way: Way | None,
    reason: str,
) -> None:  # fmt: skip
    by_portal = way in (Way.EXACT, Way.TOLERANT)
    work.session.add(
        ReportedEvent(
            reported_id=report.id, organisation_id=report.organisation_id, step=step, way=way, payment_id=payment_id,
            payment_ref=payment_ref, rule=RULE if by_portal else "", reason=reason,
            by=None if by_portal else work.actor.user_id, at=work.now,
        )
    )  # fmt: skip
