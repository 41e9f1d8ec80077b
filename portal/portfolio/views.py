"""Pages of accounts, people and holds."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from flask import redirect, render_template, request, url_for

from portal.foundation import hooks
from portal.foundation.access import Actor, Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.formats import day
from portal.foundation.language import _l, say
from portal.foundation.services import services
from portal.foundation.table_pages import table_response
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.foundation.web import actor, requires, say_flash
from portal.portfolio import labels, operations, queries
from portal.portfolio.account_tables import accounts_table
from portal.portfolio.blueprint import blueprint
from portal.portfolio.changes import moves_of
from portal.portfolio.import_routes import add_import_pages
from portal.portfolio.import_views import ImportPages
from portal.portfolio.keepers import keepers_of
from portal.portfolio.models import RAISED_BY_HAND, Hold, HoldFlag, ImportKind
from portal.portfolio.region_names import region_name
from portal.portfolio.reveal import reveal_contact_point, reveal_identity_number, reveal_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal.portfolio.models import Account

__all__ = ["blueprint"]

IMPORTS = ImportPages(
    ImportKind.ACCOUNTS, "portfolio", _l("Imports of accounts"), _l("Import accounts"), operations.ACCOUNTS
)
add_import_pages(blueprint, IMPORTS, "/imports", Permission.ACCOUNTS_IMPORT)


@blueprint.get("/accounts")
@requires(Permission.ACCOUNTS_VIEW)
def accounts() -> Any:
    """Accounts that the person may see."""
    return table_response(accounts_table(db.session(), actor()), "portfolio/accounts.html")


@blueprint.get("/accounts/<int:account_id>")
@requires(Permission.ACCOUNTS_VIEW)
def account(account_id: int) -> str:
    """One account: who, what is owed, what stands in the way, and what other rooms know."""
    return _account_page(account_id, {})


@blueprint.post("/accounts/<int:account_id>/reveal")
@requires(Permission.PERSON_REVEAL)
def reveal(account_id: int) -> str:
    """Show one masked value; recorded. The page is not kept by the browser."""
    found = queries.account_for(db.session(), actor(), account_id)
    if request.form.get("what") == "id_no":
        return _account_page(account_id, {"id_no": reveal_identity_number(actor(), found.customer_id)})
    point_id = request.form.get("contact_point", type=int)
    if point_id is None:
        return _account_page(account_id, {"name": reveal_name(actor(), found.customer_id)})
    points = queries.contact_points_of(db.session(), actor(), found.customer_id)
    if point_id not in {point.id for point in points}:
        raise NotFound
    return _account_page(account_id, {point_id: reveal_contact_point(actor(), point_id)})


def _account_page(account_id: int, revealed: dict[Any, str]) -> str:
    session, who = db.session(), actor()
    found = queries.account_for(session, who, account_id)
    points = queries.contact_points_of(session, who, found.customer_id)
    snapshots = queries.snapshots_of(session, who, found.id)
    holds = queries.holds_of(session, who, found)
    brought_by = {point.import_run_id for point in points if point.import_run_id is not None}
    return render_template(
        "portfolio/account.html",
        account=found,
        revealed=revealed,
        points=points,
        files=queries.files_of(session, who, brought_by) if who.can(Permission.ACCOUNTS_IMPORT) else {},
        snapshots=snapshots,
        moves=moves_of(snapshots),
        holds=holds,
        keepers=keepers_of(session, who, holds),
        effects=_effects(found, holds),
        limitation=queries.limitation_for(session, who, found),
        today=services().clock.today(),
        panels=[panel for panel in hooks.account_panels(session, who, found) if panel is not None],
        labels=labels,
        region_name=region_name,
        flags=[(flag.value, label) for flag, label in labels.HOLD_LABELS.items() if flag in RAISED_BY_HAND],
    )


def _effects(account: Account, holds: Sequence[Hold]) -> dict[int, Any]:
    """What each of these holds does to contact."""
    now = services().clock.now()
    known: dict[int, Any] = hooks.hold_effects.one(db.session(), actor(), account, holds, now)
    return known


@blueprint.post("/accounts/<int:account_id>/holds")
@requires(Permission.HOLDS_MANAGE)
def raise_hold(account_id: int) -> Any:
    """Stop placing and contact."""
    try:
        flag = HoldFlag(request.form.get("flag", ""))
    except ValueError:
        flag = None
    if flag not in RAISED_BY_HAND:
        raise DomainError("hold.flag", say("Choose a reason from the list."), field="flag")
    whole_person = request.form.get("whole_person") == "1"
    found = queries.account_for(db.session(), actor(), account_id)
    standing = {hold.id: hold.raised_at for hold in queries.holds_of(db.session(), actor(), found)}
    hold = operations.raise_hold(actor(), account_id, flag, request.form.get("reason", ""), whole_person=whole_person)
    if since := standing.get(hold.id):
        say_flash(say("This hold stands already, since %(at)s; nothing was changed.", at=day(since)), "info")
    else:
        say_flash(
            say("The mark stands; nothing is placed while it does. %(does)s", does=_effects(found, [hold])[hold.id])
        )
    return redirect(url_for("portfolio.account", account_id=account_id))


@blueprint.post("/holds/<int:hold_id>/release")
@requires(Permission.HOLDS_MANAGE)
def release_hold(hold_id: int) -> Any:
    """End a hold with its reason."""
    operations.release_hold(actor(), hold_id, request.form.get("reason", ""))
    say_flash(say("The hold is released."))
    account_id = request.form.get("account", type=int)
    target = url_for("portfolio.account", account_id=account_id) if account_id else url_for("portfolio.holds")
    return redirect(target)


@blueprint.get("/holds")
@requires(Permission.HOLDS_MANAGE)
def holds() -> Any:
    """Everything that stands in the way now."""
    return table_response(_holds_table(actor(), services().clock.today()), "portfolio/holds.html")


@blueprint.get("/search")
@requires(Permission.ACCOUNTS_VIEW)
def search() -> Any:
    """Accounts by reference, name or number, and what other rooms have under these words; one hit opens at once."""
    words = request.args.get("q", "").strip()[:200]
    accounts = queries.found_accounts(db.session(), actor(), services().vault, words)
    others = [hit for hits in hooks.found(db.session(), actor(), words) for hit in hits] if words else []
    if len(accounts) + len(others) == 1:
        only = url_for("portfolio.account", account_id=accounts[0].id) if accounts else others[0].url
        return redirect(only)
    return render_template(
        "portfolio/search.html", words=words, accounts=accounts, others=others, most=queries.MOST_FOUND
    )


def _holds_table(who: Actor, today: date) -> Table:
    return Table(
        name="holds",
        statement=queries.holds(who),
        key=Hold.id,
        default_sort="-raised",
        columns=[
            Column("flag", _l("Hold"), value=lambda row: labels.HOLD_LABELS[row.Hold.flag]),
            Column("account", _l("Account"), value=lambda row: row.account_ref or row.customer_ref),
            Column("name", _l("Name"), value="name_masked"),
            Column("reason", _l("Reason"), value=lambda row: labels.hold_reason(row.Hold.reason)),
            Column("state", _l("State"), "state", value=lambda row: labels.hold_state(row.Hold, today)),
            Column("due", _l("To be decided by"), "day", expression=Hold.due_on, value="Hold.due_on", sortable=True),
            Column("raised", _l("Since"), "instant", expression=Hold.raised_at, value="Hold.raised_at", sortable=True),
        ],
        filters=[
            Filter("flag", _l("Hold"), "choice", _with_flag, [(f.value, w) for f, w in labels.HOLD_LABELS.items()]),
            Filter(
                "late",
                _l("To be decided by"),
                "choice",
                lambda s, v: s.where(_has_clock(v, today)),
                [("yes", _l("overdue")), ("week", say("within %(n)s days", n=queries.SOON_DAYS))],
            ),
        ],
        row_url=lambda row: url_for("contact.hold", hold_id=row.Hold.id),
        empty=Empty(say("Nothing is on hold.")),
    )


def _has_clock(value: str, today: date) -> Any:
    return Hold.due_on < today if value == "yes" else queries.is_soon_due(today)


def _with_flag(statement: Any, value: str) -> Any:
    return statement.where(Hold.flag == HoldFlag(value))
