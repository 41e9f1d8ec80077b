"""Lists of texts, messages and exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import url_for

from portal.contact.labels import CHANNELS
from portal.contact.messages import queries as message_queries
from portal.contact.messages.labels import (
    FAILURES,
    LANGUAGE_LABELS,
    MESSAGE_STATES,
    PURPOSES,
    TEXT_CHANNELS,
    TEXT_STATES,
    text_tag,
)
from portal.contact.messages.models import (
    MessageExport,
    MessageState,
    MessageTemplate,
    OutgoingMessage,
    TextState,
)
from portal.contact.models import Channel
from portal.contact.wording import Purpose
from portal.foundation.access import Permission
from portal.foundation.language import _l, say
from portal.foundation.states import StateTag
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    import sqlalchemy as sa

    from portal.foundation.access import Actor

__all__ = ["exports_table", "messages_table", "texts_table"]

IN_USE = "in_use"
_EXPORTED, _EXPORTING = StateTag("done", _l("exported"), "good"), StateTag("running", _l("being written"), "go")


def texts_table(actor: Actor) -> Table:
    """Texts with whether they may be sent."""
    states = [
        (IN_USE, _l("in use")),
        *((s.value, TEXT_STATES[s].label) for s in TextState if s is not TextState.APPROVED),
    ]
    return Table(
        "texts",
        message_queries.texts_statement(actor),
        columns=(
            Column("code", _l("Code"), value=lambda r: r[0].code),
            Column("name", _l("Name of the text"), value=lambda r: r[0].name, wraps=True),
            *((Column("whose", _l("Whose text"), value=_whose),) if actor.is_bank else ()),
            Column("channel", _l("Way of contact"), value=lambda r: CHANNELS[r[0].channel]),
            Column("purpose", _l("For"), value=lambda r: PURPOSES[r[0].purpose]),
            Column("language", _l("Language"), value=lambda r: LANGUAGE_LABELS[r[0].language]),
            Column("state", _l("State"), "state", value=lambda r: text_tag(r[0], r.latest)),
            Column(
                "changed", _l("Changed"), "instant",
                value=lambda r: r[0].changed_at, expression=MessageTemplate.changed_at, sortable=True, nullable=False,
            ),
        ),
        filters=(
            Filter("state", _l("State"), "choice", _in_text_state, choices=states),
            Filter("channel", _l("Way of contact"), "choice", lambda s, v: s.where(MessageTemplate.channel == Channel(v)),
                   choices=[(c.value, w) for c, w in TEXT_CHANNELS.items()]),
            Filter("purpose", _l("For"), "choice", lambda s, v: s.where(MessageTemplate.purpose == Purpose(v)),
                   choices=[(p.value, w) for p, w in PURPOSES.items()]),
        ),
        default_sort="-changed",
        key=MessageTemplate.id,
        row_url=lambda r: url_for("contact.text", template_id=r[0].id),
        empty=_no_text(actor),
    )  # fmt: skip


def _no_text(actor: Actor) -> Empty:
    nothing = _l("No text has been written yet.")
    if not actor.can(Permission.TEXTS_WRITE):
        return Empty(nothing)
    return Empty(nothing, _l("Write the first one"), url_for("contact.new_text"))


def _whose(row: Any) -> Any:
    return name_of(row.Organisation) if row.Organisation is not None else _l("the bank’s own")


def _in_text_state(statement: sa.Select[Any], state: str) -> sa.Select[Any]:
    """Texts in use, or whose latest version stands so."""
    if state == IN_USE:
        return statement.where(MessageTemplate.version_in_use.is_not(None))
    return statement.where(message_queries.latest_state() == TextState(state))


def messages_table(actor: Actor) -> Table:
    """What was drawn up, the latest first."""
    return Table(
        "messages",
        message_queries.messages_statement(actor),
        columns=(
            Column(
                "made", _l("Drawn up at"), "instant",
                value=lambda r: r[0].made_at, expression=OutgoingMessage.made_at, sortable=True, nullable=False,
            ),
            Column("name", _l("Debtor")),
            Column("account_ref", _l("Account")),
            *((Column("organisation", _l("Organisation"), value=lambda r: name_of(r.Organisation)),) if actor.is_bank else ()),
            Column("channel", _l("Way of contact"), value=lambda r: CHANNELS[r[0].channel]),
            Column("purpose", _l("For"), value=lambda r: PURPOSES[r[0].purpose], title=lambda r: r.text_name),
            Column("parts", _l("Parts"), "number", value=lambda r: r[0].parts if r[0].channel is Channel.SMS else None),
            Column("state", _l("State"), "state", value=lambda r: MESSAGE_STATES[r[0].state],
                   title=lambda r: FAILURES.get(r[0].failure)),
            Column("dispatched", _l("Went out"), "instant", value=lambda r: r[0].dispatched_at),
        ),
        filters=(
            Filter("state", _l("State"), "choice", lambda s, v: s.where(OutgoingMessage.state == MessageState(v)),
                   choices=[(m.value, tag.label) for m, tag in MESSAGE_STATES.items()]),
            Filter("purpose", _l("For"), "choice", lambda s, v: s.where(OutgoingMessage.purpose == Purpose(v)),
                   choices=[(p.value, w) for p, w in PURPOSES.items() if p is not Purpose.OPENING]),
            Filter("channel", _l("Way of contact"), "choice", lambda s, v: s.where(OutgoingMessage.channel == Channel(v)),
                   choices=[(c.value, w) for c, w in TEXT_CHANNELS.items() if c is not Channel.CALL]),
        ),
        default_sort="-made",
        key=OutgoingMessage.id,
        row_url=lambda r: url_for("contact.message", message_id=r[0].id),
        empty=Empty(say("No message has been drawn up yet.")),
    )  # fmt: skip


def exports_table(actor: Actor) -> Table:
    """Files of the outbox, the latest first."""
    return Table(
        "exports",
        message_queries.exports_statement(actor),
        columns=(
            Column("number", _l("Number"), value=lambda r: r[0].number),
            Column("asked", _l("Asked for"), "instant", value=lambda r: r[0].asked_at),
            Column("who", _l("By")),
            Column("messages", _l("Messages"), "number", value=lambda r: r[0].message_count),
            Column("held", _l("Left in the outbox"), "number", value=lambda r: r[0].held_back),
            Column("dropped", _l("Not sent any more"), "number", value=lambda r: r[0].dropped),
            Column("state", _l("State"), "state", value=lambda r: _EXPORTED if r[0].done_at else _EXPORTING),
            Column("id", _l("No."), "number", value=lambda r: r[0].id, expression=MessageExport.id, sortable=True),
        ),
        default_sort="-id",
        key=MessageExport.id,
        row_url=lambda r: url_for("contact.message_export", export_id=r[0].id),
        empty=Empty(say("The outbox has not been exported yet.")),
    )
