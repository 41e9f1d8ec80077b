"""What answers look like. Amounts are exact decimals as text; instants are in UTC."""

from __future__ import annotations

from typing import Any

from marshmallow import EXCLUDE, Schema, fields

__all__ = [
    "Account", "AccountPage", "AccountRow", "Amount", "Attempt", "AttemptPage", "Check", "ContactPoint", "FileResult", "Finding", "Hold",
    "LogProblem", "LogResult", "Logged", "Me", "Problem", "Promise", "PromisePage", "QueuePage", "QueueRow", "RejectedRow", "Reported", "ReportedPage", "RequestMessage", "RequestPage", "RequestRow", "RequestThread",
    "Revealed",
]  # fmt: skip


def _maybe(kind: type[fields.Field[Any]], **more: Any) -> fields.Field[Any]:
    return kind(allow_none=True, required=True, **more)


class _Shown(Schema):
    """Every field is there, null where there is nothing; later versions of v1 may add some."""

    class Meta:
        unknown = EXCLUDE

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """What is shown is always shown."""
        field_obj.required = True


class Amount(_Shown):
    amount = fields.String(metadata={"description": "An exact decimal", "example": "52838.95"})
    currency = fields.String(metadata={"example": "CNY"})


class Source(_Shown):
    title = fields.String()
    ref = fields.String()
    force = fields.String(metadata={"description": "law, regulation, standard, self_regulation or house"})
    seen = fields.String(metadata={"description": "How well its own text is known; full_text and house are settled"})


class Finding(_Shown):
    rule = fields.String()
    verdict = fields.String()
    code = fields.String()
    detail = fields.String(metadata={"description": "The sentence of the page, in the language that was asked for"})
    sources = fields.List(fields.Nested(Source))
    next_allowed_at = _maybe(fields.DateTime)
    overrides = fields.List(fields.String(), metadata={"description": "Reasons for which one may go on all the same"})


class Check(_Shown):
    verdict = fields.String(
        metadata={"description": "allow, report, warn, warn_then_approve, presume or block; worst wins"}
    )
    allowed = fields.Boolean(
        metadata={"description": "false where the verdict is block, and where a presumption closes it whatever is said"}
    )
    needs_reason = fields.Boolean(
        metadata={"description": "Presumed to be wrong: it takes one of the findings' `overrides` as `override_reason`"}
    )
    allowed_until = _maybe(fields.DateTime)
    next_allowed_at = _maybe(fields.DateTime, metadata={"description": "null where no time heals it"})
    pack = fields.String(metadata={"example": "cn-card 2026.11.1"})
    findings = fields.List(fields.Nested(Finding))


class QueueRow(_Shown):
    account_ref = fields.String()
    name = fields.String(metadata={"description": "Masked"})
    balance = fields.Nested(Amount)
    bucket = fields.String()
    days_past_due = fields.Integer()
    tab = fields.String()
    next_on = fields.Date()
    next_at = _maybe(fields.DateTime)
    promised_before_for = _maybe(fields.Date)
    attempts = fields.Integer()
    last_outcome = _maybe(fields.String)
    last_attempt_at = _maybe(fields.DateTime)
    call = fields.Nested(Check)


class _Page(_Shown):
    next = _maybe(fields.String, metadata={"description": "The cursor of the next page; null at the end"})


class QueuePage(_Page):
    items = fields.List(fields.Nested(QueueRow))


class AccountRow(_Shown):
    account_ref = fields.String()
    name = fields.String(metadata={"description": "Masked"})
    product = fields.String()
    card_last4 = fields.String()
    balance = fields.Nested(Amount)
    bucket = fields.String()
    days_past_due = fields.Integer()
    balance_as_of = fields.Date()
    placed_on = fields.Date()
    placed = fields.Nested(Amount)


class AccountPage(_Page):
    items = fields.List(fields.Nested(AccountRow))


class Hold(_Shown):
    flag = fields.String()
    whole_person = fields.Boolean()
    since = fields.DateTime()
    detail = fields.String()


class ContactPoint(_Shown):
    id = fields.Integer()
    kind = fields.String()
    value_masked = fields.String()
    relation = fields.String()
    source = fields.String(metadata={"description": "reserved (given to the bank) or found"})
    status = fields.String()


