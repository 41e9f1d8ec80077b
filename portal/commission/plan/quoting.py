"""Cases in the form of reference/commission_cases.json, and what a plan answers to them. Pure: standard library and money only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from portal.commission.plan.earning import earn
from portal.commission.plan.facts import Book, Line, Payment, Placing
from portal.commission.plan.notation import read_plan
from portal.commission.plan.terms import Basis, Plan, PlanError, plain
from portal.foundation.money import format_amount, parse_amount

__all__ = ["quote"]

RECEIVERS = ("bank", "agency")


def quote(case: Mapping[str, Any]) -> dict[str, Any]:
    """One case: its lines, their total, and who hands over what. PlanError where the notation refuses it."""
    plan = read_plan(_table(case.get("plan"), "plan"))
    placing = _placing(_table(case.get("placement"), "placement"), plan)
    payments = _payments(_list(case, "payments"), placing, plan)
    book = _book(case, plan)
    lines = earn(plan, payments, book)
    told = {"lines": [_told(line, plan) for line in lines], "total": _amount(_sum(lines), plan)}
    return told | _cash(plan, [p for p in payments if p.id not in book.issued], lines)


def _cash(plan: Plan, payments: Sequence[Payment], lines: Sequence[Line]) -> dict[str, str]:
    """What the agency hands over of what it received, what it bills, and what the bank is left with; nothing is offset."""
    received = {p.id for p in payments if p.received_by == "agency"} | {
        line.payment.id for line in lines if line.payment.received_by == "agency"
    }
    by_agency = sum(p.amount for p in payments if p.received_by == "agency")
    fee_on_it = _sum([line for line in lines if line.payment.id in received])
    kept = fee_on_it if plan.remits_net else 0
    return {
        "remit_to_bank": _amount(by_agency - kept, plan),
        "invoice": _amount(_sum(lines) - kept, plan),
        "bank_net": _amount(sum(p.amount for p in payments) - _sum(lines), plan),
    }


def _sum(lines: Sequence[Line]) -> int:
    return sum(line.commission for line in lines)


def _told(line: Line, plan: Plan) -> dict[str, Any]:
    told = {"payment": line.payment.id, "commission": _amount(line.commission, plan), "reason": line.reason}
    if line.rate is not None:
        told["rate"] = plain(line.rate)
    if line.measure is not None and line.value is not None:
        value = line.value if isinstance(line.value, str) else plain(line.value)
        told |= {"measure": line.measure.value, "value": value}
    return told | ({} if line.row is None else {"row": line.row})


def _amount(minor: int, plan: Plan) -> str:
    return format_amount(minor, plan.currency)


# --- reading ------------------------------------------------------------------------------------------------------------


def _placing(data: Mapping[str, Any], plan: Plan) -> Placing:
    placed_on = _day(data.get("placed_on"), "placement.placed_on")
    ended_on = _day(data["ended_on"], "placement.ended_on") if data.get("ended_on") is not None else None
    if ended_on is not None and ended_on < placed_on:
        raise PlanError("order", "placement.ended_on")
    balance = data.get("placed_balance")
    return Placing(
        placed_on=placed_on, ended_on=ended_on, balance=None if balance is None else _minor(balance, plan, "placed_balance"),
        age_months=_count(data, "age_months"), days_past_due=_count(data, "days_past_due"), round=_count(data, "round"),
        bucket=_words(data, "bucket"), stage=_words(data, "stage"),
    )  # fmt: skip


def _payments(rows: Sequence[Any], placing: Placing, plan: Plan) -> list[Payment]:
    """A reversal that does not say who paid the money back had it from whoever received the payment."""
    read = [_payment(_table(one, "payments"), placing, plan) for one in rows]
    receivers = {payment.id: payment.received_by for payment in read}
    return [
        payment
        if one.get("received_by") or payment.reverses not in receivers
        else replace(payment, received_by=receivers[payment.reverses])
        for one, payment in zip(rows, read, strict=True)
    ]


def _payment(data: Mapping[str, Any], placing: Placing, plan: Plan) -> Payment:
    if "id" not in data:
        raise PlanError("missing", "payments.id")
    number, key = str(data["id"]), f"payments.{data['id']}"
    received_by = data.get("received_by") or "bank"
    if received_by not in RECEIVERS:
        raise PlanError("unknown_word", f"{key}.received_by")
    parts = {part: _minor(data[part], plan, f"{key}.{part.value}") for part in Basis if data.get(part) is not None}
    return Payment(
        id=number, placing=placing, amount=_minor(data.get("amount"), plan, f"{key}.amount"),
        paid_on=_day(data.get("paid_on"), f"{key}.paid_on"), received_by=str(received_by),
        reverses=_words(data, "reverses"), stage=_words(data, "stage"), parts=parts,
    )  # fmt: skip


def _book(case: Mapping[str, Any], plan: Plan) -> Book:
    batch = _table(case.get("batch") or {}, "batch")
    issued: dict[str, int] = {}
    for one in _list(case, "issued"):
        line = _table(one, "issued")
        number = str(line.get("payment"))
        issued[number] = issued.get(number, 0) + _minor(line.get("commission"), plan, f"issued.{number}")
    placed = batch.get("placed_total")
    return Book(
        placed={} if placed is None else {"": _minor(placed, plan, "batch.placed_total")},
        earned_to_date=_minor(case.get("earned_to_date") or "0", plan, "earned_to_date"), issued=issued,
    )  # fmt: skip


def _table(given: Any, key: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise PlanError("no_table", key)
    return given


def _list(case: Mapping[str, Any], key: str) -> Sequence[Any]:
    given = case.get(key) or []
    if not isinstance(given, list):
        raise PlanError("no_list", key)
    return given


def _minor(given: Any, plan: Plan, key: str) -> int:
    """An amount in minor units; more digits than the currency has are refused."""
    if isinstance(given, bool) or not isinstance(given, (str, int, float, Decimal)):
        raise PlanError("no_number", key)
    try:
        return parse_amount(str(given), plan.currency)
    except ValueError as error:
        raise PlanError("no_amount", key) from error


def _words(data: Mapping[str, Any], key: str) -> str | None:
    return None if data.get(key) is None else str(data[key])


def _count(data: Mapping[str, Any], key: str) -> int | None:
    if data.get(key) is None:
        return None
    try:
        count = int(str(data[key]))
    except ValueError as error:
        raise PlanError("no_whole_number", f"placement.{key}") from error
    if count < 0:
        raise PlanError("negative", f"placement.{key}")
    return count


def _day(given: Any, key: str) -> date:
    try:
        return date.fromisoformat(str(given))
    except ValueError as error:
        raise PlanError("no_date", key) from error
