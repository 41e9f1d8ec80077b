"""What may be read: whose token this is, the queue, accounts, their attempts, promises; and whether one may contact."""

from __future__ import annotations

from typing import Any

from flask_login import current_user

from portal.api.scopes import Scope
from portal.api.v1 import asked, examples, paging, reads, shapes, showing
from portal.api.v1.blueprint import blueprint, needs
from portal.contact import queries
from portal.contact.conduct import Question
from portal.contact.facts import check_contact, facts_of
from portal.contact.history import Debtor
from portal.contact.queue import Place, queue_page
from portal.contact.references import held_by_reference, point_of
from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.services import services
from portal.foundation.web import actor

__all__ = ["account", "accounts", "attempts", "check", "me", "promises", "queue"]


@blueprint.route("/me", methods=["GET"])
@needs(None, permission=Permission.HOME_VIEW)
@blueprint.response(200, shapes.Me, example=examples.ME)
def me() -> Any:
    """Whose token this is

    What it may do, until when, and what time it is in the portal.
    """
    clock, token = services().clock, current_user.token
    return {
        "token": token.prefix,
        "name": token.name,
        "organisation": {"name": actor().organisation_name, "time_zone": actor().time_zone},
        "scopes": sorted(token.scopes),
        "expires_on": token.expires_on,
        "now": clock.now(),
        "today": clock.today(actor().time_zone),
        "requests_per_minute": services().settings.api_rate,
    }


@blueprint.route("/queue", methods=["GET"])
@needs(Scope.QUEUE_READ)
@blueprint.arguments(asked.QueueAsked, location="query", unknown=None)
@blueprint.response(200, shapes.QueuePage, example=examples.QUEUE)
def queue(wanted: dict[str, Any]) -> Any:
    """Who next

    In the order of the page, each with whether a call is allowed now, until when or from when, and by which rule.
    """
    clock, tab = services().clock, wanted["tab"]
    place = None
    if wanted["cursor"]:
        told, _, code = wanted["cursor"].partition(".")
        place = Place.decode(code) if told == (tab or "all") else None
        if place is None:
            raise paging.bad_cursor()
    found = queue_page(db.session(), actor(), clock.now(), clock.today(), tab, place, wanted["limit"])
    following = f"{tab or 'all'}.{found.older.encode()}" if found.older else None
    return {"items": [showing.queue_row(row) for row in found.rows], "next": following}


@blueprint.route("/accounts", methods=["GET"])
@needs(Scope.ACCOUNTS_READ)
@blueprint.arguments(asked.PageAsked, location="query", unknown=None)
@blueprint.response(200, shapes.AccountPage, example=examples.ACCOUNTS)
def accounts(wanted: dict[str, Any]) -> Any:
    """What you hold

    Accounts that are with you for collection, the latest placed first.
    """
    session, who = db.session(), actor()
    rows, following = paging.fetch(session, reads.ACCOUNTS, reads.held(who), name="accounts", **wanted)
    owed = reads.accounts_of(session, who, [row[0].account_id for row in rows])
    items = [showing.account_row(row[0], *owed[row[0].account_id]) for row in rows if row[0].account_id in owed]
    return {"items": items, "next": following}


@blueprint.route("/accounts/<account_ref>", methods=["GET"])
@needs(Scope.ACCOUNTS_READ)
@blueprint.response(200, shapes.Account, example=examples.ACCOUNT)
def account(account_ref: str) -> Any:
    """One account

    Balance, holds, contact points (masked), promises, and what may be done now by each channel and number.
    """
    session, who, clock = db.session(), actor(), services().clock
    placement, owed, customer = held_by_reference(session, who, account_ref)
    made = queries.promises_of(session, who, owed.id)
    refs = reads.refs_of(session, who, [promise.attempt_id for promise in made])
    promised = [showing.promise(p, owed.account_ref, refs.get(p.attempt_id), clock.today()) for p in made]
    return showing.account(
        placement, owed, customer, queries.standing_of(session, who, owed, customer, clock.now()),
        queries.holds_of(session, who, owed), promised, queries.held_debts(session, who, customer.id),
    )  # fmt: skip


@blueprint.route("/accounts/<account_ref>/attempts", methods=["GET"])
@needs(Scope.ATTEMPTS_READ)
@blueprint.arguments(asked.PageAsked, location="query", unknown=None)
@blueprint.response(200, shapes.AttemptPage, example=examples.ATTEMPTS)
def attempts(wanted: dict[str, Any], account_ref: str) -> Any:
    """What you tried on an account

    Your own attempts, the latest first. A correction names the entry that it replaces, which stays.
    """
    session, who = db.session(), actor()
    _placement, owed, _customer = held_by_reference(session, who, account_ref)
    statement = reads.attempts_of_account(who, owed.id)
    rows, following = paging.fetch(session, reads.ATTEMPTS, statement, name=f"attempts {owed.id}", **wanted)
    return {"items": [showing.attempt(row, owed.account_ref) for row in rows], "next": following}


@blueprint.route("/promises", methods=["GET"])
@needs(Scope.PROMISES_READ)
@blueprint.arguments(asked.PromisesAsked, location="query", unknown=None)
@blueprint.response(200, shapes.PromisePage, example=examples.PROMISES)
def promises(wanted: dict[str, Any]) -> Any:
    """Promises

    Those that debtors made to you, by the day for which they were made, the latest first.
    """
    session, who, today = db.session(), actor(), services().clock.today()
    state = wanted.pop("state")
    statement = reads.promises(who, state, today)
    rows, following = paging.fetch(session, reads.PROMISES, statement, name=f"promises {state or ''}", **wanted)
    refs = reads.refs_of(session, who, [row[0].attempt_id for row in rows])
    items = [showing.promise(row[0], row.account_ref or "", refs.get(row[0].attempt_id), today) for row in rows]
    return {"items": items, "next": following}


@blueprint.route("/checks", methods=["POST"])
@needs(Scope.ACCOUNTS_READ)
@blueprint.arguments(asked.CheckAsked, example=examples.CHECK_ASKED)
@blueprint.response(200, shapes.Check, example=examples.CHECK)
def check(wanted: dict[str, Any]) -> Any:
    """May I contact

    Asked before the contact, at the present moment. An attempt is judged again as of its own time.
    """
    session, who, now = db.session(), actor(), services().clock.now()
    _placement, owed, customer = held_by_reference(session, who, wanted["account_ref"])
    point = point_of(session, who, customer, wanted["contact_point_id"])
    facts = facts_of(session, who, [Debtor.of(owed, customer)], now, log=True)[owed.id]
    whose = point.relation if point else "self"
    asked_about = Question(now, wanted["channel"], wanted["direction"], whose, point.id if point else None)
    return showing.check(check_contact(facts, asked_about).decision)
