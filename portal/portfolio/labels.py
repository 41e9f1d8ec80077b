"""Words for what the tables hold as codes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flask_babel import get_locale

from portal.foundation.language import Message, _l, from_data, say, translate
from portal.foundation.states import StateTag
from portal.portfolio.intake.layout import CHINESE
from portal.portfolio.intake.rows import SKIPS, WARNINGS
from portal.portfolio.models import (
    AccountStatus,
    ContactKind,
    ContactSource,
    ContactStatus,
    Hold,
    HoldFlag,
    ImportRun,
    ImportState,
    StoredMapping,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from portal.portfolio.limitation import Limitation

ACCOUNT_STATES = {
    AccountStatus.OPEN: StateTag("open", _l("open"), "go"),
    AccountStatus.CLOSED: StateTag("closed", _l("paid or cured"), "good"),
}
IMPORT_STATES = {
    ImportState.WAITING: StateTag("waiting", _l("waits for its layout"), "wait"),
    ImportState.RECEIVED: StateTag("received", _l("waits"), "wait"),
    ImportState.RUNNING: StateTag("running", _l("running"), "go"),
    ImportState.APPLIED: StateTag("applied", _l("applied"), "good"),
    ImportState.REFUSED: StateTag("refused", _l("not applied"), "bad"),
    ImportState.DROPPED: StateTag("dropped", _l("dropped"), "plain"),
}
PREVIEW_STATES = {
    "good": StateTag("good", _l("good"), "good"),
    "skipped": StateTag("skipped", _l("skipped"), "plain"),
    "rejected": StateTag("rejected", _l("rejected"), "bad"),
}
DELIMITERS = {",": _l("comma"), ";": _l("semicolon"), "\t": _l("tab"), "|": _l("vertical bar")}
PLACES = {"new": _l("new"), "closed": _l("paid or cured")}  # and the buckets, which name themselves
HOLD_LABELS = {
    HoldFlag.DISPUTE: _l("dispute"),
    HoldFlag.COMPLAINT: _l("complaint"),
    HoldFlag.DECEASED: _l("deceased"),
    HoldFlag.BANKRUPT: _l("bankrupt"),
    HoldFlag.REPRESENTED: _l("represented by a lawyer"),
    HoldFlag.PLAN: _l("plan in force"),
    HoldFlag.DO_NOT_CONTACT: _l("do not contact"),
    HoldFlag.HARDSHIP: _l("hardship"),
    HoldFlag.IMPRISONED: _l("in prison"),
    HoldFlag.FRAUD_CLAIMED: _l("claims identity fraud"),
}
CONTACT_KINDS = {
    ContactKind.PHONE: _l("phone"),
    ContactKind.EMAIL: _l("e-mail"),
    ContactKind.ADDRESS: _l("address"),
}
CONTACT_SOURCES = {ContactSource.RESERVED: _l("given by the holder"), ContactSource.FOUND: _l("found")}
CONTACT_STATES = {
    ContactStatus.UNCHECKED: StateTag("unchecked", _l("not checked"), "plain"),
    ContactStatus.VALID: StateTag("valid", _l("reaches the person"), "good"),
    ContactStatus.INVALID: StateTag("invalid", _l("not in use"), "bad"),
    ContactStatus.THIRD_PARTY: StateTag("third_party", _l("somebody else's"), "bad"),
}
RELATIONS = {
    "self": _l("the holder"),
    "spouse": _l("spouse"),
    "parent": _l("parent"),
    "child": _l("child"),
    "relative": _l("relative"),
    "colleague": _l("colleague"),
    "friend": _l("friend"),
    "employer": _l("employer"),
    "other": _l("other person"),
}
_FROM_DUE = say("%(years)s years from the due date, %(day)s")
_FROM_INFERRED = say("%(years)s years from %(day)s, reckoned from the days past due")
_FROM_PAYMENT = say("%(years)s years from the last payment, %(day)s, which began them anew")
_FROM_RESTART = say("%(years)s years from %(day)s, when they began anew")
_RAISED_BY = {
    "file": _l("from the bank's file"),
    "attempt": _l("from a logged contact"),
    "return": _l("given back by an organisation"),
    "arrangement": _l("by an arrangement with the debtor"),
    "complaint": _l("a complaint is open"),
    "decided": _l("the complaint was decided"),
    "wish": _l("the debtor wrote that contact ends"),
    "unwished": _l("the debtor's letter does not stand any more"),
}
_GRANTED = re.compile(r"request:(\d+)", re.ASCII)
_RAISED = re.compile(r"file|(attempt|return|arrangement|complaint|decided|wish|unwished):\w+", re.ASCII)


def hold_reason(reason: str) -> Any:
    """Why a hold was raised or released: words for what the portal writes itself, else what a person wrote."""
    if granted := _GRANTED.fullmatch(reason):
        return say("granted on request %(number)s", number=granted[1])
    return _RAISED_BY[reason.split(":")[0]] if _RAISED.fullmatch(reason) else reason


def hold_state(hold: Hold, today: date) -> StateTag:
    """Whether a hold stands, and whether it should have been decided about."""
    if hold.released_at is not None:
        return StateTag("released", _l("released"), "plain")
    if hold.due_on is not None and hold.due_on < today:
        return StateTag("overdue", _l("overdue"), "bad")
    return StateTag("stands", _l("stands"), "wait")


def field_name(field: str, kind: str) -> str:
    """A field of a kind's standard layout by the header that the reader's language has for it."""
    return CHINESE.get((kind, field), field) if str(get_locale()).startswith("zh") else field


def encoding_name(encoding: str) -> str:
    """An encoding as people write it; a mark at the file's beginning is nothing that they need to know of."""
    return encoding.upper().removesuffix("-SIG")


