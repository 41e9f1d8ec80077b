"""The conduct rules: pure, no database, no Flask. `engine.py` decides; each kind of rule has a file of its own."""

from portal.contact.conduct.calendars import Calendar, Easter, Fixed, NthWeekday
from portal.contact.conduct.calls import (
    CallCap,
    CallLog,
    CallRule,
    CoolOff,
    Excluded,
    allocations,
    conversation_debts,
    placed_debts,
)
from portal.contact.conduct.engine import FrequencyCap, HoldRule, LifetimeCap, ask, check
from portal.contact.conduct.hours import TimeWindow, common_window, is_open, zone_named
from portal.contact.conduct.limits import Ground, Happened, restarts
from portal.contact.conduct.moratorium import MoratoriumRule
from portal.contact.conduct.notices import ValidationRule, validation_period
from portal.contact.conduct.retention import KeptUntil, kept_until
from portal.contact.conduct.standing import (
    ContentRule,
    DisclosureRule,
    Gate,
    Keep,
    LimitationRule,
    PlacementGate,
    RetentionRule,
    Wording,
    limitation_of,
    placement_gates_of,
    retention_of,
    wording_of,
)
from portal.contact.conduct.terms import (
    DEBTORS,
    VERDICTS,
    Decision,
    Facts,
    Finding,
    Pack,
    Question,
    Rule,
    Scope,
    Source,
    Verdict,
    Window,
    group_of,
)
from portal.contact.conduct.third_party import PartyRule
from portal.contact.conduct.wishes import CeaseRule, PreferenceRule

__all__ = [
    "DEBTORS", "VERDICTS", "Calendar", "CallCap", "CallLog", "CallRule", "CeaseRule", "ContentRule", "CoolOff", "Decision",
    "DisclosureRule", "Easter", "Excluded", "Facts", "Finding", "Fixed", "FrequencyCap", "Gate", "Ground", "Happened", "HoldRule",
    "Keep", "KeptUntil",
        "LifetimeCap", "LimitationRule", "MoratoriumRule", "NthWeekday", "Pack", "PartyRule", "PlacementGate", "PreferenceRule",
    "Question", "RetentionRule", "Rule", "Scope", "Source", "TimeWindow", "ValidationRule", "Verdict", "Window", "Wording",
    "allocations", "ask", "check", "common_window", "conversation_debts", "group_of", "is_open", "kept_until", "limitation_of",
    "placed_debts", "placement_gates_of", "restarts", "retention_of", "validation_period", "wording_of", "zone_named",
]  # fmt: skip
