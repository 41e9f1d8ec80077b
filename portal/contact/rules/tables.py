"""Lists of compliance: versions of rule packs, and what the rules found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flask import url_for

from portal.contact.authors import author_words
from portal.contact.labels import CHANNELS
from portal.contact.models import ContactAttempt
from portal.contact.presumptions import reason_words
from portal.contact.rules import finding_queries as conduct_queries
from portal.contact.rules import queries as pack_queries
from portal.contact.rules.decision_page import findings_of
from portal.contact.rules.labels import FINDING_TAGS, FINDING_WORDS, STATE_TAGS, place_words
from portal.contact.rules.models import ConductFinding, RulePackVersion
from portal.foundation.access import Permission
from portal.foundation.formats import day
from portal.foundation.language import _l, say, translate
from portal.foundation.local_days import within_days
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.identity.models import Organisation
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import sqlalchemy as sa

    from portal.contact.rules.queries import Versions
    from portal.foundation.access import Actor
    from portal.foundation.language import Message

__all__ = [
    "findings_table",
    "from_words",
    "log_findings_table",
    "own_findings_table",
    "publisher_words",
    "versions_table",
]


def versions_table(actor: Actor, versions: Versions, packs: Sequence[str]) -> Table:
    """Versions of all packs, the latest first."""
    return Table(
        name="rule-packs",
        statement=pack_queries.versions_statement(actor),
        columns=[
            Column("pack", _l("Rule pack"), value="RulePackVersion.pack"),
            Column("version", _l("Version"), value="RulePackVersion.version"),
            Column("state", _l("State"), "state", states=STATE_TAGS,
                   value=lambda row: versions.state(row.RulePackVersion, row.withdrawn_at)),
            Column("place", _l("Place"), value=lambda row: place_words(row.RulePackVersion.jurisdiction),
                   title=lambda row: row.RulePackVersion.jurisdiction),
            Column("effective_from", _l("In force from"), value=lambda row: from_words(row.RulePackVersion)),
            Column("proposed_at", _l("Put up"), "instant", value="RulePackVersion.proposed_at",
                   expression=RulePackVersion.proposed_at, sortable=True),
            Column("proposer", _l("Put up by"), value=lambda row: row.proposer or translate(say("the portal itself"))),
            Column("publisher", _l("Published by"), value=publisher_words),
        ],
        filters=[
            Filter("pack", _l("Rule pack"), "choice", lambda s, v: s.where(RulePackVersion.pack == v), [(p, p) for p in packs]),
        ],
        default_sort="-proposed_at",
        key=RulePackVersion.id,
        row_url=lambda row: url_for("conduct.pack_version", version_id=row.RulePackVersion.id),
        empty=Empty(say("The packs are in use as the portal ships them; “portal init” puts them here.")),
    )  # fmt: skip


def from_words(version: RulePackVersion) -> Any:
    """From when a version holds, as a day or in words."""
    if version.published_at is None:
        return None
    return day(version.effective_from) if version.effective_from else translate(say("from the beginning"))


def publisher_words(row: Any) -> str | None:
    """Who published a version; None for a draft."""
    if row.RulePackVersion.published_at is None:
        return None
    return row.publisher or translate(say("the portal itself"))


def findings_table(
    actor: Actor, organisations: Sequence[Organisation], rules: Sequence[str], names: Mapping[str, Message]
) -> Table:
    """What the rules found, the latest contact first. `names`: what the rules are called, by their codes."""
    return Table(
        name="conduct",
        statement=conduct_queries.findings_statement(actor),
        columns=[
            Column("at", _l("When"), "instant", value="ConductFinding.at", expression=ConductFinding.at, sortable=True),
            Column("organisation", _l("Organisation"), value=lambda row: name_of(row.Organisation)),
            Column("who", _l("Logged by"), value=author_words),
            Column("account_ref", _l("Account")),
            Column("channel", _l("Way of contact"), value=lambda row: CHANNELS[row.channel]),
            Column("rule", _l("Rule"), value=lambda row: _rule(row.ConductFinding.rule, names),
                   title=lambda row: row.ConductFinding.pack, wraps=True),
            Column("code", _l("What was wrong"), value=lambda row: translate(_code(row)), title=lambda row: row.ConductFinding.code),
            Column("verdict", _l("Verdict"), "state", value="ConductFinding.verdict", states=FINDING_TAGS),
            Column("override_reason", _l("Why it went on all the same"), value=_went_on, wraps=True),
            Column("corrected", _l("Put right"), value=lambda row: translate(say("yes")) if row.corrected_by else None),
        ],
        filters=[
            Filter("organisation", _l("Organisation"), "choice", _of_organisation, [(str(o.id), name_of(o)) for o in organisations]),
            *_filters(actor, rules, names),
        ],
        default_sort="-at",
        key=ConductFinding.id,
        row_url=lambda row: url_for("conduct.decision", attempt_id=row.ConductFinding.attempt_id),
        empty=say("No contact was against the rules."),
    )  # fmt: skip


def own_findings_table(actor: Actor, rules: Sequence[str], names: Mapping[str, Message]) -> Table:
    """What the rules found against an agency's own contacts, the latest first."""
    return Table(
        name="own-findings",
        statement=conduct_queries.own_findings(actor),
        columns=[
            Column("at", _l("When"), "instant", value="ConductFinding.at", expression=ConductFinding.at, sortable=True),
            Column("who", _l("Logged by"), value=author_words),
            Column("account_ref", _l("Account"), value=lambda row: row.account_ref or ""),
            Column("channel", _l("Way of contact"), value=lambda row: CHANNELS[row.ContactAttempt.channel]),
            Column("rule", _l("Rule"), value=lambda row: translate(names.get(row.ConductFinding.rule, row.ConductFinding.rule)),
                   title=lambda row: row.ConductFinding.rule),
            Column("why", _l("Why"), value=_why, wraps=True, title=lambda row: row.ConductFinding.code),
            Column("verdict", _l("Verdict"), "state", value="ConductFinding.verdict", states=FINDING_TAGS),
            Column("corrected", _l("Put right"), value=lambda row: translate(say("yes")) if row.corrected_by else None),
        ],
        filters=_filters(actor, rules, names),
        default_sort="-at",
        key=ConductFinding.id,
        row_url=lambda row: _where_told(actor, row),
        empty=say("No contact was against the rules."),
    )  # fmt: skip


