"""A strategy from its JSON: everything that is wrong with it at once, where it stands, and how to mend it.

Numbers that matter are written as text ("0.40", "12500.00"), so that no program makes floats of them; whole numbers may
be numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Any, TypeVar

from portal.foundation.money import CURRENCIES, parse_amount
from portal.placement.allocation.facts import Order, Receiver
from portal.placement.allocation.parsing import Part, Reader
from portal.placement.allocation.strategy import (
    VERSION,
    By,
    Champion,
    Equal,
    FormerHolders,
    Licence,
    Only,
    Overflow,
    Performance,
    Picks,
    Problem,
    Ranked,
    Rules,
    Shares,
    Step,
    Strata,
    Strategy,
)

__all__ = ["read_receivers", "read_strategy"]

BUCKETS = ("M0", "M1", "M2", "M3", "M4", "M5", "M6", "M7+")
STRATA = ("bucket", "balance", "region")
LARGEST_SEED = 2**53
MOST_RECEIVERS, MOST_STEPS, MOST_BANDS, MOST_DAYS, MOST_ROUNDS = 200, 50, 50, 3650, 100

Word = TypeVar("Word", bound=StrEnum)


def read_strategy(data: Any) -> Strategy:
    """The strategy; a file's `receivers` are left to `read_receivers`. StrategyError with everything that is wrong."""
    reader = Reader()
    top = reader.part(data, "", "version name currency date seed rules strata steps receivers")
    if top.get("version") != VERSION or isinstance(top.get("version"), bool):
        top.wrong("version", "version", f'This format is version {VERSION}. Write "version": {VERSION}.')
    currency = _currency(top)
    strategy = Strategy(
        seed=top.whole("seed", 0, LARGEST_SEED),
        date=top.day("date"),
        currency=currency,
        steps=_steps(top, currency),
        rules=_rules(top.inner("rules", "former_holders cool_down_days customers_together licence")),
        strata=_strata(top.inner("strata", "by bands quantiles"), currency),
        name=top.text("name", ""),
    )
    reader.check()
    return strategy


def read_receivers(data: Any) -> list[Receiver]:
    """The receivers of a strategy file, with keys from 1 in order of code. StrategyError as for the strategy."""
    reader = Reader()
    top = reader.part(data, "")
    said = top.get("currency")
    currency = said if isinstance(said, str) and said in CURRENCIES else "CNY"  # a wrong one is the strategy's problem
    listed = top.get("receivers")
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST_RECEIVERS:
        top.wrong("receivers", "receivers", f"List 1 to {MOST_RECEIVERS} receivers, each with its code.")
        listed = []
    found = [_receiver(reader.part(each, f"receivers[{i}]", _RECEIVER), currency) for i, each in enumerate(listed)]
    seen: set[str] = set()
    for i, receiver in enumerate(found):
        if receiver.code and receiver.code in seen:
            text = f"The receiver “{receiver.code}” is listed twice. Give each one entry."
            reader.problems.append(Problem("duplicate_receiver", f"receivers[{i}].code", text))
        seen.add(receiver.code)
    reader.check()
    ordered = sorted(found, key=lambda r: r.code)
    return [replace(receiver, key=key) for key, receiver in enumerate(ordered, 1)]


_RECEIVER = "code name room_accounts room_amount regions buckets licence_until term_days may_not_receive"


def _receiver(part: Part, currency: str) -> Receiver:
    return Receiver(
        key=1,
        code=part.text("code"),
        name=part.text("name", ""),
        room_accounts=part.whole("room_accounts", 0, 10**9) if "room_accounts" in part else None,
        room_minor=_amount(part, "room_amount", currency),
        regions=part.names("regions"),
        buckets=part.names("buckets", BUCKETS),
        licence_until=part.day("licence_until") if "licence_until" in part else None,
        term_days=part.whole("term_days", 0, MOST_DAYS, 0),
        may_not_receive=part.text("may_not_receive", ""),
    )


