"""Every operation of the interface and the scope that it needs, by hand, as `routes.py` has the pages.

`ours` and `theirs` fill in what the world holds: an account's reference, a contact point's key.
"""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["OPERATIONS", "Operation"]

GET, POST = ("GET",), ("POST",)


class Operation(NamedTuple):
    """One operation; `scope` None: any token, or nobody at all where it is `is_open`. `content`: what a POST says, with the
    names in braces filled in."""

    endpoint: str
    methods: tuple[str, ...]
    path: str
    scope: str | None
    content: dict[str, Any] | None = None
    is_open: bool = False
    of_bank: bool = False  # only a token of the bank has the scope

    @property
    def is_about_one(self) -> bool:
        """Whether it names an account or a contact point, which may be another's."""
        return "<" in self.path or "account_ref" in (self.content or {})


_CALL = {"account_ref": "{account_ref}", "channel": "call", "contact_point_id": "{contact_point_id}"}
_FOUND = {"kind": "phone", "value": "13700137000", "source": "directory", "lawful_ground": "public_source"}
_ROW = {
    "attempt_ref": "W-1",
    "account_ref": "{account_ref}",
    "at": "2005-09-02 11:00",
    "channel": "sms",
    "outcome": "sent",
}

_PAYMENT = {"payment_ref": "W-P-1", "account_ref": "{account_ref}", "amount": "1.00", "paid_on": "2005-08-01"}
_REPORT = {
    "reported_ref": "W-R-1",
    "account_ref": "{account_ref}",
    "kind": "expected",
    "amount": "2.00",
    "paid_on": "2005-08-01",
}

OPERATIONS: tuple[Operation, ...] = (
    Operation("v1.openapi", GET, "/api/v1/openapi.json", None, is_open=True),
    Operation("v1.me", GET, "/api/v1/me", None),
    Operation("v1.queue", GET, "/api/v1/queue", "queue.read"),
    Operation("v1.accounts", GET, "/api/v1/accounts", "accounts.read"),
    Operation("v1.account", GET, "/api/v1/accounts/<account_ref>", "accounts.read"),
    Operation("v1.attempts", GET, "/api/v1/accounts/<account_ref>/attempts", "attempts.read"),
    Operation("v1.promises", GET, "/api/v1/promises", "promises.read"),
    Operation("v1.check", POST, "/api/v1/checks", "accounts.read", _CALL),
    Operation(
        "v1.log_attempt", POST, "/api/v1/attempts", "attempts.write", _CALL | {"attempt_ref": "W-0", "outcome": "no_answer"}
    ),
    Operation("v1.log_attempts", POST, "/api/v1/attempt-logs", "attempts.write", {"rows": [_ROW]}),
    Operation(
        "v1.enter_contact_point", POST, "/api/v1/accounts/<account_ref>/contact-points", "contact_points.write", _FOUND
    ),
    Operation("v1.asked_requests", GET, "/api/v1/requests", "requests.read"),
    Operation("v1.one_request", GET, "/api/v1/requests/<int:request_id>", "requests.read"),
    Operation(
        "v1.new_request", POST, "/api/v1/accounts/<account_ref>/requests", "requests.write",
        {"code": "balance_check", "text": "Which balance holds?"},
    ),
    Operation(
        "v1.say_in", POST, "/api/v1/requests/<int:request_id>/messages", "requests.write", {"text": "One word more."}
    ),
    Operation("v1.close", POST, "/api/v1/requests/<int:request_id>/close", "requests.write"),
    Operation("v1.account_wishes", GET, "/api/v1/accounts/<account_ref>/wishes", "wishes.read"),
    Operation(
        "v1.note_wish", POST, "/api/v1/accounts/<account_ref>/wishes", "wishes.write",
        {"kind": "media_stop", "channel": "sms"},
    ),
    Operation("v1.end_wish", POST, "/api/v1/wishes/<int:wish_id>/end", "wishes.write", {"reason": "withdrawn"}),
    Operation("v1.post_payments", POST, "/api/v1/payments", "payments.write", {"rows": [_PAYMENT]}, of_bank=True),
    Operation("v1.report_payments", POST, "/api/v1/reported-payments", "reported.write", {"rows": [_REPORT]}),
    Operation("v1.reported_payments", GET, "/api/v1/reported-payments", "reported.read"),
    Operation("v1.reveal_point", POST, "/api/v1/contact-points/<int:contact_point_id>/reveal", "persons.reveal"),
)  # fmt: skip
