"""The form in which a token is made."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from wtforms import DateField, StringField
from wtforms.validators import Optional

from portal.api.labels import SCOPE_LABELS
from portal.api.tokens import LONGEST_DAYS, LONGEST_NAME
from portal.foundation.forms import ChoicesField, options
from portal.foundation.language import _l

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from portal.api.scopes import Scope

__all__ = ["TokenForm"]

USUAL_DAYS = 180


class TokenForm(FlaskForm):
    """What the token is for, what it may do, until when. What is wrong with it, `make_token` says, all at once."""

    name = StringField(
        _l("What it is for"),
        description=_l("For example the dialler, or the nightly log."),
        render_kw={"autocomplete": "off", "autofocus": True, "maxlength": LONGEST_NAME},
    )  # fmt: skip
    scopes = ChoicesField(_l("What it may do"))
    expires_on = DateField(_l("Last day"), [Optional()])

    def __init__(self, today: date, scopes: Collection[Scope], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scopes.choices = options((scope.value, SCOPE_LABELS[scope]) for scope in scopes)
        self.name.flags.required = self.scopes.flags.required = self.expires_on.flags.required = True
        self.expires_on.render_kw = {
            "min": today.isoformat(), "max": (today + timedelta(days=LONGEST_DAYS)).isoformat()
        }  # fmt: skip
        if not self.is_submitted():
            self.expires_on.data = today + timedelta(days=USUAL_DAYS)
