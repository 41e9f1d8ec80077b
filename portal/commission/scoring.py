"""How organisations did in a month: figures counted, points and ranks worked out, proposed by one person and fixed by another."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.commission.periods import last_day
from portal.commission.plan import Figures, points, ranks
from portal.commission.score_models import Scoring, ScoringRow, ScoringState
from portal.commission.score_queries import panel, scoring_for
from portal.contact.models import ContactAttempt
from portal.foundation.access import Permission, demand
from portal.foundation.database import summed
from portal.foundation.errors import DomainError, Refused
from portal.foundation.free_text import given_reason
from portal.foundation.language import say
from portal.foundation.money import CURRENCIES
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.recovery.models import DayCredit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from portal.foundation.access import Actor
    from portal.foundation.work import Work

__all__ = ["MOST_MARKS", "fix_scoring", "propose_scoring", "refuse_scoring"]

MOST_MARKS = 100_00  # hundredths


def propose_scoring(actor: Actor, period: date, currency: str, marks: Mapping[int, int], note: str = "") -> int:
    """Count a month and put its scores before a second person; the scoring's id.

    `period`: first day of a month that is over. `marks`: for administrative work by organisation, in hundredths of a point up to
    100; who is left out has none. DomainError naming the field; Refused where the month is fixed already.
    """
    demand(actor, Permission.SCORES_MANAGE)
    if currency not in CURRENCIES:
        raise DomainError("scoring.currency", say("Write the currency as its code, for example CNY."), field="currency")
    if any(not 0 <= mark <= MOST_MARKS for mark in marks.values()):
        raise DomainError("scoring.marks", say("Marks go from 0 to 100."), field="marks")
    with transaction(actor) as work:
        if last_day(period) >= work.today:
            raise DomainError("scoring.period", say("This month is not over yet."), field="period")
        _refuse_fixed(work, period, currency)
        figures = _figures(work, period, currency, marks)
        if not figures:
            words = say("No organisation had a contract in this currency in the month.")
            raise DomainError("scoring.nobody", words, field="currency")
        scores = points(figures)
        ranking = ranks(scores)
        scoring = Scoring(
            period=period, currency=currency, state=ScoringState.PROPOSED, made_by=actor.user_id or 0, made_by_name=actor.name,
            made_at=work.now, note=note.strip()[:1000],
        )  # fmt: skip
        work.session.add(scoring)
        work.session.flush()
        for owner, of in figures.items():
            work.session.add(
                ScoringRow(
                    scoring_id=scoring.id, organisation_id=owner, recovered_minor=of.recovered, serviced=of.serviced,
                    administrative=of.administrative, score=scores[owner], rank=ranking[owner],
                )
            )  # fmt: skip
        work.audit("scoring.proposed", scoring, after={"period": period.isoformat(), "currency": currency})
        return scoring.id


def fix_scoring(actor: Actor, scoring_id: int) -> None:
    """From now on the month's statements go by it. Refused to who proposed it, and where the month is fixed already."""
    demand(actor, Permission.SCORES_MANAGE)
    try:
        with transaction(actor) as work:
            scoring = _open(work, scoring_id)
            _refuse_fixed(work, scoring.period, scoring.currency)
            _decided(work, scoring, ScoringState.FIXED)
    except IntegrityError as error:  # another fixed another proposal at this moment
        raise _fixed_already() from error


def refuse_scoring(actor: Actor, scoring_id: int, reason: str) -> None:
    """Send it back with a reason. Refused to who proposed it."""
    demand(actor, Permission.SCORES_MANAGE)
    reason = given_reason(reason, 1_000, "scoring.reason", say("Say why, in a few words."))
    with transaction(actor) as work:
        scoring = _open(work, scoring_id)
        scoring.refusal = reason
        _decided(work, scoring, ScoringState.REFUSED)


def _open(work: Work, scoring_id: int) -> Scoring:
    scoring = scoring_for(work.session, work.actor, scoring_id, lock=True)
    if scoring.state is not ScoringState.PROPOSED:
        raise Refused("scoring.decided", say("This is decided already. Look at its state."))
    if scoring.made_by == work.actor.user_id:
        raise Refused("scoring.own", say("You proposed this yourself; another person at the bank has to decide."))
    return scoring


def _decided(work: Work, scoring: Scoring, state: ScoringState) -> None:
    scoring.state = state
    scoring.decided_by, scoring.decided_by_name, scoring.decided_at = work.actor.user_id, work.actor.name, work.now
    work.session.flush()
    after = {"period": scoring.period.isoformat(), "currency": scoring.currency, "reason": scoring.refusal or None}
    work.audit(f"scoring.{state.value}", scoring, after=after)


def _refuse_fixed(work: Work, period: date, currency: str) -> None:
    fixed = visible(Scoring, work.actor).where(
        Scoring.period == period, Scoring.currency == currency, Scoring.state == ScoringState.FIXED
    )
    if work.session.scalar(fixed.with_only_columns(Scoring.id)) is not None:
        raise _fixed_already()


def _fixed_already() -> Refused:
    return Refused("scoring.fixed", say("The scores of this month are fixed already."))


def _figures(work: Work, period: date, currency: str, marks: Mapping[int, int]) -> dict[int, Figures]:
    """What each organisation of the panel did in the month."""
    last = last_day(period)
    credited = (
        visible(DayCredit, work.actor)
        .where(DayCredit.paid_on.between(period, last), DayCredit.currency == currency)
        .with_only_columns(DayCredit.organisation_id, summed(DayCredit.credit_minor))
        .group_by(DayCredit.organisation_id)
    )
    worked = (
        visible(ContactAttempt, work.actor)
        .where(ContactAttempt.local_date.between(period, last))
        .with_only_columns(ContactAttempt.organisation_id, sa.func.count(ContactAttempt.account_id.distinct()))
        .group_by(ContactAttempt.organisation_id)
    )
    recovered = {row[0]: int(row[1]) for row in work.session.execute(credited)}
    serviced = {row[0]: int(row[1]) for row in work.session.execute(worked)}
    return {
        one.id: Figures(recovered.get(one.id, 0), serviced.get(one.id, 0), marks.get(one.id, 0))
        for one in panel(work.session, work.actor, period, currency)
    }