def _currency(top: Part) -> str:
    currency = top.text("currency")
    if currency and currency not in CURRENCIES:
        top.wrong("currency", "currency", f"“{currency}” is no currency. Write its ISO 4217 code, as CNY.")
        return "CNY"
    return currency or "CNY"


def _rules(part: Part) -> Rules:
    return Rules(
        former_holders=_former_holders(part),
        cool_down_days=part.whole("cool_down_days", 0, MOST_DAYS, 0),
        customers_together=part.flag("customers_together", True),
        licence=_word(part, "licence", Licence, Licence.TERM),
    )


def _former_holders(part: Part) -> FormerHolders:
    given = part.get("former_holders", "never")
    if given == "never":
        return FormerHolders()
    if given == "any":
        return FormerHolders(0)
    if not isinstance(given, dict):
        text = 'Write "never", "any", or {"within_rounds": 2}.'
        part.wrong("former_holders", "former_holders", text)
        return FormerHolders()
    return FormerHolders(part.inner("former_holders", "within_rounds").whole("within_rounds", 0, MOST_ROUNDS))


def _strata(part: Part, currency: str) -> Strata:
    by = part.listed("by", list(Strata().by))
    if not all(name in STRATA for name in by) or len(set(by)) < len(by):
        part.wrong("strata", "by", "Name each of bucket, balance, region at most once.")
        by = []
    bands = [_parsed(part, f"bands[{i}]", each, currency) for i, each in enumerate(part.listed("bands", []))]
    if len(bands) > MOST_BANDS or any(low >= high for low, high in pairwise(bands)):
        part.wrong("bands", "bands", f"At most {MOST_BANDS} amounts, each greater than the one before it.")
    quantiles = part.whole("quantiles", 2, MOST_BANDS, 0)
    if bands and quantiles:
        part.wrong("bands", "quantiles", "Give either bands or quantiles.")
    if "balance" in by and not bands and not quantiles:
        part.wrong("bands", "by", "Say where the bands of balance begin (bands), or how many there are (quantiles).")
    if "balance" not in by and (bands or quantiles):
        part.wrong("bands", "by", "Bands need “balance” in by.")
    return Strata(tuple(by), tuple(bands), quantiles)


def _steps(top: Part, currency: str) -> tuple[Step, ...]:
    listed = top.get("steps")
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST_STEPS:
        top.wrong("steps", "steps", f"List 1 to {MOST_STEPS} steps.")
        return ()
    steps = []
    for i, each in enumerate(listed):
        kind = each.get("kind") if isinstance(each, dict) else None
        if not isinstance(kind, str) or kind not in _STEPS:
            top.wrong("kind", f"steps[{i}].kind", f"The kind of a step is one of {', '.join(_STEPS)}.")
            continue
        keys, read = _STEPS[kind]
        part = top.reader.part(each, f"steps[{i}]", f"kind only {keys}")
        steps.append(read(part, _only(part.inner("only", "buckets regions from to"), currency)))
    return tuple(steps)


def _only(part: Part, currency: str) -> Only:
    low, high = _amount(part, "from", currency), _amount(part, "to", currency)
    if low is not None and high is not None and low > high:
        part.wrong("only", "from", "The first balance is greater than the second. Exchange them.")
    return Only(part.names("buckets", BUCKETS), part.names("regions"), low, high)


def _picks(part: Part, only: Only) -> Step:
    picks = part.mapping("picks")
    for account, code in picks.items():
        if not account or not isinstance(code, str) or not code:
            part.wrong("picks", f"picks[{account!r}]", "A pick is an account's reference and a receiver's code.")
    return Picks({account: str(code) for account, code in picks.items()}, only=only)


def _shares(part: Part, only: Only) -> Step:
    return Shares(_whole_of(part, "shares"), _by(part), _overflow(part), only=only)


def _equal(part: Part, only: Only) -> Step:
    return Equal(part.codes("receivers"), _by(part), _overflow(part), only=only)