def import_state(run: ImportRun) -> StateTag:
    """What became of a file; one that was imported before is no failure."""
    if run.summary and run.summary["status"] == "already_imported":
        return StateTag("already_imported", _l("imported before"), "plain")
    return IMPORT_STATES[run.state]


def layout_state(layout: StoredMapping) -> StateTag:
    """Whether a layout is offered."""
    if layout.archived_at is not None:
        return StateTag("archived", _l("archived"), "plain")
    return StateTag("in_use", _l("in use"), "good")


def layout_title(name: str, title: str, label: str) -> Any:
    """A layout as a person chooses it: its title, and the name and version by which an import remembers it."""
    if name == "standard":
        return _l("Standard layout")
    return label if title == name else f"{title} · {label}"


def layout_of_run(label: str) -> Any:
    """The layout by which a file was read, from the `name@version` that its import remembers."""
    name = label.partition("@")[0]
    if name == "standard":
        return _l("Standard layout")
    return _l("for this file only") if name.startswith("once-") else label


CHANGE_LABELS = {
    "created": _l("Created"),
    "refreshed": _l("Refreshed"),
    "closed": _l("Paid or cured"),
    "reopened": _l("Overdue again"),
    "up": _l("Later bucket"),
    "down": _l("Earlier bucket"),
    "contact_points": _l("New contact points of known people"),
    "holds": _l("New holds"),
    "older": _l("Rows older than what is known"),
}
RECEIVERS = {"bank": _l("the bank"), "agency": _l("the agency")}  # who received a payment
SKIP_LABELS = {
    "not_overdue": _l("not overdue"),
    "no_balance": _l("no balance owed"),
    "reversed_in_file": _l("a payment and its reversal in the same file"),
}
ERROR_LABELS = {
    "missing": _l("a required value is missing"),
    "unreadable": _l("a value cannot be read"),
    "negative": _l("an amount is negative"),
    "sum_mismatch": _l("the parts do not add up"),
    "id_check": _l("the identity number's check digit is wrong"),
    "card_number": _l("a full card number"),
    "scientific_notation": _l("a reference that a spreadsheet has turned into a number"),
    "duplicate": _l("the reference stands twice"),
    "unknown_value": _l("a word that is not in the list"),
    "future_date": _l("a date that is still to come"),
    "early_date": _l("a date before what it follows"),
    "unknown_account": _l("no such account"),
    "unknown_letter": _l("the firm has no letter with this number"),
    "currency": _l("another currency than the account's"),
    "conflict": _l("contradicts what is on file"),
    "above_balance": _l("more than the account owes"),
}
WARNING_LABELS = ERROR_LABELS | {"missing": _l("a value is empty")}  # the row was taken, so it was not required


def left_out(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of the rows that a run keeps beside it those that a rule left out, which stand under "skipped"."""
    return [row for row in rows if any(issue["code"] in SKIPS for issue in row["errors"])]


def warned(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those that were taken with a warning."""
    return [row for row in rows if not any(issue["code"] in SKIPS for issue in row["errors"])]


def loses_values(codes: Iterable[str]) -> bool:
    """Whether any warning of these codes says that a value was left out of its row: some say only what to look at."""
    return any(code not in WARNINGS for code in codes)


def issue_words(issues: Iterable[Mapping[str, Any]]) -> str:
    """What is wrong with a row, a line each: the column, what stood there (masked), and what is wrong with it."""
    return "\n".join(map(_issue, issues))


def _issue(issue: Mapping[str, Any]) -> str:
    words = translate(from_data(issue["message"]))
    value = f" “{issue['value']}”" if issue.get("value") else ""
    return of_column(f"{issue['column']}{value}" if issue["column"] else "", words)


def of_column(column: str, words: str) -> str:
    """What is said of a column, behind its name; of none where it concerns the whole row."""
    return f"{column}{translate(say(': '))}{words}" if column else words


def limitation_words(found: Limitation) -> Message:
    """From when the time to sue runs, and what began it anew."""
    if found.restarted:
        words = _FROM_PAYMENT if found.paid else _FROM_RESTART
    else:
        words = _FROM_INFERRED if found.inferred else _FROM_DUE
    return Message(words.msgid, {"years": found.years, "day": found.begins_on})


def limitation_state(found: Limitation, today: date) -> StateTag | None:
    """A tag where the time to sue is over or nearly so."""
    if found.has_expired(today):
        return StateTag("expired", _l("the time to sue is over"), "bad")
    return StateTag("soon", _l("ends soon"), "wait") if found.expires_soon(today) else None
