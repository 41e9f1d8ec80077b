"""Compliance's pages: what the rules found against logged contacts, and one decision with all that it rested on."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from flask import render_template, request, url_for

from portal.contact.authors import author_words
from portal.contact.conduct import HoldRule
from portal.contact.evidence import pack_kept
from portal.contact.history import local_day
from portal.contact.labels import CHANNELS, INCOMING
from portal.contact.models import Direction
from portal.contact.outcomes import OUTCOMES, PARTIES
from portal.contact.presumptions import reason_words
from portal.contact.rules import finding_queries as conduct_queries
from portal.contact.rules import queries as pack_queries
from portal.contact.rules import views as pack_views
from portal.contact.rules.blueprint import blueprint
from portal.contact.rules.decision_page import again_today, again_under_its_own, facts_told, findings_of
from portal.contact.rules.labels import rule_names
from portal.contact.rules.pack_words import rule_sentences
from portal.contact.rules.shelf import shelf_of
from portal.contact.rules.tables import findings_table, own_findings_table
from portal.contact.words import VERDICT_TAGS
from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.language import translate
from portal.foundation.services import services
from portal.foundation.table_pages import table_response
from portal.foundation.web import actor, requires
from portal.vendors.labels import name_of
from portal.vendors.queries import organisations_of_staff

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from portal.contact.conduct import Rule
    from portal.contact.models import ContactAttempt
    from portal.contact.rules.shelf import Shelf
    from portal.foundation.language import Message

__all__ = ["blueprint", "pack_views"]

MONTHS = 13  # the running one and a year


@blueprint.get("/conduct")
@requires(Permission.CONDUCT_VIEW)
def findings() -> Any:
    """Breaches and presumptions: sums of a month, and the findings one by one."""
    session, who = db.session(), actor()
    today = services().clock.today(who.time_zone)
    months = conduct_queries.months_back(today, MONTHS)
    month = _month(request.args.get("month", ""), months)
    first, last = conduct_queries.month_of(month)
    sums = conduct_queries.sums_of(session, who, first, last)
    shelf = shelf_of(session, who)
    rules = pack_queries.rules_asked(session, who, shelf, months[0])
    names = rule_names(rules)
    listed = sorted({*rules, *(one.rule for one in sums)})
    return table_response(
        findings_table(who, organisations_of_staff(session, who), listed, names),
        "contact/conduct.html",
        month=month,
        months=months,
        first=first,
        last=last,
        sums=sums,
        names=names,
        says=_says(shelf, {one.rule for one in sums}, first, min(last, today)),
        name_of=name_of,
    )


@blueprint.get("/team/conduct")
@requires(Permission.QUEUE_DEAL)
def own_findings() -> Any:
    """For an agency's leader: the organisation's contacts that were against the rules, or presumed to be, one by one."""
    session, who = db.session(), actor()
    today = services().clock.today(who.time_zone)
    rules = pack_queries.rules_asked(session, who, shelf_of(session, who), today)
    names = rule_names(rules)
    return table_response(own_findings_table(who, sorted(rules), names), "contact/own_conduct.html")


def _says(shelf: Shelf, codes: Collection[str], first: date, last: date) -> dict[str, list[str]]:
    """What rules say in the packs that held for some place as a period began and as it ended: places differ. A rule about holds
    says something else of each flag, so that nothing is quoted of it over a sum."""
    found: dict[str, list[str]] = {}
    for pack in (*shelf.packs_in_use(first), *shelf.packs_in_use(last)):
        for rule in (rule for rule in pack.rules if rule.id in codes):
            words = translate(rule_sentences(rule)[0])
            if not isinstance(rule, HoldRule) and words not in found.setdefault(rule.id, []):
                found[rule.id].append(words)
    return found


def _month(text: str, months: list[date]) -> date:
    """The month that the address names; the running one where it names none of the list."""
    return next((month for month in months if f"{month:%Y-%m}" == text), months[0])


@blueprint.get("/conduct/attempts/<int:attempt_id>")
@requires(Permission.CONDUCT_VIEW)
def decision(attempt_id: int) -> Any:
    """One decision: what was asked and known, what each rule said and on what it rests; asked again on demand."""
    session, who = db.session(), actor()
    row = conduct_queries.attempt_for(session, who, attempt_id)
    attempt = row.ContactAttempt
    facts, calls, is_whole = facts_told(attempt)
    pack, version, _ = pack_kept(attempt.decision)
    kept = pack_queries.version_named(session, who, pack, version) if who.can(Permission.RULES_VIEW) else None
    shelf, today = shelf_of(session, who), services().clock.today()
    answers = []
    if "again" in request.args:
        answers = [again_under_its_own(shelf, attempt), again_today(_of_today(shelf, pack, today), attempt)]
    return render_template(
        "contact/decision.html",
        attempt=attempt,
        row=row,
        author=author_words(row),
        organisation=name_of(row.Organisation),
        verdict=VERDICT_TAGS[attempt.verdict],
        channel=INCOMING if attempt.direction is Direction.INBOUND else CHANNELS[attempt.channel],
        outcome=OUTCOMES[attempt.outcome].label,
        party=PARTIES.get(attempt.party, attempt.party),
        pack=f"{pack} {version}",
        pack_url=url_for("conduct.pack_version", version_id=kept.id) if kept else None,
        went_on=reason_words(attempt.override_reason) if attempt.override_reason else None,
        findings=findings_of(attempt.decision),
        names=_names(shelf, attempt, pack_queries.rules_asked(session, who, shelf, today)),
        facts=facts,
        calls=calls,
        is_whole=is_whole,
        answers=answers,
        late=local_day(attempt.logged_at, "", who.time_zone) > local_day(attempt.at, "", who.time_zone),
    )


def _names(shelf: Shelf, attempt: ContactAttempt, today: Mapping[str, Rule]) -> dict[str, Message]:
    """What the rules are called, by their codes: as they hold today, and as they were in the version that decided."""
    try:
        own = {rule.id: rule for rule in shelf.exactly(*pack_kept(attempt.decision)).rules}
    except LookupError:
        own = {}
    return rule_names({**today, **own})


def _of_today(shelf: Any, pack: str, today: date) -> Any:
    """The pack of the decision as it holds today; where it is gone, the one that now holds for every other place."""
    try:
        return shelf.named(pack, today)
    except LookupError:
        return shelf.pack_for("", today)
