"""Pages of reported payments: the list, one report, reporting one, what is open, matching by hand; and the bank's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, redirect, render_template, request, url_for

from portal.contact.proofs import person_key_of
from portal.contact.queries import held_account
from portal.contact.requests.views import sealed_file
from portal.foundation import hooks
from portal.foundation.access import OrganisationKind, Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.forms import show_error
from portal.foundation.language import _l, say
from portal.foundation.navigation import counts
from portal.foundation.panels import Panel
from portal.foundation.services import services
from portal.foundation.table_pages import table_page, table_response
from portal.foundation.visibility import visible
from portal.foundation.web import actor, key, requires, say_flash
from portal.identity.models import Organisation
from portal.portfolio.import_routes import add_import_pages
from portal.portfolio.import_views import ImportPages, Owners
from portal.portfolio.masking import mask_unknown
from portal.portfolio.models import ImportKind
from portal.portfolio.queries import account_for
from portal.recovery.dates import days_apart, steps
from portal.recovery.reported import operations, queries
from portal.recovery.reported.files import REPORTED
from portal.recovery.reported.forms import MatchForm, ReportForm, RulesForm
from portal.recovery.reported.labels import AGE_LABELS, KINDS, STEPS, WAYS, apart_words, state_tag, step_words
from portal.recovery.reported.matching_job import dates_of
from portal.recovery.reported.models import ReportKind, ReportState
from portal.recovery.reported.rows import KIND_WORDS
from portal.recovery.reported.tables import reports_table, unreported_table
from portal.recovery.rules import rules_now, set_rules
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.portfolio.models import Account

__all__ = ["blueprint"]

blueprint = Blueprint("reported", __name__)


def _own(session: Session, who: Actor) -> list[Organisation]:
    """Whose file of reports it may be: an agency's own."""
    if who.organisation_kind is not OrganisationKind.AGENCY:
        return []
    return list(session.scalars(visible(Organisation, who).where(Organisation.id == who.organisation_id)))


IMPORTS = ImportPages(
    ImportKind.REPORTED, "reported", _l("Files of reported payments"), _l("Report by file"), REPORTED,
    owners=Owners(_own, name_of), keeps_extra=False, words={"kind": KIND_WORDS},
)  # fmt: skip
add_import_pages(blueprint, IMPORTS, "/payments/reported/imports", Permission.REPORTED_WRITE)


@counts("reported.index")
def waits(who: Actor) -> int:
    """What is open on both sides."""
    return queries.count_open(db.session(), who)


@blueprint.get("/payments/reported", endpoint="index")
@requires(Permission.REPORTED_VIEW)
def reported_list() -> Any:
    """What agencies reported."""
    who, today = actor(), _today()
    table = reports_table(who, rules_now(db.session(), who), today, _houses(who))
    return table_response(table, "recovery/reported.html")


@blueprint.get("/payments/open", endpoint="open_items")
@requires(Permission.REPORTED_VIEW)
def open_items() -> Any:
    """Both sides' open items beside each other: reports without a posting, receipts of agencies without a report."""
    who, today = actor(), _today()
    postings = unreported_table(who, today, _houses(who), prefix="p_")
    reported = reports_table(who, rules_now(db.session(), who), today, _houses(who))
    reported = reported.with_statement(queries.open_reports(who))
    for table in (postings, reported):
        if request.args.get(f"{table.prefix}export"):
            return table_response(table, "recovery/open_items.html")
    return render_template(
        "recovery/open_items.html", table=table_page(reported), postings=table_page(postings),
        open_=_open_parts(who, today), ages=AGE_LABELS,
    )  # fmt: skip


def _open_parts(who: Actor, today: date) -> dict[str, Any]:
    return queries.open_totals(db.session(), who, today)


