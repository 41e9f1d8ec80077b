"""Forms of webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_wtf import FlaskForm
from wtforms import DateTimeLocalField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from portal.api.webhook_addresses import LONGEST
from portal.api.webhook_labels import EVENT_KINDS
from portal.api.webhook_models import EventKind
from portal.api.webhook_operations import CHOSEN_KINDS, Wanted
from portal.foundation.forms import MINUTES, ChoicesField, options
from portal.foundation.language import _l

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["OwnedWebhookForm", "SinceForm", "WebhookForm"]


class WebhookForm(FlaskForm):
    """Where to, and of what."""

    url = StringField(
        _l("Address"), [InputRequired(_l("Fill this in.")), Length(max=LONGEST)],
        render_kw={"autocomplete": "off", "spellcheck": "false", "inputmode": "url"},
        description=_l("An address of your system, like https://systems.example.com/portal. Each event is posted to it."),
    )  # fmt: skip
    kinds = ChoicesField(
        _l("Events"), [InputRequired(_l("Choose at least one kind of event."))],
        choices=options((kind.value, EVENT_KINDS[kind]) for kind in CHOSEN_KINDS),
    )  # fmt: skip

    def wanted(self) -> Wanted:
        """As entered."""
        return Wanted(self.url.data or "", [EventKind(kind) for kind in self.kinds.data or ()])


class OwnedWebhookForm(WebhookForm):
    """The bank says whose it is."""

    organisation = SelectField(_l("Organisation"), coerce=int)

    def offer(self, organisations: Iterable[tuple[int, str]]) -> None:
        """These may be chosen."""
        self.organisation.choices = list(organisations)


class SinceForm(FlaskForm):
    """From when on everything is sent once more."""

    since = DateTimeLocalField(_l("Since"), [InputRequired(_l("Fill this in."))], format=MINUTES)
