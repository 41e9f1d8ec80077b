"""The list of arrangements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import url_for

from portal.contact.arrangements.labels import KINDS, STATES, state_tag
from portal.contact.arrangements.models import LIVE, Arrangement
from portal.contact.arrangements.queries import in_state, listed
from portal.contact.arrangements.rules import Kind
from portal.foundation.language import _l
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from datetime import date

    from portal.foundation.access import Actor

__all__ = ["arrangements_table"]


def arrangements_table(actor: Actor, today: date) -> Table:
    """Plans, settlements and waivers, the latest first."""
    columns = [
        Column("number", _l("Arrangement"), value=lambda r: r[0].number, expression=Arrangement.id, sortable=True,
               nullable=False),
        Column("name", _l("Debtor")),
        Column("account_ref", _l("Account")),
        Column("kind", _l("Kind"), value=lambda r: KINDS[r[0].kind]),
        Column("state", _l("State"), "state", value=lambda r: state_tag(r[0], today)),
        Column("next_on", _l("Next deadline"), "day", value=_next_day, title=_next_words),
        Column("agreed", _l("To be paid"), "money", value=lambda r: r[0].agreed_minor, currency=lambda r: r[0].currency),
        Column("paid", _l("Paid"), "money", value=lambda r: r[0].paid_minor, currency=lambda r: r[0].currency),
        Column("waived", _l("Waived"), "money", value=lambda r: r[0].waived_minor or None,
               currency=lambda r: r[0].currency),
        Column("parts", _l("Instalments"), "number", value=lambda r: r[0].parts),
    ]  # fmt: skip
    if actor.is_bank:
        columns.insert(3, Column("organisation", _l("Organisation"), value=lambda r: name_of(r.Organisation)))
    queue = None if actor.is_bank else url_for("contact.queue")
    return Table(
        name="arrangements",
        statement=listed(actor),
        columns=columns,
        filters=(
            Filter("state", _l("State"), "choice", lambda s, v: in_state(s, v, today),
                   choices=[(code, tag.label) for code, tag in STATES.items()]),
            Filter("kind", _l("Kind"), "choice", lambda s, v: s.where(Arrangement.kind == Kind(v)),
                   choices=[(kind.value, label) for kind, label in KINDS.items()]),
        ),
        default_sort="-number",
        key=Arrangement.id,
        row_url=lambda row: url_for("arrangements.arrangement", arrangement_id=row[0].id),
        empty=Empty(
            _l("Nothing has been arranged yet."),
            _l("Agencies draw it up on the account's page.") if actor.is_bank else _l("Open the queue"),
            queue,
        ),
    )  # fmt: skip


def _next_day(row: Any) -> date | None:
    """What has to be seen to next: the next part of what is in force, the last day of what waits."""
    if row[0].next_due_on is not None:
        return row[0].next_due_on  # type: ignore[no-any-return]
    return row[0].valid_until if row[0].state in LIVE else None


def _next_words(row: Any) -> Any:
    if row[0].next_due_on is not None:
        return _l("the next part is due")
    return _l("the offer ends") if row[0].state in LIVE else None
