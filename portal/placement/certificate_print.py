"""A certificate of return and deletion as a document to be printed and signed, in Chinese or in English."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flask import render_template
from flask_babel import force_locale

import letters
from portal.foundation.language import _l
from portal.placement.certificates import METHODS
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from portal.placement.leaving_models import Certificate, CertificateDuty

__all__ = ["LANGUAGES", "certificate_pdf"]

LANGUAGES = {"zh": _l("Chinese"), "en": _l("English")}
_LOCALES = {"zh": "zh_Hans", "en": "en"}
_STYLE = Path(__file__).parents[2] / "static" / "css" / "certificate.css"


def certificate_pdf(certificate: Certificate, duty: CertificateDuty, bank: str, language: str) -> bytes:
    """The PDF. `language` is `zh` or `en`; what was confirmed stands in the words in which it was."""
    with force_locale(_LOCALES[language]):
        markup = render_template(
            "placement/certificate_print.html",
            certificate=certificate,
            duty=duty,
            bank=bank,
            name=name_of(duty.organisation),
            organisation=duty.organisation,
            how=[METHODS[code] for code in certificate.methods],
            language=language,
        )
    return letters.render_document(markup, _STYLE.read_text(encoding="utf-8"))
