"""The example beside a plan: its fields on the form, and what they mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

from portal.commission.plan import Basis, Payment, Placing, Plan
from portal.commission.plan.trying import Example, example_of
from portal.foundation.errors import DomainError, Faults
from portal.foundation.language import say
from portal.foundation.money import format_amount, parse_amount

__all__ = ["ExampleForm", "default_of", "example_from", "form_of", "is_of_example", "signature"]

PARTS = ("day", "amount", "part", "by", "stage")
MOST_PAYMENTS = 30
LARGEST = 10**15
BEGINS = timedelta(days=120)  # before today the example was placed


@dataclass(frozen=True)
class ExampleForm:
    """`values`: the fields `x-…` and `p-pay-…`; `own`: somebody changed them, so that they stay as the plan changes."""

    values: Mapping[str, str]
    own: bool
    count: int


def is_of_example(name: str) -> bool:
    """Whether a field of the form is the example's."""
    return name.startswith(("x-", "p-pay-")) and name not in ("x-was", "x-own")


def signature(values: Mapping[str, str]) -> str:
    """What the example's fields hold, in short: whether somebody changed them shows without a script."""
    said = sorted((name, value.strip()) for name, value in values.items() if is_of_example(name) and value.strip())
    return sha256(repr(said).encode()).hexdigest()[:16]


def form_of(example: Example, currency: str) -> ExampleForm:
    """An example as somebody would have entered it."""
    placing = example.placing
    values = {
        "x-placed_on": placing.placed_on.isoformat(), "x-ended_on": placing.ended_on.isoformat() if placing.ended_on else "",
        "x-balance": "" if placing.balance is None else format_amount(placing.balance, currency),
        "x-total": format_amount(example.placed_total, currency), "x-earned": format_amount(example.earned_to_date, currency),
    } | {f"x-{name}": _text(getattr(placing, name)) for name in ("days_past_due", "age_months", "bucket", "round", "stage")}  # fmt: skip
    for number, payment in enumerate(example.payments):
        part = next(iter(payment.parts.values()), None)
        values |= {
            f"p-pay-{number}-day": payment.paid_on.isoformat(), f"p-pay-{number}-amount": format_amount(payment.amount, currency),
            f"p-pay-{number}-part": "" if part is None else format_amount(part, currency),
            f"p-pay-{number}-by": payment.received_by, f"p-pay-{number}-stage": payment.stage or "",
        }  # fmt: skip
    return ExampleForm(values, False, len(example.payments))


def default_of(plan: Plan, today: date) -> ExampleForm:
    """The example that a plan's own limits make."""
    return form_of(example_of(plan, today - BEGINS), plan.currency)


def example_from(form: ExampleForm, plan: Plan) -> Example:
    """The example as entered. DomainError (several) naming the fields that cannot be read."""
    faults = Faults()
    placing = _placing(form.values, plan, faults)
    payments = tuple(_payments(form, plan, placing, faults))
    total = faults.read(lambda: _amount(form.values, "x-total", plan.currency) or 0, 0)
    earned = faults.read(lambda: _amount(form.values, "x-earned", plan.currency) or 0, 0)
    faults.tell()
    return Example(placing, payments, total, earned)


def _placing(values: Mapping[str, str], plan: Plan, faults: Faults) -> Placing:
    placed_on = faults.read(lambda: _day(values, "x-placed_on"), None)
    ended_on = faults.read(lambda: _day(values, "x-ended_on"), None) if values.get("x-ended_on") else None
    counts = {
        name: faults.read(lambda name=name: _count(values, f"x-{name}"), None)  # type: ignore[misc]
        for name in ("days_past_due", "age_months", "round")
    }
    return Placing(
        placed_on=placed_on or date.min, ended_on=ended_on, id="example", bucket=values.get("x-bucket") or None,
        balance=faults.read(lambda: _amount(values, "x-balance", plan.currency), None), stage=values.get("x-stage") or None,
        days_past_due=counts["days_past_due"], age_months=counts["age_months"], round=counts["round"],
    )  # fmt: skip


def _payments(form: ExampleForm, plan: Plan, placing: Placing, faults: Faults) -> Iterator[Payment]:
    for number in range(min(form.count, MOST_PAYMENTS)):
        if form.values.get(f"p-pay-{number}-amount", "").strip():
            payment = faults.read(lambda n=number: _payment(form.values, n, plan, placing), None)  # type: ignore[misc]
            if payment is not None:
                yield payment


def _payment(values: Mapping[str, str], number: int, plan: Plan, placing: Placing) -> Payment:
    amount = _amount(values, f"p-pay-{number}-amount", plan.currency) or 0
    if amount <= 0:
        raise DomainError(
            "plan.example", say("An example's payment is an amount above nought."), field=f"p-pay-{number}-amount"
        )
    part = _amount(values, f"p-pay-{number}-part", plan.currency)
    parts: dict[Basis, int] = {} if plan.basis is Basis.TOTAL else {plan.basis: amount if part is None else part}
    by = values.get(f"p-pay-{number}-by")
    return Payment(
        id=f"p{number + 1:02}", placing=placing, amount=amount, paid_on=_day(values, f"p-pay-{number}-day"), parts=parts,
        received_by="agency" if by == "agency" else "bank", stage=values.get(f"p-pay-{number}-stage") or None,
    )  # fmt: skip


def _day(values: Mapping[str, str], name: str) -> date:
    try:
        found = date.fromisoformat(values.get(name, "").strip())
    except ValueError as error:
        raise DomainError("plan.example", say("Write a date as 2026-07-01."), field=name) from error
    if not 1900 <= found.year <= 2200:
        raise DomainError("plan.example", say("Write a date as 2026-07-01."), field=name)
    return found


def _amount(values: Mapping[str, str], name: str, currency: str) -> int | None:
    text = values.get(name, "").strip()
    if not text:
        return None
    try:
        amount = parse_amount(text, currency)
    except ValueError as error:
        words = say("Write an amount with no more digits behind the point than the currency has.")
        raise DomainError("plan.example", words, field=name) from error
    if not 0 <= amount <= LARGEST:
        raise DomainError("plan.example", say("This number is too large."), field=name)
    return amount


def _count(values: Mapping[str, str], name: str) -> int | None:
    text = values.get(name, "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise DomainError("plan.example", say("Write a whole number."), field=name)
    return int(text)


def _text(value: object) -> str:
    return "" if value is None else str(value)
