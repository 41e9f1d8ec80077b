"""A pack in the reader's language: what each rule says, in sentences, with its figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from portal.contact.conduct import (
    CallCap,
    CeaseRule,
    ContentRule,
    CoolOff,
    DisclosureRule,
    Excluded,
    FrequencyCap,
    Gate,
    HoldRule,
    Keep,
    LifetimeCap,
    LimitationRule,
    MoratoriumRule,
    PartyRule,
    PlacementGate,
    PreferenceRule,
    RetentionRule,
    Rule,
    TimeWindow,
    ValidationRule,
    Window,
)
from portal.contact.rules.labels import (
    CHANNEL_WORDS,
    CONDITION_WORDS,
    CONTENT_WORDS,
    DAY_WORDS,
    DIM_WORDS,
    EFFECT_WORDS,
    FACT_WORDS,
    GROUP_WORDS,
    MEASURE_WORDS,
    MOMENT_WORDS,
    PASSAGE_WORDS,
    REASON_WORDS,
    RECORD_WORDS,
    RESTART_WORDS,
    START_WORDS,
    STATEMENT_WORDS,
)
from portal.contact.words import flag_words
from portal.foundation.language import Message, say

__all__ = ["about_words", "joined", "override_words", "rule_sentences"]


def rule_sentences(rule: Rule) -> Sequence[Message]:
    """What a rule says, its parameters said plainly."""
    return _KINDS[type(rule)](rule)


def about_words(rule: Rule) -> Message | None:
    """Which contacts a rule is about; None: all of them."""
    channels = joined(_in_order(rule.scope.channels, CHANNEL_WORDS), CHANNEL_WORDS) if rule.scope.channels else None
    people = joined(sorted(rule.scope.to), GROUP_WORDS) if rule.scope.to else None
    if channels and people:
        return say("%(channels)s, to %(people)s", channels=channels, people=people)
    if people:
        return say("any contact with %(people)s", people=people)
    return say("%(channels)s, to anybody", channels=channels) if channels else None


def override_words(rule: Rule) -> Message | None:
    """For which reasons somebody may go on all the same."""
    return joined(rule.overrides, REASON_WORDS) if rule.overrides else None


def joined(codes: Iterable[str], words: dict[str, Message]) -> Message:
    """Several words as a list; a code without a word stands for itself."""
    found: Message | None = None
    for code in codes:
        word = words.get(code, code)
        found = say("%(one)s", one=word) if found is None else say("%(first)s, %(second)s", first=found, second=word)
    return found or say("nothing")


def _in_order(codes: frozenset[str], words: dict[str, Message]) -> list[str]:
    return [code for code in words if code in codes] + sorted(codes - words.keys())


# --- hours and counts -----------------------------------------------------------------------------------------------------


def _hours(rule: TimeWindow) -> list[Message]:
    said = [_window(window, rule.last_included) for window in rule.windows]
    if rule.everywhere:
        said.append(say("In every place where the person may be."))
    if rule.closed_on is not None:
        name = f"{rule.closed_on.name} {rule.closed_on.version}"
        said.append(say("Not on holidays (calendar %(name)s).", name=name))
    if rule.by_consent:
        said.append(say("Also at other times to which the person has consented."))
    return said


def _window(window: Window, last_included: bool) -> Message:
    hours = {"opens": f"{window.opens:%H:%M}", "closes": f"{window.closes:%H:%M}"}
    days = say("Every day") if len(window.days) == 7 else joined(map(str, sorted(window.days)), DAY_WORDS)
    if last_included:
        return say("%(days)s from %(opens)s to %(closes)s, that minute included.", days=days, **hours)
    return say("%(days)s from %(opens)s until before %(closes)s.", days=days, **hours)


def _cap(rule: FrequencyCap) -> list[Message]:
    whom = say("to one number") if rule.per_point else say("with one person")
    figures = {"most": rule.most, "what": MEASURE_WORDS[rule.measure], "whom": whom}
    if rule.days == 1:
        said = [
            say(
                "%(what)s %(whom)s: at most %(most)s on a day of the debtor's, the bank and all agencies together.",
                **figures,
            )
        ]
    else:
        words = say(
            "%(what)s %(whom)s: at most %(most)s in %(days)s calendar days of the debtor's, the bank and all agencies together.",
            days=rule.days, **figures,
        )  # fmt: skip
        said = [words]
    return [*said, say("Or as many as was agreed with the person.")] if rule.by_agreement else said


def _lifetime(rule: LifetimeCap) -> list[Message]:
    said = [
        say(
            "Conversations of one collector with a third person: at most %(most)s, ever; counted by number.",
            most=rule.most,
        )
    ]
    return [*said, say("Unless: %(facts)s.", facts=joined(sorted(rule.unless), FACT_WORDS))] if rule.unless else said


def _call_cap(rule: CallCap) -> list[Message]:
    said = [
        say(
            "Connected calls by one collector to one person about one debt: at most %(most)s in %(days)s calendar days.",
            most=rule.most, days=rule.days,
        )
    ]  # fmt: skip
    if rule.gap_minutes:
        said.append(say("Pointed to: unanswered calls within %(minutes)s minutes.", minutes=rule.gap_minutes))
    if rule.same_day:
        said.append(say("Pointed to: %(count)s or more calls on one day.", count=rule.same_day))
    if rule.voicemails_a_day:
        said.append(say("Pointed to: %(count)s voicemails on one day.", count=rule.voicemails_a_day))
    return [*said, *_excluded(rule.excluded)]


def _cool_off(rule: CoolOff) -> list[Message]:
    said = say(
        "No call about a debt for %(days)s calendar days after a conversation about it, whose day is the first.",
        days=rule.days,
    )
    return [said, *_excluded(rule.excluded)]


def _excluded(excluded: Excluded) -> list[Message]:
    said = []
    if excluded.consent_days:
        said.append(
            say("Not counted for %(days)s days after the person's consent to more calls.", days=excluded.consent_days)
        )
    if excluded.unconnected:
        said.append(say("Not counted: calls that did not connect."))
    if excluded.persons:
        said.append(say("Not counted: calls to lawyers, credit bureaus and the creditor."))
    return said


# --- holds, wishes, third persons -----------------------------------------------------------------------------------------


def _hold(rule: HoldRule) -> list[Message]:
    return [flag_words(flag) for flag in sorted(rule.flags)]


def _cease(rule: CeaseRule) -> list[Message]:
    said = [say("No contact once a letter that ends it was received.")]
    return (
        [*said, say("Allowed all the same: %(what)s.", what=joined(rule.allowed, REASON_WORDS))]
        if rule.allowed
        else said
    )


def _moratorium(rule: MoratoriumRule) -> list[Message]:
    return [
        say(
            "Nothing is asked for in breathing space: %(standard)s days from the day after the entry, or in a crisis of mental "
            "health until %(crisis)s days after the treatment.",
            standard=rule.standard_days, crisis=rule.crisis_days,
        )
    ]  # fmt: skip


def _preference(rule: PreferenceRule) -> list[Message]:
    said = [
        say("No contact against what the person has asked for: %(dims)s.", dims=joined(sorted(rule.dims), DIM_WORDS))
    ]
    if rule.places:
        said.append(say("About these places: %(places)s.", places=joined(sorted(rule.places), DIM_WORDS)))
    if rule.required:
        said.append(say("Allowed all the same: %(what)s.", what=joined(sorted(rule.required), REASON_WORDS)))
    return said


def _party(rule: PartyRule) -> list[Message]:
    ways = []
    if rule.needs_any:
        ways.append(joined(sorted(rule.needs_any), FACT_WORDS))
    if rule.failed_dials:
        ways.append(say("from the day after %(count)s dials in a row in vain", count=rule.failed_dials))
    if rule.failed_days:
        ways.append(say("from the day after %(count)s days in a row in vain", count=rule.failed_days))
    if not ways:
        return [say("Third persons are not contacted.")]
    return [say("Third persons only where the debtor cannot be reached:"), *(say("%(one)s", one=way) for way in ways)]


# --- what other rooms ask -------------------------------------------------------------------------------------------------


def _validation(rule: ValidationRule) -> list[Message]:
    said = []
    if rule.within_days:
        said.append(
            say(
                "The validation notice goes out within %(days)s days of the first communication.", days=rule.within_days
            )
        )
    said.append(
        say(
            "The consumer may dispute for %(then)s days after the notice is taken to have arrived: %(receipt)s working days after "
            "it was sent (calendar %(name)s).",
            then=rule.then_days, receipt=rule.receipt_days, name=rule.calendar.name,
        )
    )  # fmt: skip
    return [*said, say("Form: %(name)s.", name=rule.template)] if rule.template else said


def _disclosure(rule: DisclosureRule) -> list[Message]:
    said = []
    if rule.must_state:
        words = joined(rule.must_state, STATEMENT_WORDS)
        first = say("The first contact states: %(what)s.", what=words)
        said.append(first if rule.contact == "first" else say("Each contact states: %(what)s.", what=words))
    if rule.must_not_state:
        said.append(say("Never said or suggested: %(what)s.", what=joined(rule.must_not_state, STATEMENT_WORDS)))
    return said


def _content(rule: ContentRule) -> list[Message]:
    said = []
    if rule.must_have:
        said.append(say("It holds: %(what)s.", what=joined(rule.must_have, CONTENT_WORDS)))
    if rule.forbidden:
        said.append(say("Never in it: %(what)s.", what="; ".join(f"“{phrase}”" for phrase in rule.forbidden)))
    return [*said, *(sentence for gate in rule.gates for sentence in _gate(gate))]


def _gate(gate: Gate) -> list[Message]:
    return [
        say("Only with a lawyer's recorded reason: %(passage)s.", passage=PASSAGE_WORDS[gate.passage]),
        say(
            "And only from a principal of %(principal)s on, after %(demands)s effective demands %(gap)s days apart, the last of them "
            "%(months)s months ago.",
            principal=f"{gate.principal_min:,}", demands=gate.demands, gap=gate.gap_days, months=gate.months,
        ),
    ]  # fmt: skip


def _limitation(rule: LimitationRule) -> list[Message]:
    said = []
    if rule.years:
        said.append(say("%(years)s years from %(start)s.", years=rule.years, start=START_WORDS[rule.start]))
    if not rule.years and not rule.by_place:
        said.append(say("As long as the law of the place says; this pack names no number."))
    said += [
        say("In %(place)s %(years)s years.", place=place, years=years) for place, years in sorted(rule.by_place.items())
    ]
    if rule.outer_years:
        said.append(say("At most %(years)s years, whatever begins it anew.", years=rule.outer_years))
    if rule.restart_on:
        said.append(say("Begun anew by: %(what)s.", what=joined(rule.restart_on, RESTART_WORDS)))
    if rule.effects:
        said.append(say("Once it is over: %(what)s.", what=joined(rule.effects, EFFECT_WORDS)))
    for place, effects in sorted(rule.effects_by_place.items()):
        said.append(say("Once it is over, in %(place)s: %(what)s.", place=place, what=joined(effects, EFFECT_WORDS)))
    return said


def _retention(rule: RetentionRule) -> list[Message]:
    return [_keep(keep) for keep in rule.keeps]


def _keep(keep: Keep) -> Message:
    record = RECORD_WORDS[keep.record]
    if keep.delete_on:
        return say("%(record)s: deleted at %(moment)s.", record=record, moment=MOMENT_WORDS[keep.delete_on])
    moment = MOMENT_WORDS[keep.since]
    if keep.is_floor:
        return say(
            "%(record)s: at least %(years)s years from %(moment)s.", record=record, years=keep.years, moment=moment
        )
    return say("%(record)s: %(years)s years from %(moment)s.", record=record, years=keep.years, moment=moment)


def _placement(rule: PlacementGate) -> list[Message]:
    said = []
    if rule.forbid_if:
        said.append(say("Never placed: accounts that are %(what)s.", what=joined(rule.forbid_if, CONDITION_WORDS)))
    if rule.require:
        said.append(say("Placed only where: %(what)s.", what=joined(rule.require, CONDITION_WORDS)))
    return said


_KINDS: dict[type[Rule], Callable[[Any], Sequence[Message]]] = {
    TimeWindow: _hours,
    FrequencyCap: _cap,
    LifetimeCap: _lifetime,
    CallCap: _call_cap,
    CoolOff: _cool_off,
    HoldRule: _hold,
    CeaseRule: _cease,
    MoratoriumRule: _moratorium,
    PreferenceRule: _preference,
    PartyRule: _party,
    ValidationRule: _validation,
    DisclosureRule: _disclosure,
    ContentRule: _content,
    LimitationRule: _limitation,
    RetentionRule: _retention,
    PlacementGate: _placement,
}
