"""Pages of arrangements: drawing one up, one with its schedule, the list, the bank's answer, and what the debtor lives on."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, redirect, render_template, request, url_for

from portal.contact import queries
from portal.contact.arrangements import follow as arrangement_follow
from portal.contact.arrangements import income
from portal.contact.arrangements import operations as arrangements
from portal.contact.arrangements import queries as arrangement_queries
from portal.contact.arrangements.forms import AgreeForm, DecisionForm, IncomeForm, KeepForm, WishForm, mark_of
from portal.contact.arrangements.income import LINES
from portal.contact.arrangements.labels import (
    BEYOND,
    KINDS,
    end_words,
    floor_label,
    instalment_tag,
    schedule_words,
    share_words,
    state_tag,
)
from portal.contact.arrangements.models import LIVE, ArrangementState
from portal.contact.arrangements.printing import LANGUAGES, PRINTED, agreement_pdf, named_for_letter
from portal.contact.arrangements.rules import Kind, due_dates, floor_of, share_paid
from portal.contact.arrangements.rules import Rhythm as RhythmKind
from portal.contact.arrangements.tables import arrangements_table
from portal.contact.outcomes import REASONS_BEHIND
from portal.contact.policy import policy
from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.downloads import name_as_file, uploaded_file
from portal.foundation.errors import DomainError, Faults, NotFound
from portal.foundation.formats import percent
from portal.foundation.forms import show_error
from portal.foundation.language import say
from portal.foundation.money import format_amount
from portal.foundation.navigation import counts
from portal.foundation.services import services
from portal.foundation.table_pages import table_response
from portal.foundation.web import actor, requires, say_flash
from portal.foundation.work import reading
from portal.placement.leaving_queries import bank_name
from portal.vendors.labels import name_of
from portal.vendors.proofs import TYPES

if TYPE_CHECKING:
    from portal.contact.arrangements.operations import Draft
    from portal.foundation.access import Actor
    from portal.portfolio.models import Account

__all__ = ["arrangement_follow", "blueprint"]

blueprint = Blueprint("arrangements", __name__)
USUAL_PARTS = {Kind.INSTALMENTS: "6", Kind.SETTLEMENT: "1", Kind.WAIVER: "1"}


@counts("arrangements.index")
def _waiting(who: Actor) -> int:
    return arrangement_queries.to_decide(db.session(), who) if who.can(Permission.ARRANGEMENTS_DECIDE) else 0


@blueprint.get("/arrangements")
@requires(Permission.ARRANGEMENTS_VIEW)
def index() -> Any:
    """Plans, settlements and waivers: the bank's list of all, an agency's of its own."""
    return table_response(arrangements_table(actor(), services().clock.today()), "contact/arrangements.html")


# --- drawing up -----------------------------------------------------------------------------------------------------------


@blueprint.route("/queue/<int:account_id>/arrangement", methods=["GET", "POST"])
@requires(Permission.ARRANGEMENTS_DRAW)
def new(account_id: int) -> Any:
    """One form: its schedule is looked at, then kept. What is kept is what was seen, or it is shown anew and asked again."""
    session, who, today = db.session(), actor(), services().clock.today()
    held = queries.held_account(session, who, account_id)
    if held is None:
        raise NotFound
    account = held[1]
    kind = _kind(request.values.get("kind", ""))
    form = WishForm(kind, account.currency, formdata=request.form if request.method == "POST" else request.args)
    keep = KeepForm()
    if "parts" not in request.values:
        _fill(form, account, arrangement_queries.reason_of(session, who, account_id), today)
    made: Draft | None = None
    try:
        wish = form.wish((keep.reason.data or "").strip())
        made = arrangements.draft(session, who, account_id, wish, today)
    except DomainError as error:
        _refuse_or_show(form, error)
    if "look" not in request.form and keep.validate_on_submit() and made is not None:
        try:
            keep.demand_seen(made)
            number = arrangements.draw_up(who, account_id, wish, agreed=bool(keep.agreed_already.data))
        except DomainError as error:
            show_error(keep, error)
        else:
            say_flash(_drawn_up_words(number))
            return redirect(url_for("arrangements.arrangement", arrangement_id=number))
    return _new_page(account_id, form, keep, kind, made)


def _refuse_or_show(form: WishForm, error: DomainError) -> None:
    """What the person can mend is shown beside its field; what is not there is not there."""
    if error.status == 404:
        raise error
    show_error(form, error)


def _new_page(account_id: int, form: WishForm, keep: KeepForm, kind: Kind, made: Draft | None) -> Any:
    held = queries.held_account(
        db.session(), actor(), account_id
    )  # anew: a transaction may have put away what was read
    if held is None:
        raise NotFound
    wrong = bool(keep.errors) or (bool(form.errors) and request.method == "POST")
    keep.seen.data = mark_of(made) if made else ""
    page = render_template(
        "contact/arrangement_new.html",
        account=held[1],
        customer=held[2],
        form=form,
        keep=keep,
        kind=kind,
        kinds=KINDS,
        made=made,
        may_keep=made is not None and not made.lacks_income,
        beyond=BEYOND,
        share=percent(share_paid(made.offer.agreed, made.offer.balance)) if made else None,
        standing=arrangement_queries.live_on(db.session(), actor(), account_id),
        today=services().clock.today(),
        policy=policy(),
    )
    return page, 422 if wrong else 200


def _kind(text: str) -> Kind:
    return Kind(text) if text in set(Kind) else Kind.INSTALMENTS


def _fill(form: WishForm, account: Account, reason_behind: str, today: date) -> None:
    """What the form begins with: something that can be agreed to as it stands."""
    kind = form.kind
    form.parts.data, form.reason_behind.data = USUAL_PARTS[kind], reason_behind
    form.rhythm.data = RhythmKind.MONTHLY.value
    form.first_on.data = due_dates(today, 2, RhythmKind.MONTHLY)[1]
    if kind is Kind.SETTLEMENT:
        held = queries.held_account(db.session(), actor(), account.id)
        lowest = arrangements.lowest_of(db.session(), actor(), held[0]) if held else None
        if lowest is not None and floor_of(account.total_minor, lowest) < account.total_minor:
            form.agreed.data = format_amount(floor_of(account.total_minor, lowest), account.currency)
    if kind is Kind.WAIVER:
        form.waive_fees.data = format_amount(account.fees_minor, account.currency)


def _drawn_up_words(number: int) -> Any:
    found = arrangement_queries.arrangement_for(db.session(), actor(), number)[0]
    if found.state is ArrangementState.PROPOSED:
        return say("Arrangement %(number)s is with the bank. Until it answers nothing changes.", number=found.number)
    if found.state is ArrangementState.AGREED:
        return say("Arrangement %(number)s is in force. Nobody collects while it is kept.", number=found.number)
    return say("Arrangement %(number)s is offered. Record here when the debtor agrees.", number=found.number)


# --- one ------------------------------------------------------------------------------------------------------------------


@blueprint.get("/arrangements/<int:arrangement_id>")
@requires(Permission.ARRANGEMENTS_VIEW)
def arrangement(arrangement_id: int) -> Any:
    """One arrangement: what was agreed, what is paid of it, and what comes next."""
    decision = DecisionForm()
    decision.fill(arrangement_queries.arrangement_for(db.session(), actor(), arrangement_id)[0])
    return _page(arrangement_id, AgreeForm(agreed_on=services().clock.today()), decision)


def _page(arrangement_id: int, agreement: AgreeForm, decision: DecisionForm) -> Any:
    session, who, today = db.session(), actor(), services().clock.today()
    found = arrangement_queries.arrangement_for(session, who, arrangement_id)
    row = found[0]
    own = row.organisation_id == who.organisation_id
    held = None if who.is_bank else queries.held_account(session, who, row.account_id)
    in_force = row.state is ArrangementState.AGREED
    page = render_template(
        "contact/arrangement.html",
        row=row,
        found=found,
        name=name_of(found.Organisation) if who.is_bank else None,
        shows_people=who.is_bank or own,
        kind=KINDS[row.kind],
        state=state_tag(row, today),
        schedule=schedule_words(row),
        floor_label=floor_label(row),
        share=share_words(row.agreed_minor, row.balance_minor, row.currency),
        beyond=[BEYOND[code] for code in row.beyond],
        reason_behind=REASONS_BEHIND.get(row.reason_behind),
        end_words=end_words(row.end_reason) if row.end_reason else None,
        part_tags=[instalment_tag(part, today) for part in row.instalments] if row.agreed_on else None,
        agreement=agreement,
        decision=decision,
        held=held,
        may_agree=held is not None and row.state is ArrangementState.OFFERED and row.valid_until >= today,
        may_decide=who.can(Permission.ARRANGEMENTS_DECIDE)
        and row.state is ArrangementState.PROPOSED
        and row.made_by != who.user_id,
        may_withdraw=row.state in LIVE
        and (who.can(Permission.ARRANGEMENTS_DECIDE) if who.is_bank else held is not None and not in_force),
        languages=LANGUAGES if row.state in PRINTED else {},
        lines=LINES,
    )
    return page, 422 if agreement.errors or decision.errors else 200


@blueprint.post("/arrangements/<int:arrangement_id>/agree")
@requires(Permission.ARRANGEMENTS_DRAW)
def agree(arrangement_id: int) -> Any:
    """The debtor has agreed."""
    form = AgreeForm()
    try:
        arrangements.agree(actor(), arrangement_id, form.agreed_on.data)
    except DomainError as error:
        if error.status != 422:
            raise
        show_error(form, error)
        return _page(arrangement_id, form, DecisionForm(formdata=None))
    say_flash(say("It is in force. Nobody collects while it is kept."))
    return redirect(url_for("arrangements.arrangement", arrangement_id=arrangement_id))


@blueprint.post("/arrangements/<int:arrangement_id>/withdraw")
@requires(Permission.ARRANGEMENTS_DRAW)
def withdraw(arrangement_id: int) -> Any:
    """The agency takes back what waits."""
    return _withdraw(arrangement_id)


@blueprint.post("/arrangements/<int:arrangement_id>/end")
@requires(Permission.ARRANGEMENTS_DECIDE)
def end(arrangement_id: int) -> Any:
    """The bank ends what waits or is in force."""
    return _withdraw(arrangement_id)


def _withdraw(arrangement_id: int) -> Any:
    arrangement_queries.arrangement_for(db.session(), actor(), arrangement_id)
    arrangements.withdraw(actor(), arrangement_id, request.form.get("reason", ""))
    say_flash(say("The arrangement is withdrawn."))
    return redirect(url_for("arrangements.arrangement", arrangement_id=arrangement_id))


@blueprint.post("/arrangements/<int:arrangement_id>/approve")
@requires(Permission.ARRANGEMENTS_DECIDE)
def approve(arrangement_id: int) -> Any:
    """The bank consents."""
    form = DecisionForm()
    found = arrangement_queries.arrangement_for(db.session(), actor(), arrangement_id)[0]
    try:
        arrangements.approve(actor(), arrangement_id, *form.consent(found))
    except DomainError as error:
        if error.status != 422:
            raise
        show_error(form, error)
        return _page(arrangement_id, AgreeForm(formdata=None), form)
    say_flash(say("The bank has consented; the agency can agree it with the debtor."))
    return redirect(url_for("arrangements.arrangement", arrangement_id=arrangement_id))


@blueprint.post("/arrangements/<int:arrangement_id>/refuse")
@requires(Permission.ARRANGEMENTS_DECIDE)
def refuse(arrangement_id: int) -> Any:
    """The bank does not consent."""
    arrangement_queries.arrangement_for(db.session(), actor(), arrangement_id)
    arrangements.refuse(actor(), arrangement_id, request.form.get("reason", ""))
    say_flash(say("The arrangement is refused; the agency reads why."))
    return redirect(url_for("arrangements.arrangement", arrangement_id=arrangement_id))


@blueprint.get("/arrangements/<int:arrangement_id>/<any('zh', 'en'):language>.pdf")
@requires(Permission.ARRANGEMENTS_VIEW)
def letter(arrangement_id: int, language: str) -> Response:
    """The letter of agreement, to be signed. It names the debtor in full, so the look is recorded."""
    who = actor()
    found = arrangement_queries.arrangement_for(db.session(), who, arrangement_id)
    if found[0].state not in PRINTED:
        raise NotFound
    name = named_for_letter(who, found[0].customer_id)
    bank = bank_name(language)
    with reading(who) as session:
        found = arrangement_queries.arrangement_for(session, who, arrangement_id)
        content = agreement_pdf(found, name, bank, language)
        file_name = f"{found[0].number}-{language}.pdf"
    response = Response(content, content_type="application/pdf")
    response.headers["Cache-Control"] = "no-store"
    return name_as_file(response, file_name)


# --- what the debtor lives on -----------------------------------------------------------------------------------------------


@blueprint.route("/queue/<int:account_id>/income", methods=["GET", "POST"])
@requires(Permission.ARRANGEMENTS_DRAW)
def take_down(account_id: int) -> Any:
    """Take down a statement of income and outgoings; earlier ones stand below."""
    held = queries.held_account(db.session(), actor(), account_id)
    if held is None:
        raise NotFound
    form = IncomeForm()
    if form.is_submitted():
        faults = Faults()
        try:
            figures, proofs = form.figures(held[1].currency, faults), form.proofs(faults)
            income.take_down(actor(), account_id, figures, proofs, faults)
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(say("The statement is on file."))
            return redirect(url_for("arrangements.new", account_id=account_id))
    held = queries.held_account(db.session(), actor(), account_id)
    if held is None:
        raise NotFound
    page = render_template(
        "contact/income.html",
        account=held[1],
        customer=held[2],
        form=form,
        earlier=income.statements_of(db.session(), actor(), account_id),
        lines=LINES,
    )
    return page, 422 if form.errors or form.form_errors else 200


@blueprint.get("/income-statements/<int:statement_id>/<int:proof_id>/proof")
@requires(Permission.ARRANGEMENTS_VIEW)
def proof(statement_id: int, proof_id: int) -> Response:
    """A scan, as a file to be kept: nothing that was uploaded is opened in the portal's own pages. The look is recorded."""
    content, content_type = income.open_proof(actor(), statement_id, proof_id)
    ending = next(ending for ending, kind in TYPES.items() if kind == content_type)
    return uploaded_file(content, content_type, f"proof-{proof_id}.{ending}")