def _houses(who: Actor) -> list[tuple[str, str]]:
    if not who.is_bank:
        return []
    wanted = visible(Organisation, who).where(Organisation.kind == OrganisationKind.AGENCY).order_by(Organisation.code)
    return [(str(house.id), name_of(house)) for house in db.session().scalars(wanted)]


def _today() -> date:
    return services().clock.today(actor().time_zone)


# --- one report ---------------------------------------------------------------------------------------------------------


@blueprint.get("/payments/reported/<int:reported_id>")
@requires(Permission.REPORTED_VIEW)
def report(reported_id: int) -> Any:
    """One report: both sides' dates and amounts, what happened, and the postings that it may be."""
    return _page(reported_id)


@blueprint.post("/payments/reported/<int:reported_id>/match")
@requires(Permission.REPORTED_MATCH)
def match(reported_id: int) -> Any:
    """The bank says which posting it is."""
    form = MatchForm()
    if form.validate_on_submit():
        try:
            operations.match_by_hand(actor(), reported_id, form.payment_ref.data or "", form.reason.data or "")
        except DomainError as error:
            if error.status == 404:
                raise
            show_error(form, error)
        else:
            say_flash(say("The report is matched."))
            return redirect(url_for("reported.report", reported_id=reported_id))
    return _page(reported_id, form), 422


@blueprint.post("/payments/reported/<int:reported_id>/undo")
@requires(Permission.REPORTED_MATCH)
def undo(reported_id: int) -> Any:
    """Take a match back."""
    operations.undo_match(actor(), reported_id, request.form.get("reason", ""))
    say_flash(say("The match is undone. Both sides are open again."))
    return redirect(url_for("reported.report", reported_id=reported_id))


@blueprint.post("/payments/reported/<int:reported_id>/withdraw")
@requires(Permission.REPORTED_WRITE)
def withdraw(reported_id: int) -> Any:
    """Take a report back."""
    operations.withdraw_report(actor(), reported_id, request.form.get("reason", ""))
    say_flash(say("The report is withdrawn."))
    return redirect(url_for("reported.report", reported_id=reported_id))


@blueprint.get("/payments/reported/<int:reported_id>/proof")
@requires(Permission.REPORTED_VIEW)
def proof(reported_id: int) -> Response:
    """The file of a report, as a file to be kept; only for who may see the account."""
    found = queries.report_for(db.session(), actor(), reported_id).ReportedPayment
    return sealed_file(person_key_of(db.session(), actor(), found.account_id), found)


def _page(reported_id: int, form: MatchForm | None = None) -> str:
    session, who, today = db.session(), actor(), _today()
    row = queries.report_for(session, who, reported_id)
    told, standing = row.ReportedPayment, row.ReportStanding
    rules = rules_now(session, who)
    may_match = who.can(Permission.REPORTED_MATCH) and standing.state is ReportState.OPEN
    age = (today - max(told.reported_on, told.paid_on)).days
    return render_template(
        "recovery/report.html",
        row=row,
        told=told,
        standing=standing,
        kind=KINDS[told.kind],
        way=WAYS[standing.way] if standing.way else None,
        tag=state_tag(standing, is_old=age > rules.chase_days),
        age=(today - told.reported_on).days if standing.state is ReportState.OPEN else None,
        organisation=name_of(row.Organisation),
        apart=apart_words(days_apart(told.paid_on, standing.posting_paid_on)),
        difference=None if standing.posting_minor is None else standing.posting_minor - told.amount_minor,
        steps=[(step, step_words(step)) for step in steps(dates_of(told, standing), rules.late_after)],
        events=[(each.ReportedEvent, STEPS[each.ReportedEvent.step], each.who) for each in _events(reported_id)],
        ways=WAYS,
        note=_note(session, who, told),
        proof_is_open=bool(told.proof_digest) and row.open_id is not None,
        candidates=queries.candidates(session, who, told) if may_match else (),
        form=(form or MatchForm()) if may_match else None,
        may_withdraw=who.can(Permission.REPORTED_WRITE) and standing.state is ReportState.OPEN,
        may_undo=who.can(Permission.REPORTED_MATCH) and standing.state is ReportState.MATCHED,
    )


