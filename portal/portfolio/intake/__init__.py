"""Files of accounts turned into validated rows. Pure: no database, no Flask.

    table = open_table(path, sheet=sheet, encoding=encoding)
    profile = load_profile("uci-default", "accounts")
    reading = read_accounts(table, profile, as_of=None, today=today)
    summary = Summary(reading.unknown_columns)
    for outcome in reading:                     # AccountRow | SkippedRow | RejectedRow, streaming
        summary.note(outcome)
    reading.check_control(count=…, total=…)     # before anything is kept
    summary.applied(created=…, updated=…, unchanged=…, totals={"CNY": minor})
    summary.as_dict("applied")

Rules and codes: reference/files.md.
"""

from portal.portfolio.intake.accounts import OnFile, read_accounts
from portal.portfolio.intake.profile import (
    MappingProfile,
    find_profile,
    load_profile,
    parse_profile,
    shipped_for,
    shipped_profiles,
)
from portal.portfolio.intake.reading import Reading
from portal.portfolio.intake.rejects import RejectsFile, writer_like
from portal.portfolio.intake.rows import (
    ERRORS,
    SKIPS,
    WARNINGS,
    AccountRow,
    PhoneEntry,
    RejectedRow,
    RowIssue,
    SkippedRow,
)
from portal.portfolio.intake.suggest import Suggestion, suggest
from portal.portfolio.intake.summary import Summary

__all__ = [
    "ERRORS",
    "SKIPS",
    "WARNINGS",
    "AccountRow",
    "MappingProfile",
    "OnFile",
    "PhoneEntry",
    "Reading",
    "RejectedRow",
    "RejectsFile",
    "RowIssue",
    "SkippedRow",
    "Suggestion",
    "Summary",
    "find_profile",
    "load_profile",
    "parse_profile",
    "read_accounts",
    "shipped_for",
    "shipped_profiles",
    "suggest",
    "writer_like",
]
