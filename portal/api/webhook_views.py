"""Pages of webhooks."""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for
from flask import session as cookie

from portal.api import webhook_follow
from portal.api import webhook_operations as operations
from portal.api import webhook_queries as queries
from portal.api.webhook_delivery import body_of
from portal.api.webhook_forms import OwnedWebhookForm, SinceForm, WebhookForm
from portal.api.webhook_labels import EVENT_KINDS, delivery_state, webhook_state, why_it_failed
from portal.api.webhook_models import EventKind
from portal.api.webhook_tables import deliveries_table, webhooks_table
from portal.foundation import hooks
from portal.foundation.access import Actor, Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError
from portal.foundation.forms import show_error
from portal.foundation.language import _l, say, say_count
from portal.foundation.navigation import counts
from portal.foundation.services import services
from portal.foundation.table_pages import table_export, table_page, table_response
from portal.foundation.web import actor, requires, say_flash
from portal.oversight.tasks import Desk, Task
from portal.vendors.labels import name_of
from portal.vendors.queries import work_organisations

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

__all__ = ["blueprint", "webhook_follow"]

blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks")
SECRET_ONCE, SHOWN_ONCE = "webhook_secret", "webhook secret shown once"


@counts("webhooks.index")
def failing(who: Actor) -> int:
    """Webhooks that somebody has to look at."""
    return queries.failing_count(db.session(), who)


@hooks.tasks.register
def failing_tasks(desk: Desk) -> list[Task]:
    """For whoever manages them: webhooks that do not take what they are sent."""
    count = queries.failing_count(desk.session, desk.actor) if desk.actor.can(Permission.API_MANAGE) else 0
    if not count:
        return []
    only = queries.first_failing(desk.session, desk.actor)
    endpoint, values = ("webhooks.webhook", {"webhook_id": only.id}) if only else ("webhooks.index", {})
    return [Task(say("Webhooks do not reach their systems"), _l("See why"), endpoint, values, desk.today, count=count)]


@blueprint.get("")
@requires(Permission.API_MANAGE)
def index() -> ResponseReturnValue:
    """Where the organisation's own systems are told what happens."""
    return table_response(webhooks_table(actor()), "api/webhooks.html")


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.API_MANAGE)
def new_webhook() -> Any:
    """An address, and what it is told."""
    who = actor()
    form: WebhookForm = OwnedWebhookForm() if who.is_bank else WebhookForm()
    if isinstance(form, OwnedWebhookForm):
        form.offer((found.id, name_of(found)) for found in work_organisations(db.session(), who))
    if request.method == "GET":
        form.kinds.data = [kind.value for kind in operations.CHOSEN_KINDS]
    if form.validate_on_submit():
        owner = form.organisation.data if isinstance(form, OwnedWebhookForm) else None
        try:
            webhook_id, secret = operations.add_webhook(who, form.wanted(), owner)
        except DomainError as error:
            show_error(form, error)
        else:
            _show_secret_once(webhook_id, secret)
            say_flash(say("The webhook is made. Send a test once your system knows the secret."))
            return redirect(url_for("webhooks.webhook", webhook_id=webhook_id))
    return render_template("api/webhook_form.html", form=form, webhook=None), 422 if form.errors else 200


@blueprint.get("/<int:webhook_id>")
@requires(Permission.API_MANAGE)
def webhook(webhook_id: int) -> Any:
    """One webhook, and what was sent to it."""
    return _webhook_page(webhook_id, SinceForm(formdata=None))


def _webhook_page(webhook_id: int, form: SinceForm) -> Any:
    session, who = db.session(), actor()
    found = queries.webhook_for(session, who, webhook_id)
    table = deliveries_table(who, found)
    exported = table_export(table)
    if exported is not None:
        return exported
    now = services().clock.real_now()
    page = render_template(
        "api/webhook.html",
        webhook=found,
        owner=name_of(found.organisation) if who.is_bank else None,
        state=webhook_state(found),
        kinds=[EVENT_KINDS[EventKind(kind)] for kind in found.kinds],
        standing=queries.standing_of(session, who, webhook_id),
        two_secrets_until=found.old_secret_until if found.old_secret_until and found.old_secret_until > now else None,
        secret=_secret_shown_once(webhook_id),
        table=table_page(table),
        form=form,
        zone=who.time_zone,
    )
    return page, 422 if form.errors else 200


@blueprint.route("/<int:webhook_id>/edit", methods=["GET", "POST"])
@requires(Permission.API_MANAGE)
def edit_webhook(webhook_id: int) -> Any:
    """Another address, or other events."""
    found = queries.webhook_for(db.session(), actor(), webhook_id)
    form = WebhookForm(obj=found)
    if form.validate_on_submit():
        try:
            operations.change_webhook(actor(), webhook_id, form.wanted())
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(say("Saved. What waits goes to the address that stands now."))
            return redirect(url_for("webhooks.webhook", webhook_id=webhook_id))
        found = queries.webhook_for(db.session(), actor(), webhook_id)
    return render_template("api/webhook_form.html", form=form, webhook=found), 422 if form.errors else 200


