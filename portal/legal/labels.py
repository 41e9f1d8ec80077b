"""Words for what the room's tables hold as codes."""

from __future__ import annotations

from portal.foundation.language import _l
from portal.foundation.states import StateTag
from portal.legal.models import LetterState, PackState

__all__ = [
    "FILE_LABELS", "LETTER_STATES", "PACK_STATES", "TEMPLATE_STATES", "letter_language", "letter_tag",
]  # fmt: skip

PACK_STATES = {
    PackState.BUILDING: StateTag("building", _l("being built"), "go"),
    PackState.REVIEW: StateTag("review", _l("waits for review"), "wait"),
    PackState.REFUSED: StateTag("refused", _l("refused"), "bad"),
    PackState.APPROVED: StateTag("approved", _l("approved, being printed"), "go"),
    PackState.READY: StateTag("ready", _l("ready"), "good"),
}
LETTER_STATES = {
    LetterState.APPROVED: StateTag("approved", _l("approved"), "good"),
    LetterState.REFUSED: StateTag("refused", _l("left out"), "plain"),
    LetterState.VOID: StateTag("void", _l("void"), "bad"),
}
FILE_LABELS = {
    "print": _l("Print file"),
    "labels": _l("Address labels"),
    "singles": _l("Sealed single letters (ZIP)"),
    "manifest_csv": _l("Manifest (CSV)"),
    "manifest_xlsx": _l("Manifest (XLSX)"),
}
TEMPLATE_STATES = {
    "passes": StateTag("passes", _l("check passed"), "good"),
    "fails": StateTag("fails", _l("check failed"), "bad"),
}
_LANGUAGES = {"zh": _l("Chinese"), "en": _l("English")}
_ASIDE = StateTag("aside", _l("stands aside"), "bad")
_WAITS = StateTag("waits", _l("waits"), "plain")


def letter_tag(state: LetterState | None, flagged: bool) -> StateTag:
    """A letter's state: its latest step, or what a check has said before there was one."""
    if state is not None:
        return LETTER_STATES[state]
    return _ASIDE if flagged else _WAITS


def letter_language(tag: str) -> str:
    """The language of a template in words, by its tag (zh-CN)."""
    return str(_LANGUAGES.get(tag.partition("-")[0], tag))
