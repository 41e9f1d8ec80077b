"""Pages of runs: making one, looking at it, deciding about it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError, SeveralErrors
from portal.foundation.forms import show_error
from portal.foundation.job_pages import shown_job
from portal.foundation.jobs.queries import job_about
from portal.foundation.language import say
from portal.foundation.money import format_amount
from portal.foundation.services import services
from portal.foundation.table_pages import table_response
from portal.foundation.web import actor, requires, say_flash
from portal.placement import operations, queries
from portal.placement.blueprint import blueprint
from portal.placement.criteria import PLACEABLE_BUCKETS, Criteria
from portal.placement.evidence import Evidence
from portal.placement.fairness import Outcome, books_of
from portal.placement.forms import RunForm, is_share_field, method_fields, role_field, share_field
from portal.placement.labels import (
    BATCH_STATES,
    MEASURES,
    METHODS,
    ORDERS,
    OVERFLOWS,
    RUN_STATES,
    STRATA_WORDS,
    VALUES,
    part_named,
    part_words,
    reason_words,
)
from portal.placement.method import Method, MethodKind
from portal.placement.models import AllocationRun, RunState
from portal.placement.proposal import Preview, preview
from portal.placement.recall_queries import recall_named
from portal.placement.receivers import PossibleReceiver, possible_receivers
from portal.placement.scores import LOOK_BACK_DAYS, recovery_rates
from portal.placement.segment_queries import conditions_of_segment, segments_to_choose
from portal.placement.tables import lines_table, runs_table
from portal.portfolio.region_names import region_name
from portal.vendors.labels import KIND_LABELS, name_of
from portal.vendors.queries import work_organisations

if TYPE_CHECKING:
    from portal.foundation.job_pages import ShownJob

__all__ = [
    "approve_run", "make_run", "new_run", "refuse_run", "run", "runs", "submit_run",
]  # fmt: skip


# By which of an engine's reasons a method places, for the filter of a run's lines.
PLACED_BY = {
    MethodKind.SHARES: ("share", "rank", "pick"),
    MethodKind.EQUAL: ("share", "rank", "pick"),
    MethodKind.PERFORMANCE: ("share", "rank", "pick"),
    MethodKind.CHAMPION: ("champion", "challenger", "rank", "pick"),
    MethodKind.RANKED: ("rank", "pick"),
}

# The fields whose change renews the receivers' part of the form. What they have recovered in a year is reckoned for that
# part alone: static/js/run.js says in X-Changed what was changed.
RENEW_RECEIVERS = ("kind", "currency", "method", "segment")


@blueprint.get("/placements")
@requires(Permission.PLACEMENTS_VIEW)
def runs() -> Any:
    """All runs."""
    return table_response(runs_table(actor()), "placement/runs.html")


@blueprint.get("/placements/new")
@requires(Permission.PLACEMENTS_PROPOSE)
def new_run() -> Any:
    """The question in the address, and what a run of it would do."""
    return _new_run_page(_form(request.args))


@blueprint.post("/placements/new")
@requires(Permission.PLACEMENTS_PROPOSE)
def make_run() -> Any:
    """Save what the preview showed as a draft."""
    form = _form(request.form)
    try:
        run_id = operations.make_run(actor(), *form.question(_numbers(request.form)))
    except DomainError as error:
        if error.field is None:
            raise
        _show(form, error)
        return _new_run_page(form), 422
    say_flash(say("The run is saved as a draft: nothing has been placed yet."))
    return redirect(url_for("placement.run", run_id=run_id))


@blueprint.get("/placements/<int:run_id>")
@requires(Permission.PLACEMENTS_VIEW)
def run(run_id: int) -> Any:
    """One run: what it decided, who made and decided it, what became of it."""
    session, who = db.session(), actor()
    found, maker, decider = queries.run_for(session, who, run_id)
    method = operations.method_of(found)
    organisations = {o.id: o for o in work_organisations(session, who)}
    outcome = Outcome.from_data(found.outcome) if found.outcome else Outcome([])
    left_out = [*outcome.left_out, *outcome.since]
    evidence = Evidence.from_data(outcome.evidence) if outcome.evidence else _plain_evidence(outcome, found)
    taking = [*method.values, *(r["organisation_id"] for r in evidence.receivers)]
    receivers = [organisations[o] for o in dict.fromkeys(taking) if o in organisations]
    reasons = [*PLACED_BY[method.kind], *(t.reason for t in [*evidence.not_placed, *left_out] if t.reason)]
    return table_response(
        lines_table(who, found, receivers, reasons),
        "placement/run.html",
        run=found,
        maker=maker,
        decider=decider,
        state=RUN_STATES[found.state],
        kind=KIND_LABELS[found.kind],
        criteria=Criteria.from_data(found.kind, found.currency, found.seed, found.criteria),
        method=method,
        strata_said=" · ".join(str(STRATA_WORDS[name]) for name in method.strata),
        evidence=evidence,
        books=evidence.books,
        outcome=outcome,
        names={key: name_of(organisation) for key, organisation in organisations.items()},
        left_out=left_out,
        batches=queries.batches_of_run(session, found),
        job=_job(found),
        is_maker=found.made_by is not None and found.made_by == who.user_id,
        again_url=url_for("placement.new_run") + "?" + _question(found, method),
        **_words(),
    )


@blueprint.post("/placements/<int:run_id>/submit")
@requires(Permission.PLACEMENTS_PROPOSE)
def submit_run(run_id: int) -> Any:
    """Ask for approval."""
    operations.submit_run(actor(), run_id)
    say_flash(say("The run waits for approval by another person."))
    return redirect(url_for("placement.run", run_id=run_id))


@blueprint.post("/placements/<int:run_id>/approve")
@requires(Permission.PLACEMENTS_APPROVE)
def approve_run(run_id: int) -> Any:
    """Approve, and so send."""
    operations.approve_run(actor(), run_id)
    say_flash(say("The run is approved and is being sent."))
    return redirect(url_for("placement.run", run_id=run_id))


@blueprint.post("/placements/<int:run_id>/refuse")
@requires(Permission.PLACEMENTS_APPROVE)
def refuse_run(run_id: int) -> Any:
    """Refuse, with the reason."""
    operations.refuse_run(actor(), run_id, request.form.get("reason", ""))
    say_flash(say("The run is refused; its maker can begin a new one from it."))
    return redirect(url_for("placement.run", run_id=run_id))


@blueprint.post("/placements/<int:run_id>/withdraw")
@requires(Permission.PLACEMENTS_PROPOSE)
def withdraw_run(run_id: int) -> Any:
    """Take it back before anybody has decided."""
    operations.withdraw_run(actor(), run_id)
    say_flash(say("The run is withdrawn: nobody has to decide about it any more."))
    return redirect(url_for("placement.run", run_id=run_id))


# --- the form of a new run ----------------------------------------------------------------------------------------------


def _form(asked: MultiDict[str, str]) -> RunForm:
    session, who = db.session(), actor()
    return RunForm(
        asked,
        queries.currencies(session),
        seed=int(f"{services().clock.today():%Y%m%d}"),
        segments=[(segment.id, segment.name) for segment in segments_to_choose(session, who)],
        criteria_of=lambda segment_id: conditions_of_segment(session, who, segment_id),
    )


def _new_run_page(form: RunForm) -> str:
    session, who, today = db.session(), actor(), services().clock.today()
    possible = possible_receivers(session, who, form.chosen_kind, form.chosen_currency, today)
    shown: Preview | None = None
    rates: dict[int, Decimal] = {}
    if form.wants_scores or request.headers.get("X-Changed", RENEW_RECEIVERS[0]) in RENEW_RECEIVERS:
        since = today - timedelta(days=LOOK_BACK_DAYS)
        rates = recovery_rates(session, who, form.chosen_kind, form.chosen_currency, since)
    if form.wants_scores:
        form.fill_in({p.id: rates[p.id] * 100 for p in possible if p.may_receive and rates.get(p.id)})
    try:
        criteria, method = form.question(p.id for p in possible)
        shown = preview(session, criteria, method, possible, today)
    except DomainError as error:
        _show(form, error)
    return render_template(
        "placement/new_run.html",
        form=form,
        possible=possible,
        written={p.id: form.asked.get(share_field(p.id), "") for p in possible},
        challengers={p.id for p in possible if form.asked.get(role_field(p.id))},
        rates=rates,
        renew_receivers=RENEW_RECEIVERS,
        limited=any(p.standing.buckets or p.standing.regions for p in possible),
        share_field=share_field,
        role_field=role_field,
        value_label=VALUES[form.chosen_method],
        preview=shown,
        evidence=shown.evidence if shown else None,
        names={p.id: name_of(p.organisation) for p in possible},
        currency=form.chosen_currency,
        recall=recall_named(session, who, form.recall.data),
        today=today,
        too_small=_too_small(possible, shown),
        **_words(),
    )


def _show(form: RunForm, error: DomainError) -> None:
    """Errors beside their fields; one of a receiver's number, which is no field of the form's own, with that receiver."""
    for each in error.errors if isinstance(error, SeveralErrors) else (error,):
        if is_share_field(each.field):
            form.receiver_errors[each.field] = each.message
        else:
            show_error(form, each)


def _words() -> dict[str, Any]:
    """What the templates of runs say things with."""
    return {
        "reason_words": reason_words,
        "part_named": part_named,
        "part_words": part_words,
        "region_name": region_name,
        "orders": ORDERS,
        "methods": METHODS,
        "measures": MEASURES,
        "overflows": OVERFLOWS,
        "strata_words": STRATA_WORDS,
        "buckets": PLACEABLE_BUCKETS,
        "name_of": name_of,
        "batch_states": BATCH_STATES,
    }


def _too_small(possible: list[PossibleReceiver], shown: Preview | None) -> set[int]:
    """Whose room does not take the share."""
    rooms = {p.id: p.room for p in possible}
    books = shown.books if shown else ()
    return {
        b.organisation_id
        for b in books
        if b.organisation_id is not None
        and rooms.get(b.organisation_id) is not None
        and b.accounts == rooms[b.organisation_id]
        and b.from_share is not None
        and b.from_share < 0
    }


def _numbers(asked: MultiDict[str, str]) -> list[int]:
    """The organisations that a form names with a share."""
    prefix = share_field(0)[:-1]
    found = (name.removeprefix(prefix) for name in asked if name.startswith(prefix))
    return [int(number) for number in found if number.isascii() and number.isdigit() and len(number) < 19]


# --- one run ------------------------------------------------------------------------------------------------------------


def _job(found: AllocationRun) -> ShownJob | None:
    """The job that the run waits for, where it does."""
    waits_for = {RunState.DRAFT: operations.ALLOCATE, RunState.APPROVED: operations.SEND}.get(found.state)
    if waits_for is None or (found.state is RunState.DRAFT and found.outcome):
        return None
    job = job_about(db.session(), actor(), waits_for, str(found.id))
    return shown_job(actor(), job) if job else None


def _plain_evidence(outcome: Outcome, found: AllocationRun) -> Evidence:
    """The books of a run of before there was more."""
    shares = {share["organisation_id"]: Decimal(share["share"]) for share in found.shares}
    return Evidence(books=books_of(outcome.groups, shares))


def _question(found: AllocationRun, method: Method) -> str:
    """The address's fields of a run like this one. What a segment asked for beyond these fields is not in it."""
    asked = Criteria.from_data(found.kind, found.currency, found.seed, found.criteria)
    limits = {"balance_from": asked.from_minor, "balance_to": asked.to_minor}
    fields: list[tuple[str, str]] = [("kind", asked.kind.value), ("currency", asked.currency)]
    fields += [("buckets", bucket) for bucket in asked.buckets]
    fields += [(name, format_amount(v, asked.currency)) for name, v in limits.items() if v is not None]
    fields += [("most", str(asked.most))] if asked.most is not None else []
    fields += [("unknown_limitation", asked.unknown_limitation.value)]
    fields += [("recall", str(asked.conditions.returned_by))] if asked.conditions.returned_by else []
    fields += [("order", asked.order.value), ("seed", str(asked.seed))]
    return urlencode([*fields, *method_fields(method)])
