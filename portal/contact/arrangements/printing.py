"""The letter of agreement as a document to be signed, in Chinese or in English; and the recorded look at the name on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flask import render_template
from flask_babel import force_locale

import letters
from portal.contact.arrangements.labels import KINDS, schedule_words, share_words
from portal.contact.arrangements.models import ArrangementState
from portal.foundation.language import _l
from portal.portfolio.reveal import reveal_name
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from typing import Any

    from portal.foundation.access import Actor

__all__ = ["LANGUAGES", "PRINTED", "agreement_pdf", "named_for_letter"]

LANGUAGES = {"zh": _l("Chinese"), "en": _l("English")}
_LOCALES = {"zh": "zh_Hans", "en": "en"}
_STYLE = Path(__file__).parents[3] / "static" / "css" / "agreement.css"
# What a debtor may hold in hand: an offer, and what came of it. What waits for the bank, or was refused, is no letter.
PRINTED = (ArrangementState.OFFERED, ArrangementState.AGREED, ArrangementState.KEPT)


def named_for_letter(actor: Actor, customer_id: int) -> str:
    """The debtor's full name, which the letter has to say; recorded as every look at one. NotFound."""
    return reveal_name(actor, customer_id)


def agreement_pdf(found: Any, name: str, bank: str, language: str) -> bytes:
    """The PDF. `found`: see `arrangement_queries.arrangement_for`; `language` is `zh` or `en`."""
    row = found[0]
    with force_locale(_LOCALES[language]):
        markup = render_template(
            "contact/arrangement_print.html",
            row=row,
            account=found.Account,
            name=name,
            bank=bank,
            agency=name_of(found.Organisation),
            kind=KINDS[row.kind],
            schedule=schedule_words(row),
            share=share_words(row.agreed_minor, row.balance_minor, row.currency),
            language=language,
        )
    return letters.render_document(markup, _STYLE.read_text(encoding="utf-8"))