def _performance(part: Part, only: Only) -> Step:
    scores = _decimals(part, "scores", Decimal(10**9))
    floor = part.decimal("floor", Decimal(0), Decimal(1), Decimal(0))
    ceiling = part.decimal("ceiling", Decimal(0), Decimal(1), Decimal(1))
    step = Performance(scores, floor, ceiling, _by(part), _overflow(part), only=only)
    if not scores:
        return step
    if floor * len(scores) > 1 or floor > ceiling:
        most = "a ceiling that is no smaller" if floor > ceiling else f"at most one in {len(scores)}"
        part.wrong("floor", "floor", f"So high a floor leaves no shares that make 1. It needs {most}.")
    elif ceiling * sum(score > 0 for score in scores.values()) + floor * sum(not s for s in scores.values()) < 1:
        text = "With this ceiling the shares cannot reach 1. Raise it, or give more receivers a score above 0."
        part.wrong("ceiling", "ceiling", text)
    return step


def _champion(part: Part, only: Only) -> Step:
    champions, challengers = _whole_of(part, "champions"), _whole_of(part, "challengers")
    both = sorted(set(champions) & set(challengers))
    if both:
        part.wrong("both_sides", "challengers", f"{', '.join(both)} cannot be on both sides of a trial.")
    share = part.decimal("part", Decimal(0), Decimal(1))
    if share in (0, 1):
        part.wrong("part", "part", 'The challengers\' part lies between 0 and 1, as "0.10".')
    return Champion(champions, challengers, share, _by(part), only=only)


def _ranked(part: Part, only: Only) -> Step:
    return Ranked(part.codes("receivers"), _word(part, "order", Order, Order.LARGEST), only=only)


_STEPS: Mapping[str, tuple[str, Callable[[Part, Only], Step]]] = {
    "picks": ("picks", _picks),
    "shares": ("shares by overflow", _shares),
    "equal": ("receivers by overflow", _equal),
    "performance": ("scores floor ceiling by overflow", _performance),
    "champion": ("champions challengers part by", _champion),
    "ranked": ("receivers order", _ranked),
}


def _whole_of(part: Part, name: str) -> dict[str, Decimal]:
    """Shares by code that add up to exactly 1."""
    shares = _decimals(part, name, Decimal(1))
    total = sum(shares.values(), Decimal(0))
    if shares and total != 1 and not part.has_problems(name):
        part.wrong("shares_sum", name, f"The shares add up to {format(total, 'f')}. They have to make exactly 1.")
    return shares


def _decimals(part: Part, name: str, most: Decimal) -> dict[str, Decimal]:
    given = part.mapping(name)
    if len(given) > MOST_RECEIVERS:
        part.wrong("receivers", name, f"At most {MOST_RECEIVERS} receivers.")
        return {}
    values = part.within(name)
    return {code: values.decimal(code, Decimal(0), most) for code in given}


def _by(part: Part) -> By:
    return _word(part, "by", By, By.ACCOUNTS)


def _overflow(part: Part) -> Overflow:
    return _word(part, "overflow", Overflow, Overflow.NOBODY)


def _word(part: Part, name: str, words: type[Word], otherwise: Word) -> Word:
    given = part.get(name, otherwise.value)
    if given not in list(words):
        part.wrong("unknown_word", name, f"One of {', '.join(words)} is meant here.")
        return otherwise
    return words(given)


def _amount(part: Part, name: str, currency: str) -> int | None:
    return _parsed(part, name, part.get(name), currency) if name in part else None


def _parsed(part: Part, name: str, given: Any, currency: str) -> int:
    """An amount written as text, or a whole number of it."""
    written = str(given) if isinstance(given, int) and not isinstance(given, bool) else given
    try:
        minor = parse_amount(written, currency) if isinstance(written, str) else -1
    except ValueError:
        minor = -1
    if minor < 0:
        part.wrong("amount", name, f'Write an amount of 0 or more in {currency} as text, as "12500.00".')
        return 0
    return minor
