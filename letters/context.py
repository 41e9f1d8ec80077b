"""What a template sees of a letter: its declared fields as primitives ready to print, and what follows from them.

Amounts and dates are written as the template's language writes them (`letters.languages`). What follows from the
fields is named in `letters.names`. A declared optional field that is missing is empty (text "", list []), so that a
template can ask for it; an undeclared one is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from letters.amounts import read_amount, uppercase_amount
from letters.check import is_empty
from letters.dates import date_in_numerals, read_date
from letters.languages import Language, language
from letters.names import SUBTOTAL_OF, has_deadline, has_subtotal
from letters.schema import Field
from letters.template import Template

QR_SCHEME = "qr:"
SEAL_ADDRESS = "/firm/"
"""Images a firm gives with the data are fetched under this path, by the field's name."""


def letter_context(template: Template, head: Mapping[str, Any], letter: Mapping[str, Any]) -> dict[str, Any]:
    """The template's variables for one checked letter. All values are str, int, bool, list or dict of these."""
    forms = _Forms(language(template.language), str(letter.get("currency") or ""))
    context: dict[str, Any] = {}
    for entry in template.fields:
        raw = entry.read(head if entry.part == "head" else letter)
        _put(context, entry.name, forms.value(entry, raw))
        if entry.type == "amount":
            for name, words in forms.spelt(entry.name, raw).items():
                _put(context, name, words)
    return context | _derived(template, forms, head, letter)


def _put(context: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for parent in parents:
        context = context.setdefault(parent, {})
    context[last] = value


@dataclass(frozen=True)
class _Forms:
    """Values of one letter as its language prints them."""

    language: Language
    currency: str

    def value(self, entry: Field, raw: Any) -> Any:
        """A field ready to print."""
        if entry.type == "list":
            return [self._row(entry, row) for row in raw or ()]
        if entry.type == "texts":
            return [str(text) for text in raw or ()]
        if is_empty(raw):
            return ""
        if entry.type == "amount":
            return self.language.amount(read_amount(raw, self.currency), self.currency)
        if entry.type == "date":
            return self.language.day(read_date(raw))
        if entry.type == "integer":
            return int(raw)
        if entry.type == "image":
            return SEAL_ADDRESS + entry.name
        return str(raw)

    def _row(self, entry: Field, row: Mapping[str, Any]) -> dict[str, Any]:
        shown = {member.name: self.value(member, member.read(row)) for member in entry.members}
        if has_subtotal(entry):
            subtotal = sum(read_amount(row[name], self.currency) for name in SUBTOTAL_OF)
            shown["subtotal"] = self.language.amount(subtotal, self.currency)
        return shown

    def spelt(self, name: str, raw: Any) -> dict[str, str]:
        """An amount in words and, in Chinese, CNY in capitals; empty where there is none."""
        minor = None if is_empty(raw) else read_amount(raw, self.currency)
        words = {f"{name}_in_words": "" if minor is None else self.language.amount_in_words(minor, self.currency)}
        if self.language.counts_in_capitals:
            in_capitals = minor is not None and self.currency == "CNY"
            words[f"{name}_uppercase"] = uppercase_amount(minor or 0) if in_capitals else ""
        return words


def _derived(template: Template, forms: _Forms, head: Mapping[str, Any], letter: Mapping[str, Any]) -> dict[str, Any]:
    issued_on = read_date(head["issued_on"])
    code = str(letter.get("verify_code") or "")
    derived: dict[str, Any] = {
        "currency_name": forms.language.currency(forms.currency),
        "qr": QR_SCHEME + quote(verification_text(head, code), safe="") if code else "",
        "citations": [dict(citation) for citation in template.citations],
        "settings": deepcopy(dict(template.settings)),
    }
    if has_deadline(template.fields):
        derived["deadline"] = forms.language.day(issued_on + timedelta(days=int(head["pay_within_days"])))
    if forms.language.counts_in_capitals:
        derived["issued_on_numerals"] = date_in_numerals(issued_on)
    return derived


def verification_text(head: Mapping[str, Any], code: str) -> str:
    """What the QR code says: the verification page's address with the code, or the code alone."""
    address = str(head.get("verify_url") or "").rstrip("/")
    return f"{address}/{code}" if address else code
