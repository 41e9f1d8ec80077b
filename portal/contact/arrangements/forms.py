"""Forms of arrangements: the wish, looked at before it is kept; the bank's answer; the statement."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    Form,
    HiddenField,
    MultipleFileField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Length, Optional

from portal.contact.arrangements.income import LINES, Figures
from portal.contact.arrangements.labels import RHYTHMS
from portal.contact.arrangements.rules import Kind, Rhythm
from portal.contact.arrangements.terms import LONGEST_REASON, Wish, no_such_parts
from portal.contact.outcomes import REASONS_BEHIND
from portal.foundation.errors import DomainError, Faults
from portal.foundation.forms import options
from portal.foundation.language import _l, say
from portal.foundation.money import format_amount, parse_amount
from portal.vendors.proofs import Proof, read_proof

if TYPE_CHECKING:
    from datetime import date

    from portal.contact.arrangements.models import Arrangement
    from portal.contact.arrangements.operations import Draft

__all__ = ["AgreeForm", "DecisionForm", "IncomeForm", "KeepForm", "WishForm", "mark_of"]

_MONEY = {"inputmode": "decimal", "autocomplete": "off", "size": "14"}
FIELDS = {
    Kind.INSTALMENTS: ("parts", "rhythm", "first_on", "own_amounts", "reason_behind", "valid_until"),
    Kind.SETTLEMENT: ("agreed", "parts", "rhythm", "first_on", "own_amounts", "reason_behind", "valid_until"),
    Kind.WAIVER: ("waive_interest", "waive_fees", "parts", "rhythm", "first_on", "reason_behind", "valid_until"),
}


class WishForm(Form):
    """What is to be arranged. Its schedule is looked at before anything is kept; an address may name the fields too."""

    agreed = StringField(_l("To be paid in all"), [Length(max=28)], render_kw=_MONEY)
    waive_interest = StringField(_l("Interest waived"), [Optional(), Length(max=28)], render_kw=_MONEY)
    waive_fees = StringField(_l("Fees waived"), [Optional(), Length(max=28)], render_kw=_MONEY)
    parts = StringField(_l("Number of parts"), [Length(max=3)], render_kw={"inputmode": "numeric", "size": "4"})
    rhythm = SelectField(_l("How often"), choices=options((r.value, label) for r, label in RHYTHMS.items()))
    first_on = DateField(_l("First part by"), [Optional()])
    own_amounts = TextAreaField(
        _l("Amounts of one's own, one a line"), [Optional(), Length(max=1200)], render_kw={"rows": "2"},
        description=_l("Empty: equal parts, the last takes what does not divide."),
    )  # fmt: skip
    reason_behind = SelectField(
        _l("Behind because"), validate_choice=False, choices=options([("", _l("not said")), *REASONS_BEHIND.items()])
    )
    valid_until = DateField(
        _l("The offer stands until"), [Optional()], description=_l("Empty: 14 days, and not behind the first part.")
    )

    def __init__(self, kind: Kind, currency: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind, self.currency = kind, currency
        self.parts.flags.required = self.first_on.flags.required = self.agreed.flags.required = True
        self.form_errors = []

    @property
    def shown(self) -> list[Any]:
        """The fields that a kind asks for, in their order."""
        return [self[name] for name in FIELDS[self.kind]]

    def wish(self, reason: str = "") -> Wish:
        """What was entered. DomainError, or several, with the fields of what cannot be read."""
        faults = Faults()
        asks = FIELDS[self.kind]
        amount = {
            name: faults.read(partial(self._amount, name), None) if name in asks else None
            for name in ("agreed", "waive_interest", "waive_fees")
        }
        parts = faults.read(self._parts, 1)
        own = faults.read(self._own_amounts, ()) if "own_amounts" in asks else ()
        for name in ("first_on", "valid_until"):
            if any(self[name].raw_data or ()) and self[name].data is None:
                faults.read(partial(_no_day, name), None)
        faults.tell()
        return Wish(
            kind=self.kind, first_on=self.first_on.data, parts=parts, rhythm=_rhythm(self.rhythm.data),
            agreed_minor=amount["agreed"], waive_interest_minor=amount["waive_interest"] or 0,
            waive_fees_minor=amount["waive_fees"] or 0, own_amounts=own, reason_behind=self.reason_behind.data or "",
            reason=reason, valid_until=self.valid_until.data,
        )  # fmt: skip

    def _amount(self, name: str) -> int | None:
        return read_amount(self[name].data, self.currency, name)

    def _parts(self) -> int:
        text = (self.parts.data or "").strip()
        if not text.isascii() or not text.isdigit() or len(text) > 3:
            raise no_such_parts(self.kind)
        return int(text)

    def _own_amounts(self) -> tuple[int, ...]:
        lines = [line.strip() for line in (self.own_amounts.data or "").splitlines()]
        return tuple(read_amount(line, self.currency, "own_amounts") or 0 for line in lines if line)


def _rhythm(text: str | None) -> Rhythm:
    return Rhythm(text) if text in set(Rhythm) else Rhythm.MONTHLY


def _no_day(field: str) -> None:
    raise DomainError(f"arrangement.{field}", say("Write the day as 2005-07-31."), field=field)


def read_amount(text: str | None, currency: str, field: str) -> int | None:
    """Minor units of what was entered; None where nothing was. DomainError naming the field."""
    if not (text or "").strip():
        return None
    try:
        return parse_amount(text or "", currency)
    except ValueError:
        words = say("Write an amount, for example 5000 or 5,000.50.")
        raise DomainError("arrangement.amount", words, field=field) from None


class KeepForm(FlaskForm):
    """What is said with a wish when it is kept. `seen`: the schedule that was looked at, by its mark."""

    seen = HiddenField()
    reason = TextAreaField(
        _l("Why this suits the debtor"), [Length(max=LONGEST_REASON)], render_kw={"rows": "2"},
        description=_l("The bank reads it. No personal data."),
    )  # fmt: skip
    agreed_already = BooleanField(_l("The debtor has agreed to it already: it is in force from today"))

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reason.flags.required = True

    def demand_seen(self, made: Draft) -> None:
        """DomainError where another schedule was looked at than the one that the fields make now."""
        if (self.seen.data or "") != mark_of(made):
            words = say("The fields have changed since the schedule was shown. Look at it again, then keep it.")
            raise DomainError("arrangement.not_seen", words)


def mark_of(made: Draft) -> str:
    """Tells one schedule from another: amounts and days of its parts, what is given up, and until when it is offered."""
    parts = [(part.due_on.isoformat(), part.amount) for part in made.offer.parts]
    shown = (made.offer.kind.value, made.offer.balance, made.offer.waived, parts, made.valid_until.isoformat())
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:32]


class AgreeForm(FlaskForm):
    """The day of the debtor's consent."""

    agreed_on = DateField(_l("Agreed on"), [Optional()])


