"""Recalls by file: account, reason, category, whether it was placed in error, a last day. Asked for like any other.

All rows of one reason, category, flag and day are one recall for each organisation; another person carries it out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import IO, TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation.language import _l, say
from portal.placement.bulk_recalls import stage_numbers
from portal.placement.codes import RecallCategory, RecallReason
from portal.placement.ending import alone
from portal.placement.models import Placement
from portal.placement.recall_models import RecallLine, RecallLineState, RecallOrigin
from portal.placement.recalls import LATEST_DAYS, Wish, open_recalls
from portal.portfolio.bulk import Applied, AppliesAtOnce
from portal.portfolio.importing import FileWriter, Options, receive, run_import, try_file
from portal.portfolio.intake import Reading
from portal.portfolio.models import Account, ImportKind, ImportRun
from portal.portfolio.operations import add_import_jobs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.tabular import Table
    from portal.foundation.work import Work
    from portal.portfolio.intake import MappingProfile
    from portal.portfolio.intake.draft import Draft

__all__ = ["RECALLS", "import_recalls", "offered", "receive_recalls", "try_recalls"]

# What a cell may say, by the code or in Chinese (reference/domain.md 3.4). The end of a term is the portal's own.
REASONS: dict[str, RecallReason] = {
    "银行撤案": RecallReason.CLIENT, "结清": RecallReason.PAID, "减免结清": RecallReason.SETTLED,
    "轮换": RecallReason.ROTATION, "死亡": RecallReason.DECEASED, "破产": RecallReason.BANKRUPT,
    "争议": RecallReason.DISPUTE, "投诉": RecallReason.COMPLAINT, "作业违规": RecallReason.CONDUCT,
    "停催": RecallReason.DO_NOT_CONTACT, "盗办": RecallReason.FRAUD, "欺诈": RecallReason.FRAUD,
    "困难": RecallReason.HARDSHIP, "转诉讼": RecallReason.LEGAL, "核销": RecallReason.WRITE_OFF,
    "错误委案": RecallReason.ERROR, "机构退出": RecallReason.EXIT,
    "已故": RecallReason.DECEASED, "有争议": RecallReason.DISPUTE, "投诉中": RecallReason.COMPLAINT,  # as pages call them
    "盗办 / 欺诈": RecallReason.FRAUD, "困难客户": RecallReason.HARDSHIP, "违反催收行为规则": RecallReason.CONDUCT,
} | {reason.value: reason for reason in RecallReason if reason is not RecallReason.TERM}  # fmt: skip
CATEGORIES: dict[str, RecallCategory] = {
    "策略": RecallCategory.STRATEGIC, "合规": RecallCategory.COMPLIANCE, "数据管控": RecallCategory.DATA_CONTROL,
} | {category.value: category for category in RecallCategory}  # fmt: skip
YES_OR_NO = {"是": True, "yes": True, "y": True, "true": True, "1": True, "否": False, "no": False, "n": False,
             "false": False, "0": False, "": False}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RecallRow:
    """A good row: which account, and what is wanted."""

    line: int
    account_id: int
    wish: Wish
    warnings: tuple[Any, ...] = ()


class _RecallCheck:
    """Turns a draft into a row, or leaves the reasons in it."""

    def __init__(self, session: Session, today: date) -> None:
        self._session = session
        self._today = today
        self._accounts: dict[str, tuple[int, bool, bool]] = {}

    def prepare(self, drafts: Sequence[Draft]) -> None:
        """The accounts of a batch: number, whether somebody holds it, whether all of that is asked for already."""
        refs = {draft.plain("account_ref") for draft in drafts}
        asked = sa.exists().where(RecallLine.placement_id == Placement.id, RecallLine.state == RecallLineState.ASKED)
        live = sa.exists().where(Placement.account_id == Account.id, Placement.ended_at.is_(None))
        free = sa.exists().where(Placement.account_id == Account.id, Placement.ended_at.is_(None), ~asked)
        rows = self._session.execute(
            sa.select(Account.account_ref, Account.id, live, free).where(Account.account_ref.in_(refs))
        )
        self._accounts = {ref: (number, bool(held), bool(open_)) for ref, number, held, open_ in rows}

    def check(self, draft: Draft) -> RecallRow | None:
        """The row; None where the draft has errors."""
        ref = draft.reference("account_ref")
        draft.key, draft.amount = ref, 0
        account, held, free = self._accounts.get(ref, (0, False, False))
        if ref and not account:
            draft.fail("account_ref", "unknown_account", say("There is no account with this reference."))
        elif ref and not held:
            draft.fail("account_ref", "conflict", say("Nobody holds this account, so there is nothing to recall."))
        elif ref and not free:
            draft.fail("account_ref", "conflict", say("Somebody has already asked for this recall."))
        reason = self._word(draft, "reason", REASONS, None)
        category = self._word(draft, "category", CATEGORIES, RecallCategory.STRATEGIC)
        reverse = self._word(draft, "reverse", YES_OR_NO, False)
        final_on = draft.day("final_on")
        if final_on is not None and not self._today <= final_on <= self._today + timedelta(days=LATEST_DAYS):
            draft.fail("final_on", "unknown_value", say("The last day lies between today and a year ahead."))
        draft.refuse_card_numbers(("account_ref",))
        if draft.errors or reason is None or category is None or reverse is None:
            return None
        return RecallRow(draft.line, account, Wish(reason, category, reverse=reverse, final_on=final_on))

    @staticmethod
    def _word(draft: Draft, name: str, words: dict[str, Any], usual: Any) -> Any:
        """What a cell means; `usual` where it is empty, None (and an error) where it means nothing."""
        written = draft.plain(name).lower()
        if not written:
            if usual is None:
                draft.missing(name)
            return usual
        if written not in words:
            draft.fail(name, "unknown_value", say("Write one of these: %(words)s.", words=offered(words)))
        return words.get(written)


def offered(words: dict[str, Any]) -> str:
    """What a cell may say: each meaning once, by its first word, with the code that stands for it."""
    by_meaning: dict[Any, list[str]] = {}
    for word, meaning in words.items():
        by_meaning.setdefault(meaning, []).append(word)
    codes = ((each[0], next(filter(str.isascii, each), each[0])) for each in by_meaning.values())
    return ", ".join(" ".join(dict.fromkeys(pair)) for pair in codes)


@dataclass
class _RecallWriter(AppliesAtOnce):
    """Keeps what is wanted until all rows are read: one recall for each wish and organisation."""

    work: Work
    run_id: int
    applied: Applied = field(default_factory=Applied)
    wanted: dict[Wish, list[int]] = field(default_factory=dict)

    def write(self, outcomes: Iterable[Any]) -> None:
        """One chunk."""
        for row in outcomes:
            self.wanted.setdefault(row.wish, []).append(row.account_id)
            self.applied.created += 1

    def finish(self) -> None:
        """Ask for them, in the file's own transaction."""
        for wish, accounts in self.wanted.items():
            named = stage_numbers(self.work.session, "named_account", set(accounts))
            chosen = sa.select(Placement.id).where(Placement.account_id.in_(named))
            open_recalls(self.work, chosen, wish, RecallOrigin.FILE, import_run_id=self.run_id)


