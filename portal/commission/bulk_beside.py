"""What a statement pays beside payments, claimed set by set within the transaction that draws it up: letters that went out,
success fees, approved costs and adjustments; and what its lines sum up to for each batch."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.commission.charge_models import (
    PAYS,
    TAKES_BACK,
    Charge,
    ChargeClaim,
    ChargeEvent,
    ChargeState,
    LetterClaim,
    StatementShare,
    SuccessClaim,
)
from portal.commission.models import CommissionLine, Statement
from portal.commission.plan import PlanError, last_day_of, read_plan
from portal.foundation import hooks
from portal.foundation.database import summed
from portal.foundation.visibility import actor_of
from portal.placement.models import Placement, PlacementBatch
from portal.recovery.decisions import not_superseded
from portal.recovery.models import Attribution, Decision
from portal.vendors.models import Contract, ContractVersion, PlacementKind

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.commission.plan import Tail

__all__ = ["claim_beside", "give_back_beside", "sum_up", "waiting_beside", "waiting_mark"]

EXCLUDING = (PlacementKind.COLLECTION, PlacementKind.LITIGATION)
Pairs = set[tuple[int, str]]


def waiting_beside(session: Session, until: date, organisation_id: int | None = None) -> Pairs:
    """Organisations (or only this one) and currencies with something to be paid or taken back that is no payment of theirs."""
    actor_of(session)
    letters = _letters(session, until)
    wanted: list[tuple[sa.Select[Any], Any]] = [
        (_charges().with_only_columns(Charge.organisation_id, Charge.currency), Charge.organisation_id),
        (sa.select(letters.c.organisation_id, letters.c.currency), letters.c.organisation_id),
        (
            _void_letters(session).with_only_columns(LetterClaim.organisation_id, PlacementBatch.currency),
            LetterClaim.organisation_id,
        ),
        *(
            (found.with_only_columns(Placement.organisation_id, Placement.currency), Placement.organisation_id)
            for found in (_successes(session, until), _reversals(until), _lost_successes())
        ),
    ]
    pairs: Pairs = set()
    for found, owner in wanted:
        of_one = found if organisation_id is None else found.where(owner == organisation_id)
        pairs |= {(row[0], row[1]) for row in session.execute(of_one.distinct())}
    return pairs


def waiting_mark(session: Session, until: date) -> str:
    """Changes with whatever comes to wait: a reason to draw statements up once more."""
    actor_of(session)
    letters = _letters(session, until)
    counts = [
        session.scalar(sa.select(sa.func.count()).select_from(found.subquery())) or 0
        for found in (sa.select(letters), _void_letters(session), _charges(), _successes(session, until))
    ]
    return ".".join(map(str, counts))


def claim_beside(session: Session, statement: Statement, until: date) -> None:
    """Claim for a statement what waits for its organisation in its currency."""
    actor_of(session)
    _claim_charges(session, statement)
    _claim_letters(session, statement, until)
    _claim_successes(session, statement, until)


def give_back_beside(session: Session, statement_id: int) -> None:
    """A statement that is not to be pays nothing and takes nothing back."""
    actor_of(session)
    for kept in (ChargeClaim, LetterClaim, SuccessClaim):
        session.execute(sa.delete(kept).where(kept.statement_id == statement_id))


def sum_up(session: Session, statement_id: int) -> None:
    """Write what the lines of a statement sum up to, by batch and kind."""
    actor_of(session)
    line = CommissionLine
    sums = (
        sa.select(
            line.statement_id, line.batch_id, line.kind, line.organisation_id, sa.func.count(),
            summed(line.commission_minor),
        )
        .where(line.statement_id == statement_id, line.batch_id.is_not(None))
        .group_by(line.statement_id, line.batch_id, line.kind, line.organisation_id)
    )  # fmt: skip
    names = ["statement_id", "batch_id", "kind", "organisation_id", "line_count", "commission_minor"]
    session.execute(sa.insert(StatementShare).from_select(names, sums, include_defaults=False))


# --- costs and adjustments ------------------------------------------------------------------------------------------------


def _charges() -> sa.Select[Any]:
    """Approved charges that no statement pays."""
    claimed = sa.select(ChargeClaim.charge_id).where(ChargeClaim.charge_id == Charge.id).exists()
    return (
        sa.select(Charge.id)
        .join(ChargeEvent, ChargeEvent.charge_id == Charge.id)
        .where(ChargeEvent.state == ChargeState.APPROVED, ~claimed)
    )


def _claim_charges(session: Session, statement: Statement) -> None:
    mine = Charge.organisation_id == statement.organisation_id, Charge.currency == statement.currency
    found = _charges().where(*mine).with_only_columns(Charge.id, _number(statement.id), Charge.organisation_id)
    names = ["charge_id", "statement_id", "organisation_id"]
    session.execute(sa.insert(ChargeClaim).from_select(names, found, include_defaults=False))


# --- letters --------------------------------------------------------------------------------------------------------------


def _out(session: Session) -> sa.Subquery:
    """Letters and the days on which they went out, as the room of letters tells it."""
    found: sa.Select[Any] = hooks.letters_out.one(actor_of(session))
    return found.subquery("letters_out")


def _letters(session: Session, until: date) -> sa.Subquery:
    """Letters out up to the end of a day, not void, not paid yet, whose contract pays for each."""
    out = _out(session)
    paid = sa.select(LetterClaim.letter_id).where(LetterClaim.letter_id == out.c.letter_id).exists()
    return (
        sa.select(out)
        .join(PlacementBatch, PlacementBatch.id == out.c.batch_id)
        .join(ContractVersion, ContractVersion.id == PlacementBatch.contract_version_id)
        .where(ContractVersion.letter_fee_minor > 0, out.c.out_on <= until, sa.not_(out.c.is_void), ~paid)
        .subquery("unpaid_letters")
    )


def _void_letters(session: Session) -> sa.Select[Any]:
    """Letters that were paid and are void by now, and were not taken back yet."""
    out, later = _out(session), aliased(LetterClaim)
    back = sa.select(later.letter_id).where(later.letter_id == LetterClaim.letter_id, later.turn == TAKES_BACK).exists()
    return (
        sa.select(LetterClaim.letter_id)
        .join(out, out.c.letter_id == LetterClaim.letter_id)
        .join(PlacementBatch, PlacementBatch.id == LetterClaim.batch_id)
        .where(LetterClaim.turn == PAYS, out.c.is_void, ~back)
    )


def _claim_letters(session: Session, statement: Statement, until: date) -> None:
    names = ["letter_id", "turn", "statement_id", "organisation_id", "batch_id", "pack_ref", "out_on"]
    # What became void since it was paid first: what is claimed below was not paid before.
    back = _void_letters(session).with_only_columns(
        LetterClaim.letter_id, _number(TAKES_BACK), _number(statement.id), LetterClaim.organisation_id,
        LetterClaim.batch_id, LetterClaim.pack_ref, LetterClaim.out_on,
    )  # fmt: skip
    of_mine = LetterClaim.organisation_id == statement.organisation_id, PlacementBatch.currency == statement.currency
    session.execute(sa.insert(LetterClaim).from_select(names, back.where(*of_mine), include_defaults=False))
    new = _letters(session, until)
    mine = new.c.organisation_id == statement.organisation_id, new.c.currency == statement.currency
    found = sa.select(
        new.c.letter_id, _number(PAYS), _number(statement.id), new.c.organisation_id, new.c.batch_id, new.c.pack_ref,
        new.c.out_on,
    ).where(*mine)  # fmt: skip
    session.execute(sa.insert(LetterClaim).from_select(names, found, include_defaults=False))


# --- success fees ---------------------------------------------------------------------------------------------------------


def _with_success(session: Session) -> list[tuple[int, Tail]]:
    """Versions of letter contracts by which a recovery beside them earns, with their tails."""
    wanted = (
        sa.select(ContractVersion.id, ContractVersion.clauses, ContractVersion.plan)
        .join(Contract, Contract.id == ContractVersion.contract_id)
        .where(Contract.kind == PlacementKind.LETTER)
    )
    found = []
    for version_id, clauses, plan in session.execute(wanted):
        if clauses.get("success"):
            try:
                found.append((version_id, read_plan(plan).tail))
            except PlanError:
                continue  # said when the contract's statement is drawn up for anything else
    return found


def _successes(session: Session, until: date) -> sa.Select[Any]:
    """Credited recoveries up to a day beside which a letter placement stands whose contract pays for them, the latest one
    where there are several, and which no statement has claimed for it."""
    letter, later = Placement, aliased(Placement)
    credited = aliased(Placement)
    overtaken = (
        sa.select(later.id)
        .where(later.account_id == Attribution.account_id, later.kind == PlacementKind.LETTER, sa.not_(later.reverse))
        .where(later.placed_on <= Attribution.paid_on, sa.or_(later.ended_on.is_(None), later.ended_on >= later.placed_on))
        .where(sa.or_(later.placed_on > letter.placed_on, sa.and_(later.placed_on == letter.placed_on, later.id > letter.id)))
        .correlate(Attribution, Placement)
        .exists()
    )  # fmt: skip
    return (
        sa.select(Attribution.id)
        .join(credited, credited.id == Attribution.placement_id)
        .join(letter, letter.account_id == Attribution.account_id)
        .where(
            Attribution.decision == Decision.CREDITED, Attribution.reverses_id.is_(None), Attribution.paid_on <= until
        )
        .where(credited.kind.in_(EXCLUDING), letter.kind == PlacementKind.LETTER, sa.not_(letter.reverse))
        .where(letter.currency == Attribution.currency, letter.placed_on <= Attribution.paid_on, _inside(session))
        .where(~overtaken, not_superseded(), ~_claimed(Attribution.id))
    )


def _inside(session: Session) -> sa.ColumnElement[bool]:
    """Whether a value date lies before the end of the letter placement or its tail, by the version it was placed under."""
    found: list[sa.ColumnElement[bool]] = []
    for version_id, tail in _with_success(session):
        under = Placement.contract_version_id == version_id
        ends = [Placement.ended_on.is_(None), Placement.ended_on >= Attribution.paid_on]
        if last_day_of(date(2000, 1, 1), tail) != date(2000, 1, 1):
            days = session.scalars(
                sa.select(Placement.ended_on).where(under, Placement.ended_on.is_not(None)).distinct()
            )
            ends += [
                sa.and_(Placement.ended_on == day, Attribution.paid_on <= last_day_of(day, tail)) for day in days if day
            ]
        found.append(sa.and_(under, sa.or_(*ends)))
    return sa.or_(*found) if found else sa.false()


def _reversals(until: date) -> sa.Select[Any]:
    """Reversals up to a day of what earned a success fee: they take their share of it back."""
    of = aliased(SuccessClaim)
    return (
        sa.select(Attribution.id)
        .join(of, sa.and_(of.attribution_id == Attribution.reverses_id, of.turn == PAYS))
        .join(Placement, Placement.id == of.placement_id)
        .where(Attribution.decision == Decision.CREDITED, Attribution.paid_on <= until)
        .where(not_superseded(), ~_claimed(Attribution.id))
    )


def _lost_successes() -> sa.Select[Any]:
    """What earned a success fee and is another's credit by now, or nobody's."""
    later = aliased(SuccessClaim)
    back = sa.select(later.turn).where(later.attribution_id == Attribution.id, later.turn == TAKES_BACK).exists()
    return (
        sa.select(Attribution.id)
        .join(SuccessClaim, SuccessClaim.attribution_id == Attribution.id)
        .join(Placement, Placement.id == SuccessClaim.placement_id)
        .where(SuccessClaim.turn == PAYS, ~not_superseded(), ~back)
    )


def _claim_successes(session: Session, statement: Statement, until: date) -> None:
    names = ["attribution_id", "turn", "placement_id", "statement_id", "organisation_id"]
    mine = Placement.organisation_id == statement.organisation_id, Placement.currency == statement.currency
    # Payments first: a reversal waits for its payment's claim.
    for turn, wanted in (
        (TAKES_BACK, _lost_successes()),
        (PAYS, _successes(session, until)),
        (PAYS, _reversals(until)),
    ):
        found = wanted.where(*mine).with_only_columns(
            Attribution.id, _number(turn), Placement.id, _number(statement.id), Placement.organisation_id
        )
        session.execute(sa.insert(SuccessClaim).from_select(names, found, include_defaults=False))


def _claimed(attribution_id: Any) -> sa.Exists:
    return sa.select(SuccessClaim.turn).where(SuccessClaim.attribution_id == attribution_id).exists()


def _number(value: int) -> sa.ColumnElement[int]:
    return sa.literal(value, sa.BigInteger)
