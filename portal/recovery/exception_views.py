"""Pages of payments that no rule decides, or whose credit is contested: the queue, one exception, what is proposed for it, and the second person's word."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import redirect, render_template, request, url_for

from portal.foundation.access import Actor, Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError
from portal.foundation.formats import day as day_words
from portal.foundation.forms import show_error
from portal.foundation.language import _l, from_data, say, translate
from portal.foundation.navigation import counts
from portal.foundation.services import services
from portal.foundation.table_pages import table_export, table_page, table_response
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.foundation.web import actor, requires, say_flash
from portal.recovery import clearing, payment_queries, queries
from portal.recovery.addresses import account_url
from portal.recovery.blueprint import blueprint
from portal.recovery.clearing_models import Clearing, ClearingClaim, ClearingKind, ClearingLine
from portal.recovery.contested import count_contested, objections_to
from portal.recovery.contested_table import contested_table
from portal.recovery.forms import NobodyForm, PlacementForm, ReasonForm, split_form
from portal.recovery.labels import CLEARINGS, DECISIONS, clearing_state
from portal.recovery.models import EXCEPTIONS, Attribution, Decision, Payment
from portal.recovery.payment_views import facts_of
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from datetime import date


__all__ = [
    "approve_clearing", "choose_exceptions", "clearing_page", "clearings", "exception", "exceptions", "nobody", "propose",
    "send_back_clearing", "waiting",
]  # fmt: skip

AGES = (7, 30, 90)  # days
# What the usual reason for crediting nobody is true of; of all else the person says why.
NOBODY_HAD_IT = {Decision.NOT_PLACED, Decision.BEFORE_PLACEMENT, Decision.AFTER_PLACEMENT}


# --- the queue ----------------------------------------------------------------------------------------------------------


@counts("recovery.exceptions")
def waiting(who: Actor) -> int:
    """Payments that somebody has to look at."""
    return queries.count_exceptions(db.session(), who) + count_contested(db.session(), who)


@blueprint.get("/payments/exceptions")
@requires(Permission.PAYMENTS_IMPORT)
def exceptions() -> Any:
    """Payments that nobody is credited with, each with the reason, and credits that agencies contest."""
    who, session = actor(), db.session()
    disputed = contested_table(who)
    exported = table_export(disputed)
    if exported is not None:
        return exported
    objections = table_page(disputed)
    return table_response(
        _queue(who),
        "recovery/exceptions.html",
        contested=objections if objections.rows else None,
        proposes=who.can(Permission.EXCEPTIONS_PROPOSE),
        to_check=payment_queries.clearings_to_check(session, who) if who.can(Permission.EXCEPTIONS_CHECK) else 0,
        looks=[
            (decision, translate(from_data(look.trace)))
            for decision, look in payment_queries.second_looks(session, who)
        ],
    )


def _queue(who: Actor) -> Table:
    today = services().clock.today()
    proposed = ClearingClaim.clearing_id
    statement = (
        queries.payments(who, exceptions=True)
        .outerjoin(ClearingClaim, ClearingClaim.attribution_id == Attribution.id)
        .add_columns(proposed)
    )
    return Table(
        name="exceptions",
        statement=statement,
        key=Attribution.id,
        default_sort="-paid_on",
        columns=[
            Column("payment", _l("Payment"), value="Attribution.payment_ref"),
            Column("account", _l("Account"), value=lambda row: row.account_ref, link=account_url(who)),
            Column(
                "paid_on", _l("Value date"), "day",
                expression=Attribution.paid_on, value="Attribution.paid_on", sortable=True,
            ),
            Column("age", _l("Days open"), "number", value=lambda row: (today - row.Attribution.decided_at.date()).days),
            Column(
                "amount", _l("Amount"), "money",
                value="Attribution.amount_minor", currency=lambda row: row.Attribution.currency,
            ),
            Column("decision", _l("Credit"), "state", value="Attribution.decision", states=DECISIONS),
            Column("proposed", _l("Proposal"), value=lambda row: _l("waits for a second person") if row.clearing_id else "",
                   link=lambda row: _clearing_url(row.clearing_id) if row.clearing_id else None),
            Column("why", _l("Why"), "why", value=lambda row: translate(from_data(row.Attribution.trace))),
        ],
        filters=[
            Filter("payment", _l("Payment"), "text", lambda found, ref: found.where(Attribution.payment_ref == ref.strip())),
            Filter("paid", _l("Value date"), "period", _paid_between),
            Filter("credit", _l("Credit"), "choice", lambda found, value: found.where(Attribution.decision == Decision(value)),
                   [(decision.value, DECISIONS[decision].label) for decision in EXCEPTIONS]),
            Filter("open", _l("Open for"), "choice", lambda found, value: _older(found, int(value), today),
                   [(str(days), _more_than(days)) for days in AGES]),
            Filter("proposal", _l("Proposal"), "choice", _proposed,
                   [("no", _l("none yet")), ("yes", _l("waits for a second person"))]),
        ],
        row_url=lambda row: url_for("recovery.exception", payment_id=row.Attribution.payment_id),
        choosable=lambda row: row.clearing_id is None,
        empty=Empty(say("Every payment is credited to somebody.")),
    )  # fmt: skip


def _more_than(days: int) -> Any:
    return {7: _l("more than 7 days"), 30: _l("more than 30 days"), 90: _l("more than 90 days")}[days]


def _paid_between(statement: Any, value: tuple[date | None, date | None]) -> Any:
    first, last = value
    statement = statement.where(Attribution.paid_on >= first) if first else statement
    return statement.where(Attribution.paid_on <= last) if last else statement


def _older(statement: Any, days: int, today: date) -> Any:
    until = services().clock.now() - timedelta(days=days)
    return statement.where(Attribution.decided_at < until)


def _proposed(statement: Any, value: str) -> Any:
    claimed = ClearingClaim.clearing_id
    return statement.where(claimed.is_not(None) if value == "yes" else claimed.is_(None))


# --- one exception ------------------------------------------------------------------------------------------------------


@blueprint.get("/payments/exceptions/<int:payment_id>")
@requires(Permission.PAYMENTS_IMPORT)
def exception(payment_id: int) -> Any:
    """One exception: what is known of it, and what may be proposed."""
    who = actor()
    found, posted = payment_queries.exception_for(db.session(), who, payment_id)
    claim = payment_queries.claim_on(db.session(), who, found.id)
    forms = _forms(found, posted) if claim is None and who.can(Permission.EXCEPTIONS_PROPOSE) else {}
    return _page(found, posted, claim, forms)


@blueprint.post("/payments/exceptions/<int:payment_id>/propose")
@requires(Permission.EXCEPTIONS_PROPOSE)
def propose(payment_id: int) -> Any:
    """Put what is to become of an exception before a second person."""
    who, step = actor(), request.form.get("step", "")
    found, posted = payment_queries.exception_for(db.session(), who, payment_id)
    forms = _forms(found, posted)
    if step not in forms:
        raise DomainError("exception.step", say("This is none of the choices."))
    if forms[step].validate_on_submit():
        try:
            made = _propose(who, step, forms[step], found)
        except DomainError as error:
            show_error(forms[step], error)
        else:
            say_flash(say("The proposal waits for a second person."))
            return redirect(_clearing_url(made))
    return _page(found, posted, None, forms)


def _page(found: Attribution, posted: Payment, claim: int | None, forms: dict[str, Any]) -> Any:
    session, who = db.session(), actor()
    placements = payment_queries.placements_of(session, who, found.account_id)
    said = objections_to(session, who, found.id)
    since = min((each.contested_at for each in said), default=found.decided_at)
    failed = any(form.errors or form.form_errors for form in forms.values())
    page = render_template(
        "recovery/exception.html",
        found=found,
        objections=said,
        state=DECISIONS[found.decision],
        why=translate(from_data(found.trace)),
        account=payment_queries.account_of(session, who, found.account_id),
        events=_timeline(found, placements),
        name_of=name_of,
        proposals=[
            (
                row.Clearing,
                row.proposer,
                CLEARINGS[row.Clearing.kind],
                clearing_state(row.ClearingDecision),
                row.ClearingDecision,
            )
            for row in payment_queries.proposals_about(session, who, [found])
        ],
        similar=[
            (
                row.Clearing,
                row.account_ref,
                DECISIONS[row.Attribution.decision],
                translate(from_data(row.Attribution.trace)),
            )
            for row in payment_queries.similar(session, who, found)
        ],
        claim_url=_clearing_url(claim) if claim else None,
        forms=forms,
        age=(services().clock.today() - since.date()).days,
        **facts_of(posted),
    )
    return page, 422 if failed else 200


def _timeline(found: Attribution, placements: list[Any]) -> list[tuple[date, Any]]:
    """When each placement began, and between them the value date (with nothing beside it)."""
    events = [(row.Placement.placed_on, row) for row in placements]
    before = sum(begun <= found.paid_on for begun, _ in events)
    return [*events[:before], (found.paid_on, None), *events[before:]]


def _forms(found: Attribution, posted: Payment) -> dict[str, Any]:
    """What may be proposed, by the step that sends it; of a reversal by itself only that nobody is credited."""
    placements = [
        row
        for row in payment_queries.placements_of(db.session(), actor(), found.account_id)
        if found.decision is not Decision.CREDITED or row.Placement.id != found.placement_id
    ]
    accounts = payment_queries.accounts_for_shares(db.session(), actor(), posted)
    sent = request.form.get("step", "")
    forms: dict[str, Any] = {}
    if found.amount_minor > 0 and placements:
        forms["placement"] = PlacementForm(formdata=request.form if sent == "placement" else None, prefix="placement-")
        forms["placement"].offer([(row.Placement.id, _called(row)) for row in placements])
    if found.amount_minor > 0 and len(accounts) > 1:
        forms["split"] = split_form(
            accounts, [say("Share of %(account)s", account=account.account_ref) for account in accounts],
            formdata=request.form if sent == "split" else None,
        )  # fmt: skip
    forms["nobody"] = NobodyForm(formdata=request.form if sent == "nobody" else None, prefix="nobody-")
    return forms


def _called(row: Any) -> Any:
    placement = row.Placement
    return say(
        "%(holder)s, %(start)s to %(end)s",
        holder=name_of(row.Organisation), start=day_words(placement.placed_on),
        end=day_words(placement.ended_on) if placement.ended_on else say("today"),
    )  # fmt: skip


def _propose(who: Actor, step: str, form: Any, found: Attribution) -> int:
    reason = form.reason.data or ""
    if step == "placement":
        return clearing.propose_placement(who, found.id, form.chosen(), reason)
    if step == "split":
        return clearing.propose_split(who, found.id, form.shares(found.currency), reason)
    return clearing.propose_nobody(who, [found.id], reason)


# --- several at once ----------------------------------------------------------------------------------------------------


@blueprint.post("/payments/exceptions/chosen")
@requires(Permission.EXCEPTIONS_PROPOSE)
def choose_exceptions() -> Any:
    """Rows of the queue that the bank has recovered itself: the form for them."""
    rows = [row for row in request.form.getlist("row") if row.isascii() and row.isdigit() and len(row) < 19]
    if not rows:
        raise DomainError("exception.nothing", say("Choose the payments first."))
    return redirect(url_for("recovery.nobody", row=rows))


@blueprint.route("/payments/exceptions/nobody", methods=["GET", "POST"])
@requires(Permission.EXCEPTIONS_PROPOSE)
def nobody() -> Any:
    """Propose that nobody is credited with several payments."""
    ids = [n for n in request.args.getlist("row", type=int) if 0 < n < 2**63][: clearing.MOST_AT_ONCE]
    chosen = queries.exceptions_among(db.session(), actor(), ids)
    form = NobodyForm()
    if request.method == "GET" and all(each.decision in NOBODY_HAD_IT for each in chosen):
        form.reason.data = translate(say("Recovered by the bank itself: no agency had the account."))
    if form.validate_on_submit():
        try:
            made = clearing.propose_nobody(actor(), [each.id for each in chosen], form.reason.data or "")
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(say("The proposal waits for a second person."))
            return redirect(_clearing_url(made))
    page = render_template("recovery/nobody.html", form=form, chosen=chosen)
    return page, 422 if form.errors or form.form_errors else 200


# --- the second person --------------------------------------------------------------------------------------------------


@blueprint.get("/payments/exceptions/proposals")
@requires(Permission.PAYMENTS_IMPORT)
def clearings() -> Any:
    """What was proposed, the latest first."""
    return table_response(_proposals(actor()), "recovery/clearings.html")


def _proposals(who: Actor) -> Table:
    return Table(
        name="clearings",
        statement=payment_queries.clearings(who, waiting=False),
        key=Clearing.id,
        default_sort="-proposed_at",
        columns=[
            Column("kind", _l("Proposal"), value=lambda row: CLEARINGS[row.Clearing.kind]),
            Column("state", _l("State"), "state", value=lambda row: clearing_state(row.ClearingDecision)),
            Column("payments", _l("Payments"), "number", value="Clearing.payment_count"),
            Column("proposer", _l("Proposed by")),
            Column(
                "proposed_at", _l("Proposed at"), "instant",
                expression=Clearing.id, value="Clearing.proposed_at", sortable=True,
            ),
            Column("decider", _l("Checked by")),
            Column("reason", _l("Reason"), value="Clearing.reason", wraps=True),
        ],
        filters=[
            Filter("kind", _l("Proposal"), "choice", lambda found, value: found.where(Clearing.kind == ClearingKind(value)),
                   [(kind.value, label) for kind, label in CLEARINGS.items()]),
        ],
        row_url=lambda row: _clearing_url(row.Clearing.id),
        empty=Empty(say("Nothing has been proposed yet.")),
    )  # fmt: skip


@blueprint.get("/payments/exceptions/proposals/<int:clearing_id>")
@requires(Permission.PAYMENTS_IMPORT)
def clearing_page(clearing_id: int) -> Any:
    """One proposal: what it says of each payment, and the second person's two buttons."""
    return _clearing_page(clearing_id, ReasonForm())


