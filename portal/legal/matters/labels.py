"""Words for what matters hold as codes, in the terms of the courts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.foundation.language import _l, say
from portal.foundation.states import StateTag
from portal.legal.matters.models import CostKind, CostState, DocumentKind, HearingKind, HearingState
from portal.legal.matters.stages import Outcome, Stage

if TYPE_CHECKING:
    from portal.foundation.language import Message
    from portal.legal.matters.models import MatterCost, MatterCostEvent

__all__ = [
    "COST_KINDS",
    "COST_STATES",
    "COST_WAITS",
    "DOCUMENT_KINDS",
    "HEARING_KINDS",
    "HEARING_STATES",
    "LANGUAGES",
    "OUTCOMES",
    "SAY_SO",
    "STAGES",
    "cost_deed",
    "cost_tag",
]

LANGUAGES = {"zh": _l("Chinese"), "en": _l("English")}
STAGES = {
    Stage.PREPARED: StateTag("prepared", _l("in preparation"), "wait"),
    Stage.FILED: StateTag("filed", _l("filed"), "go"),
    Stage.ACCEPTED: StateTag("accepted", _l("accepted by the court"), "go"),
    Stage.MEDIATED: StateTag("mediated", _l("mediation"), "go"),
    Stage.HEARING: StateTag("hearing", _l("hearing"), "go"),
    Stage.JUDGMENT: StateTag("judgment", _l("judgment"), "good"),
    Stage.ENFORCEMENT: StateTag("enforcement", _l("enforcement"), "go"),
    Stage.CLOSED: StateTag("closed", _l("case closed"), "plain"),
}
# What the button says that takes a matter there.
SAY_SO = {
    Stage.FILED: _l("It was filed"),
    Stage.ACCEPTED: _l("The court accepted it"),
    Stage.MEDIATED: _l("It was mediated"),
    Stage.HEARING: _l("It was heard"),
    Stage.JUDGMENT: _l("Judgment was given"),
    Stage.ENFORCEMENT: _l("Enforcement was applied for"),
    Stage.CLOSED: _l("Close the matter"),
}
OUTCOMES = {
    Outcome.WON: StateTag("won", _l("judgment for the bank, paid"), "good"),
    Outcome.SETTLED: StateTag("settled", _l("ended by settlement"), "good"),
    Outcome.WITHDRAWN: StateTag("withdrawn", _l("withdrawn from the court"), "plain"),
    Outcome.NOT_ACCEPTED: StateTag("not_accepted", _l("not accepted by the court"), "bad"),
    Outcome.DISMISSED: StateTag("dismissed", _l("dismissed"), "bad"),
    Outcome.ENFORCED: StateTag("enforced", _l("enforced"), "good"),
    Outcome.UNENFORCEABLE: StateTag("unenforceable", _l("nothing found to enforce on"), "bad"),
}
HEARING_KINDS = {
    HearingKind.TRIAL: _l("Court hearing"),
    HearingKind.PRETRIAL: _l("Pre-trial meeting"),
    HearingKind.MEDIATION: _l("Mediation session"),
    HearingKind.PRONOUNCEMENT: _l("Pronouncement of the judgment"),
    HearingKind.ENFORCEMENT: _l("Enforcement session"),
    HearingKind.OTHER: _l("Other day in court"),
}
HEARING_STATES = {
    HearingState.FIXED: StateTag("fixed", _l("scheduled"), "go"),
    HearingState.MOVED: StateTag("moved", _l("moved"), "wait"),
    HearingState.HELD: StateTag("held", _l("held"), "good"),
    HearingState.CANCELLED: StateTag("cancelled", _l("cancelled"), "plain"),
}
COST_KINDS = {
    CostKind.COURT_FEE: _l("Court fee"),
    CostKind.PRESERVATION: _l("Preservation of property"),
    CostKind.SERVICE: _l("Service of papers"),
    CostKind.ENFORCEMENT_FEE: _l("Enforcement fee"),
    CostKind.TRAVEL: _l("Travel"),
    CostKind.OTHER: _l("Other cost"),
}
COST_WAITS = StateTag("waits", _l("undecided"), "wait")
COST_STATES = {
    CostState.APPROVED: StateTag("approved", _l("approved"), "good"),
    CostState.REFUSED: StateTag("refused", _l("refused"), "bad"),
    CostState.WITHDRAWN: StateTag("withdrawn", _l("withdrawn"), "plain"),
    CostState.ADVANCED: StateTag("advanced", _l("advanced"), "good"),
}
COST_DEEDS = {
    CostState.APPROVED: lambda who: say("approved by %(who)s", who=who),
    CostState.REFUSED: lambda who: say("refused by %(who)s", who=who),
    CostState.WITHDRAWN: lambda who: say("withdrawn by %(who)s", who=who),
    CostState.ADVANCED: lambda who: say("paid by %(who)s", who=who),
}
DOCUMENT_KINDS = {
    DocumentKind.COMPLAINT: _l("Statement of claim"),
    DocumentKind.EVIDENCE: _l("Evidence"),
    DocumentKind.ACCEPTANCE: _l("Notice of acceptance"),
    DocumentKind.SUMMONS: _l("Summons"),
    DocumentKind.RECORD: _l("Record of a hearing"),
    DocumentKind.MEDIATION: _l("Mediation agreement"),
    DocumentKind.JUDGMENT: _l("Judgment"),
    DocumentKind.RULING: _l("Ruling"),
    DocumentKind.ENFORCEMENT: _l("Enforcement papers"),
    DocumentKind.OTHER: _l("Other document"),
}


def cost_deed(event: MatterCostEvent) -> Message:
    """Who did what to a cost, in words."""
    return COST_DEEDS[event.state](event.by_name)


def cost_tag(cost: MatterCost) -> StateTag:
    """Where a cost stands."""
    return COST_STATES[cost.state] if cost.state else COST_WAITS