def _filters(actor: Actor, rules: Sequence[str], names: Mapping[str, Message]) -> list[Filter]:
    """By rule, by verdict, and by a span of the actor's days."""
    zone = ZoneInfo(actor.time_zone)
    return [
        Filter("rule", _l("Rule"), "choice", _of_rule, [(rule, _rule(rule, names)) for rule in rules]),
        Filter("verdict", _l("Verdict"), "choice", lambda s, v: s.where(ConductFinding.verdict == v),
               [(code, tag.label) for code, tag in FINDING_TAGS.items()]),
        Filter("day", _l("From day to day"), "period", lambda s, days: within_days(s, ConductFinding.at, days, zone)),
    ]  # fmt: skip


def log_findings_table(actor: Actor, run_id: int, names: Mapping[str, Message]) -> Table:
    """What the rules found against the attempts of one imported log, in the log's order. `names`: as `findings_table`."""
    return Table(
        name="conduct-of-log",
        prefix="found_",
        statement=conduct_queries.findings_of_log(actor, run_id),
        columns=[
            Column("line", _l("Line"), "number", value="ContactAttempt.import_line",
                   expression=ContactAttempt.import_line, sortable=True, nullable=True),
            Column("attempt_ref", _l("Own reference"), value="ContactAttempt.attempt_ref"),
            Column("account_ref", _l("Account"), value=lambda row: row.account_ref or ""),
            Column("at", _l("When"), "instant", value="ContactAttempt.at"),
            Column("rule", _l("Rule"), value=lambda row: _rule(row.ConductFinding.rule, names),
                   title=lambda row: row.ConductFinding.pack, wraps=True),
            Column("why", _l("Why"), value=_why, wraps=True, title=lambda row: row.ConductFinding.code),
            Column("verdict", _l("Verdict"), "state", value="ConductFinding.verdict", states=FINDING_TAGS),
            Column("corrected", _l("Put right"), value=lambda row: translate(say("yes")) if row.corrected_by else None),
        ],
        default_sort="line",
        key=ConductFinding.id,
        row_url=lambda row: _where_told(actor, row),
        empty=say("No contact was against the rules."),
    )  # fmt: skip


def _rule(code: str, names: Mapping[str, Message]) -> str:
    """A rule by its name with the code beside it; the code alone where no pack of today has it."""
    return f"{translate(names[code])} · {code}" if code in names else code


def _why(row: Any) -> str:
    """The sentence that is kept with the decision; where it is not, what the code means."""
    kept = {told.rule: told.words for told in findings_of(row.ContactAttempt.decision)}
    return translate(kept.get(row.ConductFinding.rule) or _code(row))


def _where_told(actor: Actor, row: Any) -> str | None:
    """The decision with all that it rested on, for who may look into decisions; for an agency the account with its history."""
    if actor.can(Permission.CONDUCT_VIEW):
        return url_for("conduct.decision", attempt_id=row.ConductFinding.attempt_id)
    return url_for("contact.account", account_id=row.open_id) if row.open_id and not actor.is_bank else None


def _went_on(row: Any) -> str | None:
    return translate(reason_words(row.override_reason)) if row.override_reason else None


def _code(row: Any) -> Any:
    return FINDING_WORDS.get(row.ConductFinding.code, row.ConductFinding.code)


def _of_organisation(statement: sa.Select[Any], organisation_id: str) -> sa.Select[Any]:
    return statement.where(ConductFinding.organisation_id == int(organisation_id))


def _of_rule(statement: sa.Select[Any], rule: str) -> sa.Select[Any]:
    return statement.where(ConductFinding.rule == rule)
