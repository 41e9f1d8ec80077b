"""Keeping a list's filters under a name, and forgetting them; the list itself shows what is kept."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, redirect, request, url_for

from portal.foundation.access import Permission
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.language import say
from portal.foundation.saved_filters import Offer, delete_filter, read_offer, save_filter
from portal.foundation.web import actor, requires, say_flash

__all__ = ["blueprint"]

blueprint = Blueprint("saved_filters", __name__)


@blueprint.post("/saved-filters")
@requires(Permission.SELF_MANAGE)
def save() -> Any:
    """Keep what the list offered, and show the list again."""
    offer = read_offer(request.form.get("offer", ""))
    try:
        row = save_filter(actor(), offer, request.form.get("name", ""))
    except DomainError as error:
        say_flash(error.message, "error")
    else:
        say_flash(say("The filter “%(name)s” is saved. Only you see it.", name=row.name))
    return redirect(_list(offer))


@blueprint.post("/saved-filters/<int:filter_id>/delete")
@requires(Permission.SELF_MANAGE)
def delete(filter_id: int) -> Any:
    """Forget a filter; the list stays as it is."""
    was = delete_filter(actor(), filter_id)
    say_flash(say("The filter is deleted."))
    shown = request.form.get("offer")
    return redirect(_list(read_offer(shown) if shown else was))


def _list(offer: Offer) -> str:
    """The list's address. NotFound where there is no such list any more."""
    if offer.page not in current_app.view_functions:
        raise NotFound
    return url_for(offer.page) + (f"?{offer.query}" if offer.query else "")