class _Recalls:
    """Files of recalls."""

    kind = ImportKind.RECALLS

    def read(
        self, table: Table, profile: MappingProfile, *, as_of: date | None, today: date, session: Session,
        organisation_id: int | None = None,
    ) -> Reading[Any]:  # fmt: skip
        """The rows, checked against what is held and what was asked for."""
        return Reading(table, profile, profile.as_of(None, today), _RecallCheck(session, today))

    def writer(self, work: Work, run_id: int) -> FileWriter:
        """What collects them."""
        alone(work)
        return _RecallWriter(work, run_id)


RECALLS = _Recalls()


def receive_recalls(
    actor: Actor, content: IO[bytes], file_name: str, options: Options, *, as_job: bool = True
) -> ImportRun:
    """Keep a file of recalls; its import is asked for as a job, or done by the caller. Raises DomainError as `receive`."""
    return receive(actor, RECALLS, content, file_name, options, as_job=as_job)


def try_recalls(actor: Actor, content: IO[bytes], file_name: str, options: Options) -> dict[str, Any]:
    """The summary that an import of this file would have."""
    return try_file(actor, RECALLS, content, file_name, options)


def import_recalls(actor: Actor, run_id: int) -> dict[str, Any]:
    """Apply a received file now, for the command line. The summary. Raises as `run_import`."""
    return run_import(actor, run_id, RECALLS)


add_import_jobs(RECALLS, _l("Import of recalls"), _l("Trial of an import of recalls"), "/recalls/imports")
