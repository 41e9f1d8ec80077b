"""The form by which evidence is sent."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import MultipleFileField

from portal.foundation.language import _l

__all__ = ["EvidenceForm"]


class EvidenceForm(FlaskForm):
    """Files of one's own evidence."""

    files = MultipleFileField(
        _l("Files"), description=_l("WAV, MP3, M4A, OGG, AMR, JPEG, PNG or PDF, each at most 50 MB.")
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.files.flags.required = True
