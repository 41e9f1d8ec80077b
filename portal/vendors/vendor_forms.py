"""Forms of vendors, their papers and contacts, their staff, and of what the bank requires."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, DateField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.foundation.errors import DomainError
from portal.foundation.forms import ChoicesField, options
from portal.foundation.language import _l, say
from portal.foundation.money import parse_amount
from portal.portfolio.buckets import BUCKETS
from portal.portfolio.region_names import region_names, written_regions
from portal.vendors.forms import read_currency
from portal.vendors.labels import PAPER_LABELS, RECORD_LABELS, TIER_LABELS
from portal.vendors.master import ContactDetails, PaperDetails, VendorDetails
from portal.vendors.models import CredentialKind, RecordKind, Tier
from portal.vendors.proofs import read_proof
from portal.vendors.register import MemberDetails, RecordDetails

if TYPE_CHECKING:
    from datetime import date

    from portal.vendors.models import Vendor
    from portal.vendors.proofs import Proof

__all__ = ["ContactForm", "MemberForm", "PaperForm", "RecordForm", "VendorForm"]

_needed = InputRequired(_l("Fill this in."))
_AFTER = {"autocomplete": "off"}


class VendorForm(FlaskForm):
    """How the bank ranks and limits a vendor."""

    tier = SelectField(_l("Tier"), [Optional()])
    listed = BooleanField(_l("On the bank's published list"))
    started_on = DateField(_l("Co-operation from"), [Optional()])
    exits_on = DateField(_l("Last day of the co-operation"), [Optional()])
    regions = StringField(
        _l("Regions permitted"), [Optional(), Length(max=1000)],
        description=_l("Names such as Shanghai or 上海, or codes such as CN-SH, with commas between. Empty: all regions."),
    )  # fmt: skip
    buckets = ChoicesField(
        _l("Buckets permitted"),
        description=_l("None chosen: all buckets."),
        choices=options((b, b) for b in BUCKETS[1:]),
    )
    note = TextAreaField(
        _l("Note"), [Optional(), Length(max=2000)], description=_l("The organisation reads it too."),
        render_kw={"rows": 3},
    )  # fmt: skip

    def __init__(self, vendor: Vendor, **kwargs: Any) -> None:
        super().__init__(obj=vendor, **kwargs)
        self.tier.choices = options([("", _l("no tier")), *((t.value, TIER_LABELS[t]) for t in Tier)])
        if not self.is_submitted():
            self.tier.data = vendor.tier.value if vendor.tier else ""
            self.regions.data = region_names(vendor.regions)

    def details(self) -> VendorDetails:
        """The vendor as entered; DomainError for a region that is none."""
        chosen = set(self.buckets.data or ())
        return VendorDetails(
            tier=Tier(self.tier.data) if self.tier.data else None,
            listed=bool(self.listed.data),
            started_on=self.started_on.data,
            exits_on=self.exits_on.data,
            regions=tuple(sorted(written_regions(self.regions.data or "", "regions"))),
            buckets=tuple(bucket for bucket in BUCKETS if bucket in chosen),
            note=(self.note.data or "").strip(),
        )


class ContactForm(FlaskForm):
    """Whom the bank may ask, and for what."""

    name = StringField(_l("Name"), [_needed, Length(max=120)], render_kw=_AFTER)
    duty = StringField(
        _l("Duty"), [_needed, Length(max=120)], description=_l("For example complaints, data protection, settlement.")
    )
    phone = StringField(_l("Telephone"), [Optional(), Length(max=64)], render_kw=_AFTER)
    email = StringField(_l("E-mail"), [Optional(), Length(max=254)], render_kw=_AFTER)

    def details(self) -> ContactDetails:
        """The contact as entered."""
        return ContactDetails(**{name: (self[name].data or "").strip() for name in ("name", "duty", "phone", "email")})


class PaperForm(FlaskForm):
    """A licence, insurance or certificate."""

    kind = SelectField(_l("Kind"), [_needed], choices=options((k.value, PAPER_LABELS[k]) for k in CredentialKind))
    number = StringField(_l("Number"), [_needed, Length(max=64)], render_kw=_AFTER)
    issuer = StringField(_l("Issued by"), [Optional(), Length(max=200)])
    insured = StringField(_l("Insured amount"), [Optional(), Length(max=24)], description=_l("Of an insurance."))
    currency = StringField(
        _l("Currency"), [Optional(), Length(max=16)], default="CNY", description=_l("Of an insurance.")
    )
    valid_from = DateField(_l("Valid from"), [_needed])
    valid_until = DateField(
        _l("Valid until"), [Optional()], description=_l("The last day. Empty: no end is written on it.")
    )
    proof = FileField(_l("Scan of it"), description=_l("A PDF, PNG or JPEG file of up to 10 MB."))

    def details(self) -> PaperDetails:
        """The paper as entered; DomainError naming the field for an amount that is none."""
        insured = (self.insured.data or "").strip()
        currency = read_currency(self.currency.data) if insured else ""
        return PaperDetails(
            kind=CredentialKind(self.kind.data),
            number=(self.number.data or "").strip(),
            issuer=(self.issuer.data or "").strip(),
            insured_minor=_amount(insured, currency) if insured else None,
            currency=currency,
            valid_from=_given(self.valid_from.data),
            valid_until=self.valid_until.data,
        )

    def upload(self) -> Proof | None:
        """The scan, if one was sent; DomainError for what is none."""
        sent = self.proof.data
        return read_proof(sent.stream, sent.filename) if sent else None


class MemberForm(FlaskForm):
    """An entry of the staff register."""

    name = StringField(_l("Name"), [_needed, Length(max=120)], render_kw=_AFTER)
    employee_no = StringField(_l("Employee number"), [Optional(), Length(max=64)], render_kw=_AFTER)
    position = StringField(_l("Position"), [Optional(), Length(max=120)])
    started_on = DateField(_l("Works here from"), [_needed])
    ended_on = DateField(_l("Last day"), [Optional()])
    user_id = SelectField(
        _l("Sign-in"), [Optional()], description=_l("The user of the portal who this is, if there is one.")
    )

    def __init__(self, sign_ins: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.user_id.choices = options([("", _l("none")), *((str(key), name) for key, name in sign_ins)])

    def details(self) -> MemberDetails:
        """The entry as entered."""
        return MemberDetails(
            name=(self.name.data or "").strip(),
            started_on=_given(self.started_on.data),
            employee_no=(self.employee_no.data or "").strip() or None,
            position=(self.position.data or "").strip(),
            ended_on=self.ended_on.data,
            user_id=int(self.user_id.data) if self.user_id.data else None,
        )


class RecordForm(FlaskForm):
    """A training, test or certificate of somebody."""

    kind = SelectField(_l("Kind"), [_needed], choices=options((k.value, RECORD_LABELS[k]) for k in RecordKind))
    title = StringField(_l("What it was"), [_needed, Length(max=200)])
    taken_on = DateField(_l("Taken on"), [_needed])
    valid_until = DateField(_l("Valid until"), [Optional()], description=_l("The last day. Empty: for good."))
    number = StringField(_l("Number"), [Optional(), Length(max=64)], description=_l("Of a certificate."))
    score = StringField(_l("Points"), [Optional(), Length(max=3)], description=_l("Of a test, out of 100."))
    failed = BooleanField(_l("The test was not passed"))

    def details(self) -> RecordDetails:
        """The record as entered; DomainError naming the field for points that are none."""
        score = (self.score.data or "").strip()
        if score and not (score.isascii() and score.isdigit()):
            raise DomainError("register.score", say("Write a whole number."), field="score")
        return RecordDetails(
            kind=RecordKind(self.kind.data),
            title=(self.title.data or "").strip(),
            taken_on=_given(self.taken_on.data),
            valid_until=self.valid_until.data,
            number=(self.number.data or "").strip(),
            score=int(score) if score else None,
            passed=not self.failed.data,
        )


def _given(value: date | None) -> date:
    """A date that the form has made sure of."""
    if value is None:
        raise DomainError("vendor.date", say("Fill this in."))
    return value


def _amount(text: str, currency: str) -> int:
    try:
        return parse_amount(text, currency)
    except ValueError as error:
        words = say("Write an amount such as 5,000,000.00.")
        raise DomainError("paper.insured", words, field="insured") from error
