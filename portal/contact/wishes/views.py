"""Pages of wishes: noting one, and one with its terms, what shows it, and its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flask import Response, redirect, render_template, request, url_for

from portal.contact.blueprint import blueprint
from portal.contact.history import Debtor, pack_of, zone_for
from portal.contact.proofs import key_of_customer
from portal.contact.queries import contact_points, held_account
from portal.contact.requests.views import sealed_file
from portal.contact.wishes import operations as wishes
from portal.contact.wishes import queries
from portal.contact.wishes.effect import heeds, kinds_for
from portal.contact.wishes.forms import EndForm, WishForm
from portal.contact.wishes.kinds import SPECS, Kind, ends_for
from portal.contact.wishes.labels import (
    ENDS,
    KINDS,
    SAID,
    SAID_AT,
    ended_by,
    noted_by,
    subject_words,
    terms_words,
    whom_words,
)
from portal.contact.wishes.lines import tag_of
from portal.contact.wishes.offering import check_kind
from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError, Faults
from portal.foundation.forms import show_error
from portal.foundation.language import say
from portal.foundation.services import services
from portal.foundation.web import actor, requires, say_flash
from portal.portfolio.masking import mask_unknown
from portal.portfolio.queries import account_for

if TYPE_CHECKING:
    from portal.portfolio.models import Account

__all__ = ["new_wish", "wish", "wish_file"]


# --- noting one ---------------------------------------------------------------------------------------------------------


@blueprint.route("/accounts/<int:account_id>/wishes/new", methods=["GET", "POST"])
@requires(Permission.HOLDS_RAISE)
def new_wish(account_id: int) -> Any:
    """Note what the debtor asked for, agreed to or was sent; the fields follow what the address names."""
    session, who, now = db.session(), actor(), services().clock.now()
    account = account_for(session, who, account_id)
    person = contact_points(session, who, account.customer_id)
    pack = pack_of(session, who, Debtor.of(account, account.customer), now)
    offered, kind = kinds_for(pack), _named_kind()
    if kind is not None:
        check_kind(kind, pack)
    back = _back(account)
    form = None
    if kind is not None:
        form = WishForm(kind, [(point.id, point.value_masked) for point in person])
        if request.method == "GET":
            form.said_at.data = now.astimezone(ZoneInfo(who.time_zone)).replace(tzinfo=None)
        elif (wish_id := _noted(form, account_id)) is not None:
            say_flash(_done(kind, heeds(pack, kind)))
            return redirect(url_for("contact.wish", wish_id=wish_id))
    page = render_template(
        "contact/new_wish.html", account=account, back=back, form=form, kind=kind,
        kind_label=KINDS[kind] if kind else None, kinds=[(each.value, KINDS[each]) for each in offered],
        is_missing=kind is None and "kind" in request.args,
    )  # fmt: skip
    return page, 422 if request.method == "POST" else 200


def _named_kind() -> Kind | None:
    """The kind that the address names; None where it has none yet, which is when one is chosen."""
    return next((kind for kind in SPECS if kind.value == request.args.get("kind")), None)


def _back(account: Account) -> str:
    """Where one came from: the workbench of who works the account, else its page."""
    who = actor()
    if who.can(Permission.QUEUE_WORK) and held_account(db.session(), who, account.id) is not None:
        return url_for("contact.account", account_id=account.id)
    return url_for("portfolio.account", account_id=account.id)


def _noted(form: WishForm, account_id: int) -> int | None:
    """The number of what was noted; None where something is to be mended, which then stands beside its field."""
    who, faults = actor(), Faults()
    fine = form.validate_on_submit()
    try:
        telling = form.telling(who.time_zone, faults)
        faults.read(lambda: wishes.check(telling, services().clock.now()), None)
        faults.tell()
        return wishes.note_wish(who, account_id, telling) if fine else None
    except DomainError as error:
        if error.status == 404:
            raise
        show_error(form, error)
        return None


def _done(kind: Kind, heeded: bool) -> Any:
    if kind is Kind.CEASE:
        return say("It is noted, and the account is on hold: the debtor has asked not to be contacted.")
    if heeded:
        return say("It is noted. Every check from now on knows of it.")
    return say("It is noted. No rule here heeds it, so it is for people to: it stands with the account.")


# --- one ----------------------------------------------------------------------------------------------------------------


@blueprint.get("/wishes/<int:wish_id>")
@requires(Permission.HOLDS_VIEW)
def wish(wish_id: int) -> Any:
    """One of them: what exactly, whom it binds, since when, and what shows it."""
    return _page(wish_id)


@blueprint.post("/wishes/<int:wish_id>/reveal")
@requires(Permission.PERSON_REVEAL)
def reveal_wish(wish_id: int) -> Any:
    """What was written, numbers included; recorded."""
    return _page(wish_id, shown=wishes.reveal_wish(actor(), wish_id))


@blueprint.post("/wishes/<int:wish_id>/end")
@requires(Permission.HOLDS_RAISE)
def end_wish(wish_id: int) -> Any:
    """Note what ends it."""
    found = queries.wish_for(db.session(), actor(), wish_id).Wish
    form = EndForm(ends_for(found.kind, queries.terms_of(found)), prefix="end-")
    if form.validate_on_submit():
        try:
            wishes.end_wish(actor(), wish_id, form.ending(actor().time_zone))
        except DomainError as error:
            if error.status in (403, 404):
                raise
            show_error(form, error)
        else:
            say_flash(say("Its end is noted."))
            return redirect(url_for("contact.wish", wish_id=wish_id))
    return _page(wish_id, end_form=form), 422


@blueprint.get("/wishes/sources/<int:source_id>/file")
@requires(Permission.HOLDS_VIEW)
def wish_file(source_id: int) -> Response:
    """What shows a wish or its end, as a file to be kept."""
    row = queries.source_for(db.session(), actor(), source_id)
    return sealed_file(key_of_customer(db.session(), actor(), row.customer_id), row.WishSource)


def _page(wish_id: int, shown: tuple[str, str] | None = None, end_form: EndForm | None = None) -> str:
    session, who, now = db.session(), actor(), services().clock.now()
    row = queries.wish_for(session, who, wish_id)
    found, end, account = row.Wish, row.ending, queries.account_of(session, who, row.Wish)
    zone = zone_for(account.customer.time_zone, who.time_zone)
    tag, last = tag_of(row, pack_of(session, who, Debtor.of(account, account.customer), now), zone, now)
    notes = tuple(wishes.note_of(who, source, session, found.customer_id) for source in (row.source, row.end_source))
    may_end = end is None and wishes.may_end(who, found.kind)
    if may_end and end_form is None:
        end_form = EndForm(ends_for(found.kind, queries.terms_of(found)), prefix="end-")
        end_form.at.data = now.astimezone(ZoneInfo(who.time_zone)).replace(tzinfo=None)
    masked = any(mask_unknown(note) != note for note in notes)
    return render_template(
        "contact/wish.html",
        wish=found,
        row=row,
        account=account,
        back=_back(account),
        kind=KINDS[found.kind],
        tag=tag,
        terms=terms_words(row),
        about=subject_words(row),
        binds=whom_words(row),
        said=SAID_AT.get(found.kind, SAID),
        last=last,
        who=noted_by(row, who),
        notes=shown or tuple(map(mask_unknown, notes)),
        end=end,
        end_words=ENDS[end.end_reason] if end else None,
        ended_by=ended_by(row, who) if end else None,
        end_form=end_form if may_end else None,
        hold=queries.hold_of(session, who, found),
        may_show=masked and shown is None and who.can(Permission.PERSON_REVEAL),
    )
