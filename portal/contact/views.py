"""Pages of the agency's day: the queue, the workbench of one account, promises, and what one has done."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from flask import has_request_context, jsonify, redirect, render_template, request, url_for

from portal.contact import days, follow, operations, panel, queries, workbench
from portal.contact.blueprint import blueprint
from portal.contact.complaints import panel as complaint_panel
from portal.contact.complaints import views as complaint_views
from portal.contact.entries import Entry
from portal.contact.forms import AttemptForm
from portal.contact.holds import views as hold_views
from portal.contact.labels import PROMISE_TAGS, promise_tag
from portal.contact.limits import follow as limit_follow
from portal.contact.limits import panel as limit_panel
from portal.contact.limits import views as limit_views
from portal.contact.log import evidence_views
from portal.contact.log import pages as log_pages
from portal.contact.log.evidence import keep_one
from portal.contact.messages import text_views
from portal.contact.messages import views as message_views
from portal.contact.messages.operations import opening_of
from portal.contact.models import Promise
from portal.contact.points import views as point_views
from portal.contact.queue import COUNTED_TO, TABS, Place, next_account, queue_counts, queue_page
from portal.contact.requests import panel as request_panel
from portal.contact.requests import views as request_views
from portal.contact.saying import left_words, saved_words, warnings_of
from portal.contact.tables import day_table, queue_view, whose_state
from portal.contact.team.desks import Scope, colleagues, scope_of, whose_of
from portal.contact.verdict import verdict_of
from portal.contact.wishes import panel as wish_panel
from portal.contact.wishes import views as wish_views
from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError, Faults, NotFound
from portal.foundation.forms import show_error
from portal.foundation.language import _l, say
from portal.foundation.services import services
from portal.foundation.table_pages import saved_part, table_response
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.foundation.web import actor, key, requires, say_flash
from portal.portfolio.reveal import reveal_contact_point, reveal_name

__all__ = [
    "blueprint", "complaint_panel", "complaint_views", "evidence_views", "follow", "hold_views", "limit_follow", "limit_panel", "limit_views",
    "log_pages", "message_views", "panel", "point_views", "request_panel", "request_views", "text_views", "wish_panel", "wish_views",
]  # fmt: skip

WITHIN_QUEUE = frozenset({"contact.account", "contact.reveal"})


@blueprint.get("/queue")
@requires(Permission.QUEUE_WORK)
def queue() -> str:
    """Who next."""
    clock, who = services().clock, actor()
    now, today = clock.now(), clock.today()
    tab, scope, whose = _tab(), _scope(), whose_state(db.session(), who, _whose())
    place = Place.decode(request.args.get("after", ""))
    found = queue_page(db.session(), who, now, today, tab, place, scope=scope)
    leads = who.can(Permission.QUEUE_DEAL)
    names = {each.user_id: each.name for each in colleagues(db.session(), who)} if leads else {}
    view = queue_view(found, tab, now, who.time_zone, names, whose)
    return render_template(
        "contact/queue.html",
        table=replace(view, saved=saved_part({"tab": tab, "whose": _whose() or None})),
        tab=tab,
        whose=_whose() or None,
        tabs=workbench.tabs(queue_counts(db.session(), who, today, scope), COUNTED_TO),
        work=days.work_of(db.session(), who, days.span_of(_today(), ZoneInfo(who.time_zone)), who.user_id),
        who=who.user_id if who.can(Permission.USERS_VIEW) else None,
    )


@blueprint.route("/queue/<int:account_id>", methods=["GET", "POST"])
@requires(Permission.QUEUE_WORK)
def account(account_id: int) -> Any:
    """The workbench: one account, and the form to log what was tried."""
    if request.method == "GET":
        bench = _bench(account_id)
        form = AttemptForm(bench.debts)
        workbench.fill(db.session(), actor(), form, bench, request.args)
        return _bench_page(bench, form)
    if "late" in request.form:
        bench = _bench(account_id)
        return _bench_page(bench, workbench.as_late(AttemptForm(bench.debts)))
    # What is right is kept without putting the whole page together first: two hundred times a day somebody waits for it.
    form = AttemptForm({})
    try:
        entry, logged = _log(account_id, form)
    except NotFound:
        raise
    except DomainError as error:
        show_error(form, error)
    else:
        return _saved(account_id, entry, logged)
    bench = _bench(account_id)
    form.offer_debts(bench.debts)
    workbench.say_closed(form, bench)
    return _bench_page(bench, form), 422


def _log(account_id: int, form: AttemptForm) -> tuple[Entry, operations.Logged]:
    """Keep what was entered, a recording or photo with it. DomainError for all that is wrong, at once."""
    who, faults = actor(), Faults()
    entry = form.entry(partial(queries.currency_of, db.session(), who, account_id), who.time_zone, faults)
    upload = form.evidence.data
    if upload and upload.filename:
        operations.check_attempt(who, account_id, entry, faults)
        entry = replace(entry, evidence_name=keep_one(who, upload.filename, upload.stream))
    return entry, operations.log_attempt(who, account_id, entry, faults=faults)


@blueprint.get("/queue/<int:account_id>/check.json")
@requires(Permission.QUEUE_WORK)
def check(account_id: int) -> Any:
    """What the rules say of the contact that stands in the form, for the page's own script: the line above the form, and the
    reasons for which it may go on. Nothing is kept of the question."""
    session, who = db.session(), actor()
    held = queries.held_account(session, who, account_id)
    if held is None:
        raise NotFound
    form = AttemptForm({}, formdata=request.args)
    verdict = verdict_of(session, who, held, form.asked(who.time_zone), services().clock.now())
    form.offer_reasons(verdict.overrides)
    parts = ("verdict", "override")
    return jsonify(
        {
            part: render_template(f"contact/_{part}.html", verdict=verdict, form=form, account_id=account_id)
            for part in parts
        }
    )


def _saved(account_id: int, entry: Entry, logged: operations.Logged) -> Any:
    """Say what was kept and of whom, with the way back, and open the next account."""
    kept = logged.kept
    if kept is not None:
        back = url_for("contact.account", account_id=account_id, tab=_tab())
        words = say("Back to %(account)s", account=kept.account_ref)
        say_flash(saved_words(entry, kept), link=(words, back))
        for warning in warnings_of(logged, kept):
            say_flash(warning, "warning")
        if kept.left is not None:
            mark = url_for("contact.hold", hold_id=kept.left.id)
            say_flash(left_words(kept.left, kept), "warning", link=(say("Open the mark"), mark))
            ask = url_for("contact.new_request", account_id=account_id, code="hold")
            say_flash(say("Only the bank releases it."), "warning", link=(say("Ask the bank to release it"), ask))
    return redirect(url_for("contact.next_one", tab=_tab(), whose=_whose() or None, behind=account_id))


@blueprint.get("/queue/next")
@requires(Permission.QUEUE_WORK)
def next_one() -> Any:
    """Leads to the first account that may be called now, another than `behind`; to the queue where there is none.

    By itself, so that whoever logs an attempt hears that it is kept before the next one is looked for.
    """
    clock, behind = services().clock, request.args.get("behind", 0, type=key)
    following = next_account(db.session(), actor(), clock.now(), clock.today(), _tab(), behind, _scope())
    if following is None:
        return redirect(url_for("contact.queue", tab=_tab(), whose=_whose() or None))
    return redirect(url_for("contact.account", account_id=following, tab=_tab(), whose=_whose() or None))


@blueprint.post("/queue/<int:account_id>/reveal")
@requires(Permission.PERSON_REVEAL)
def reveal(account_id: int) -> Any:
    """One piece of the person's data in full: the same page with it, or the piece alone for the page's own script."""
    what = request.form.get("what", "")
    bench = _bench(account_id)
    shown = _reveal(bench, what)
    if request.accept_mimetypes.best == "application/json":
        return jsonify(value=shown.get(what, ""))
    bench = _bench(account_id, shown)
    form = AttemptForm(bench.debts, formdata=None)
    workbench.fill(db.session(), actor(), form, bench, request.args)
    return _bench_page(bench, form)


def _reveal(bench: workbench.Bench, what: str) -> dict[str, Any]:
    if what == "name":
        return {what: reveal_name(actor(), bench.customer.id)}
    if what == "notes":
        return {what: operations.reveal_notes(actor(), bench.account.id)}
    point = next((p.point.id for p in bench.standing.points if what == f"point-{p.point.id}"), None)
    if point is None:
        raise NotFound
    return {what: reveal_contact_point(actor(), point)}


def _bench(account_id: int, shown: dict[str, Any] | None = None) -> workbench.Bench:
    return workbench.open_bench(db.session(), actor(), account_id, services().clock, _tab(), shown, _scope())


def _bench_page(bench: workbench.Bench, form: AttemptForm) -> str:
    session, who = db.session(), actor()
    return render_template(
        "contact/account.html",
        bench=bench,
        form=form,
        tab=_tab(),
        late=_is_late(form),
        openings=opening_of(session, who, bench.account, bench.customer),
        verdict=workbench.verdict_on(session, who, form, bench),
    )


def _is_late(form: AttemptForm) -> bool:
    return "late" in request.args or bool(form.already_happened.data or form.corrects_id.data)


@blueprint.get("/promises")
@requires(Permission.QUEUE_WORK)
def promises() -> Any:
    """The organisation's promises by day and state."""
    today = services().clock.today()
    tags = ("today", "open", "grace", "broken", "kept", "carried")
    table = Table(
        "promises",
        queries.promises_statement(actor()),
        columns=(
            Column("promised_on", _l("Promised for"), "day", value=lambda r: r[0].promised_on,
                   expression=Promise.promised_on, sortable=True, nullable=False),
            Column("name", _l("Debtor")),
            Column("account_ref", _l("Account")),
            Column("amount", _l("Amount"), "money", value=lambda r: r[0].amount_minor, currency=lambda r: r[0].currency),
            Column("state", _l("State"), "state", value=lambda r: promise_tag(r[0], today)),
            Column("made_on", _l("Made on"), "day", value=lambda r: r[0].made_on),
        ),
        filters=(
            Filter("state", _l("State"), "choice", lambda s, v: queries.promise_state(s, v, today),
                   choices=[(code, PROMISE_TAGS[code].label) for code in tags]),
            Filter("day", _l("Promised for"), "period", queries.promised_within),
        ),
        default_sort="-promised_on",
        key=Promise.id,
        row_url=_bench_url,
        empty=Empty(_l("Nobody has promised anything yet."), _l("Open the queue"), url_for("contact.queue")),
    )  # fmt: skip
    return table_response(table, "contact/promises.html")


