"""A released statement as a document to be signed, in Chinese or in English: made once, kept by its hash."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import render_template
from flask_babel import force_locale
from sqlalchemy.exc import IntegrityError

import letters
from letters.amounts import uppercase_amount
from portal.commission.labels import clause_of
from portal.commission.life_models import StatementPaper
from portal.commission.life_queries import due_for_payment, paper_of, totals_of
from portal.commission.models import CommissionLine
from portal.commission.periods import last_day
from portal.commission.queries import lines_of, statement_for
from portal.foundation.errors import NotFound, Refused
from portal.foundation.jobs import handler
from portal.foundation.language import _l, as_data, say, translate
from portal.foundation.visibility import visible
from portal.foundation.work import reading, transaction
from portal.placement.leaving_queries import bank_name
from portal.placement.models import PlacementBatch
from portal.vendors.labels import exact_percent, name_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.commission.models import Statement
    from portal.foundation.access import Actor
    from portal.foundation.jobs import Job, JobView, Progress

__all__ = ["ANNEX_MOST", "AT_ONCE", "LANGUAGES", "ask_for_paper", "keep_paper", "paper_pdf"]

LANGUAGES = {"zh": _l("Chinese"), "en": _l("English")}
ANNEX_MOST = 1_000  # lines on paper, about 25 pages; the workbook has the rest
AT_ONCE = 200  # up to so many lines it is made while one waits
_LOCALES = {"zh": "zh_Hans", "en": "en"}
_STYLE = Path(__file__).parents[2] / "static" / "css" / "statement.css"
JOB = "commission.paper"


def keep_paper(actor: Actor, statement_id: int, language: str) -> StatementPaper:
    """The paper of a released statement, made where it is not there yet. NotFound; Refused before the release, when it has no
    number to be signed under."""
    if language not in LANGUAGES:
        raise NotFound
    bank = bank_name(language)
    with reading(actor) as session:
        statement = statement_for(session, actor, statement_id)
        _refuse_draft(statement)
        found = paper_of(session, actor, statement_id, language)
        if found is not None:
            return found
        content = paper_pdf(session, actor, statement, bank, language)
    try:
        with transaction(actor) as work:
            statement = statement_for(work.session, work.actor, statement_id)
            row = StatementPaper(
                statement_id=statement.id, organisation_id=statement.organisation_id, language=language,
                digest=work.storage.put(content), size=len(content), at=work.now,
            )  # fmt: skip
            work.session.add(row)
            work.session.flush()
            work.audit("statement.paper_made", statement, after={"language": language, "digest": row.digest})
    except IntegrityError:  # somebody else was quicker; theirs says the same
        pass
    with reading(actor) as session:
        made = paper_of(session, actor, statement_id, language)
        if made is None:  # evidence does not go
            raise NotFound
        return made


def ask_for_paper(actor: Actor, statement_id: int, language: str) -> Job:
    """Ask for the paper of a statement with many lines as a job."""
    if language not in LANGUAGES:
        raise NotFound
    with transaction(actor) as work:
        statement = statement_for(work.session, work.actor, statement_id)
        _refuse_draft(statement)
        key = f"{statement.id}-{language}"
        return work.request_job(JOB, key, {"statement_id": statement.id, "language": language}, total=2)


@handler(JOB, _l("Statement as PDF"))
def _job(job: JobView, progress: Progress) -> dict[str, Any]:
    progress.step(1, 2)
    statement_id, language = int(job.payload["statement_id"]), str(job.payload["language"])
    keep_paper(job.actor, statement_id, language)
    progress.step(2, 2)
    return {
        "message": as_data(say("The PDF is made and can be downloaded.")),
        "url": f"/statements/{statement_id}.pdf?language={language}",
    }


def _refuse_draft(statement: Statement) -> None:
    if statement.numbered is None:
        raise Refused(
            "statement.no_number",
            say("A statement gets its number when it is released; then it can be printed and signed."),
        )


def paper_pdf(session: Session, actor: Actor, statement: Statement, bank: str, language: str) -> bytes:
    """The PDF. `language` is `zh` or `en`. At most `ANNEX_MOST` lines are on it, and it says where the others are."""
    with force_locale(_LOCALES[language]):
        due = due_for_payment(statement)
        markup = render_template(
            "commission/statement_print.html",
            statement=statement,
            language=language,
            bank=bank,
            organisation=statement.organisation,
            name=name_of(statement.organisation),
            last_day=last_day(statement.period),
            totals=totals_of(session, actor, statement),
            due=due,
            in_words=_in_words(due, statement.currency),
            lines=_lines(session, actor, statement),
            most=ANNEX_MOST,
            rate=lambda text: exact_percent(Decimal(text)),
        )
        style = _STYLE.read_text(encoding="utf-8") + _footer(statement.number)
    return letters.render_document(markup, style)


def _in_words(minor: int, currency: str) -> str | None:
    """人民币大写, as a Chinese payment needs it, without a sign: whose it is stands before it. None for other currencies."""
    return uppercase_amount(abs(minor)) if currency == "CNY" else None


def _lines(session: Session, actor: Actor, statement: Statement) -> list[dict[str, Any]]:
    """As the annex shows them."""
    batch = visible(PlacementBatch, actor).with_only_columns(PlacementBatch.number)
    number = batch.where(PlacementBatch.id == CommissionLine.batch_id).correlate(CommissionLine).scalar_subquery()
    wanted = lines_of(actor, statement.id).add_columns(number).order_by(CommissionLine.position).limit(ANNEX_MOST)
    return [
        {"line": line, "batch": batch_number or "", "what": str(clause_of(line))}
        for line, batch_number in session.execute(wanted)
    ]


def _footer(number: str) -> str:
    """Page n of m in the reader's words: a style sheet cannot say them by itself."""
    words = translate(say("%(number)s · page %(n)s of %(m)s", number=number, n="\x01", m="\x02"))
    safe = words.replace("\\", "").replace('"', "")
    content = safe.replace("\x01", '" counter(page) "').replace("\x02", '" counter(pages) "')
    return f'\n@page {{ @bottom-center {{ content: "{content}"; font-size: 8.5pt; color: #555; }} }}\n'