class DecisionForm(FlaskForm):
    """The bank's consent: to what, and until when."""

    floor = StringField(
        _l("The least that the bank consents to"), [Optional(), Length(max=28)], render_kw=_MONEY,
        description=_l("Above the proposal it raises the amount; below it the agency may agree to less."),
    )  # fmt: skip
    valid_until = DateField(_l("Consent stands until"), [Optional()])
    answer = TextAreaField(_l("Note to the agency"), [Optional(), Length(max=LONGEST_REASON)], render_kw={"rows": "2"})

    def fill(self, row: Arrangement) -> None:
        """What the agency proposed."""
        self.floor.data, self.valid_until.data = format_amount(row.agreed_minor, row.currency), row.valid_until

    def consent(self, row: Arrangement) -> tuple[int | None, date | None, str]:
        """Floor, last day and note. DomainError naming the field."""
        floor = read_amount(self.floor.data, row.currency, "floor") if row.kind is Kind.SETTLEMENT else None
        return floor, self.valid_until.data, self.answer.data or ""


class IncomeForm(FlaskForm):
    """Income and outgoings a month, with scans that prove them. Each line of `LINES` is a field of its own."""

    household = StringField(_l("People who live on it"), [Length(max=2)], default="1", render_kw={"size": "4"})
    proof = MultipleFileField(
        _l("Proofs"),
        [Optional()],
        description=_l("PDF, PNG or JPEG, up to 10 MB each: pay slips, accounts, certificates."),
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.household.flags.required = True

    def lines(self, *, comes_in: bool) -> list[Any]:
        """The fields of what comes in, or goes out."""
        return [self[code] for code, line in LINES.items() if line.comes_in is comes_in]

    def figures(self, currency: str, faults: Faults) -> Figures:
        """What was entered; what cannot be read is in `faults`, by its field."""
        read = {code: faults.read(partial(read_amount, self[code].data, currency, code), None) or 0 for code in LINES}
        text = (self.household.data or "").strip()
        return Figures(int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None, read)

    def proofs(self, faults: Faults) -> list[Proof]:
        """The scans; which of them are none is in `faults`."""
        found, wrong = [], []
        for file in self.proof.data or ():
            if file and file.filename:
                try:
                    found.append(read_proof(file.stream, file.filename))
                except DomainError as error:
                    wrong.append((file.filename, error))
        if wrong:
            faults.read(partial(_refuse_proofs, wrong), None)
        return found


def _refuse_proofs(wrong: list[tuple[str, DomainError]]) -> None:
    (name, first), *others = wrong
    words = say("%(name)s: %(words)s", name=name, words=first.message)
    for name, error in others:
        one = say("%(name)s: %(words)s", name=name, words=error.message)
        words = say("%(first)s %(second)s", first=words, second=one)
    raise DomainError(first.code, words, field="proof")


for _code, _line in LINES.items():
    setattr(IncomeForm, _code, StringField(_line.label, [Optional(), Length(max=28)], render_kw=_MONEY))
