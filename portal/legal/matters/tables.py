"""The lists of matters and of hearings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import url_for

from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.forms import key_of
from portal.foundation.language import _l, say
from portal.foundation.local_days import within_days
from portal.foundation.services import services
from portal.foundation.states import StateTag
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.legal.matters import queries
from portal.legal.matters.labels import HEARING_KINDS, HEARING_STATES, OUTCOMES, STAGES
from portal.legal.matters.models import Hearing, HearingState, Matter
from portal.legal.matters.stages import Stage
from portal.placement.models import Placement
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Select

    from portal.foundation.access import Actor

__all__ = ["hearings_table", "matters_table"]

TO_TELL = StateTag("to_tell", _l("what came of it?"), "wait")


def matters_table(who: Actor) -> Table:
    """Matters that the person may see, the latest first."""
    session = db.session()
    columns = [
        Column("number", _l("Matter"), expression=Matter.id, value="Matter.number", sortable=True),
        Column("account", _l("Account"), value="Matter.account_ref"),
        *([] if who.is_bank else [Column("name", _l("Name"), value="Matter.name_masked")]),
        Column("stage", _l("Stage"), "state", value=lambda row: _where_it_is(row.Matter)),
        Column("since", _l("Last step"), "day", expression=Matter.stage_on, value="Matter.stage_on", sortable=True),
        Column("next", _l("Next hearing"), "day" if who.is_bank else "instant", value="next_hearing"),
        Column("case_no", _l("Case number and court"), value=lambda row: _where(row.Matter.case_no, row.Matter.court), wraps=True),
        Column(
            "claimed", _l("Sued for"), "money", expression=Matter.claimed_minor, value="Matter.claimed_minor",
            currency=lambda row: row.Matter.currency, sortable=True,
        ),
        _who_runs_it(who),
    ]  # fmt: skip
    stages = [("open", _l("all that are open")), ("gone_back", _l("open, and the account has gone back"))]
    filters = [
        Filter(
            "stage", _l("Stage"), "choice", _in_stage, [*stages, *((s.value, tag.label) for s, tag in STAGES.items())]
        ),
        Filter("court", _l("Court"), "choice", _at_court, lambda: [(c, c) for c in queries.courts(session, who)]),
        Filter(
            "lawyer", _l("Lawyer"), "choice", _handled_by,
            lambda: [(str(one.id), one.name) for one in queries.handlers(session, who)],
        ),
    ]  # fmt: skip
    if who.is_bank:
        firms = [(str(one.id), name_of(one)) for one in queries.firms_with_matters(session, who)]
        filters.append(Filter("firm", _l("Law firm"), "choice", _of_firm, firms))
    return Table(
        name="matters",
        statement=queries.matters(who).add_columns(queries.next_hearing().label("next_hearing")),
        key=Matter.id,
        default_sort="-number",
        columns=columns,
        filters=filters,
        row_url=lambda row: url_for("matters.matter", matter_id=row.Matter.id),
        empty=_nothing(who),
    )


def hearings_table(who: Actor, now: datetime) -> Table:
    """Hearings. The list opens with those that have no outcome: the ones that are over and wait for it stand first, marked."""
    columns = [
        Column(
            "starts_at", _l("When"), "instant", expression=Hearing.starts_at, value="Hearing.starts_at", sortable=True
        ),
        Column("state", _l("State"), "state", value=lambda row: _state(row.Hearing, now)),
        Column("kind", _l("Kind"), value=lambda row: HEARING_KINDS[row.Hearing.kind]),
        Column("matter", _l("Matter"), value="Matter.number"),
        Column("case_no", _l("Case number"), value="Matter.case_no"),
        Column(
            "court",
            _l("Court and court room"),
            value=lambda row: _where(row.Hearing.court, row.Hearing.room),
            wraps=True,
        ),
        _who_runs_it(who),
    ]
    when = [
        ("open", _l("those without an outcome yet")),
        ("ahead", _l("those to come")),
        ("to_tell", _l("over, and nobody has said what came of it")),
    ]

    def of_time(statement: Select[Any], value: str) -> Select[Any]:
        if value == "over":
            return statement.where(Hearing.starts_at < now)
        if value == "open":
            return statement.where(Hearing.state.in_(queries.AHEAD))
        ahead = Hearing.starts_at >= now if value == "ahead" else Hearing.starts_at < now
        return statement.where(ahead, Hearing.state.in_(queries.AHEAD))

    return Table(
        name="hearings",
        statement=queries.hearings(who),
        key=Hearing.id,
        default_sort="starts_at",
        columns=columns,
        filters=[
            Filter("when", _l("When"), "choice", of_time, [*when, ("over", _l("those in the past"))], default="open"),
            Filter(
                "state", _l("State"), "choice", _hearing_state,
                [(state.value, tag.label) for state, tag in HEARING_STATES.items()],
            ),
            Filter("day", _l("Day"), "period", _on_days),
        ],
        row_url=lambda row: url_for("matters.matter", matter_id=row.Matter.id, _anchor="hearings"),
        empty=Empty(say("No hearing is fixed."), say("Hearings are entered on the page of their matter.")),
    )  # fmt: skip


def _who_runs_it(who: Actor) -> Column:
    """The lawyer; to the bank the firm, for both have no room. The list can be narrowed by either."""
    if who.is_bank:
        return Column("firm", _l("Law firm"), value=lambda row: name_of(row.Matter.organisation))
    return Column("lawyer", _l("Lawyer"), value="Matter.lawyer.name")


def _where(*parts: str) -> str:
    """Two things in one column: a column each would take the list beyond the page."""
    return " · ".join(filter(None, parts))


def _where_it_is(matter: Matter) -> StateTag:
    """Its stage; of one that is closed how it ended."""
    return OUTCOMES[matter.outcome] if matter.outcome else STAGES[matter.stage]


def _state(hearing: Hearing, now: datetime) -> StateTag:
    if hearing.state in queries.AHEAD and hearing.starts_at <= now:
        return TO_TELL
    return HEARING_STATES[hearing.state]


def _in_stage(statement: Select[Any], value: str) -> Select[Any]:
    if value == "open":
        return statement.where(Matter.stage != Stage.CLOSED)
    if value == "gone_back":
        ended = sa.select(Placement.id).where(Placement.id == Matter.placement_id, Placement.ended_at.is_not(None))
        return statement.where(Matter.stage != Stage.CLOSED, ended.exists())
    return statement.where(Matter.stage == Stage(value))


def _at_court(statement: Select[Any], value: str) -> Select[Any]:
    return statement.where(Matter.court == value)


def _handled_by(statement: Select[Any], value: str) -> Select[Any]:
    return statement.where(Matter.lawyer_id == (key_of(value) or 0))


def _of_firm(statement: Select[Any], value: str) -> Select[Any]:
    return statement.where(Matter.organisation_id == (key_of(value) or 0))


def _hearing_state(statement: Select[Any], value: str) -> Select[Any]:
    return statement.where(Hearing.state == HearingState(value))


def _on_days(statement: Select[Any], value: Any) -> Select[Any]:
    return within_days(statement, Hearing.starts_at, value, ZoneInfo(services().clock.time_zone))


def _nothing(who: Actor) -> Empty:
    if who.can(Permission.MATTERS_RUN):
        step = say("Open one from the page of an account that is placed with you for litigation.")
        return Empty(say("Your firm runs no matter yet."), step, url_for("portfolio.accounts"))
    return Empty(say("No law firm has opened a matter yet."), say("Accounts are placed for litigation by a run."))
