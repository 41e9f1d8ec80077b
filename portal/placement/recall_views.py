"""Pages of recalls and objections: what goes back, when, why, and what was said about it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import sqlalchemy as sa
from flask import redirect, render_template, request, url_for

from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError
from portal.foundation.forms import show_error
from portal.foundation.language import say
from portal.foundation.services import services
from portal.foundation.table_pages import table_response
from portal.foundation.visibility import visible
from portal.foundation.web import actor, requires, say_flash
from portal.identity.models import Organisation
from portal.placement import objections, queries, recall_queries, recalls
from portal.placement.blueprint import blueprint
from portal.placement.codes import RecallCategory
from portal.placement.models import Placement
from portal.placement.recall_forms import AnswerForm, ObjectionForm, RecallForm, whole
from portal.placement.recall_labels import CATEGORIES, LINE_STATES, ORIGINS, RECALL_REASONS, RECALL_STATES, when_words
from portal.placement.recall_models import Objection, ObjectionState, Recall, RecallLine, RecallState
from portal.placement.recall_tables import lines_table, objection_words, objections_table, recalls_table
from portal.portfolio.models import Account
from portal.vendors.labels import name_of

__all__ = [
    "answer_objections", "carry_out", "choose_accounts", "choose_lines", "choose_placements", "new_recall",
    "object_to_recall", "objections_list", "recall", "recalls_list", "withdraw_recall",
]  # fmt: skip

MOST_CHOSEN = 200  # ids in an address; a page of a list has fifty rows
NAMED = 20  # accounts that a form names; of the others it says how many there are


@blueprint.get("/recalls", endpoint="recalls")
@requires(Permission.RECALLS_VIEW)
def recalls_list() -> Any:
    """Recalls, and before them what waits for this person."""
    session, who = db.session(), actor()
    decides = who.can(Permission.PLACEMENTS_APPROVE)
    return table_response(
        recalls_table(who),
        "placement/recalls.html",
        to_decide=recall_queries.recalls_to_decide(session, who) if decides else 0,
        objections=recall_queries.objections_to_decide(session, who) if decides else 0,
        retentions=recall_queries.retentions_to_decide(session, who) if decides else 0,
        pending=recall_queries.pending_count(session, who) if not who.is_bank else 0,
    )


@blueprint.get("/recalls/objections", endpoint="objections")
@requires(Permission.RECALLS_VIEW)
def objections_list() -> Any:
    """Objections with their answers."""
    return table_response(objections_table(actor()), "placement/objections.html")


@blueprint.get("/recalls/<int:recall_id>")
@requires(Permission.RECALLS_VIEW)
def recall(recall_id: int) -> Any:
    """One recall: what it covers, when it goes, what was objected and answered."""
    session, who = db.session(), actor()
    row = recall_queries.recall_for(session, who, recall_id)
    found: Recall = row.Recall
    progress = recall_queries.progress_of(session, who, found)
    return table_response(
        lines_table(who, found, services().clock.today()),
        "placement/recall.html",
        recall=found,
        name=name_of(row.Organisation),
        asker=row.asker,
        decider=row.decider,
        state=RECALL_STATES[found.state],
        line_states=LINE_STATES,
        origin=ORIGINS[found.origin],
        reason=RECALL_REASONS[found.reason],
        category=CATEGORIES[found.category],
        when=when_words(found),
        progress=progress,
        batch_number=_batch_number(found),
        is_asker=found.asked_by is not None and found.asked_by == who.user_id,
        may_object=_may_object(found),
        most_days=recall_queries.most_objection_days(session, who, recall_id) if _may_object(found) else 0,
        again_url=_place_again(found),
        suits=recall_queries.suits_in(session, who, recall_id),
    )


def _batch_number(found: Recall) -> str | None:
    return queries.batch_for(db.session(), actor(), found.batch_id).number if found.batch_id else None


def _may_object(found: Recall) -> bool:
    return (
        actor().can(Permission.RECALLS_ANSWER)
        and found.state is RecallState.PENDING
        and found.category is not RecallCategory.COMPLIANCE
    )


def _place_again(found: Recall) -> str | None:
    """The run that places what has come back, where there is something."""
    if found.state is not RecallState.DONE or not actor().can(Permission.PLACEMENTS_PROPOSE):
        return None
    return url_for("placement.new_run", recall=found.id)


# --- asking -------------------------------------------------------------------------------------------------------------


@blueprint.route("/recalls/new", methods=["GET", "POST"])
@requires(Permission.PLACEMENTS_PROPOSE)
def new_recall() -> Any:
    """Ask for a batch or for chosen accounts."""
    batch_id, placements, accounts = request.args.get("batch", type=int), chosen("placement"), chosen("account")
    named = _named(batch_id, placements, accounts)
    form = RecallForm()
    if request.method == "GET" and request.args.get("why") == "rotation":
        form.reason.data, form.when.data = "rotation", "term"
    if form.validate_on_submit():
        try:
            if batch_id is not None:
                ids = [recalls.ask_batch_recall(actor(), batch_id, form.wish())]
            else:
                ids = recalls.ask_recall(actor(), form.wish(), placement_ids=placements, account_ids=accounts)
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(say("The recall is asked for. Another person has to carry it out."))
            one = url_for("placement.recall", recall_id=ids[0])
            return redirect(one if len(ids) == 1 else url_for("placement.recalls", state="asked"))
    return _form_page("placement/new_recall.html", form, **named)


def _named(batch_id: int | None, placements: list[int], accounts: list[int]) -> dict[str, Any]:
    """What the form says it is about."""
    session, who = db.session(), actor()
    if batch_id is not None:
        batch = queries.batch_for(session, who, batch_id)
        back = url_for("placement.batch", batch_id=batch_id)
        return {
            "batch": batch,
            "name": name_of(batch.organisation),
            "count": batch.account_count - batch.ended_count,
            "refs": [],
            "back": back,
        }
    wanted = visible(Placement, who).join(Account, Account.id == Placement.account_id)
    wanted = wanted.where(Placement.ended_at.is_(None))
    wanted = wanted.where(sa.or_(Placement.id.in_(placements), Placement.account_id.in_(accounts)))
    return _with_holders(wanted) | {"batch": None, "back": url_for("placement.recalls")}


def named_accounts(wanted: sa.Select[Any]) -> dict[str, Any]:
    """How many accounts were chosen that are open to the person, and the references of the first."""
    ordered = wanted.with_only_columns(Account.account_ref).distinct().order_by(Account.account_ref)
    refs = db.session().scalars(ordered).all()
    return {"count": len(refs), "refs": [(ref, []) for ref in refs[:NAMED]]}


def _with_holders(wanted: sa.Select[Any]) -> dict[str, Any]:
    """The same of placements, with who holds each account: an agency and a law firm may do so at once."""
    held = wanted.join(Organisation, Organisation.id == Placement.organisation_id)
    holders: dict[str, list[str]] = {}
    rows = held.with_only_columns(Account.account_ref, Organisation).order_by(Account.account_ref, Placement.id)
    for ref, holder in db.session().execute(rows):
        holders.setdefault(ref, []).append(str(name_of(holder)))
    return {"count": len(holders), "refs": list(holders.items())[:NAMED]}


@blueprint.post("/recalls/accounts")
@requires(Permission.PLACEMENTS_PROPOSE)
def choose_accounts() -> Any:
    """Rows of the list of accounts that are to be recalled."""
    return redirect(url_for("placement.new_recall", account=_rows()))


@blueprint.post("/batches/<int:batch_id>/chosen")
@requires(Permission.BATCHES_VIEW)
def choose_placements(batch_id: int) -> Any:
    """Rows of a batch and what is to become of them: the form for it."""
    queries.batch_for(db.session(), actor(), batch_id)
    forms = {"recall": "placement.new_recall", "keep": "placement.new_retention", "return": "placement.new_return"}
    step = request.form.get("step", "")
    if step not in forms:
        raise DomainError("chosen.step", say("This is none of the choices."))
    return redirect(url_for(forms[step], placement=_rows()))


def _rows() -> list[int]:
    """The rows that were chosen; DomainError for none."""
    rows = [int(row) for row in request.form.getlist("row") if row.isascii() and row.isdigit() and len(row) < 19]
    if not rows:
        raise DomainError("chosen.nothing", say("Choose the accounts first."))
    return rows[:MOST_CHOSEN]


def chosen(name: str) -> list[int]:
    """Numbers of a name in the address."""
    return [n for n in request.args.getlist(name, type=int) if 0 < n < 2**63][:MOST_CHOSEN]


# --- deciding -----------------------------------------------------------------------------------------------------------


@blueprint.post("/recalls/<int:recall_id>/carry-out")
@requires(Permission.PLACEMENTS_APPROVE)
def carry_out(recall_id: int) -> Any:
    """Do what another person has asked for."""
    recalls.carry_out(actor(), recall_id)
    say_flash(say("The recall is carried out."))
    return redirect(url_for("placement.recall", recall_id=recall_id))


@blueprint.post("/recalls/<int:recall_id>/withdraw")
@requires(Permission.PLACEMENTS_PROPOSE)
def withdraw_recall(recall_id: int) -> Any:
    """Leave the accounts where they are."""
    recalls.withdraw(actor(), recall_id)
    say_flash(say("The recall is withdrawn; the accounts stay where they are."))
    return redirect(url_for("placement.recall", recall_id=recall_id))


# --- objections ---------------------------------------------------------------------------------------------------------


@blueprint.post("/recalls/<int:recall_id>/chosen")
@requires(Permission.RECALLS_VIEW)
def choose_lines(recall_id: int) -> Any:
    """Rows of a recall: the organisation objects, the bank answers."""
    recall_queries.recall_for(db.session(), actor(), recall_id)
    form = "placement.answer_objections" if actor().is_bank else "placement.object_to_recall"
    return redirect(url_for(form, recall_id=recall_id, line=_rows()))


@blueprint.route("/recalls/<int:recall_id>/objections/new", methods=["GET", "POST"])
@requires(Permission.RECALLS_ANSWER)
def object_to_recall(recall_id: int) -> Any:
    """Ask for more days for the chosen accounts."""
    lines, named = _lines(recall_id)
    form = ObjectionForm()
    if form.validate_on_submit():
        try:
            days = whole("days", form.days.data)
            count = objections.object_to_recall(actor(), lines, form.chosen_reason(), days, form.note.data or "")
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(say("%(n)s objections are with the bank. Until it answers the accounts stay with you.", n=count))
            return redirect(url_for("placement.recall", recall_id=recall_id))
    most = recall_queries.most_objection_days(db.session(), actor(), recall_id)
    return _form_page("placement/objection.html", form, most_days=most, **named)


@blueprint.route("/recalls/<int:recall_id>/answers/new", methods=["GET", "POST"])
@requires(Permission.PLACEMENTS_APPROVE)
def answer_objections(recall_id: int) -> Any:
    """Grant days to the chosen objections, or refuse them."""
    lines, named = _lines(recall_id)
    waiting = db.session().scalars(
        visible(Objection, actor())
        .where(Objection.recall_line_id.in_(lines), Objection.state == ObjectionState.OPEN)
        .order_by(Objection.id)
    )
    found = list(waiting)
    form = AnswerForm()
    if request.method == "GET" and found:
        form.days.data = str(min(objection.extra_days for objection in found))
    if form.validate_on_submit():
        try:
            ids = [objection.id for objection in found]
            count = objections.answer_objections(actor(), ids, form.granted(), form.answer.data or "")
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(say("Objections answered: %(n)s.", n=count))
            return redirect(url_for("placement.recall", recall_id=recall_id))
    asked = Counter(map(objection_words, found))
    return _form_page("placement/objection_answer.html", form, waiting=found, asked=asked.most_common(NAMED), **named)


def _lines(recall_id: int) -> tuple[list[int], dict[str, Any]]:
    """The lines of this recall that the address names, and what the form says of them."""
    session, who = db.session(), actor()
    row = recall_queries.recall_for(session, who, recall_id)
    wanted = visible(RecallLine, who).where(RecallLine.recall_id == recall_id, RecallLine.id.in_(chosen("line")))
    lines = list(session.scalars(wanted.with_only_columns(RecallLine.id)))
    named = named_accounts(wanted.join(Account, Account.id == RecallLine.account_id))
    return lines, named | {"recall": row.Recall, "back": url_for("placement.recall", recall_id=recall_id)}


def _form_page(template: str, form: Any, **context: Any) -> Any:
    return render_template(template, form=form, **context), 422 if form.errors or form.form_errors else 200