@blueprint.post("/<int:webhook_id>/pause")
@requires(Permission.API_MANAGE)
def pause_webhook(webhook_id: int) -> Any:
    """Send nothing for a while."""
    operations.pause_webhook(actor(), webhook_id)
    say_flash(say("Nothing is sent until you start it again."))
    return redirect(url_for("webhooks.webhook", webhook_id=webhook_id))


@blueprint.post("/<int:webhook_id>/resume")
@requires(Permission.API_MANAGE)
def resume_webhook(webhook_id: int) -> Any:
    """Send again, what waits first."""
    operations.resume_webhook(actor(), webhook_id)
    say_flash(say("The webhook is started. What waits is sent first; what happened meanwhile you may send below."))
    return redirect(url_for("webhooks.webhook", webhook_id=webhook_id))


@blueprint.post("/<int:webhook_id>/rotate")
@requires(Permission.API_MANAGE)
def rotate_secret(webhook_id: int) -> Any:
    """A new secret."""
    _show_secret_once(webhook_id, operations.rotate_secret(actor(), webhook_id))
    say_flash(say("There is a new secret. For a day every delivery is signed by the old one as well."))
    return redirect(url_for("webhooks.webhook", webhook_id=webhook_id))


@blueprint.post("/<int:webhook_id>/test")
@requires(Permission.API_MANAGE)
def test_webhook(webhook_id: int) -> Any:
    """Send an event that says nothing."""
    delivery_id = operations.send_test(actor(), webhook_id)
    say_flash(say("The test is on its way. Reload this page in a moment to see how it went."))
    return redirect(url_for("webhooks.delivery", webhook_id=webhook_id, delivery_id=delivery_id))


@blueprint.post("/<int:webhook_id>/chosen")
@requires(Permission.API_MANAGE)
def replay(webhook_id: int) -> Any:
    """Send chosen events once more."""
    chosen = [int(number) for number in request.form.getlist("row") if number.isascii() and number.isdigit()]
    _say_sent(operations.replay(actor(), webhook_id, [number for number in chosen if number < 2**63]))
    return redirect(url_for("webhooks.webhook", webhook_id=webhook_id))


@blueprint.post("/<int:webhook_id>/replay")
@requires(Permission.API_MANAGE)
def replay_since(webhook_id: int) -> Any:
    """Send everything since a time once more."""
    form = SinceForm()
    queries.webhook_for(db.session(), actor(), webhook_id)
    if form.validate_on_submit() and form.since.data is not None:
        since = form.since.data.replace(tzinfo=ZoneInfo(actor().time_zone)).astimezone(UTC)
        try:
            _say_sent(operations.replay_since(actor(), webhook_id, since))
        except DomainError as error:
            show_error(form, error)
        else:
            return redirect(url_for("webhooks.webhook", webhook_id=webhook_id))
    return _webhook_page(webhook_id, form)


def _say_sent(count: int) -> None:
    say_flash(say_count("%(n)s event is on its way again.", "%(n)s events are on their way again.", count))


@blueprint.get("/<int:webhook_id>/deliveries/<int:delivery_id>")
@requires(Permission.API_MANAGE)
def delivery(webhook_id: int, delivery_id: int) -> str:
    """One delivery: what is told, and how its tries went."""
    session, who = db.session(), actor()
    found = queries.webhook_for(session, who, webhook_id)
    row = queries.delivery_for(session, who, webhook_id, delivery_id)
    told = json.dumps(json.loads(body_of(row.WebhookEvent)), ensure_ascii=False, indent=2)
    return render_template(
        "api/webhook_delivery.html",
        webhook=found,
        delivery=row.WebhookDelivery,
        event=row.WebhookEvent,
        asker=row.asker,
        kind=EVENT_KINDS[row.WebhookEvent.kind],
        state=delivery_state(row.WebhookDelivery),
        failed=why_it_failed(row.WebhookDelivery),
        told=told,
    )


def _show_secret_once(webhook_id: int, secret: str) -> None:
    """For the next page only, and sealed: the browser's cookie is signed, not secret."""
    cookie[SECRET_ONCE] = [webhook_id, services().vault.seal_secret(secret, SHOWN_ONCE).hex()]


def _secret_shown_once(webhook_id: int) -> str | None:
    """The secret that the step before has made; after this page nobody can show it again."""
    for_which, sealed = cookie.get(SECRET_ONCE, [None, ""])
    if for_which != webhook_id:
        return None
    cookie.pop(SECRET_ONCE)
    return services().vault.open_secret(bytes.fromhex(sealed), SHOWN_ONCE)
