"""Words for what packs say in codes. A test holds that every code of the reader has its word here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.contact.conduct import (
    CallCap,
    CeaseRule,
    ContentRule,
    CoolOff,
    DisclosureRule,
    FrequencyCap,
    HoldRule,
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
)
from portal.foundation.language import Message, _l, say
from portal.foundation.states import StateTag
from portal.portfolio.region_names import region_name

KIND_WORDS: dict[type[Rule], Message] = {
    TimeWindow: say("Hours"),
    FrequencyCap: say("How often, all together"),
    CallCap: say("How often, one collector"),
    LifetimeCap: say("How often, ever"),
    CoolOff: say("Rest after a conversation"),
    HoldRule: say("Hold"),
    CeaseRule: say("End of contact"),
    MoratoriumRule: say("Breathing space"),
    PreferenceRule: say("Wishes of the person"),
    PartyRule: say("Third persons"),
    ValidationRule: say("Validation notice"),
    DisclosureRule: say("What is said"),
    ContentRule: say("What a letter holds"),
    LimitationRule: say("Limitation"),
    RetentionRule: say("Retention of records"),
    PlacementGate: say("Before placing"),
}

CHANNEL_WORDS: dict[str, Message] = {
    "call": say("calls"), "sms": say("SMS"), "email": say("e-mails"), "wecom": say("WeCom"), "visit": say("visits"),
    "letter": say("letters"), "lawyer_letter": say("lawyers' letters"), "ringless_voicemail": say("voicemail without ringing"),
}  # fmt: skip
GROUP_WORDS: dict[str, Message] = {
    "debtor": say("the debtor, co-debtors and guarantors"), "lawyer": say("the debtor's lawyer"),
    "third_party": say("third persons"),
}  # fmt: skip
DAY_WORDS: dict[str, Message] = {
    "0": say("Monday"), "1": say("Tuesday"), "2": say("Wednesday"), "3": say("Thursday"), "4": say("Friday"),
    "5": say("Saturday"), "6": say("Sunday"),
}  # fmt: skip
MEASURE_WORDS: dict[str, Message] = {
    "conversation": say("conversations"), "unanswered": say("dials that nobody takes"), "visit": say("visits"),
    "connected": say("calls that connect"),
}  # fmt: skip
FACT_WORDS: dict[str, Message] = {
    "debtor_number_invalid": say("the debtor's own numbers are all invalid"),
    "party_asked_to_be_called": say("the third person has asked to be called"),
    "earlier_answer_believed_wrong": say("the earlier answer is reasonably believed to be wrong"),
}
REASON_WORDS: dict[str, Message] = {
    "applicable_law": say("applicable law requires it"), "active_litigation": say("it belongs to a lawsuit that is under way"),
    "consumer_request": say("the person has asked for it"),
    "avoid_negative_effect": say("it keeps the person from a disadvantage"),
    "opt_out_confirmation": say("one confirmation of the wish"), "terminating_efforts": say("notice that efforts end"),
    "may_invoke_remedy": say("notice that a remedy may be invoked"),
    "intends_to_invoke_remedy": say("notice that a remedy will be invoked"),
}  # fmt: skip
DIM_WORDS: dict[str, Message] = {
    "time": say("times"), "place": say("places"), "channel": say("ways of contact"), "work": say("the workplace"),
    "home": say("home"),
}  # fmt: skip
RECORD_WORDS: dict[str, Message] = {
    "call_recording": say("Recordings of calls"), "collection_record": say("Records of collection"),
    "impact_assessment": say("Impact assessments"), "complaint_record": say("Records of complaints"),
    "agency_copy": say("The agency's copy"),
}  # fmt: skip
MOMENT_WORDS: dict[str, Message] = {
    "last_collection_activity": say("the last collection activity"), "call_date": say("the call"),
    "record_date": say("the record"), "contract_end": say("the end of the contract"),
    "mandate_end": say("the end of the mandate"), "account_closed": say("the closing of the account"),
}  # fmt: skip
START_WORDS: dict[str, Message] = {
    "due_date": say("the due date"), "last_due_date": say("the last due date"),
    "cause_of_action": say("the day on which the claim arose"),
}  # fmt: skip
RESTART_WORDS: dict[str, Message] = {
    "demand_sent_to_reserved_contact": say("a demand sent to a reserved number or address"),
    "autodebit": say("an agreed debit"), "debtor_agrees": say("the debtor's agreement"), "part_payment": say("a part payment"),
    "lawsuit": say("a lawsuit"), "arbitration": say("arbitration"),
    "written_acknowledgement": say("a written acknowledgement"),
}  # fmt: skip
EFFECT_WORDS: dict[str, Message] = {
    "warn": say("a warning"), "no_suit": say("no lawsuit"), "no_suit_threat": say("no threat of a lawsuit"),
    "no_suit_threat_without_lawyer": say("no threat of a lawsuit without a lawyer"),
    "no_court_threat": say("no mention of court action"),
    "stop_if_customer_says_barred": say("collection stops when the customer says so"),
    "extinguished_stop": say("the debt is gone and collection stops"),
}  # fmt: skip
STATEMENT_WORDS: dict[str, Message] = {
    "agency_full_name": say("the agency's full name"), "on_behalf_of_bank": say("that it acts for the bank"),
    "staff_number": say("the staff number"), "debt_collection_purpose": say("that it is about collecting a debt"),
    "opt_out": say("how to opt out"), "is_the_bank": say("to be the bank"), "court": say("to be a court"),
    "police": say("to be the police"), "lawyer": say("to be a lawyer"),
    "debt_to_third_person": say("to a third person, that there is a debt"),
}  # fmt: skip
CONTENT_WORDS: dict[str, Message] = {
    "holder_name": say("the holder's name"), "balance_itemised": say("the balance item by item"),
    "cause_and_law": say("the reason and the law"), "rights_and_duties": say("rights and duties"),
    "query_pay_dispute_routes": say("how to ask, pay and dispute"), "issuer_contact": say("how to reach the issuer"),
    "seal": say("the seal"), "reply_deadline": say("by when to reply"), "opt_out": say("how to opt out"),
}  # fmt: skip
CONDITION_WORDS: dict[str, Message] = {
    "paid": say("paid off"), "settled": say("settled"), "discharged": say("discharged"),
    "agency_on_published_list": say("the agency is on the published list"), "debtor_told": say("the debtor has been told"),
    "impact_assessment_done": say("the impact assessment is done"),
    "mandate_in_writing": say("the mandate is in writing"),
}  # fmt: skip
PASSAGE_WORDS: dict[str, Message] = {"criminal_196": say("a passage about article 196 of the Criminal Law")}

# --- versions, findings ---------------------------------------------------------------------------------------------------

STATE_TAGS: dict[str, StateTag] = {
    "draft": StateTag("draft", _l("draft"), "wait"),
    "coming": StateTag("coming", _l("to come"), "go"),
    "holds": StateTag("holds", _l("in force"), "good"),
    "past": StateTag("past", _l("superseded"), "plain"),
    "withdrawn": StateTag("withdrawn", _l("withdrawn"), "plain"),
}
CHANGE_TAGS: dict[str, StateTag] = {
    "new": StateTag("new", _l("new rule"), "go"),
    "changed": StateTag("changed", _l("changed"), "wait"),
    "gone": StateTag("gone", _l("no longer there"), "bad"),
}
FORCE_WORDS: dict[str, Message] = {
    "law": say("law"), "regulation": say("regulation"), "standard": say("recommended standard"),
    "self_regulation": say("self-regulation of the industry"), "house": say("the bank's own rule"),
}  # fmt: skip
SEEN_WORDS: dict[str, Message] = {
    "full_text": say("read in full"), "full_text_in_part": say("read in part"), "guidance": say("known from guidance"),
    "secondary": say("known from others' reports"), "memory": say("known from memory"), "house": say("the bank's own text"),
}  # fmt: skip
FINDING_WORDS: dict[str, Message] = {
    "HOURS": say("outside the hours"), "CAP": say("too often, all together"), "CALLS": say("too often"),
    "COOL_OFF": say("in the rest after a conversation"), "HOLD": say("while a hold stood"),
    "THIRD_PARTY": say("third person without cause"), "FACT_MISSING": say("a fact was not known"),
    "INCONVENIENT_TIME": say("at an unwanted time"), "INCONVENIENT_PLACE": say("at an unwanted place"),
    "UNWANTED_MEDIUM": say("by an unwanted way"), "MORATORIUM": say("in breathing space"),
    "CEASE": say("after the end of contact"), "ONCE": say("third person once more"),
}  # fmt: skip
FINDING_TAGS: dict[str, StateTag] = {
    "block": StateTag("block", _l("breach"), "bad"),
    "presume": StateTag("presume", _l("presumed breach"), "wait"),
}
_PLACES: dict[str, Any] = {
    "": _l("every other place"), "US": _l("United States"), "US-MA": _l("Massachusetts"), "GB": _l("United Kingdom"),
}  # fmt: skip


def rule_names(rules: Mapping[str, Rule]) -> dict[str, Message]:
    """What rules are called on pages, by their codes."""
    return {code: KIND_WORDS[type(rule)] for code, rule in rules.items()}


def place_words(region: str) -> Any:
    """A place by its name; the code where it has none here."""
    return _PLACES[region] if region in _PLACES else region_name(region)
