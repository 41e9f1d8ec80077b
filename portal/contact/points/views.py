"""Pages of contact points: entering one that was found, and for the bank what its agencies found and whether it still serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import redirect, render_template, request, url_for

from portal.contact import queries
from portal.contact.blueprint import blueprint
from portal.contact.outcomes import PARTIES
from portal.contact.points import queries as point_queries
from portal.contact.points.forms import FoundForm
from portal.contact.points.labels import GROUND_LABELS
from portal.contact.points.operations import keep_found_point, mark_points
from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.forms import show_error
from portal.foundation.language import _l, say, say_count
from portal.foundation.navigation import counts
from portal.foundation.table_pages import table_response
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.foundation.web import actor, key, requires, say_flash
from portal.portfolio.labels import CONTACT_KINDS, CONTACT_STATES
from portal.portfolio.models import ContactPoint, ContactStatus
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from portal.foundation.access import Actor

__all__ = ["found_points", "found_points_wait", "mark_found", "new_point"]


@blueprint.route("/queue/<int:account_id>/contact-points", methods=["GET", "POST"])
@requires(Permission.QUEUE_WORK)
def new_point(account_id: int) -> Any:
    """A number or address that was found, with its source and lawful ground."""
    held = queries.held_account(db.session(), actor(), account_id)
    if held is None:
        raise NotFound
    account, customer = held[1].account_ref, held[2].name_masked
    form = FoundForm()
    if form.validate_on_submit():
        try:
            _point, is_new = keep_found_point(actor(), account_id, form.find())
        except NotFound:
            raise
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(say("It is kept; the bank sees it.") if is_new else say("It was on file before."))
            return redirect(url_for("contact.account", account_id=account_id))
    page = render_template(
        "contact/new_point.html", form=form, account_id=account_id, account_ref=account, name=customer
    )
    return page, 422 if form.errors or form.form_errors else 200


@counts("contact.found_points")
def found_points_wait(who: Actor) -> int:
    """New ones that nobody has looked at."""
    return point_queries.unchecked(db.session(), who)


@blueprint.get("/contact-points")
@requires(Permission.CONDUCT_VIEW)
def found_points() -> Any:
    """What agencies found, the latest first: for the bank, who looks whether it may be used."""
    return table_response(_table(actor()), "contact/found_points.html", marks=_MARKS)


@blueprint.post("/contact-points/mark")
@requires(Permission.HOLDS_MANAGE)
def mark_found() -> Any:
    """Mark chosen ones: they serve, do not, or are somebody else's."""
    wanted = request.form.get("status", "")
    chosen = request.form.getlist("row", type=key)
    if wanted not in {status.value for status, _ in _MARKS} or not chosen:
        raise DomainError("contact_point.mark", say("Choose rows, and what they are to be marked as."))
    count = mark_points(actor(), chosen, ContactStatus(wanted))
    say_flash(say_count("%(n)s contact point is marked.", "%(n)s contact points are marked.", count))
    return redirect(url_for("contact.found_points"))


_MARKS = (
    (ContactStatus.VALID, _l("Mark as reaching the person")),
    (ContactStatus.INVALID, _l("Mark as not in use")),
    (ContactStatus.THIRD_PARTY, _l("Mark as somebody else's")),
)


def _table(who: Actor) -> Table:
    return Table(
        "found-points",
        point_queries.found_statement(who),
        columns=(
            Column("at", _l("Found"), "instant", value=lambda r: r.ContactPoint.created_at, expression=ContactPoint.created_at,
                   sortable=True, nullable=False),
            Column("organisation", _l("Found by"), value=lambda r: name_of(r.Organisation) if r.Organisation else ""),
            Column("customer", _l("Customer"), value=lambda r: r.Customer.customer_ref),
            Column("name", _l("Debtor"), value=lambda r: r.Customer.name_masked),
            Column("kind", _l("Kind"), value=lambda r: CONTACT_KINDS[r.ContactPoint.kind]),
            Column("value", _l("Number or address"), value=lambda r: r.ContactPoint.value_masked),
            Column("relation", _l("Whose it is"), value=lambda r: PARTIES.get(r.ContactPoint.relation, r.ContactPoint.relation)),
            Column("source", _l("Where it was found"), value=point_queries.source_words, wraps=True),
            Column("ground", _l("Lawful ground"), value=lambda r: GROUND_LABELS.get(r.ContactPoint.lawful_ground, ""), wraps=True),
            Column("state", _l("State"), "state", value=lambda r: CONTACT_STATES[r.ContactPoint.status]),
        ),
        filters=(
            Filter("state", _l("State"), "choice", lambda s, v: s.where(ContactPoint.status == ContactStatus(v)),
                   choices=[(status.value, tag.label) for status, tag in CONTACT_STATES.items()]),
            Filter("ground", _l("Lawful ground"), "choice", lambda s, v: s.where(ContactPoint.lawful_ground == v),
                   choices=list(GROUND_LABELS.items())),
        ),
        default_sort="-at",
        key=ContactPoint.id,
        row_url=lambda r: url_for("portfolio.account", account_id=r.account_id) if r.account_id else None,
        empty=Empty(say("No agency has found a number or address yet.")),
    )  # fmt: skip
