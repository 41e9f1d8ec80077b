"""A commission plan read from its notation (reference/commission.md). Pure: standard library and money only.

A plan is data; whatever it says that this reader does not know is refused by name, never half understood. Everything that is
wrong with it is found in one reading (`faults_of`): whoever enters a plan mends it once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Any, TypeVar

from portal.commission.plan.terms import (
    Bands,
    Basis,
    Cap,
    Condition,
    Kpi,
    KpiRow,
    Limit,
    Measure,
    Plan,
    PlanError,
    Row,
    Scope,
    SmallBalance,
    Surcharge,
    Tail,
)
from portal.foundation.money import CURRENCIES, minor_digits

__all__ = ["faults_of", "highest_rate", "read_plan"]


_Word = TypeVar("_Word", bound=StrEnum)
_Part = TypeVar("_Part")
_Otherwise = TypeVar("_Otherwise")


RECEIVERS = ("bank", "agency")
# No number of a contract has more digits before the point or behind it, and none may cost more to work with.
MOST_DIGITS = 15
LONGEST = 36_500  # days or months, beyond which no day can be counted to
KNOWN = {
    "currency", "rate", "bands", "stage_rates", "surcharges", "small_balance", "minimum", "cap", "free_days", "tail",
    "basis", "remittance", "kpi", "limits", "contract_started_on",
}  # fmt: skip


def read_plan(data: Mapping[str, Any]) -> Plan:
    """The plan as the engine uses it. PlanError for the first thing in it that is unknown, missing or cannot be so."""
    faults = _Faults()
    plan = _plan(data, faults)
    if faults.found:
        raise faults.found[0]
    return plan


def faults_of(data: Any) -> list[PlanError]:
    """All that keeps these data from being a plan, each with its key and row; empty: `read_plan` reads them."""
    faults = _Faults()
    if not isinstance(data, Mapping):
        return [PlanError("no_table", "plan")]
    _plan(data, faults)
    return faults.found


class _Faults:
    """Gathers what is wrong, and lets the reading go on behind it."""

    def __init__(self) -> None:
        self.found: list[PlanError] = []

    def read(self, how: Callable[[], _Part], otherwise: _Otherwise) -> _Part | _Otherwise:
        try:
            return how()
        except PlanError as error:
            self.found.append(error)
            return otherwise

    def rows(self, given: Sequence[Any], how: Callable[[Any], _Part]) -> list[_Part]:
        """Each row by itself; one that cannot be read is left out and named by its place."""
        read = []
        for number, one in enumerate(given):
            try:
                read.append(how(one))
            except PlanError as error:
                error.row = number
                self.found.append(error)
        return read


def _plan(data: Mapping[str, Any], faults: _Faults) -> Plan:
    """The plan as far as it can be read; only without faults is it one."""
    read = faults.read
    read(lambda: _only(data, KNOWN, "plan"), None)
    currency = read(lambda: _currency(data.get("currency")), "CNY")
    money = _amounts(currency)
    plan = Plan(
        currency=currency,
        rate=read(lambda: _rate(data["rate"], "rate"), None) if "rate" in data else None,
        bands=read(lambda: _bands(data["bands"], money, faults), None) if "bands" in data else None,
        stage_rates=_stage_rates(data, faults),
        surcharges=tuple(faults.rows(read(lambda: _list(data, "surcharges"), ()), lambda one: _surcharge(one, money))),
        small_balances=_small_balances(data, money, faults),
        minimum=read(lambda: _minimum(data["minimum"], money), None) if "minimum" in data else None,
        cap=read(lambda: _cap(data["cap"], money), None) if "cap" in data else None,
        free_days=read(lambda: _free_days(data.get("free_days", 0)), dict.fromkeys(RECEIVERS, 0)),
        tail=read(lambda: _tail(data.get("tail")), Tail()),
        basis=read(lambda: _word(Basis, data.get("basis", "total"), "basis"), Basis.TOTAL),
        remits_net=read(lambda: _choice(data.get("remittance", "gross"), ("gross", "net"), "remittance"), "") == "net",
        kpi=read(lambda: _kpi(data["kpi"], faults), None) if "kpi" in data else None,
        limits=tuple(faults.rows(read(lambda: _list(data, "limits"), ()), _limit)),
        contract_started_on=read(lambda: _day(data["contract_started_on"]), None)
        if "contract_started_on" in data
        else None,
    )
    _check_whole(plan, data, faults)
    return plan


def _check_whole(plan: Plan, data: Mapping[str, Any], faults: _Faults) -> None:
    """What only the whole plan shows, as far as what it is about could be read."""
    if not any(key in data for key in ("rate", "bands")) and not plan.stage_rates:
        faults.found.append(PlanError("no_rate", "rate"))
    per_year = plan.cap is not None and plan.cap.per is Scope.CONTRACT_YEAR
    if per_year and "contract_started_on" not in data:
        faults.found.append(PlanError("missing", "contract_started_on"))
    if faults.found:
        return  # which rates there are is not known
    for number, limit in enumerate(plan.limits):
        if highest_rate(plan, limit.round) > limit.max_rate:
            faults.found.append(PlanError("above_limit", "limits", number))


def highest_rate(plan: Plan, in_round: int) -> Decimal:
    """The highest rate that any payment of a placement of this round could earn."""
    rates = [*plan.stage_rates.values()]
    if plan.bands is not None:
        rows = plan.bands.rows
        if plan.bands.by is Measure.ROUND:
            rows = tuple(row for row in rows if row.when.holds(Fraction(in_round)))[-1:]
        rates += [row.rate for row in rows]
    elif plan.rate is not None:
        rates.append(plan.rate)
    highest = max(rates, default=Decimal(0))
    for extra in plan.surcharges:
        if extra.by is not Measure.ROUND or extra.when.holds(Fraction(in_round)):
            highest = max(highest, _raised(highest, extra))
    return max([highest, *(small.rate for small in plan.small_balances if small.rate is not None)])


def _raised(rate: Decimal, extra: Surcharge) -> Decimal:
    """A rate with a surcharge, as the decimal that limits are written in."""
    return rate + extra.add if extra.add is not None else rate * (extra.multiply or 0)


# --- the parts ----------------------------------------------------------------------------------------------------------


def _currency(given: Any) -> str:
    if not isinstance(given, str) or given not in CURRENCIES:
        raise PlanError("unknown_currency", "currency")
    return given


def _stage_rates(data: Mapping[str, Any], faults: _Faults) -> dict[str, Decimal]:
    given = faults.read(lambda: _table(data, "stage_rates"), {})
    return dict(faults.rows([*given.items()], _stage_rate))


def _stage_rate(given: tuple[Any, Any]) -> tuple[str, Decimal]:
    if not given[0]:
        raise PlanError("missing", "stage_rates.stage")
    return str(given[0]), _rate(given[1], "stage_rates")


def _small_balances(
    data: Mapping[str, Any], money: Callable[[Any, str], Decimal], faults: _Faults
) -> tuple[SmallBalance, ...]:
    given = faults.read(lambda: _list(data, "small_balance"), ())
    read = faults.rows(given, lambda one: _small_balance(one, money))
    uptos = [small.upto for small in read if small.by is Measure.PLACED_BALANCE]
    if uptos != sorted(set(uptos)):
        faults.found.append(PlanError("order", "small_balance"))
    return tuple(read)


def _bands(data: Any, money: Callable[[Any, str], Decimal], faults: _Faults) -> Bands | None:
    """None: what is wrong with them has been said."""
    _only(data, {"by", "mode", "rows"}, "bands")
    by = _word(Measure, data.get("by"), "bands.by")
    given = _list(data, "rows", "bands.rows")
    if not given:
        raise PlanError("missing", "bands.rows")
    rows = faults.rows(given, lambda one: _row(one, by, money))
    if not rows:
        return None
    by_words = rows[0].when.bound is None
    if len(rows) == len(given):  # of what could not be read, nobody knows where it stands
        faults.read(lambda: _check_rows(rows, by_words=by_words), None)
    mode = faults.read(lambda: _mode(data.get("mode"), by, by_words=by_words), "whole")
    return Bands(by, mode == "marginal", tuple(rows))


def _check_rows(rows: Sequence[Row], *, by_words: bool) -> None:
    for number, row in enumerate(rows):
        if (row.when.bound is None) != by_words:
            raise PlanError("mixed_rows", "bands.rows", number)
    if by_words:
        _check_named_once(rows)
    else:
        _check_order(rows)


def _mode(mode: Any, by: Measure, *, by_words: bool) -> str:
    sliced = by.can_be_sliced and not by_words
    if mode is None and not sliced:
        return "whole"
    if mode is None:
        raise PlanError("missing", "bands.mode")
    if _choice(mode, ("whole", "marginal"), "bands.mode") == "marginal" and not sliced:
        raise PlanError("no_slices", "bands.mode")
    return str(mode)


def _row(data: Any, by: Measure, money: Callable[[Any, str], Decimal]) -> Row:
    _only(data, {"from", "above", "is", "rate"}, "bands.rows")
    if "rate" not in data:
        raise PlanError("missing", "bands.rows.rate")
    return Row(_condition(data, by, money, "bands.rows"), _rate(data["rate"], "bands.rows.rate"))


def _condition(
    data: Mapping[str, Any], by: Measure | None, money: Callable[[Any, str], Decimal], key: str
) -> Condition:
    """`by` None: a rank or score."""
    named = [name for name in ("from", "above", "is") if name in data]
    if len(named) != 1:
        raise PlanError("one_bound", key)
    name, given = named[0], data[named[0]]
    if name == "is":
        values = given if isinstance(given, list) else [given]
        is_a_word = by is not None and by.is_a_word
        return Condition(values=tuple(str(v) if is_a_word else _number(v, key) for v in values))
    if by is not None and by.is_a_word:
        raise PlanError("no_order", key)
    of_money = by in (Measure.BATCH_RECOVERED, Measure.PAYMENT_AMOUNT, Measure.PLACED_BALANCE)
    bound = money(given, key) if of_money else _number(given, key)
    if bound < 0:
        raise PlanError("negative", key)
    return Condition(bound, name == "above")


def _check_order(rows: Sequence[Row]) -> None:
    """Bounds rise, and none stands twice: 0.30 and above, then above 0.30, would be a band of one value."""
    bounds = [row.when.bound for row in rows]
    for number, (before, after) in enumerate(pairwise(bounds), 1):
        if before is not None and after is not None and after <= before:
            raise PlanError("twice" if after == before else "order", "bands.rows", number)


def _check_named_once(rows: Sequence[Row]) -> None:
    seen: set[str | Decimal] = set()
    for number, row in enumerate(rows):
        if not row.when.values:
            raise PlanError("missing", "bands.rows.is", number)
        if len({*row.when.values}) != len(row.when.values) or seen & {*row.when.values}:
            raise PlanError("twice", "bands.rows", number)
        seen |= {*row.when.values}


def _surcharge(data: Any, money: Callable[[Any, str], Decimal]) -> Surcharge:
    _only(data, {"by", "from", "above", "is", "add", "multiply"}, "surcharges")
    by = _word(Measure, data.get("by"), "surcharges.by")
    if ("add" in data) == ("multiply" in data):
        raise PlanError("add_or_multiply", "surcharges")
    add = _number(data["add"], "surcharges.add") if "add" in data else None
    multiply = _number(data["multiply"], "surcharges.multiply") if "multiply" in data else None
    if add is not None and not 0 <= add <= 1:
        raise PlanError("rate_out_of_range", "surcharges.add")
    if multiply is not None and multiply < 0:
        raise PlanError("negative", "surcharges.multiply")
    return Surcharge(by, _condition(data, by, money, "surcharges"), add, multiply)


def _small_balance(data: Any, money: Callable[[Any, str], Decimal]) -> SmallBalance:
    _only(data, {"by", "upto", "rate", "minimum"}, "small_balance")
    by = _word(Measure, data.get("by", "placed_balance"), "small_balance.by")
    if by.is_a_word or by.is_of_batch:
        raise PlanError("no_order", "small_balance.by")
    if "upto" not in data:
        raise PlanError("missing", "small_balance.upto")
    if ("rate" in data) == ("minimum" in data):
        raise PlanError("rate_or_minimum", "small_balance")
    of_money = by in (Measure.PAYMENT_AMOUNT, Measure.PLACED_BALANCE)
    upto = money(data["upto"], "small_balance.upto") if of_money else _number(data["upto"], "small_balance.upto")
    rate = _rate(data["rate"], "small_balance.rate") if "rate" in data else None
    return SmallBalance(by, upto, rate, money(data["minimum"], "small_balance.minimum") if "minimum" in data else None)


def _minimum(data: Any, money: Callable[[Any, str], Decimal]) -> Decimal:
    _only(data, {"per", "amount"}, "minimum")
    _choice(data.get("per"), ("payment",), "minimum.per")
    if "amount" not in data:
        raise PlanError("missing", "minimum.amount")
    return money(data["amount"], "minimum.amount")


def _cap(data: Any, money: Callable[[Any, str], Decimal]) -> Cap:
    _only(data, {"per", "amount", "share"}, "cap")
    per = _word(Scope, data.get("per"), "cap.per")
    if "amount" not in data and "share" not in data:
        raise PlanError("missing", "cap.amount")
    amount = money(data["amount"], "cap.amount") if "amount" in data else None
    return Cap(per, amount, _rate(data["share"], "cap.share") if "share" in data else None)


def _free_days(data: Any) -> dict[str, int]:
    if isinstance(data, Mapping):
        _only(data, set(RECEIVERS), "free_days")
        return {who: _whole(data.get(who, 0), "free_days") for who in RECEIVERS}
    return dict.fromkeys(RECEIVERS, _whole(data, "free_days"))


def _tail(data: Any) -> Tail:
    if data is None:
        return Tail()
    _only(data, {"days", "months"}, "tail")
    if len(data) != 1:
        raise PlanError("tail", "tail")
    return Tail(**{unit: _whole(length, "tail") for unit, length in data.items()})


def _kpi(data: Any, faults: _Faults) -> Kpi:
    _only(data, {"by", "rows", "floor", "ceiling"}, "kpi")
    by = faults.read(lambda: _choice(data.get("by"), ("rank", "score"), "kpi.by"), "rank")
    rows = faults.rows(_list(data, "rows", "kpi.rows"), _kpi_row)
    floor, ceiling = (_number(data[key], f"kpi.{key}") if key in data else None for key in ("floor", "ceiling"))
    if floor is not None and ceiling is not None and floor > ceiling:
        raise PlanError("order", "kpi.floor")
    return Kpi(by, tuple(rows), floor, ceiling)


def _kpi_row(data: Any) -> KpiRow:
    _only(data, {"is", "from", "above", "factor"}, "kpi.rows")
    if "factor" not in data:
        raise PlanError("missing", "kpi.rows.factor")
    return KpiRow(_condition(data, None, _number, "kpi.rows"), _number(data["factor"], "kpi.rows.factor"))


def _limit(data: Any) -> Limit:
    _only(data, {"round", "max_rate"}, "limits")
    if "round" not in data or "max_rate" not in data:
        raise PlanError("missing", "limits")
    return Limit(_whole(data["round"], "limits.round"), _rate(data["max_rate"], "limits.max_rate"))


# --- words and numbers ---------------------------------------------------------------------------------------------------


def _only(data: Any, known: set[str], key: str) -> None:
    if not isinstance(data, Mapping):
        raise PlanError("no_table", key)
    unknown = sorted(set(map(str, data)) - known)
    if unknown:
        raise PlanError("unknown_key", unknown[0] if key == "plan" else f"{key}.{unknown[0]}")


def _table(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = data.get(key, {})
    if not isinstance(found, Mapping):
        raise PlanError("no_table", key)
    return found


def _list(data: Mapping[str, Any], key: str, path: str = "") -> Sequence[Any]:
    found = data.get(key, [])
    if not isinstance(found, list):
        raise PlanError("no_list", path or key)
    return found


def _word(words: type[_Word], given: Any, key: str) -> _Word:
    try:
        return words(given)
    except ValueError as error:
        raise PlanError("unknown_word", key) from error


def _choice(given: Any, known: tuple[str, ...], key: str) -> str:
    if given not in known:
        raise PlanError("unknown_word", key)
    return str(given)


def _number(given: Any, key: str) -> Decimal:
    """A decimal as written; a number of JSON counts as its digits."""
    if isinstance(given, bool) or not isinstance(given, (str, int, float, Decimal)):
        raise PlanError("no_number", key)
    try:
        number = Decimal(str(given))
    except InvalidOperation as error:
        raise PlanError("no_number", key) from error
    if not number.is_finite():
        raise PlanError("no_number", key)
    if number.adjusted() > MOST_DIGITS:
        raise PlanError("too_large", key)
    exponent = number.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < -MOST_DIGITS:
        raise PlanError("too_many_digits", key)
    return number


def _rate(given: Any, key: str) -> Decimal:
    rate = _number(given, key)
    if not 0 <= rate <= 1:
        raise PlanError("rate_out_of_range", key)
    return rate


def _amounts(currency: str) -> Callable[[Any, str], Decimal]:
    """Reads amounts in the currency's major unit, with no more digits than it has."""
    digits = minor_digits(currency)

    def read(given: Any, key: str) -> Decimal:
        amount = _number(given, key)
        if amount < 0:
            raise PlanError("negative", key)
        if amount != round(amount, digits):
            raise PlanError("too_many_digits", key)
        return amount

    return read


def _whole(given: Any, key: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise PlanError("no_whole_number", key)
    if given > LONGEST:
        raise PlanError("too_large", key)
    return given


def _day(given: Any) -> date:
    try:
        return given if isinstance(given, date) else date.fromisoformat(str(given))
    except ValueError as error:
        raise PlanError("no_date", "contract_started_on") from error
