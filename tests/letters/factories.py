"""Letters and heads for tests: right by default, wrong where a test says so."""

from __future__ import annotations

import copy
from typing import Any

from letters import Template, load_template

TEMPLATE = "lawyer-letter-zh"


def template() -> Template:
    return load_template(TEMPLATE)


def head(**changes: Any) -> dict[str, Any]:
    """What the letters of a job share, as in the template's sample."""
    shared = {key: value for key, value in template().sample.items() if key not in ("letters", "template")}
    return copy.deepcopy(shared) | changes


def letter(number: int = 1, **changes: Any) -> dict[str, Any]:
    """One letter that adds up; a change to None leaves the field out."""
    data = {
        "letter_no": f"(2026)京示律函字第{number:06d}号",
        "debtor_name": "王伟",
        "postcode": "100020",
        "address": "北京市朝阳区建国路88号6栋2单元1203室",
        "card_last4": "4417",
        "currency": "CNY",
        "principal": "45210.55",
        "interest": "6120.40",
        "fees": "1508.00",
        "total": "52838.95",
        "as_of": "2026-11-20",
        "days_past_due": 127,
        "items": [
            {"label": "2026年7月账单", "principal": "30110.55", "interest_and_fees": "2100.10"},
            {"label": "2026年8月账单", "principal": "15100.00", "interest_and_fees": "5528.30"},
        ],
        "verify_code": "7KQ2-M9TD-41XA",
    } | changes
    return {key: value for key, value in data.items() if value is not None}


def job(*letters: Any, **changes: Any) -> dict[str, Any]:
    """A data file's content."""
    return {"template": TEMPLATE, **head(), "letters": list(letters)} | changes
