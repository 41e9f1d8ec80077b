"""The page of a new pack: what it is built of is chosen in the address, counted, and then built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import redirect, render_template, request, url_for
from flask_babel import get_locale

from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError
from portal.foundation.forms import key_of, show_error
from portal.foundation.language import say
from portal.foundation.services import services
from portal.foundation.web import actor, requires, say_flash
from portal.identity.models import LetterLaw
from portal.legal import building, queries
from portal.legal.blueprint import blueprint
from portal.legal.choosing import Choice, Chosen, check_balance_day, count_chosen, latest_day
from portal.legal.forms import PackForm
from portal.legal.labels import PACK_STATES
from portal.legal.templates import fitting, template_to_use
from portal.legal.wording import wording
from portal.vendors.labels import name_of
from portal.vendors.queries import organisation_for

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

    from letters import Template
    from portal.legal.templates import Sheet
    from portal.placement.models import PlacementBatch

__all__ = ["build", "new_pack"]

MOST_SHOWN = 200


@blueprint.get("/packs/new")
@requires(Permission.PACKS_BUILD)
def new_pack() -> Any:
    """The choice in the address, and how many accounts it takes."""
    return _page(request.args)


@blueprint.post("/packs/new")
@requires(Permission.PACKS_BUILD)
def build() -> Any:
    """Ask for the pack that was chosen."""
    asked = request.form
    if not asked.get("batch"):
        return redirect(url_for("legal.new_pack"))
    batch_id = key_of(asked.get("batch")) or 0
    batch = queries.batch_to_pack(db.session(), actor(), batch_id, lock=False)
    form, offered = _form(batch, asked)
    try:
        pack_id = building.build_pack(actor(), batch_id, form.choice(needs_interest=_is_uk(offered)))
    except DomainError as error:
        if error.field is None or error.field not in form:
            raise
        show_error(form, error)
        again = queries.batch_to_pack(db.session(), actor(), batch_id, lock=False)
        return _shown(again, form, offered, None), 422
    say_flash(say("The pack is being built."))
    return redirect(url_for("legal.pack", pack_id=pack_id))


def _page(asked: MultiDict[str, str]) -> str:
    """Without a batch in the address: which one."""
    session, who = db.session(), actor()
    batch_id = key_of(asked.get("batch"))
    if batch_id is None:
        wanted = queries.batches_to_pack(who).add_columns(
            queries.packs_count(), queries.unwritten_count(), queries.fresh_count()
        )
        waiting = list(session.execute(wanted.limit(MOST_SHOWN)))
        return render_template("legal/choose_batch.html", waiting=waiting, is_bank=who.is_bank, name_of=name_of)
    batch = queries.batch_to_pack(session, who, batch_id, lock=False)
    form, offered = _form(batch, asked)
    chosen = None
    try:
        choice = form.choice(needs_interest=_is_uk(offered))
        chosen = _count(batch, choice, offered)
    except DomainError as error:
        show_error(form, error)
    return _shown(batch, form, offered, chosen)


def _count(batch: PlacementBatch, choice: Choice, offered: list[Sheet]) -> Chosen | None:
    """What the choice takes. DomainError as the building would say."""
    if not any(sheet.passes for sheet in offered):
        return None
    today = services().clock.today()
    template: Template = template_to_use(choice.template, _law(batch))
    if choice.balance_on is not None:
        check_balance_day(choice.balance_on, today)
    building.days_to_pay(choice, template)
    return count_chosen(db.session(), actor(), batch.id, template.name, choice.selection)


def _form(batch: PlacementBatch, asked: MultiDict[str, str]) -> tuple[PackForm, list[Sheet]]:
    """The form, and the templates that fit the batch's firm."""
    offered = fitting(_law(batch))
    usable = [sheet for sheet in offered if sheet.passes]
    least = max((building.shortest_of(sheet.template) for sheet in usable if sheet.template), default=0)
    usual = {
        "batch": str(batch.id),
        "balance_on": latest_day(db.session(), actor(), batch.id) or services().clock.today(),
        "pay_within_days": str(max(least, wording().pay_within_days)),
    }
    locale = str(get_locale())
    return PackForm(asked, [(sheet.name, sheet.title(locale)) for sheet in usable], usual, batch.currency), offered


def _law(batch: PlacementBatch) -> str:
    firm = organisation_for(db.session(), actor(), batch.organisation_id)
    return firm.letter_law


def _is_uk(offered: list[Sheet]) -> bool:
    return any(sheet.template is not None and sheet.template.jurisdiction == LetterLaw.KINGDOM for sheet in offered)


def _shown(batch: PlacementBatch, form: PackForm, offered: list[Sheet], chosen: Chosen | None) -> str:
    locale = str(get_locale())
    failing = [
        (sheet, f"{problem.field}: {problem.message(locale)}") for sheet in offered for problem in sheet.problems[:1]
    ]
    return render_template(
        "legal/new_pack.html", batch=batch, form=form, chosen=chosen, failing=failing, locale=locale, is_uk=_is_uk(offered),
        is_us=_law(batch) == LetterLaw.STATES, name_of=name_of, states=PACK_STATES,
        packs=queries.packs_of_batch(db.session(), batch.id), usable=any(sheet.passes for sheet in offered),
        firm=organisation_for(db.session(), actor(), batch.organisation_id),
    )  # fmt: skip
