"""Forms of matters. What is wrong with what was entered, the operations say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import DateField, DateTimeLocalField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.foundation.forms import MINUTES, instant_of, key_of, to_choose
from portal.foundation.language import _l
from portal.foundation.money import format_amount
from portal.foundation.services import services
from portal.legal.matters.costs import Advance, Wanted
from portal.legal.matters.course import LONGEST_CASE_NO, LONGEST_COURT, LONGEST_NOTE, Said
from portal.legal.matters.flaws import PARTS
from portal.legal.matters.hearings import Summons
from portal.legal.matters.labels import COST_KINDS, DOCUMENT_KINDS, HEARING_KINDS, OUTCOMES, STAGES
from portal.legal.matters.models import CostKind, DocumentKind, HearingKind
from portal.legal.matters.operations import Opening
from portal.legal.matters.papers import read_paper
from portal.legal.matters.stages import AWARDING, IN_COURT, NUMBERED, Outcome, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from portal.legal.matters.models import Hearing, MatterStep
    from portal.vendors.proofs import Proof

__all__ = ["AdvanceForm", "CostForm", "DocumentForm", "HearingForm", "MoveForm", "OpeningForm", "StepForm"]

_needed = InputRequired(_l("Fill this in."))
_chosen = InputRequired(_l("Choose one."))
_FILE = _l("A PDF, PNG or JPEG file of up to 10 MB.")
_SEALED = _l("A PDF, PNG or JPEG file of up to 10 MB, kept sealed with the debtor.")
_PLAIN = _l("Both sides read it. No personal data.")


def _sent(field: FileField) -> Proof | None:
    """The file that was sent along; DomainError where it is none of the kinds that are taken, or cannot be opened."""
    return read_paper(field.data.stream, field.data.filename) if field.data and field.data.filename else None


class OpeningForm(FlaskForm):
    """What is sued for, and who handles it."""

    claimed = StringField(
        _l("Amount sued for"), [_needed, Length(max=24)], description=_l("In the account's currency.")
    )
    lawyer_id = SelectField(
        _l("Lawyer"), [_chosen], description=_l("People of your firm whose lawyer's licence is valid today.")
    )
    court = StringField(_l("Court"), [Optional(), Length(max=LONGEST_COURT)])
    opened_on = DateField(_l("Begun on"), [_needed], description=_l("Since when your firm works on the suit."))

    def __init__(self, lawyers: Iterable[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lawyer_id.choices = to_choose(lawyers)

    def opening(self) -> Opening:
        """What was entered; the form was validated."""
        assert self.opened_on.data is not None  # noqa: S101
        return Opening(
            self.claimed.data or "", key_of(self.lawyer_id.data) or 0, self.opened_on.data, self.court.data or ""
        )


class StepForm(FlaskForm):
    """A stage that a matter came to."""

    stage = SelectField(_l("Stage"), [_chosen])
    happened_on = DateField(_l("On"), [_needed])
    court = StringField(_l("Court"), [Optional(), Length(max=LONGEST_COURT)])
    case_no = StringField(
        _l("Case number"), [Optional(), Length(max=LONGEST_CASE_NO)], render_kw={"autocomplete": "off"},
        description=_l(
            "As the court writes it, in China for example （2005）沪0115民初1234号; needed when it accepts the claim, and for enforcement."
        ),
    )  # fmt: skip
    outcome = SelectField(_l("How it ended"), [Optional()], description=_l("Only for a matter that is closed."))
    principal = StringField(_l("Awarded: principal"), [Optional(), Length(max=24)])
    interest = StringField(_l("Awarded: interest"), [Optional(), Length(max=24)])
    fees = StringField(_l("Awarded: fees"), [Optional(), Length(max=24)])
    costs = StringField(
        _l("Awarded: costs"), [Optional(), Length(max=24)],
        description=_l("Of a mediation, a judgment or the end; leave all four empty where nothing was awarded."),
    )  # fmt: skip
    note = TextAreaField(_l("Note"), [Optional(), Length(max=LONGEST_NOTE)], render_kw={"rows": 2}, description=_PLAIN)

    def __init__(self, stages: Iterable[Stage], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stage.choices = to_choose((stage.value, STAGES[stage].label) for stage in stages)
        self.outcome.choices = to_choose(
            ((outcome.value, tag.label) for outcome, tag in OUTCOMES.items()), _l("the matter goes on")
        )

    @property
    def chosen(self) -> Stage | None:
        """The stage that the form is about; None while nobody has chosen it."""
        return next((stage for stage in Stage if stage.value == self.stage.data), None)

    def mark_needed(self) -> None:
        """Say of its fields which the chosen stage needs."""
        self.court.flags.required = self.chosen in IN_COURT
        self.case_no.flags.required = self.chosen in NUMBERED

    @property
    def may_end(self) -> bool:
        """Whether it may be said how the matter ended."""
        return self.chosen in (None, Stage.CLOSED)

    @property
    def may_award(self) -> bool:
        """Whether it may be said what was awarded."""
        return self.chosen is None or self.chosen in AWARDING

    def fill_from(self, row: MatterStep, currency: str) -> None:
        """What was said, to be corrected."""
        self.stage.data, self.happened_on.data = row.stage.value, row.happened_on
        self.court.data, self.case_no.data, self.note.data = row.court, row.case_no, row.note
        self.outcome.data = row.outcome.value if row.outcome else ""
        for part in PARTS:
            minor = getattr(row, f"awarded_{part}_minor")
            self[part].data = "" if minor is None else format_amount(minor, currency)

    def said(self) -> Said:
        """What was entered; the form was validated. What the stage cannot have is not on the page, and left out."""
        assert self.happened_on.data is not None  # noqa: S101
        principal, interest, fees, costs = (self[part].data or "" if self.may_award else "" for part in PARTS)
        return Said(
            Stage(self.stage.data), self.happened_on.data, self.court.data or "", self.case_no.data or "",
            self.note.data or "", Outcome(self.outcome.data) if self.outcome.data and self.may_end else None,
            (principal, interest, fees, costs),
        )  # fmt: skip


class MoveForm(FlaskForm):
    """When and where one is called to."""

    starts_at = DateTimeLocalField(
        _l("Day and time"), [_needed], format=MINUTES, description=_l("By the clock where the bank is.")
    )
    court = StringField(_l("Court"), [_needed, Length(max=LONGEST_COURT)])
    room = StringField(_l("Court room"), [Optional(), Length(max=LONGEST_COURT)])
    note = StringField(_l("Note"), [Optional(), Length(max=LONGEST_NOTE)], description=_PLAIN)

    def fill_from(self, hearing: Hearing) -> None:
        """As it stands, to be moved."""
        self.starts_at.data = hearing.starts_at.astimezone(ZoneInfo(services().clock.time_zone)).replace(tzinfo=None)
        self.court.data, self.room.data = hearing.court, hearing.room

    def summons(self) -> Summons:
        """What was entered; the form was validated."""
        at = instant_of(self.starts_at.data, services().clock.time_zone)
        assert at is not None  # noqa: S101
        return Summons(at, self.court.data or "", self.room.data or "", self.note.data or "")


class HearingForm(MoveForm):
    """A day in court that was fixed."""

    kind = SelectField(
        _l("Kind"), [_chosen], choices=to_choose((kind.value, label) for kind, label in HEARING_KINDS.items())
    )

    def chosen_kind(self) -> HearingKind:
        """What one is called for."""
        return HearingKind(self.kind.data)


class CostForm(FlaskForm):
    """What the firm asks to spend."""

    kind = SelectField(
        _l("Kind"), [_chosen], choices=to_choose((kind.value, label) for kind, label in COST_KINDS.items())
    )
    amount = StringField(_l("Amount"), [_needed, Length(max=24)], description=_l("In the account's currency."))
    reason = TextAreaField(
        _l("What for"), [_needed, Length(max=LONGEST_NOTE)], render_kw={"rows": 2}, description=_PLAIN
    )
    proof = FileField(_l("What the court demands"), description=_SEALED)

    def wanted(self) -> Wanted:
        """What was entered; DomainError for a file that is none of the kinds that are taken."""
        return Wanted(CostKind(self.kind.data), self.amount.data or "", self.reason.data or "", _sent(self.proof))


class AdvanceForm(FlaskForm):
    """What was paid, with the receipt."""

    amount = StringField(_l("Amount"), [_needed, Length(max=24)], description=_l("At most what was approved."))
    charged_on = DateField(_l("Day of payment"), [_needed])
    proof = FileField(_l("Receipt"), description=_FILE)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.proof.flags.required = True

    def advance(self) -> Advance:
        """What was entered; DomainError as `CostForm.wanted`."""
        day: date | None = self.charged_on.data
        assert day is not None  # noqa: S101
        return Advance(self.amount.data or "", day, _sent(self.proof))


class DocumentForm(FlaskForm):
    """A file of a matter."""

    kind = SelectField(
        _l("Kind"), [_chosen], choices=to_choose((kind.value, label) for kind, label in DOCUMENT_KINDS.items())
    )
    proof = FileField(_l("File"), description=_SEALED)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.proof.flags.required = True

    def chosen_kind(self) -> DocumentKind:
        """What the file is."""
        return DocumentKind(self.kind.data)

    def file(self) -> Proof | None:
        """The file; DomainError as `CostForm.wanted`."""
        return _sent(self.proof)
