"""Pages of one line: what it rests on, two clicks from any figure of a statement; and the statement reckoned once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from flask import redirect, render_template, url_for

from portal.commission import line_queries, queries
from portal.commission.blueprint import blueprint
from portal.commission.dispute_page import decided_since
from portal.commission.disputes import may_contest, may_contest_line
from portal.commission.labels import STATES, clause_of, kind_of
from portal.commission.life_labels import DISPUTE_REASONS, dispute_tag
from portal.commission.life_queries import deadlines
from portal.commission.models import LineKind
from portal.commission.rerunning import ask_for_rerun
from portal.foundation import hooks
from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.formats import money, month
from portal.foundation.language import _l, from_data, say, translate
from portal.foundation.panels import Panel
from portal.foundation.services import services
from portal.foundation.web import actor, requires
from portal.vendors.labels import name_of
from portal.vendors.reading import plan_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.commission.models import CommissionLine, Statement
    from portal.foundation.access import Actor
    from portal.vendors.models import ContractVersion


@blueprint.get("/statements/<int:statement_id>/lines/<int:position>")
@requires(Permission.STATEMENTS_VIEW)
def line(statement_id: int, position: int) -> Any:
    """A line with its payment, its placement and its clause, and what other statements paid for the same credit."""
    session, who = db.session(), actor()
    found = line_queries.line_at(session, who, statement_id, position)
    statement = queries.statement_for(session, who, statement_id)
    ground = line_queries.ground_of(session, who, found)
    return render_template(
        "commission/line.html",
        statement=statement,
        name=name_of(statement.organisation),
        line=found,
        kind=kind_of(found),
        reason=clause_of(found),
        why=translate(from_data(found.why["message"])),
        trace=translate(from_data(ground.credit.trace)) if ground.credit else None,
        ground=ground,
        rests_on=_rests_on(session, who, statement, found),
        stands=decided_since(session, who, ground.credit),
        clauses=list(_clauses(found, ground.version)) if ground.version else [],
        others=[(other, of, clause_of(other)) for other, of in line_queries.other_lines(session, who, found)],
        last=statement.line_count,
        contest=_contest(who, statement, found),
        reasons=DISPUTE_REASONS,
        disputes=[(each, dispute_tag(each)) for each in found.disputes],
    )  # fmt: skip


def _rests_on(session: Session, who: Actor, statement: Statement, line: CommissionLine) -> list[tuple[Any, str, str]]:
    """What a line that is no payment was reckoned from, where the reader may open it: words, name, address. Letters rest on
    their pack; a bonus or penalty on the month's scores, and on the lines whose commission it is a part of."""
    if line.kind is LineKind.LETTER:
        hits = [hit for hits in hooks.found(session, who, line.payment_ref) for hit in hits]
        return [(hit.kind, hit.name, hit.url) for hit in hits if hit.name == line.payment_ref]
    if line.kind is not LineKind.KPI:
        return []
    found = []
    scoring = (statement.basis or {}).get("standing", {}).get("scoring")
    if scoring and who.can(Permission.SCORES_MANAGE):
        found.append((_l("Scores"), month(statement.period), url_for("scores.scoring", scoring_id=scoring)))
    own_lines = url_for("commission.statement", statement_id=statement.id, contract=line.contract_version_id)
    found.append((_l("Commission of"), translate(say("all lines of this contract version")), f"{own_lines}#lines"))
    return found


class Contest(NamedTuple):
    """That this reader may contest a line now, until the end of this day; None: there is no such day."""

    until: date | None


def _contest(who: Actor, statement: Statement, line: CommissionLine) -> Contest | None:
    """None where it cannot be contested, or not by this reader."""
    events = queries.events_of(db.session(), who, statement.id)
    until, today = deadlines(statement, events), services().clock.today()
    if not may_contest(who, events[-1].state, until, today) or not may_contest_line(line, until, today):
        return None
    return Contest((until.last if line.disputes else until.first) if until else None)


def _clauses(line: CommissionLine, version: ContractVersion) -> Iterator[tuple[Any, Any]]:
    """The clause of the plan; of letters their fee first."""
    if line.kind is LineKind.LETTER:
        yield say("Fee per letter"), money(version.letter_fee_minor, line.currency)
    yield from plan_lines(version.plan)


@blueprint.post("/statements/<int:statement_id>/rerun")
@requires(Permission.STATEMENTS_VIEW)
def rerun(statement_id: int) -> Any:
    """Reckon it again, under its own versions."""
    return redirect(url_for("jobs.job", job_id=ask_for_rerun(actor(), statement_id).id))


@hooks.payment_panels.register
def earned(session: Session, who: Actor, payment_id: int) -> Panel | None:
    """On the page of a payment: what statements pay for it, for the bank also to others than its holder."""
    if not who.can(Permission.STATEMENTS_VIEW):
        return None
    rows = [
        {
            "line": row.CommissionLine,
            "statement": row.Statement,
            "clause": clause_of(row.CommissionLine),
            "tag": STATES[row.state],
            "name": name_of(row.Statement.organisation),
        }
        for row in line_queries.lines_for(session, who, payment_id)
    ]
    total = sum(row["line"].commission_minor for row in rows)
    return Panel(
        _l("On statements"), "commission/payment_panel.html", {"rows": rows, "total": total, "names": who.is_bank}
    )
