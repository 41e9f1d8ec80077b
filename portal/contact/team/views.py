"""Pages of a team's leader: who has what and how far they are, and the accounts to deal out."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for

from portal.contact import days
from portal.contact.queue import COUNTED_TO
from portal.contact.team import jobs as team_jobs
from portal.contact.team import operations as team
from portal.contact.team.dealing import By
from portal.contact.team.desks import is_own_only
from portal.contact.team.queries import desks_of, pool_new
from portal.contact.team.tables import team_accounts_table, team_view
from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.language import say
from portal.foundation.services import services
from portal.foundation.table_pages import table_response
from portal.foundation.web import actor, key, requires, say_flash

__all__ = ["blueprint"]

blueprint = Blueprint("team", __name__)


@blueprint.get("/team")
@requires(Permission.QUEUE_DEAL)
def index() -> str:
    """The team: what lies on each desk, what is untouched, what today came to."""
    session, who, clock = db.session(), actor(), services().clock
    zone = ZoneInfo(who.time_zone)
    pool, people = desks_of(session, who, clock.today(), days.span_of(clock.today(who.time_zone), zone))
    new = pool_new(session, who)
    return render_template(
        "contact/team.html",
        table=team_view(pool, people),
        pool=pool,
        new=new,
        more_new=new >= COUNTED_TO,
        workers=[desk for desk in people if desk.may_work],
        own_only=is_own_only(session, who),
    )


@blueprint.get("/team/accounts")
@requires(Permission.QUEUE_DEAL)
def accounts() -> Any:
    """The queue's accounts, to be chosen and dealt out."""
    session, who, clock = db.session(), actor(), services().clock
    span = days.span_of(clock.today(who.time_zone), ZoneInfo(who.time_zone))
    pool, people = desks_of(session, who, clock.today(), span)
    return table_response(
        team_accounts_table(session, who, clock.today()),
        "contact/team_accounts.html",
        desk=next((desk for desk in people if str(desk.user_id) == request.args.get("whose")), None),
        pool=pool,
        untouched=sum(desk.untouched for desk in (pool, *people)),
        more_untouched=any(desk.has_more_untouched for desk in (pool, *people)),
        workers=[desk for desk in people if desk.may_work],
        shown=_shown(),
    )


@blueprint.post("/team/deal")
@requires(Permission.QUEUE_DEAL)
def deal_chosen() -> Any:
    """Put chosen accounts on a desk, or back into the pool."""
    to = _desk(request.form.get("to", ""))
    chosen = request.form.getlist("row", type=key)
    try:
        dealt = team.deal_chosen(actor(), chosen, to)
    except DomainError as error:
        say_flash(error.message, "error")
    else:
        say_flash(team_jobs.moved_words(dealt, to_pool=to is None))
    shown: dict[str, Any] = _shown()
    return redirect(url_for("team.accounts", **shown))


@blueprint.post("/team/deal-evenly")
@requires(Permission.QUEUE_DEAL)
def deal_evenly() -> Any:
    """Deal the pool out evenly."""
    by = By.COUNT if request.form.get("by") == By.COUNT else By.VALUE
    wish = team.Evenly(tuple(request.form.getlist("people", type=key)), by, new_only=request.form.get("what") != "all")
    try:
        answer = team.ask_to_deal(actor(), wish)
    except DomainError as error:
        say_flash(error.message, "error")
        return redirect(url_for("team.index"))
    return _answered(answer)


@blueprint.post("/team/<int:user_id>/hand-over")
@requires(Permission.QUEUE_DEAL)
def hand_over(user_id: int) -> Any:
    """Move all that a person has to another, or into the pool."""
    to = _desk(request.form.get("to", ""))
    try:
        answer = team.ask_to_hand_over(actor(), user_id, to)
    except NotFound:
        raise
    except DomainError as error:
        say_flash(error.message, "error")
        return redirect(url_for("team.accounts", whose=user_id))
    return _answered(answer, to_pool=to is None)


@blueprint.post("/team/rule")
@requires(Permission.QUEUE_DEAL)
def settle_rule() -> Any:
    """Settle whether collectors work the pool as well."""
    team.settle_rule(actor(), own_only=request.form.get("rule") == "own")
    say_flash(say("This holds for the collectors' queues from now on."))
    return redirect(url_for("team.index"))


def _answered(answer: Any, *, to_pool: bool = False) -> Any:
    """What was done, or the page of the job that does it."""
    if isinstance(answer, team.Dealt):
        say_flash(team_jobs.moved_words(answer, to_pool=to_pool))
        return redirect(url_for("team.index"))
    return redirect(url_for("jobs.job", job_id=answer.id))


def _desk(written: str) -> int | None:
    """The desk that a form names: a person's number, or nobody's for the pool. Nothing chosen is no desk."""
    if written == "pool":
        return None
    try:
        return key(written)
    except ValueError:
        return 0  # nobody has it: the operation says so


def _shown() -> dict[str, str]:
    """What the address says of the list, to come back to."""
    return {name: request.args[name] for name in ("whose", "standard", "sort") if request.args.get(name)}
