"""What a template sees of a letter: its declared fields as primitives ready to print, and what follows from them.

Derived fields: `total_in_words` (人民币52,838.95元), `total_uppercase` (CNY only, else empty), `currency_name`, `deadline`, `issued_on_numerals`,
`items[].subtotal`, `qr` (an image address), `citations`, `settings`. A declared optional field that is
missing is empty (text "", list []), so that a template can ask for it; an undeclared one is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from letters.amounts import CURRENCY_NAMES_ZH, amount_in_chinese, print_amount, read_amount, uppercase_amount
from letters.check import is_empty
from letters.dates import date_in_figures, date_in_numerals, read_date
from letters.schema import Field
from letters.template import Template

QR_SCHEME = "qr:"
SEAL_ADDRESS = "/firm/"
"""Images a firm gives with the data are fetched under this path, by the field's name."""


def letter_context(template: Template, head: Mapping[str, Any], letter: Mapping[str, Any]) -> dict[str, Any]:
    """The template's variables for one checked letter. All values are str, int, bool, list or dict of these."""
    currency = str(letter.get("currency") or "")
    context: dict[str, Any] = {}
    for entry in template.fields:
        source = head if entry.part == "head" else letter
        _put(context, entry.name, _value(entry, entry.read(source), currency))
    context |= _derived(template, head, letter, currency)
    return context


def _put(context: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for parent in parents:
        context = context.setdefault(parent, {})
    context[last] = value


def _value(entry: Field, raw: Any, currency: str) -> Any:
    if entry.type == "list":
        return [{m.name: _value(m, m.read(row), currency) for m in entry.members} for row in raw or ()]
    if entry.type == "texts":
        return [str(text) for text in raw or ()]
    if is_empty(raw):
        return ""
    if entry.type == "amount":
        return print_amount(read_amount(raw, currency), currency)
    if entry.type == "date":
        return date_in_figures(read_date(raw))
    if entry.type == "integer":
        return int(raw)
    if entry.type == "image":
        return SEAL_ADDRESS + entry.name
    return str(raw)


def _derived(template: Template, head: Mapping[str, Any], letter: Mapping[str, Any], currency: str) -> dict[str, Any]:
    issued_on = read_date(head["issued_on"])
    code = str(letter.get("verify_code") or "")
    total = read_amount(letter["total"], currency)
    derived: dict[str, Any] = {
        "currency_name": CURRENCY_NAMES_ZH.get(currency, currency),
        "total_in_words": amount_in_chinese(total, currency),
        "total_uppercase": uppercase_amount(total) if currency == "CNY" else "",
        "deadline": date_in_figures(issued_on + timedelta(days=int(head["pay_within_days"]))),
        "issued_on_numerals": date_in_numerals(issued_on),
        "qr": QR_SCHEME + quote(verification_text(head, code), safe="") if code else "",
        "citations": [dict(citation) for citation in template.citations],
        "settings": dict(template.settings),
    }
    items = [
        {
            "label": str(item["label"]),
            "principal": print_amount(read_amount(item["principal"], currency), currency),
            "interest_and_fees": print_amount(read_amount(item["interest_and_fees"], currency), currency),
            "subtotal": print_amount(
                read_amount(item["principal"], currency) + read_amount(item["interest_and_fees"], currency), currency
            ),
        }
        for item in letter.get("items") or ()
    ]
    return derived | {"items": items}


def verification_text(head: Mapping[str, Any], code: str) -> str:
    """What the QR code says: the verification page's address with the code, or the code alone."""
    address = str(head.get("verify_url") or "").rstrip("/")
    return f"{address}/{code}" if address else code
