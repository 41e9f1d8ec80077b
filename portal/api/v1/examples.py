"""Worked examples of the document: one person's account on one day, from the queue to the log."""

from __future__ import annotations

from typing import Any, Final

__all__ = [
    "ACCOUNT", "ACCOUNTS", "ATTEMPTS", "ATTEMPT_ASKED", "CHECK", "CHECK_ASKED", "FOUND_ASKED", "LOGGED", "LOG_ASKED",
    "LOG_RESULT", "ME", "PAYMENTS_ASKED", "PAYMENTS_RESULT", "POINT", "PROBLEM", "PROMISES", "QUEUE", "REPORTED",
    "REPORTS_ASKED", "REPORTS_RESULT", "REVEALED",
]  # fmt: skip

_REF: Final = "AC0012345"
_AMOUNT: Final = {"amount": "52838.95", "currency": "CNY"}
_SOURCE: Final = {"title": "T/CBA 203-2025", "ref": "6.2", "force": "self_regulation", "seen": "full_text"}
_ALLOWED: Final[dict[str, Any]] = {
    "verdict": "allow", "allowed": True, "needs_reason": False, "allowed_until": "2005-07-01T14:00:00+00:00", "next_allowed_at": None,
    "pack": "cn-card 2026.11.1", "findings": [],
}  # fmt: skip
CHECK: Final[dict[str, Any]] = {
    "verdict": "block", "allowed": False, "needs_reason": False, "allowed_until": None, "next_allowed_at": "2005-07-02T00:00:00+00:00",
    "pack": "cn-card 2026.11.1",
    "findings": [
        {
            "rule": "cn.hours", "verdict": "block", "code": "HOURS",
            "detail": "Contact is allowed from 08:00 to 22:00 where the debtor is; it is 22:05 there.",
            "sources": [_SOURCE], "next_allowed_at": "2005-07-02T00:00:00+00:00", "overrides": [],
        }
    ],
}  # fmt: skip
ME: Final = {
    "token": "pat_k3v9x2mq", "name": "Dialler", "organisation": {"name": "恒通催收服务公司", "time_zone": "Asia/Shanghai"},
    "scopes": ["attempts.write", "queue.read"], "expires_on": "2006-06-30", "now": "2005-07-01T04:00:00+00:00",
    "today": "2005-07-01", "requests_per_minute": 600,
}  # fmt: skip
QUEUE: Final = {
    "items": [
        {
            "account_ref": _REF, "name": "王*", "balance": _AMOUNT, "bucket": "M3", "days_past_due": 82, "tab": "due",
            "next_on": "2005-07-01", "next_at": None, "promised_before_for": None, "attempts": 4,
            "last_outcome": "promise", "last_attempt_at": "2005-06-27T02:11:00+00:00", "call": _ALLOWED,
        }
    ],
    "next": "due.WzAsIjIwMDUtMDctMDEiLDUyODM4OTUsN10",
}  # fmt: skip
_ROW: Final = {
    "account_ref": _REF, "name": "王*", "product": "标准卡", "card_last4": "0042", "bucket": "M3", "days_past_due": 82,
}  # fmt: skip
ACCOUNTS: Final = {
    "items": [_ROW | {"balance": _AMOUNT, "balance_as_of": "2005-06-30", "placed_on": "2005-06-30", "placed": _AMOUNT}],
    "next": None,
}
POINT: Final = {
    "id": 4711, "kind": "phone", "value_masked": "+86138****0012", "relation": "self", "source": "reserved",
    "status": "valid",
}  # fmt: skip
_PROMISE: Final = {
    "account_ref": _REF, "attempt_ref": "D-20050627-0191", "amount": {"amount": "5000.00", "currency": "CNY"},
    "made_on": "2005-06-27", "promised_on": "2005-07-01", "state": "today",
}  # fmt: skip
PROMISES: Final = {"items": [_PROMISE], "next": None}
ACCOUNT: Final = _ROW | {
    "customer_ref": "C000815",
    "balance": {
        "principal": "45210.55", "interest": "6120.40", "fees": "1508.00", "total": "52838.95", "currency": "CNY",
        "as_of": "2005-06-30",
    },
    "placed_on": "2005-06-30", "term_ends_on": "2005-09-30", "time_zone": "Asia/Shanghai", "debts_with_you": [_REF],
    "holds": [], "channels": {"call": _ALLOWED}, "contact_points": [POINT | {"call": _ALLOWED}], "promises": [_PROMISE],
}  # fmt: skip
CHECK_ASKED: Final = {"account_ref": _REF, "channel": "call", "contact_point_id": 4711}
ATTEMPT_ASKED: Final = {
    "attempt_ref": "D-20050701-0007", "account_ref": _REF, "channel": "call", "contact_point_id": 4711,
    "outcome": "promise", "promise_amount": "5000.00", "promise_on": "2005-07-08", "note": "发工资后还款",
}  # fmt: skip
_ATTEMPT: Final = {
    "attempt_ref": "D-20050701-0007", "account_ref": _REF, "at": "2005-07-01T04:00:00+00:00", "ended_at": None,
    "logged_at": "2005-07-01T04:00:00+00:00", "channel": "call", "direction": "outbound", "initiated_by": "collector",
    "contact_point_id": 4711, "party": "self", "outcome": "promise", "reason_behind": None, "has_note": True,
    "evidence": None, "next_action": None, "again_on": None, "staff": None, "corrects": None, "corrected_by": None,
    "verdict": "allow", "is_breach": False, "override_reason": None,
}  # fmt: skip
ATTEMPTS: Final = {"items": [_ATTEMPT], "next": None}
LOGGED: Final = _ATTEMPT | {"hold_raised": None}
LOG_ASKED: Final = {
    "rows": [
        {
            "attempt_ref": "D-20050701-0008", "account_ref": _REF, "at": "2005-07-01 10:31", "channel": "call",
            "contact_point": "13800120012", "outcome": "no_answer",
        }
    ]
}  # fmt: skip
LOG_RESULT: Final = {
    "summary": {
        "rows": 1, "created": 1, "updated": 0, "unchanged": 0, "skipped": 0, "rejected": 0, "total": "0.00",
        "errors": {}, "warnings": {}, "skips": {}, "unknown_columns": [], "status": "applied", "breach": 0,
    },
    "changes": {"corrected": 0, "promise": 0, "hold": 0, "contact_point": 0, "breach": 0, "presumed": 0},
    "rejected": [],
}  # fmt: skip
_FILE_SUMMARY: Final = {
    "rows": 1, "created": 1, "updated": 0, "unchanged": 0, "skipped": 0, "rejected": 0, "total": "500.00",
    "errors": {}, "warnings": {}, "skips": {}, "unknown_columns": [], "status": "applied",
}  # fmt: skip
PAYMENTS_ASKED: Final = {
    "rows": [
        {
            "payment_ref": "B-20050701-001", "account_ref": _REF, "amount": "500.00", "currency": "CNY",
            "paid_on": "2005-07-01", "received_by": "bank", "channel": "mobile bank",
        }
    ]
}  # fmt: skip
PAYMENTS_RESULT: Final = {"summary": _FILE_SUMMARY, "rejected": []}
REPORTS_ASKED: Final = {
    "rows": [
        {
            "reported_ref": "A-20050701-001", "account_ref": _REF, "kind": "received", "amount": "500.00",
            "paid_on": "2005-07-01", "received_on": "2005-07-01", "channel": "cash",
        }
    ]
}  # fmt: skip
REPORTS_RESULT: Final = {"summary": _FILE_SUMMARY, "rejected": []}
REPORTED: Final = {
    "items": [
        {
            "reported_ref": "A-20050701-001", "account_ref": _REF, "kind": "received",
            "amount": {"amount": "500.00", "currency": "CNY"}, "paid_on": "2005-07-01", "received_on": "2005-07-01",
            "reported_on": "2005-07-01", "state": "matched", "way": "exact", "differs": False, "late": False,
            "payment_ref": "B-20050701-001", "posted_amount": {"amount": "500.00", "currency": "CNY"},
            "posted_paid_on": "2005-07-01",
        }
    ],
    "next": None,
}  # fmt: skip
FOUND_ASKED: Final = {
    "kind": "phone", "value": "13900130013", "relation": "self", "source": "told by the debtor on 1 July",
    "lawful_ground": "authorisation",
}  # fmt: skip
_REQUEST: Final = {
    "id": 12, "account_ref": _REF, "code": "balance_check", "asked_by": "organisation",
    "asked_at": "2005-07-01T04:00:00+00:00", "state": "open", "turn": "bank", "due_at": "2005-07-02T04:00:00+00:00",
    "answer": None,
}  # fmt: skip
REQUESTS: Final = {"items": [_REQUEST], "next": None}
THREAD: Final = _REQUEST | {
    "may": ["closed", "said"],
    "messages": [
        {
            "at": "2005-07-01T04:00:00+00:00", "by": "organisation", "step": "asked", "answer": None,
            "text": "The debtor says that 5,000 were paid on 28 June.", "file": None,
        }
    ],
}  # fmt: skip
REQUEST_ASKED: Final = {"code": "balance_check", "text": "The debtor says that 5,000 were paid on 28 June."}
MESSAGE_ASKED: Final = {"text": "Here is the day of the transfer: 28 June.", "answer": None}
WISH_ASKED: Final = {
    "kind": "inconvenient_time", "weekdays": ["mon", "tue", "wed"], "opens": "09:00", "closes": "12:00",
    "note": "at work in the mornings",
}  # fmt: skip
WISH: Final = {
    "id": 31, "kind": "inconvenient_time", "state": "heeded", "account_ref": None, "for_you_alone": False,
    "said_at": "2005-07-01T04:00:00+00:00", "noted_at": "2005-07-01T04:00:00+00:00", "noted_by_you": True,
    "channel": None, "contact_point_id": None, "weekdays": ["mon", "tue", "wed"], "opens": "09:00", "closes": "12:00",
    "place": None, "dials": None, "until": None, "is_crisis": False, "last_day": None, "ended_at": None,
    "end_reason": None,
}  # fmt: skip
WISHES: Final = {"items": [WISH]}
WISH_END_ASKED: Final = {"reason": "withdrawn", "note": "told on the telephone"}
REVEALED: Final = {"value": "+8613800120012"}
PROBLEM: Final = {
    "type": "urn:portal:problem:promise.amount", "title": "Unprocessable Entity", "status": 422, "code": "promise.amount",
    "detail": "Enter the amount that was promised.",
    "errors": [
        {"field": "promise_amount", "code": "promise.amount", "detail": "Enter the amount that was promised."},
    ],
}  # fmt: skip
