"""Forms of requests: what is asked, what is said or answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, RadioField, SelectField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.contact.requests.labels import ANSWERS, CODES
from portal.contact.requests.operations import Said, Stop
from portal.contact.requests.thread import LONGEST_TEXT, Answer, RequestCode, puts_on_hold
from portal.foundation.forms import options, to_choose
from portal.foundation.language import _l
from portal.portfolio.labels import HOLD_LABELS
from portal.portfolio.models import RAISED_BY_HAND, HoldFlag
from portal.vendors.proofs import read_proof

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal.vendors.proofs import Proof

__all__ = ["AskForm", "WriteForm", "uploaded"]

_chosen = InputRequired(_l("Choose one."))
_PROOF = _l("A PDF, PNG or JPEG file of up to 10 MB.")
_SEALED = _l("Kept sealed. The organisation sees it only while it holds the account.")
_SEALED_HERE = _l(
    "Kept sealed. Your organisation sees it only while it holds the account."
)  # as its own people read it


def uploaded(field: FileField) -> Proof | None:
    """The file that was sent along; DomainError for the field `proof` where it is none of the kinds that are taken."""
    sent = field.data
    return read_proof(sent.stream, sent.filename) if sent and sent.filename else None


class AskForm(FlaskForm):
    """What is asked about an account; of whom, where two hold it."""

    code = SelectField(
        _l("What about"), [_chosen],
        choices=to_choose((code.value, CODES[code]) for code in RequestCode),
        render_kw={"autofocus": True},
    )  # fmt: skip
    organisation = SelectField(_l("Whom to ask"), [_chosen])
    text = TextAreaField(_l("In words"), [Optional(), Length(max=LONGEST_TEXT)])
    proof = FileField(_l("File"), description=_PROOF)

    def __init__(self, holders: Sequence[tuple[int, str]], *, of_bank: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.text.description = _SEALED if of_bank else _SEALED_HERE
        if len(holders) > 1:
            known = [(str(key), name) for key, name in holders]
            self.organisation.choices = to_choose(known)
        else:
            del self.organisation

    def chosen_code(self) -> RequestCode:
        """What is asked for."""
        return RequestCode(self.code.data)

    def whom(self) -> int | None:
        """The organisation that is asked, where there was a choice."""
        return int(self.organisation.data) if "organisation" in self else None

    def said(self) -> Said:
        """Words and file; DomainError naming the field for a file that is not taken."""
        return Said(self.text.data or "", uploaded(self.proof))


class WriteForm(FlaskForm):
    """Words, a file, and where it is one's turn the answer."""

    answer = RadioField(_l("Answer"), [Optional()], default="")
    flag = SelectField(
        _l("Hold"), [Optional()],
        choices=to_choose((flag.value, HOLD_LABELS[flag]) for flag in RAISED_BY_HAND),
        description=_l(
            "With the answer “granted” or “done” the hold stands at once; choose which. The conduct rules say whether people "
            "may be called."
        ),
    )  # fmt: skip
    whole_person = BooleanField(_l("for all accounts of the person"))
    text = TextAreaField(_l("In words"), [Optional(), Length(max=LONGEST_TEXT)])
    proof = FileField(_l("File"), description=_PROOF)

    def __init__(self, code: RequestCode, *, may_answer: bool, may_hold: bool, of_bank: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.text.description = _SEALED if of_bank else _SEALED_HERE
        if not (may_answer and may_hold and code is RequestCode.HOLD):
            del self.flag, self.whole_person
        if may_answer:
            known = [(a.value, ANSWERS[a].label) for a in Answer if may_hold or not puts_on_hold(code, a)]
            self.answer.flags.required = True  # one of them always stands chosen
            self.answer.choices = options([*known, ("", _l("no answer yet, only words"))])
        else:
            del self.answer

    def chosen_answer(self) -> Answer | None:
        """The answer, where one was chosen."""
        return Answer(self.answer.data) if "answer" in self and self.answer.data else None

    def stop(self) -> Stop | None:
        """The hold that the answer raises, where one was chosen."""
        if "flag" not in self or not self.flag.data:
            return None
        return Stop(HoldFlag(self.flag.data), bool(self.whole_person.data))

    def said(self) -> Said:
        """Words and file; DomainError naming the field for a file that is not taken."""
        return Said(self.text.data or "", uploaded(self.proof))