class CheckedPoint(ContactPoint):
    call = fields.Nested(
        Check, allow_none=True, metadata={"description": "For a telephone number: whether it may be called"}
    )


class Promise(_Shown):
    account_ref = fields.String()
    attempt_ref = _maybe(fields.String)
    amount = fields.Nested(Amount)
    made_on = fields.Date()
    promised_on = fields.Date()
    state = fields.String()


class Balance(_Shown):
    principal = fields.String()
    interest = fields.String()
    fees = fields.String()
    total = fields.String()
    currency = fields.String()
    as_of = fields.Date()


class Account(_Shown):
    account_ref = fields.String()
    customer_ref = fields.String()
    name = fields.String(metadata={"description": "Masked"})
    product = fields.String()
    card_last4 = fields.String()
    balance = fields.Nested(Balance)
    bucket = fields.String()
    days_past_due = fields.Integer()
    placed_on = fields.Date()
    term_ends_on = _maybe(fields.Date)
    time_zone = fields.String(metadata={"description": "Where the debtor is; conduct rules count there"})
    debts_with_you = fields.List(fields.String(), metadata={"description": "The person's accounts that you hold"})
    holds = fields.List(fields.Nested(Hold))
    channels = fields.Dict(
        keys=fields.String(), values=fields.Nested(Check), metadata={"description": "Before a number is chosen"}
    )
    contact_points = fields.List(fields.Nested(CheckedPoint))
    promises = fields.List(fields.Nested(Promise))


class PromisePage(_Page):
    items = fields.List(fields.Nested(Promise))


class Attempt(_Shown):
    attempt_ref = fields.String()
    account_ref = fields.String()
    at = fields.DateTime()
    ended_at = _maybe(fields.DateTime)
    logged_at = fields.DateTime()
    channel = fields.String()
    direction = fields.String()
    initiated_by = fields.String()
    contact_point_id = _maybe(fields.Integer)
    party = fields.String()
    outcome = fields.String()
    reason_behind = _maybe(fields.String)
    has_note = fields.Boolean()
    evidence = _maybe(fields.String)
    next_action = _maybe(fields.String)
    again_on = _maybe(fields.Date)
    staff = _maybe(fields.String, metadata={"description": "User name of who made it"})
    corrects = _maybe(fields.String)
    corrected_by = _maybe(fields.String)
    verdict = fields.String(metadata={"description": "Of the conduct rules as of its own time"})
    is_breach = fields.Boolean()
    override_reason = _maybe(
        fields.String, metadata={"description": "For which of the rule's reasons it went on against a presumption"}
    )


class AttemptPage(_Page):
    items = fields.List(fields.Nested(Attempt))


class Logged(Attempt):
    hold_raised = _maybe(fields.String, metadata={"description": "What now stops contact, where the outcome says so"})


class RequestRow(_Shown):
    id = fields.Integer()
    account_ref = _maybe(fields.String)
    code = fields.String()
    asked_by = fields.String(metadata={"description": "bank or organisation"})
    asked_at = fields.DateTime()
    state = fields.String(metadata={"description": "open, answered or closed"})
    turn = _maybe(fields.String, metadata={"description": "Whose turn it is: bank or organisation"})
    due_at = _maybe(fields.DateTime)
    answer = _maybe(fields.String)


class RequestPage(_Page):
    items = fields.List(fields.Nested(RequestRow))


class RequestMessage(_Shown):
    at = fields.DateTime()
    by = fields.String(metadata={"description": "bank or organisation"})
    step = fields.String()
    answer = _maybe(fields.String)
    text = _maybe(fields.String, metadata={"description": "Numbers and addresses in it are masked"})
    file = _maybe(fields.String, metadata={"description": "The name of a file that came with it; it is on the page"})


class RequestThread(RequestRow):
    may = fields.List(
        fields.String(), metadata={"description": "What you may do next: said, answered, reopened, closed"}
    )
    messages = fields.List(fields.Nested(RequestMessage))


