"""The sentences for what the conduct rules answer. The rules speak in codes; people are told in words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from portal.contact.conduct import FrequencyCap, TimeWindow
from portal.foundation.language import Message, _l, say
from portal.foundation.states import StateTag, Tone
from portal.portfolio.labels import HOLD_LABELS
from portal.portfolio.models import HoldFlag

if TYPE_CHECKING:
    from portal.contact.conduct import Decision, Finding, Rule, Source

__all__ = ["VERDICT_TAGS", "deciding", "finding_words", "flag_words", "rule_against", "rule_words", "source_words"]

_FLAGS: dict[str, Message] = {
    "plan": say("An arrangement with the debtor is kept, so collection stops."),
    "do_not_contact": say("The debtor has asked not to be contacted."),
    "deceased": say("The debtor is reported to have died."),
    "bankrupt": say("The debtor is reported bankrupt."),
    "fraud_claimed": say("The debtor says that the card was taken out by fraud; the bank is looking into it."),
    "imprisoned": say("The debtor is reported to be in prison."),
    "nothing_owed": say("Nothing is owed on this account any more."),
    "work_stopped": say("The bank takes this account back and has stopped all work on it."),
    "represented": say("The debtor has a lawyer; speak to the lawyer only."),
    "dispute": say("The debt is disputed: verify before you press for payment."),
    "complaint": say("A complaint is open: keep to its subject."),
    "hardship": say("The debtor is in hardship: offer what the bank has for it."),
}

_TONES: dict[str, tuple[Any, Tone]] = {
    "allow": (_l("allowed"), "good"), "report": (_l("allowed, reported"), "good"),
    "warn": (_l("allowed with care"), "wait"), "warn_then_approve": (_l("needs approval"), "wait"),
    "presume": (_l("presumed breach"), "bad"), "block": (_l("not allowed"), "bad"),
}  # fmt: skip
VERDICT_TAGS: dict[str, StateTag] = {code: StateTag(code, label, tone) for code, (label, tone) in _TONES.items()}


_NEVER = datetime.max.replace(tzinfo=UTC)
_MISSING: dict[str, Message] = {
    "time_zone": say("It is not known where the debtor is, so it is not known what time it is there."),
    "history": say("The contacts before this one are not known, so it is not known whether the rule allows another."),
}
_PLAIN: dict[str, Message] = {
    "THIRD_PARTY": say(
        "Third persons may be asked for the debtor's whereabouts only when the debtor's own numbers are invalid, or from the day "
        "after three dials in a row that did not reach the debtor."
    ),
    "CALLS": say("There were %(count)s calls about this debt in %(days)s days; %(most)s are allowed."),
    "COOL_OFF": say("After a conversation about this debt there is no call about it for %(days)s days."),
    "INCONVENIENT_TIME": say("The person has said that this time is inconvenient (it is %(local)s there)."),
    "INCONVENIENT_PLACE": say("The person has asked not to be contacted at this place."),
    "UNWANTED_MEDIUM": say("The person has asked not to be contacted in this way."),
    "MORATORIUM": say("The person is in breathing space: nothing is asked for until it is over."),
    "CEASE": say("The person has asked in writing that contact ends."),
    "ONCE": say("This third person was spoken to before (%(count)s times); %(most)s is allowed, ever."),
}


def finding_words(finding: Finding) -> Message:
    """What a rule says, as a sentence that names no other organisation."""
    params = finding.params
    if finding.code == "HOURS":
        if "opens" not in params:
            return say(
                "Today is no day for contact where the debtor is (it is %(local)s there).", local=params["local"]
            )
        return say(
            "Contact is allowed from %(opens)s to %(closes)s where the debtor is; it is %(local)s there.", **params
        )
    if finding.code == "CAP":
        return _cap_words(str(params["measure"]), most=params["most"])
    if finding.code == "HOLD":
        return flag_words(str(params["flag"]))
    if finding.code == "FACT_MISSING":
        return _MISSING[str(params["fact"])]
    sentence = _PLAIN[finding.code]
    return say(sentence.msgid, **params)


def deciding(decision: Decision) -> Finding | None:
    """What decides: of several that are equally grave what no time heals, else what lasts longest. None if allowed."""
    gravest = [finding for finding in decision.findings if finding.verdict == decision.verdict]
    if decision.verdict == "allow" or not gravest:
        return None
    lasting = [finding for finding in gravest if finding.next_allowed is None]
    if lasting:
        return lasting[0]
    return max(gravest, key=lambda finding: finding.next_allowed or _NEVER)


def rule_against(decision: Decision) -> Any:
    """The rule that decides against a call, in the few words of a list; None where nothing does."""
    finding = deciding(decision)
    if finding is None:
        return None
    params = finding.params
    if finding.code == "HOURS":
        return say("calling hours") if "opens" in params else say("no day for calls")
    if finding.code == "CAP":
        return _short_cap(str(params["measure"]), params["most"])
    if finding.code == "HOLD":
        return next((HOLD_LABELS[flag] for flag in HoldFlag if flag.value == params["flag"]), finding_words(finding))
    if finding.code == "FACT_MISSING":
        return say("time zone not known") if params["fact"] == "time_zone" else say("history not known")
    return finding_words(finding)


def _short_cap(measure: str, most: Any) -> Message:
    if measure == "conversation":
        return say("%(most)s conversations a day", most=most)
    if measure == "unanswered":
        return say("%(most)s dials a day", most=most)
    return say("%(most)s calls a week", most=most) if measure == "connected" else say("%(most)s visit a day", most=most)


def _cap_words(measure: str, most: Any) -> Message:
    if measure == "conversation":
        return say(
            "The %(most)s conversations a day with this person are used up, the bank and all agencies together.",
            most=most,
        )
    if measure == "unanswered":
        return say(
            "This number was dialled %(most)s times today without an answer, the bank and all agencies together.",
            most=most,
        )
    if measure == "connected":
        return say("This person was called %(most)s times in a week, the bank and all agencies together.", most=most)
    return say("This person was visited today; %(most)s visit a day is allowed.", most=most)


def flag_words(flag: str) -> Message:
    """What a hold means for those who would contact the debtor."""
    return _FLAGS.get(flag) or say("A hold stands on this account.")


def source_words(source: Source) -> Message:
    """What a rule rests on, how binding that is, and whether its text still has to be confirmed."""
    title = f"{source.title} {source.ref}".strip()
    if source.is_settled:
        return say("%(title)s (%(force)s)", title=title, force=_force(source))
    return say("%(title)s (%(force)s; to be confirmed by counsel)", title=title, force=_force(source))


def _force(source: Source) -> Message:
    """The legal force of a source as a message of its own, so that it is translated with the sentence around it."""
    words = {
        "law": say("law"), "regulation": say("regulation"), "standard": say("recommended standard"),
        "self_regulation": say("self-regulation of the industry"),
    }  # fmt: skip
    return words.get(source.force, say("the bank's own rule"))


def rule_words(rule: Rule) -> Message | None:
    """What a rule of hours or numbers allows, for those who ask why a contact is allowed; None for other rules."""
    if isinstance(rule, TimeWindow):
        hours = [
            say("%(opens)s to %(closes)s", opens=f"{w.opens:%H:%M}", closes=f"{w.closes:%H:%M}") for w in rule.windows
        ]
        return say("Contact between %(hours)s where the debtor is.", hours=hours[0])
    if not isinstance(rule, FrequencyCap):
        return None
    if rule.measure == "conversation":
        return say(
            "At most %(most)s conversations a day with a person, the bank and all agencies together.", most=rule.most
        )
    if rule.measure == "unanswered":
        return say("At most %(most)s dials a day to a number that does not answer.", most=rule.most)
    if rule.measure == "connected":
        return say("At most %(most)s calls a week to a person, the bank and all agencies together.", most=rule.most)
    return say("At most %(most)s visit a day.", most=rule.most)
