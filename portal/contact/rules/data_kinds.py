"""The kinds of rule that other rooms ask about, as packs write them down. Every word of them can be said in both languages
(`pack_words.py`), so one that is not listed here is refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from portal.contact.conduct import (
    ContentRule,
    DisclosureRule,
    Gate,
    Ground,
    Keep,
    LimitationRule,
    PlacementGate,
    RetentionRule,
    Rule,
    ValidationRule,
)
from portal.contact.rules.reader import Reader
from portal.foundation.language import Message, say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from portal.contact.rules.reader import CalendarNamed

__all__ = ["DATA_KINDS"]

RECORDS = frozenset({"call_recording", "collection_record", "impact_assessment", "complaint_record", "agency_copy"})
MOMENTS = frozenset(
    {"last_collection_activity", "call_date", "record_date", "contract_end", "mandate_end", "account_closed"}
)
STARTS = frozenset({"due_date", "last_due_date", "cause_of_action"})
RESTARTS = frozenset(ground.value for ground in Ground)
EFFECTS = frozenset({
    "warn", "no_suit", "no_suit_threat", "no_suit_threat_without_lawyer", "no_court_threat", "stop_if_customer_says_barred",
    "extinguished_stop",
})  # fmt: skip
STATEMENTS = frozenset({
    "agency_full_name", "on_behalf_of_bank", "staff_number", "debt_collection_purpose", "opt_out", "is_the_bank", "court",
    "police", "lawyer", "debt_to_third_person",
})  # fmt: skip
CONTENTS = frozenset({
    "holder_name", "balance_itemised", "cause_and_law", "rights_and_duties", "query_pay_dispute_routes", "issuer_contact",
    "seal", "reply_deadline", "opt_out",
})  # fmt: skip
CONDITIONS = frozenset({
    "paid", "settled", "discharged", "agency_on_published_list", "debtor_told", "impact_assessment_done", "mandate_in_writing",
})  # fmt: skip
NEEDS = frozenset({"lawyer_reason"})
PASSAGES = frozenset({"criminal_196"})
_PLACE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_MOST_YEARS = 100
_LARGEST_PRINCIPAL = 10**12  # whole units


def _ordered(read: Reader, key: str, known: frozenset[str]) -> tuple[str, ...]:
    """Known words in the order in which the pack has them; none where it says nothing."""
    read.words(key, known, default=[])
    return tuple(dict.fromkeys(read.optional(key, [])))


def _retention(where: Message, params: Any, common: dict[str, Any], _calendar: CalendarNamed) -> Rule:
    read = Reader(where, params, set(RECORDS))
    named = [record for record in sorted(RECORDS) if record in read]
    if not named:
        raise read.error(say("no records are named"))
    return RetentionRule(**common, keeps=tuple(_keep(where, record, read.get(record)) for record in named))


def _keep(where: Message, record: str, value: Any) -> Keep:
    read = Reader(where, value, {"years", "from", "floor", "delete_on"})
    if "delete_on" in read:
        if "years" in read:
            raise read.error(say("records are kept for years, or until something happens, not both"))
        return Keep(record, delete_on=read.word("delete_on", MOMENTS))
    since = read.word("from", MOMENTS) if "from" in read else "record_date"
    return Keep(record, read.number("years", most=_MOST_YEARS), since, read.flag("floor"))


def _limitation(where: Message, params: Any, common: dict[str, Any], _calendar: CalendarNamed) -> Rule:
    known = {"years", "by_place", "outer_years", "start", "restart_on", "expired_effect", "expired_effect_by_place"}
    read = Reader(where, params, known)
    places = _by_place(where, read.optional("by_place", {}))
    told = _by_place(where, read.optional("expired_effect_by_place", {}))
    return LimitationRule(
        **common,
        years=read.number("years", 0, most=_MOST_YEARS),
        by_place={place: places.number(place, most=_MOST_YEARS) for place in _places(places)},
        outer_years=read.number("outer_years", 0, most=_MOST_YEARS),
        start=read.word("start", STARTS) if "start" in read else "due_date",
        restart_on=_ordered(read, "restart_on", RESTARTS),
        effects=_ordered(read, "expired_effect", EFFECTS),
        effects_by_place={place: _ordered(told, place, EFFECTS) for place in _places(told)},
    )


def _by_place(where: Message, value: Any) -> Reader:
    places = set(map(str, value)) if isinstance(value, dict) else set()
    wrong = sorted(place for place in places if not _PLACE.fullmatch(place))
    if wrong:
        return Reader(where, value, set())  # refuses the first of them by name
    return Reader(where, value, places)


def _places(read: Reader) -> list[str]:
    return sorted(read)


def _placement_gate(where: Message, params: Any, common: dict[str, Any], _calendar: CalendarNamed) -> Rule:
    read = Reader(where, params, {"forbid_if", "require"})
    forbid, require = _ordered(read, "forbid_if", CONDITIONS), _ordered(read, "require", CONDITIONS)
    if not forbid and not require:
        raise read.error(say("it says neither what forbids a placement nor what it needs"))
    return PlacementGate(**common, forbid_if=forbid, require=require)


def _required_disclosure(where: Message, params: Any, common: dict[str, Any], calendar: CalendarNamed) -> Rule:
    read = Reader(where, params, {"period", "within_days", "template", "must_state", "must_not_state", "contact"})
    if "period" not in read:
        contact = read.word("contact", frozenset({"first", "each"})) if "contact" in read else "each"
        states, never = _ordered(read, "must_state", STATEMENTS), _ordered(read, "must_not_state", STATEMENTS)
        if not states and not never:
            raise read.error(say("it says neither what is stated nor what is never stated"))
        return DisclosureRule(**common, must_state=states, must_not_state=never, contact=contact)
    period = Reader(where, read.get("period"), {"receipt_working_days", "then_days", "calendar"})
    return ValidationRule(
        **common,
        receipt_days=period.number("receipt_working_days", most=366),
        then_days=period.number("then_days", most=366),
        calendar=calendar(period.text("calendar")),
        within_days=read.number("within_days", 0, most=366),
        template=read.text("template") if "template" in read else "",
    )


def _content_rule(where: Message, params: Any, common: dict[str, Any], _calendar: CalendarNamed) -> Rule:
    read = Reader(where, params, {"must_have", "forbid", "gate"})
    read.words("forbid", None, default=[])
    gates = Reader(where, read.optional("gate", {}), set(PASSAGES))
    return ContentRule(
        **common,
        must_have=_ordered(read, "must_have", CONTENTS),
        forbidden=tuple(dict.fromkeys(read.optional("forbid", []))),
        gates=tuple(_gate(where, passage, gates.get(passage)) for passage in sorted(PASSAGES) if passage in gates),
    )


def _gate(where: Message, passage: str, value: Any) -> Gate:
    read = Reader(
        where, value, {"principal_min", "effective_demands", "demand_gap_days", "months_since_second", "needs"}
    )
    return Gate(
        passage,
        read.word("needs", NEEDS),
        read.number("principal_min", 0, most=_LARGEST_PRINCIPAL),
        read.number("effective_demands", 0, most=100),
        read.number("demand_gap_days", 0, most=366),
        read.number("months_since_second", 0, most=120),
    )


DATA_KINDS: Mapping[str, Callable[[Message, Any, dict[str, Any], CalendarNamed], Rule]] = {
    "retention": _retention,
    "limitation": _limitation,
    "placement_gate": _placement_gate,
    "required_disclosure": _required_disclosure,
    "content_rule": _content_rule,
}
