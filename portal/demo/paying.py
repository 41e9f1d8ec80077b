"""What the debtors pay: kept promises, chance, and the postings that cause questions; a file a month."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.commission.contribution import steps
from portal.contact.models import Promise
from portal.foundation.jobs import run_pending
from portal.foundation.services import services
from portal.foundation.work import reading
from portal.identity.models import Organisation
from portal.placement.models import Placement
from portal.portfolio.importing import Options
from portal.portfolio.models import Account
from portal.recovery.models import Attribution
from portal.recovery.operations import receive_payments
from portal.vendors.models import PlacementKind

if TYPE_CHECKING:
    from random import Random

    from portal.demo.stage import Stage

__all__ = ["answer_letter", "import_payments_of", "pay_new_holder", "reach_next_step", "take_one_back"]

# Of ten thousand accounts of a bucket, how many pay something in thirty days; older debt pays less.
PAYERS = {"M1": 1_700, "M2": 1_200, "M3": 900, "M4": 650, "M5": 500, "M6": 400, "M7+": 220}
UNPLACED_PAYERS = 60
SKILL = {"HT": 125, "ZX": 100, "AH": 80, "BL": 110, "XT": 95, "YF": 70}  # percent of what is usual
CHANNELS = ("手机银行", "网银", "支付宝", "柜面", "自动扣款")
KEPT_OF_TEN = 6
STEPS = ("received_on", "cleared_on", "posted_on")
BEFORE_PLACEMENT = 0.1  # how many pay without regard to when their account was placed
REVERSED_OF_THOUSAND = 12


@dataclass(frozen=True, slots=True)
class _Payer:
    ref: str
    total: int
    bucket: str
    code: str | None
    placed_on: date | None


def import_payments_of(stage: Stage, first: date, last: date) -> None:
    """Post what came in from the first to the last day, both included, as finance does."""
    _post(stage, _rows(stage, first, last), f"payments-{first}-{last}.csv")


def take_one_back(stage: Stage, code: str, first: date, last: date) -> None:
    """A payment of these days that was paid for already is taken back: the agency's next statement claws its commission back."""
    later = aliased(Attribution)
    reversed_already = sa.select(later.id).where(later.reverses_id == Attribution.id).exists()
    wanted = (
        sa.select(Attribution.payment_ref, Account.account_ref, Attribution.amount_minor)
        .join(Account, Account.id == Attribution.account_id)
        .join(Organisation, Organisation.id == Attribution.organisation_id)
        .where(Organisation.code == code, Attribution.currency == stage.currency, Attribution.reverses_id.is_(None))
        .where(Attribution.paid_on.between(first, last), ~reversed_already)
        .order_by(Attribution.payment_ref)
    )
    with reading(stage.actor("finance1")) as session:
        found = [row for row in session.execute(wanted) if row[0] not in {each[0] for each in stage.reversals}]
    if not found:
        return
    reference, account_ref, amount = found[0]
    stage.note_paid(account_ref, -amount)
    day = services().clock.today() - timedelta(days=1)
    row = _row(stage, f"R{reference[1:]}", account_ref, amount, day, "bank", "退单")
    _post(stage, [[*row[:-1], reference]], f"reversals-{day}.csv")


def pay_new_holder(stage: Stage, code: str) -> None:
    """Somebody pays at the counter on the day on which an agency gets the account."""
    today = services().clock.today()
    holder = Placement.organisation_id == _organisation(code)
    _pay_part(stage, "N", sa.select(Placement.account_id).where(holder, Placement.placed_on == today), today)


def answer_letter(stage: Stage, code: str) -> None:
    """Somebody who has had a law firm's letter pays, while an agency holds the account: the firm earns its success fee."""
    letter, held = aliased(Placement), aliased(Placement)
    wanted = (
        sa.select(letter.account_id)
        .join(held, held.account_id == letter.account_id)
        .where(letter.organisation_id == _organisation(code), letter.ended_at.is_(None))
        .where(held.kind == PlacementKind.COLLECTION, held.ended_at.is_(None), held.accepted_at.is_not(None))
    )
    _pay_part(stage, "L", wanted, services().clock.today() - timedelta(days=1))


