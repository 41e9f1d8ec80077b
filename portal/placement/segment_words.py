"""A segment's question in words, for people who read it rather than ask it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.foundation.language import Message, say
from portal.foundation.money import Money
from portal.placement.criteria import PLACEABLE_BUCKETS
from portal.portfolio.region_names import region_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from portal.placement.criteria import Criteria

__all__ = ["described"]


def described(criteria: Criteria, names: Mapping[int, str], recalls: Mapping[int, str]) -> list[Message]:
    """One short phrase for each condition. `names` of organisations and numbers of recalls by id; one that is not there any
    more is called by its id."""
    asked = criteria.conditions
    phrases = [
        say("%(currency)s, %(buckets)s", currency=criteria.currency, buckets=_buckets(criteria.buckets)),
        *_limits(
            say("owed"), *(_money(minor, criteria.currency) for minor in (criteria.from_minor, criteria.to_minor))
        ),
        *_limits(say("days past due"), asked.days_from, asked.days_to),
        *_limits(say("account opened"), asked.opened_from, asked.opened_to),
        *_limits(say("oldest unpaid since"), asked.due_from, asked.due_to),
        *_paid(criteria),
        *_rounds(asked.rounds_from, asked.rounds_to),
    ]
    if asked.regions:
        phrases.append(say("in %(regions)s", regions=", ".join(str(region_name(code)) for code in asked.regions)))
    if asked.products:
        phrases.append(say("product %(products)s", products=", ".join(asked.products)))
    if asked.charged_off is not None:
        phrases.append(say("charged off") if asked.charged_off else say("not charged off"))
    if asked.former_holders:
        held = ", ".join(names.get(number, str(number)) for number in asked.former_holders)
        phrases.append(say("was with %(names)s before", names=held))
    if asked.returned_by is not None:
        number = recalls.get(asked.returned_by, str(asked.returned_by))
        phrases.append(say("came back by recall %(number)s", number=number))
    return phrases


def _buckets(names: tuple[str, ...]) -> str:
    """M4-M6 rather than M4, M5, M6 where none is missing between."""
    at = [PLACEABLE_BUCKETS.index(name) for name in names]
    if len(at) > 2 and at == list(range(at[0], at[-1] + 1)):
        return f"{names[0]}-{names[-1]}"
    return ", ".join(names)


def _limits(what: Message, first: Any, last: Any) -> Iterator[Message]:
    if first is not None and last is not None:
        yield say("%(what)s from %(first)s to %(last)s", what=what, first=first, last=last)
    elif first is not None:
        yield say("%(what)s from %(first)s on", what=what, first=first)
    elif last is not None:
        yield say("%(what)s up to %(last)s", what=what, last=last)


def _paid(criteria: Criteria) -> Iterator[Message]:
    asked = criteria.conditions
    limits = list(_limits(say("last paid"), asked.paid_from, asked.paid_to))
    if asked.never_paid:
        yield say("%(limits)s, or never", limits=limits[0]) if limits else say("never paid")
    else:
        yield from limits


def _rounds(least: int | None, most: int | None) -> Iterator[Message]:
    if most == 0:
        yield say("never placed")
    elif least is not None and least == most:
        yield say("rounds before: exactly %(n)s", n=least)
    else:
        yield from _limits(say("rounds before"), least or None, most)


def _money(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money(minor, currency)
