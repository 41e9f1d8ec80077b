"""Compliance's pages of rule packs: their versions, one version in words, and which pack holds for which place."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, render_template, request, url_for

from portal.contact.rules import publishing as operations
from portal.contact.rules import queries as reads
from portal.contact.rules.blueprint import blueprint
from portal.contact.rules.forms import ChoiceForm, PublishForm, VersionForm
from portal.contact.rules.labels import STATE_TAGS, place_words
from portal.contact.rules.pack_page import chosen_places, places_of, rules_shown
from portal.contact.rules.packs import pack_names
from portal.contact.rules.reader import PackError
from portal.contact.rules.shelf import shelf_of
from portal.contact.rules.tables import from_words, publisher_words, versions_table
from portal.foundation.access import Actor, Permission
from portal.foundation.database import db
from portal.foundation.downloads import name_as_file
from portal.foundation.errors import DomainError
from portal.foundation.forms import show_error
from portal.foundation.language import say
from portal.foundation.navigation import counts
from portal.foundation.services import services
from portal.foundation.table_pages import table_response
from portal.foundation.web import actor, requires, say_flash

__all__ = [
    "choose",
    "confirm_choice",
    "discard",
    "drop_choice",
    "new_pack",
    "pack_text",
    "pack_version",
    "packs",
    "publish",
    "withdraw",
]


@counts("conduct.packs")
def _drafts(who: Actor) -> int:
    return reads.drafts_waiting(db.session(), who) if who.can(Permission.RULES_PUBLISH) else 0


@blueprint.get("/rule-packs")
@requires(Permission.RULES_VIEW)
def packs() -> Any:
    """All versions, and which pack holds for which place."""
    return _packs_page(ChoiceForm(_names()))


def _packs_page(form: ChoiceForm, status: int = 200) -> Any:
    session, who, today = db.session(), actor(), services().clock.today()
    answer = table_response(
        versions_table(who, reads.Versions.on(session, who, today), _names()),
        "contact/rule_packs.html",
        places=chosen_places(shelf_of(session, who), reads.choices_of(session, who), today),
        form=form,
        today=today,
    )
    return (answer, status) if isinstance(answer, str) else answer


def _names() -> list[str]:
    """Packs that somebody may choose: those that are published or shipped."""
    return sorted({*pack_names(), *reads.published_names(db.session(), actor())})


@blueprint.get("/rule-packs/<int:version_id>")
@requires(Permission.RULES_VIEW)
def pack_version(version_id: int) -> Any:
    """One version: each rule in words with what it rests on, what it changes, and what may be done with it."""
    return _version_page(version_id)


def _version_page(version_id: int, form: PublishForm | None = None, status: int = 200) -> Any:
    session, who, today = db.session(), actor(), services().clock.today()
    row = reads.version_for(session, who, version_id)
    version, shelf = row.RulePackVersion, shelf_of(session, who)
    state = reads.Versions.on(session, who, today).state(version, row.withdrawn_at)
    before = reads.before_of(session, who, version)
    try:
        draft, broken = reads.read_version(shelf, version, today), None
        old = reads.read_version(shelf, before, today).own if before else ()
    except PackError as error:
        draft, broken, old = None, error.message, ()
    if form is None:
        form = PublishForm(bool(draft and draft.unsettled), formdata=None)
        form.effective_from.data, form.sha256.data = (
            max(today, (draft and draft.effective_from) or today),
            version.sha256,
        )
    page = render_template(
        "contact/rule_pack.html",
        version=version,
        row=row,
        state=STATE_TAGS[state],
        place=place_words(version.jurisdiction),
        since=from_words(version),
        used_for=places_of(version.pack, chosen_places(shelf, reads.choices_of(session, who), today)),
        publisher=publisher_words(row),
        signer=reads.signer_of(session, who, version),
        draft=draft,
        broken=broken,
        rules=rules_shown(draft, old) if draft else None,
        before=before,
        after=reads.after_of(session, who, version),
        lines=reads.lines_changed(before.content, version.content) if before else [],
        form=form if state == "draft" else None,
        is_own=version.proposed_by is not None and version.proposed_by == who.user_id,
        may_withdraw=state == "coming",
    )
    return page, status


@blueprint.get("/rule-packs/<int:version_id>/<any('pack.yaml'):file_name>")
@requires(Permission.RULES_VIEW)
def pack_text(version_id: int, file_name: str) -> Response:
    """The text of a version, to begin the next one with."""
    version = reads.version_for(db.session(), actor(), version_id).RulePackVersion
    answer = Response(version.content, content_type="application/yaml; charset=utf-8")
    answer.headers["Cache-Control"] = "no-store"
    return name_as_file(answer, f"{version.pack}-{version.version}.yaml")


@blueprint.route("/rule-packs/new", methods=["GET", "POST"])
@requires(Permission.RULES_PROPOSE)
def new_pack() -> Any:
    """Put a version up for publishing."""
    form = VersionForm()
    if form.validate_on_submit():
        try:
            text = operations.read_upload(form.file.data.stream.read(operations.LONGEST_TEXT + 1))
            version_id = operations.propose_version(actor(), text, form.note.data or "")
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(say("The version is put up. Another person has to publish it."))
            return redirect(url_for("conduct.pack_version", version_id=version_id))
    return render_template("contact/new_rule_pack.html", form=form), 422 if form.errors else 200


@blueprint.post("/rule-packs/<int:version_id>/publish")
@requires(Permission.RULES_PUBLISH)
def publish(version_id: int) -> Any:
    """Let a version hold from a day on."""
    version = reads.version_for(db.session(), actor(), version_id).RulePackVersion
    form = PublishForm(_is_unsettled(version))
    if form.validate_on_submit():
        try:
            operations.publish_version(actor(), version_id, form.publication())
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(say("The version is published."))
            return redirect(url_for("conduct.pack_version", version_id=version_id))
    return _version_page(version_id, form, 422)


def _is_unsettled(version: Any) -> bool:
    shelf, today = shelf_of(db.session(), actor()), services().clock.today()
    try:
        return bool(reads.read_version(shelf, version, today).unsettled)
    except PackError:
        return True


@blueprint.post("/rule-packs/<int:version_id>/withdraw")
@requires(Permission.RULES_PUBLISH)
def withdraw(version_id: int) -> Any:
    """Take a version back before its first day."""
    operations.withdraw_version(actor(), version_id, request.form.get("reason", ""))
    say_flash(say("The version is withdrawn. The one before stays in force."))
    return redirect(url_for("conduct.pack_version", version_id=version_id))


@blueprint.post("/rule-packs/<int:version_id>/discard")
@requires(Permission.RULES_PROPOSE)
def discard(version_id: int) -> Any:
    """Drop a draft."""
    operations.discard_draft(actor(), version_id, request.form.get("reason", ""))
    say_flash(say("The draft is dropped."))
    return redirect(url_for("conduct.packs"))


# --- which pack for whom --------------------------------------------------------------------------------------------------


@blueprint.post("/rule-packs/places")
@requires(Permission.RULES_PROPOSE)
def choose() -> Any:
    """Ask that another pack holds for a place."""
    form = ChoiceForm(_names())
    if form.validate_on_submit():
        try:
            operations.propose_choice(actor(), form.place(), form.pack.data, form.day())
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(say("Asked for. Another person has to confirm it."))
            return redirect(url_for("conduct.packs"))
    return _packs_page(form, 422)


@blueprint.post("/rule-packs/places/<int:choice_id>/confirm")
@requires(Permission.RULES_PUBLISH)
def confirm_choice(choice_id: int) -> Any:
    """Let it hold."""
    operations.confirm_choice(actor(), choice_id)
    say_flash(say("Confirmed."))
    return redirect(url_for("conduct.packs"))


@blueprint.post("/rule-packs/places/<int:choice_id>/drop")
@requires(Permission.RULES_PROPOSE)
def drop_choice(choice_id: int) -> Any:
    """Take back, or refuse, what was asked for."""
    operations.drop_choice(actor(), choice_id)
    say_flash(say("Dropped; the pack in use stays in use."))
    return redirect(url_for("conduct.packs"))