def _clearing_page(clearing_id: int, form: ReasonForm) -> Any:
    who = actor()
    row = payment_queries.clearing_for(db.session(), who, clearing_id)
    found = row.Clearing
    page = render_template(
        "recovery/clearing.html",
        clearing=found,
        kind=CLEARINGS[found.kind],
        state=clearing_state(row.ClearingDecision),
        decision=row.ClearingDecision,
        proposer=row.proposer,
        decider=row.decider,
        form=form,
        checks=row.ClearingDecision is None
        and who.can(Permission.EXCEPTIONS_CHECK)
        and found.proposed_by != who.user_id,
        is_own=row.ClearingDecision is None and found.proposed_by == who.user_id,
        table=table_page(_lines(who, found)),
    )
    return page, 422 if form.errors or form.form_errors else 200


def _lines(who: Actor, found: Clearing) -> Table:
    return Table(
        name="clearing_lines",
        statement=payment_queries.clearing_lines(who, found.id),
        key=ClearingLine.id,
        columns=[
            Column("payment", _l("Payment"), value="Attribution.payment_ref",
                   link=lambda row: _payment_url(who, row.Attribution.payment_id)),
            Column("paid_on", _l("Value date"), "day", value="Attribution.paid_on"),
            Column("account", _l("Account"), value="account_ref"),
            Column("amount", _l("Amount"), "money",
                   value="ClearingLine.amount_minor", currency=lambda row: row.Attribution.currency),
            Column("decision", _l("Without this"), "state", value="Attribution.decision", states=DECISIONS),
            Column("to", _l("Credit to"), value=lambda row: _credit_to(found.kind, row)),
        ],
        empty=Empty(say("This proposal has no payment.")),
        export_allowed=False,
    )  # fmt: skip


