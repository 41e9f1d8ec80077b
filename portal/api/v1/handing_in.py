"""Rows handed in as the file that they would be: kept, judged and applied as that file is, and answered row by row."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from portal.api.v1 import log_rows
from portal.foundation.database import db
from portal.foundation.problems import problem
from portal.foundation.web import actor
from portal.foundation.work import reading
from portal.portfolio.importing import ImportRefused, Options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["hand_in"]


def hand_in(
    rows: Sequence[Mapping[str, str]], columns: Sequence[str], receive: Callable[..., Any], apply: Callable[..., Any], *,
    own: bool, with_changes: bool = False,
) -> Any:  # fmt: skip
    """The answer: the file's summary and its rejected rows; a problem with these where no row is good. `own`: the file is the
    actor's organisation's, not the bank's. `with_changes`: what the file changed is told too."""
    who, content = actor(), log_rows.as_file(rows, columns)
    options = Options(encoding="utf-8", organisation_id=who.organisation_id if own else None)
    run_id = receive(who, io.BytesIO(content.written), "api.csv", options, as_job=False).id
    try:
        summary = apply(who, run_id)
    except ImportRefused as error:
        rejected = log_rows.rejected_of(db.session(), who, run_id, content)
        return problem(
            error.status, error.code, error.message, summary=log_rows.summary_told(error.summary), rejected=rejected
        )
    with reading(who) as session:
        told = {
            "summary": log_rows.summary_told(summary),
            "rejected": log_rows.rejected_of(session, who, run_id, content),
        }
        return told | ({"changes": log_rows.changes_of(session, who, run_id)} if with_changes else {})