@blueprint.get("/my-day")
@requires(Permission.QUEUE_WORK)
def my_day() -> Any:
    """What was logged on one day: one's own work, or for who leads everybody's. Accounts that have gone back stay."""
    today = _today()
    day, complaint = days.read_day(request.args.get("day", ""), today)
    people = days.people(db.session(), actor())
    person = next((user_id for user_id, _ in people if str(user_id) == request.args.get("who")), None)
    whose = person if people else actor().user_id
    span = days.span_of(day, ZoneInfo(actor().time_zone))
    table = day_table(days.attempts_statement(actor(), span, whose), day == today, bool(people), _bench_url)
    return table_response(
        table,
        "contact/my_day.html",
        day=day,
        today=today,
        complaint=complaint,
        people=people,
        person=person,
        work=days.work_of(db.session(), actor(), span, whose),
        before=days.before(day),
        after=day + timedelta(days=1) if day < today else None,
    )


def _bench_url(row: Any) -> str | None:
    """The workbench of a row's account; None once the account has gone back and its person is closed."""
    return url_for("contact.account", account_id=row[0].account_id) if row.open_id else None


def _tab() -> str | None:
    tab = request.args.get("tab", "")
    return tab if tab in TABS else None


def _whose() -> str:
    """Whose work the address names, as far as the reader may choose it."""
    return whose_of(db.session(), actor(), request.args.get("whose", ""))


def _scope() -> Scope:
    return scope_of(db.session(), actor(), _whose())


@blueprint.url_defaults
def _keep_whose(endpoint: str, values: dict[str, Any]) -> None:
    """Who works a part of the queue stays in it from account to account."""
    if endpoint in WITHIN_QUEUE and has_request_context() and request.endpoint in WITHIN_QUEUE:
        values.setdefault("whose", request.args.get("whose"))


def _today() -> date:
    """The day where the reader is."""
    return services().clock.today(actor().time_zone)