def _organisation(code: str) -> sa.ScalarSelect[int]:
    return sa.select(Organisation.id).where(Organisation.code == code).scalar_subquery()


def _pay_part(stage: Stage, letter: str, account_ids: sa.Select[tuple[int]], day: date) -> None:
    """The first of these accounts that owes anything and keeps to no plan pays a fifth of it on a day."""
    wanted = (
        sa.select(Account.account_ref, Account.total_minor)
        .where(Account.id.in_(account_ids), Account.currency == stage.currency)
        .order_by(Account.account_ref)
    )
    with reading(stage.actor("finance1")) as session:
        owing = [(ref, total - stage.paid_since.get(ref, 0)) for ref, total in session.execute(wanted)]
    for account_ref, left in owing:
        if left > 0 and account_ref not in stage.arranged:
            part = max(left // 5, 1)
            stage.note_paid(account_ref, part)
            reference = f"{letter}{day:%y%m%d}000001"
            _post(stage, [_row(stage, reference, account_ref, part, day, "bank", "柜面")], f"counter-{day}.csv")
            return


def reach_next_step(stage: Stage, code: str) -> None:
    """Accounts of an agency are settled at once, until a batch of it whose plan has steps is on the next one: its next statement
    trues up what was paid at the lower rate. Nothing where no plan has steps."""
    who = stage.actor("finance1")
    day = services().clock.today()
    with reading(who) as session:
        near = [step for step in steps(session, who, day) if step.batch.organisation.code == code]
        if not near:
            return
        missing = near[0].distance.missing or 0
        wanted = (
            sa.select(Account.account_ref, Account.total_minor)
            .join(Placement, Placement.account_id == Account.id)
            .where(Placement.batch_id == near[0].batch.id, Placement.ended_at.is_(None))
            .order_by(Account.account_ref)
        )
        owing = [(ref, total - stage.paid_since.get(ref, 0)) for ref, total in session.execute(wanted)]
    rows: list[list[str]] = []
    for reference, left in owing:
        if missing <= 0:
            break
        if left > 0 and reference not in stage.arranged:
            paid = day - timedelta(days=1)
            rows.append(_row(stage, f"S{day:%y%m%d}{len(rows) + 1:06d}", reference, left, paid, "bank", "柜面"))
            stage.note_paid(reference, left)
            missing -= left
    _post(stage, rows, f"settled-{day}.csv")


def _post(stage: Stage, rows: list[list[str]], name: str) -> None:
    """Post a file as finance does."""
    if not rows:
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(
        ("payment_ref", "account_ref", "amount", "currency", "paid_on", "received_by", "channel", *STEPS, "reverses")
    )
    writer.writerows(rows)
    content = io.BytesIO(text.getvalue().encode())
    receive_payments(stage.actor("finance1"), content, name, Options())
    run_pending(stage.app)


def _rows(stage: Stage, first: date, last: date) -> list[list[str]]:
    payers = _payers(stage)
    promised = _promised(stage, first, last)
    rows: list[list[str]] = []
    for payer in payers:
        if payer.ref in stage.arranged:
            rows += _parts(stage, payer, first, last, len(rows))
            continue
        dice = stage.dice("pay", first, payer.ref)
        paid = _payment(payer, promised.get(payer.ref), dice, first, last)
        left = payer.total - stage.paid_since.get(payer.ref, 0)
        if paid is None or left <= 0:
            continue
        day, amount = paid[0], min(paid[1], left)
        stage.note_paid(payer.ref, amount)
        reference = f"P{first:%y%m%d}{len(rows) + 1:06d}"
        by = "agency" if payer.code and dice.random() < 0.04 else "bank"
        rows.append(_row(stage, reference, payer.ref, amount, day, by, dice.choice(CHANNELS)))
        if dice.randrange(1000) < REVERSED_OF_THOUSAND:
            stage.reversals.append((reference, payer.ref, amount))
    return rows + _reversals(stage, {row[0] for row in rows}, last)


def _parts(stage: Stage, payer: _Payer, first: date, last: date, before: int) -> list[list[str]]:
    """What somebody pays in these days who keeps to a plan, or does no more."""
    due = [part for part in stage.arranged[payer.ref] if first <= part[0] <= last]
    rows = []
    for number, (day, amount) in enumerate(due, before + 1):
        stage.note_paid(payer.ref, amount)
        rows.append(_row(stage, f"P{first:%y%m%d}{number:06d}", payer.ref, amount, day, "bank", CHANNELS[0]))
    return rows


def _payment(
    payer: _Payer, promised: tuple[date, int] | None, dice: Random, first: date, last: date
) -> tuple[date, int] | None:
    """When and how much somebody pays in these days, if at all."""
    kept, chance, whole = dice.randrange(10), dice.randrange(10_000), dice.random() < 0.07
    if promised and kept < KEPT_OF_TEN:
        return promised
    begins = first if payer.placed_on is None or dice.random() < BEFORE_PLACEMENT else max(first, payer.placed_on)
    days = (last - begins).days + 1
    likely = PAYERS.get(payer.bucket, 0) * SKILL.get(payer.code, 60) // 100 if payer.code else UNPLACED_PAYERS
    if days <= 0 or chance >= likely * days // 30:
        return None
    part = payer.total if whole else payer.total * dice.randint(4, 35) // 100 // 5_000 * 5_000 + 5_000
    return begins + timedelta(days=dice.randrange(days)), part


def _reversals(stage: Stage, in_this_file: set[str], day: date) -> list[list[str]]:
    """Payments of earlier files that were taken back."""
    due = [each for each in stage.reversals if each[0] not in in_this_file]
    stage.reversals = [each for each in stage.reversals if each[0] in in_this_file]
    rows = []
    for reference, account_ref, amount in due:
        stage.note_paid(account_ref, -amount)
        row = _row(stage, f"R{reference[1:]}", account_ref, amount, day, "bank", "退单")
        rows.append([*row[:-1], reference])
    return rows


def _row(stage: Stage, reference: str, account_ref: str, amount: int, day: date, by: str, channel: str) -> list[str]:
    figure = f"{amount // 100}.{amount % 100:02d}"
    # From an agency it takes its days to the bank, on some days too many; to be cleared one, to be posted none or one.
    received = day + timedelta(days=2 + day.day % 4 if by == "agency" else 0)
    known = (received, received + timedelta(days=1), received + timedelta(days=1 + day.day % 2))
    steps = [min(step, stage.yesterday).isoformat() for step in known]
    return [reference, account_ref, figure, stage.currency, day.isoformat(), by, channel, *steps, ""]


def _payers(stage: Stage) -> list[_Payer]:
    """All accounts of the currency with who holds them now."""
    held = sa.and_(
        Placement.account_id == Account.id, Placement.ended_at.is_(None), Placement.kind == PlacementKind.COLLECTION
    )
    wanted = (
        sa.select(Account.account_ref, Account.total_minor, Account.bucket, Organisation.code, Placement.placed_on)
        .outerjoin(Placement, held)
        .outerjoin(Organisation, Organisation.id == Placement.organisation_id)
        .where(Account.currency == stage.currency, Account.total_minor > 0)
        .order_by(Account.account_ref)
    )
    with reading(stage.actor("finance1")) as session:
        return [_Payer(*row) for row in session.execute(wanted)]


def _promised(stage: Stage, first: date, last: date) -> dict[str, tuple[date, int]]:
    """The first promise of each account for these days."""
    wanted = (
        sa.select(Account.account_ref, Promise.promised_on, Promise.amount_minor)
        .join(Account, Account.id == Promise.account_id)
        .where(Promise.promised_on >= first, Promise.promised_on <= last)
        .order_by(Account.account_ref, Promise.promised_on.desc(), Promise.id.desc())
    )
    with reading(stage.actor("vendor1")) as session:
        return {row[0]: (row[1], row[2]) for row in session.execute(wanted)}
