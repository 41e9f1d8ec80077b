"""The room's lists: packs, and the letters of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import url_for

from portal.foundation.access import Permission
from portal.foundation.language import _l, say, translate
from portal.foundation.states import StateTag
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.legal import queries
from portal.legal.flags import reason_words, words
from portal.legal.labels import PACK_STATES, letter_tag
from portal.legal.models import Letter, LetterPack, LetterState, PackState
from portal.legal.verification.queries import asked_often, times_asked
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from sqlalchemy import Select

    from portal.foundation.access import Actor

__all__ = ["letters_table", "packs_table"]

OPENED = StateTag("opened", _l("opened"), "good")
TO_OPEN = StateTag("to_open", _l("to be opened"), "wait")


def packs_table(who: Actor) -> Table:
    """Packs that the person may see, the latest first."""
    columns = [
        Column("number", _l("Pack"), value="number"),
        Column("state", _l("State"), "state", value="state", states=PACK_STATES),
        Column("letters", _l("Letters"), "number", value="letter_count"),
        Column("aside", _l("Aside"), "number", value="flagged_count"),
        Column("amount", _l("Amount"), "money", value="total_minor"),
        Column("issued", _l("Dated"), "day", value="issued_on"),
        Column("built", _l("Built"), "instant", expression=LetterPack.id, value="built_at", sortable=True),
    ]
    if who.is_bank:
        columns.insert(1, Column("firm", _l("Law firm"), value=lambda pack: name_of(pack.organisation)))
    return Table(
        name="packs",
        statement=queries.packs(who),
        key=LetterPack.id,
        default_sort="-built",
        columns=columns,
        filters=[
            Filter("state", _l("State"), "choice", _pack_state, [(s.value, t.label) for s, t in PACK_STATES.items()])
        ],
        row_url=lambda pack: url_for("legal.pack", pack_id=pack.id),
        empty=_nothing(who),
    )


def letters_table(who: Actor, pack: LetterPack) -> Table:
    """The letters of a pack in its order: those that stand aside first, with their reasons."""
    reads = who.can(Permission.PACKS_APPROVE)
    columns = [
        Column("position", _l("No."), "number", expression=Letter.position, value="Letter.position", sortable=True),
        Column("name", _l("Name"), value="Letter.name_masked"),
        Column("account", _l("Account"), value="Letter.account_ref"),
        Column("amount", _l("Amount"), "money", value="Letter.total_minor", currency=pack.currency),
        Column("state", _l("State"), "state", value=lambda row: letter_tag(row.state, row.Letter.flagged)),
        Column("reasons", _l("Reason"), value=_reasons),
        Column("verified", _l("Verified"), "number", value=lambda row: row.asked or None),
    ]
    if reads:
        columns.insert(5, Column("opened", _l("Read by you"), "state", value=_opened))
    if pack.content_sha256 is not None:  # it was approved, so there are numbers, be they void by now
        columns.insert(1, Column("letter_no", _l("Letter number"), value="Letter.letter_no"))
    return Table(
        name=pack.number,
        statement=queries.letter_rows(who, pack.id).add_columns(times_asked().label("asked")),
        key=Letter.id,
        default_sort="position",
        columns=columns,
        filters=[Filter("show", _l("Letters"), "choice", _shown(who), _choices(reads))],
        row_url=lambda row: _letter_url(row, reads),
        empty=Empty(say("This pack holds no letter.")),
    )


def _letter_url(row: Any, reads: bool) -> str:
    """The letter itself for those who may read it, the account for the bank."""
    if reads:
        return url_for("legal.letter", pack_id=row.Letter.pack_id, letter_id=row.Letter.id)
    return url_for("portfolio.account", account_id=row.Letter.account_id)


def _reasons(row: Any) -> str:
    """Why a letter does not go out: what the checks found, or what was said when it was left out."""
    found = [words(flag) for flag in row.Letter.flags] + ([reason_words(row.reason)] if row.reason else [])
    return "; ".join(translate(sentence) for sentence in found)


def _opened(row: Any) -> StateTag | None:
    if row.opened:
        return OPENED
    return TO_OPEN if row.Letter.in_sample and row.state is None else None


def _choices(reads: bool) -> list[tuple[str, Any]]:
    choices = [("aside", _l("those that stand aside")), ("void", _l("left out or void"))]
    choices.append(("asked_often", _l("verified often, or with another number")))
    return [("sample", _l("those to be opened")), *choices] if reads else choices


def _shown(who: Actor) -> Any:
    def narrow(statement: Select[Any], value: str) -> Select[Any]:
        if value == "sample":
            return statement.where(Letter.in_sample)
        if value == "asked_often":
            return statement.where(asked_often())
        if value == "aside":
            return statement.where(Letter.flagged)
        return statement.where(queries.current_state().in_((LetterState.REFUSED, LetterState.VOID)))

    return narrow


def _pack_state(statement: Select[Any], value: str) -> Select[Any]:
    return statement.where(LetterPack.state == PackState(value))


def _nothing(who: Actor) -> Empty:
    if who.is_bank:
        return Empty(say("No law firm has built a pack of letters yet."))
    return Empty(
        say("No pack has been built yet."), say("Packs are built from the batches of letters that you accept.")
    )