def _events(reported_id: int) -> Any:
    return queries.events_of(db.session(), actor(), reported_id)


def _note(session: Session, who: Actor, told: Any) -> str | None:
    """The note with what may be a number masked; None where there is none, or the account is closed to the reader."""
    if told.note_sealed is None:
        return None
    try:
        key_ = person_key_of(session, who, told.account_id)
    except NotFound:
        return None
    text = services().vault.open(key_, told.note_sealed, "reported_payment")
    return mask_unknown(text) if text else None


# --- reporting ----------------------------------------------------------------------------------------------------------


@blueprint.route("/payments/reported/new", methods=["GET", "POST"])
@requires(Permission.REPORTED_WRITE)
def new_report() -> Any:
    """Report a payment; the account may be named in the address."""
    who, form = actor(), ReportForm()
    if form.validate_on_submit():
        try:
            account_ref = (form.account_ref.data or "").strip()
            # Asked for only where it is needed, so that an account that is unknown hides no other fault.
            of_account = "" if (form.currency.data or "").strip() else _currency_of(who, account_ref)
            reported_id, is_new = operations.report_payment(
                who, account_ref, form.told(of_account), form.note.data or "", form.file()
            )
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(
                say("The payment is reported. The portal looks for the bank's posting by itself.")
                if is_new
                else say("This report was on file already; nothing was changed.")
            )
            return redirect(url_for("reported.report", reported_id=reported_id))
    elif request.method == "GET":
        _begin(form, who)
    return render_template("recovery/new_report.html", form=form), 422 if form.errors or form.form_errors else 200


def _currency_of(who: Actor, account_ref: str) -> str:
    """The currency of an account that the agency may report on; DomainError for another."""
    placed = queries.placed(db.session(), who, [account_ref], _today()).get(account_ref)
    if placed is None:
        raise operations.unknown_account()
    return placed.currency


def _begin(form: ReportForm, who: Actor) -> None:
    """What the form begins with: the account that the address names, and today."""
    form.kind.data, form.paid_on.data = ReportKind.EXPECTED.value, _today()
    account_id = request.args.get("account", "")
    if account_id:
        account = account_for(db.session(), who, key(account_id))
        form.account_ref.data, form.currency.data = account.account_ref, account.currency


@hooks.account_panels.register
def reported_panel(session: Session, who: Actor, account: Account) -> Panel | None:
    """What was reported on the account, and the way to report more."""
    if not who.can(Permission.REPORTED_VIEW):
        return None
    rows = [
        (row.ReportedPayment, KINDS[row.ReportedPayment.kind], state_tag(row.ReportStanding))
        for row in queries.of_account(session, who, account.id)
    ]
    may_report = who.can(Permission.REPORTED_WRITE) and held_account(session, who, account.id) is not None
    if not rows and not may_report:
        return None
    new_url = url_for("reported.new_report", account=account.id) if may_report else None
    return Panel(_l("Reported payments"), "recovery/reported_panel.html", {"rows": rows, "new_url": new_url})


# --- the bank's rules ---------------------------------------------------------------------------------------------------


@blueprint.route("/payments/rules", methods=["GET", "POST"])
@requires(Permission.PAYMENTS_RULES)
def rules() -> Any:
    """How payments are taken, matched and chased."""
    now = rules_now(db.session(), actor())
    form = RulesForm(obj=now)
    if form.validate_on_submit():
        try:
            changed = set_rules(actor(), form.rules())
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(say("The rules are set. They hold for what comes in from now on.") if changed
                      else say("These rules hold already."))  # fmt: skip
            return redirect(url_for("reported.rules"))
    return render_template("recovery/rules.html", form=form), 422 if form.errors or form.form_errors else 200