def _credit_to(kind: ClearingKind, row: Any) -> Any:
    if kind is ClearingKind.PLACEMENT:
        return say("%(holder)s, placed on %(day)s", holder=name_of(row.Organisation), day=day_words(row.placed_on))
    return _l("whoever held this account") if kind is ClearingKind.SPLIT else _l("nobody")


@blueprint.post("/payments/exceptions/proposals/<int:clearing_id>/approve")
@requires(Permission.EXCEPTIONS_CHECK)
def approve_clearing(clearing_id: int) -> Any:
    """Make what another person proposed the decision."""
    clearing.approve(actor(), clearing_id)
    say_flash(say("The decision stands; the payments have left the exceptions."))
    return redirect(url_for("recovery.exceptions"))


@blueprint.post("/payments/exceptions/proposals/<int:clearing_id>/send-back")
@requires(Permission.EXCEPTIONS_CHECK)
def send_back_clearing(clearing_id: int) -> Any:
    """Refuse what another person proposed, with the reason."""
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            clearing.send_back(actor(), clearing_id, form.reason.data or "")
        except DomainError as error:
            if error.field is None:
                raise
            show_error(form, error)
        else:
            say_flash(say("The proposal has gone back; its payments wait again."))
            return redirect(_clearing_url(clearing_id))
    return _clearing_page(clearing_id, form)


def _clearing_url(clearing_id: int) -> str:
    return url_for("recovery.clearing_page", clearing_id=clearing_id)


def _payment_url(who: Actor, payment_id: int) -> str | None:
    return url_for("recovery.payment", payment_id=payment_id) if who.can(Permission.PAYMENTS_VIEW) else None