class Wish(_Shown):
    id = fields.Integer()
    kind = fields.String()
    state = fields.String(
        metadata={"description": "heeded (the rules ask for it), by_hand (no rule here does), over or ended"}
    )
    account_ref = _maybe(fields.String, metadata={"description": "null: the person, whatever the debt"})
    for_you_alone = fields.Boolean(metadata={"description": "It counts for you and for nobody else"})
    said_at = fields.DateTime()
    noted_at = fields.DateTime()
    noted_by_you = fields.Boolean()
    channel = _maybe(fields.String)
    contact_point_id = _maybe(fields.Integer)
    weekdays = fields.List(fields.String())
    opens = _maybe(fields.String)
    closes = _maybe(fields.String)
    place = _maybe(fields.String)
    dials = _maybe(fields.Integer)
    until = _maybe(fields.Date)
    is_crisis = fields.Boolean()
    last_day = _maybe(fields.Date, metadata={"description": "On which it counts, by what was said and by the rules"})
    ended_at = _maybe(fields.DateTime)
    end_reason = _maybe(fields.String)


class Wishes(_Shown):
    items = fields.List(fields.Nested(Wish))


class Fault(_Shown):
    field = _maybe(fields.String)
    code = fields.String()
    detail = fields.String()


class Problem(_Shown):
    type = fields.String()
    title = fields.String()
    status = fields.Integer()
    code = fields.String(metadata={"description": "Stable; the same as everywhere in the portal"})
    detail = fields.String(metadata={"description": "The sentence of the page, in the language that was asked for"})
    errors = fields.List(fields.Nested(Fault))


class RowFault(_Shown):
    column = fields.String()
    code = fields.String()
    message = fields.String()


class RejectedRow(_Shown):
    line = fields.Integer(metadata={"description": "Of the rows that were sent; the first is 1"})
    errors = fields.List(fields.Nested(RowFault))


class LogResult(_Shown):
    summary = fields.Dict(metadata={"description": "As of the file of attempts: rows, created, unchanged, rejected …"})
    changes = fields.Dict(keys=fields.String(), values=fields.Integer())
    rejected = fields.List(fields.Nested(RejectedRow))


class FileResult(_Shown):
    summary = fields.Dict(
        metadata={"description": "As of the file: rows, created, unchanged, skipped, rejected, total …"}
    )
    rejected = fields.List(fields.Nested(RejectedRow))


class Reported(_Shown):
    reported_ref = fields.String()
    account_ref = _maybe(fields.String)
    kind = fields.String(metadata={"description": "expected or received"})
    amount = fields.Nested(Amount)
    paid_on = fields.Date()
    received_on = _maybe(fields.Date)
    reported_on = fields.Date()
    state = fields.String(metadata={"description": "open, matched or withdrawn"})
    way = _maybe(fields.String, metadata={"description": "exact, tolerant or by_hand"})
    differs = fields.Boolean(metadata={"description": "In amount or day of payment from the posting"})
    late = fields.Boolean(metadata={"description": "A step between its dates took longer than the bank's rules allow"})
    payment_ref = _maybe(fields.String, metadata={"description": "Of the bank's posting"})
    posted_amount = fields.Nested(Amount, allow_none=True)
    posted_paid_on = _maybe(fields.Date)


class ReportedPage(_Page):
    items = fields.List(fields.Nested(Reported))


class BlockedProblem(Problem):
    check = fields.Nested(Check, metadata={"description": "As `/checks` answers it"})


class LogProblem(Problem):
    summary = fields.Dict()
    rejected = fields.List(fields.Nested(RejectedRow))


class Revealed(_Shown):
    value = fields.String(metadata={"description": "In full; a number may end in `;ext=`"})


class Organisation(_Shown):
    name = fields.String()
    time_zone = fields.String()


class Me(_Shown):
    token = fields.String(metadata={"description": "How it begins, never the whole"})
    name = fields.String()
    organisation = fields.Nested(Organisation)
    scopes = fields.List(fields.String())
    expires_on = fields.Date()
    now = fields.DateTime(metadata={"description": "The portal's instant; attempts may not lie behind it"})
    today = fields.Date()
    requests_per_minute = fields.Integer()
