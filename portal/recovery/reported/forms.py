"""Forms of reported payments, and of the bank's rules for payments."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import DateField, DecimalField, IntegerField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.contact.requests.forms import uploaded
from portal.foundation.errors import DomainError
from portal.foundation.forms import options
from portal.foundation.language import _l, say
from portal.foundation.values import parse_currency, plain, read_amount
from portal.recovery.reported.labels import KINDS
from portal.recovery.reported.models import ReportKind
from portal.recovery.reported.telling import LONGEST_CHANNEL, LONGEST_NOTE, LONGEST_REF, Telling
from portal.recovery.rule_models import AboveBalance, Pairs
from portal.recovery.rules import DAYS, PaymentRules

if TYPE_CHECKING:
    from portal.vendors.proofs import Proof

__all__ = ["MatchForm", "ReportForm", "RulesForm"]

_needed = InputRequired(_l("Fill this in."))


class ReportForm(FlaskForm):
    """A payment as the agency tells of it. What is wrong with it, `report_payment` says, all at once."""

    account_ref = StringField(
        _l("Account"), [_needed, Length(max=64)], render_kw={"autocomplete": "off"}, description=_l("The bank's reference.")
    )  # fmt: skip
    kind = RadioField(
        _l("Type of report"), [_needed],
        choices=options((kind.value, label) for kind, label in KINDS.items()),
        description=_l("Expected: the debtor says that it is paid to the bank, or will be. Received: it is in your account."),
    )  # fmt: skip
    amount = StringField(
        _l("Amount"), [_needed, Length(max=40)], render_kw={"inputmode": "decimal", "autocomplete": "off"}
    )
    currency = StringField(
        _l("Currency"), [Optional(), Length(max=16)], render_kw={"autocomplete": "off"},
        description=_l("Left empty: the account's."),
    )  # fmt: skip
    paid_on = DateField(_l("Paid on"), [_needed])
    received_on = DateField(
        _l("Money received on"),
        [Optional()],
        description=_l("Of money that you have received; otherwise leave it empty."),
    )
    channel = StringField(_l("Channel"), [Optional(), Length(max=LONGEST_CHANNEL)])
    reported_ref = StringField(
        _l("Your reference"), [_needed, Length(max=LONGEST_REF)], render_kw={"autocomplete": "off"},
        description=_l("Unique in your organisation; sent twice it is the same report."),
    )  # fmt: skip
    note = TextAreaField(
        _l("Note"), [Optional(), Length(max=LONGEST_NOTE)], description=_l("Kept sealed with the account's person.")
    )
    proof = FileField(_l("Proof"), description=_l("A PDF, PNG or JPEG file of up to 10 MB."))

    def told(self, of_account: str) -> Telling:
        """What was entered, in the account's currency where none is named; DomainError naming the field for an amount or a
        currency that cannot be read."""
        try:
            currency = parse_currency(plain(self.currency.data or "") or of_account)
        except ValueError:
            raise DomainError("reported.currency", say("This currency is not known."), field="currency") from None
        try:
            amount = read_amount(plain(self.amount.data or ""), currency)
        except ValueError:
            raise DomainError("reported.amount", say("Not an exact amount."), field="amount") from None
        assert self.paid_on.data is not None  # noqa: S101  # the form was validated
        return Telling(
            plain(self.reported_ref.data or ""), ReportKind(self.kind.data), amount, currency, self.paid_on.data,
            self.received_on.data, (self.channel.data or "").strip(),
        )  # fmt: skip

    def file(self) -> Proof | None:
        """The file that was sent along; DomainError where it is none of the kinds that are taken."""
        return uploaded(self.proof)


class MatchForm(FlaskForm):
    """Which posting a report is, and why."""

    payment_ref = StringField(_l("Posting"), [_needed, Length(max=64)], render_kw={"autocomplete": "off"})
    reason = StringField(_l("Reason"), [_needed, Length(max=1_000)])


class RulesForm(FlaskForm):
    """The bank's rules for payments."""

    above_balance = RadioField(
        _l("A payment of more than the account owes"), [_needed],
        choices=options(
            [
                (AboveBalance.TAKE.value, _l("take it, with a warning")),
                (AboveBalance.QUEUE.value, _l("take it, and let two persons decide who is credited")),
                (AboveBalance.REJECT.value, _l("reject it")),
            ]
        ),
    )  # fmt: skip
    pairs = RadioField(
        _l("A payment that the same file takes back whole"), [_needed],
        choices=options(
            [(Pairs.POST.value, _l("post both")), (Pairs.LEAVE_OUT.value, _l("leave both out, and list them"))]
        ),
    )  # fmt: skip
    match_days = IntegerField(
        _l("Days between report and posting"), [InputRequired(_l("Fill this in."))],
        description=_l("A report is matched with a posting whose day of payment lies so many days before or after."),
    )  # fmt: skip
    match_amount = DecimalField(
        _l("Difference of amounts"), [InputRequired(_l("Fill this in."))], places=None,
        description=_l("In units of the payment's currency, 1.00 for example."),
    )  # fmt: skip
    received_days = IntegerField(
        _l("Late when received by the bank after"), [InputRequired(_l("Fill this in."))],
        description=_l("Days from the agency's receipt."),
    )  # fmt: skip
    cleared_days = IntegerField(
        _l("Late when cleared after"),
        [InputRequired(_l("Fill this in."))],
        description=_l("Days from the bank's receipt."),
    )
    posted_days = IntegerField(
        _l("Late when posted after"), [InputRequired(_l("Fill this in."))], description=_l("Days from clearing.")
    )
    chase_days = IntegerField(
        _l("To chase when open for more than"), [InputRequired(_l("Fill this in."))],
        description=_l("Days since a payment was reported or posted, without its other side."),
    )  # fmt: skip

    def rules(self) -> PaymentRules:
        """What was entered."""
        days: dict[str, Any] = {name: self[name].data for name in DAYS}
        return PaymentRules(
            AboveBalance(self.above_balance.data), Pairs(self.pairs.data), match_amount=self.match_amount.data or Decimal(0),
            **days,
        )  # fmt: skip
