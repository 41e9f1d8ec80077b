"""Files of accounts come in: the demo's own month by month, or one that was given."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.demo.book import accounts_file
from portal.foundation.jobs import run_pending
from portal.foundation.work import reading
from portal.portfolio.importing import Options
from portal.portfolio.intake import load_profile
from portal.portfolio.models import Account
from portal.portfolio.operations import import_accounts, receive_accounts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from portal.demo.book import Debt
    from portal.demo.stage import Stage

__all__ = ["currency_of_book", "guess_options", "import_given", "import_month", "take_in"]

UCI = "uci-default"
HEAD_OF_FILE = 4_096  # bytes in which a header is looked for


def import_month(stage: Stage, book: Sequence[Debt], month: int, as_of: date) -> None:
    """The month's file as the vendor manager drops it in."""
    take_in(stage, accounts_file(book, month, as_of, stage.paid), f"overdue-{as_of:%Y-%m-%d}.csv")
    stage.paid_since.clear()


def take_in(stage: Stage, content: bytes, name: str) -> None:
    """A file in the standard layout."""
    receive_accounts(stage.actor("vendor1"), io.BytesIO(content), name, Options())
    run_pending(stage.app)


def guess_options(file: Path, today: date) -> Options:
    """How a given file is to be read: the UCI card data by its header, as at its latest month end that has come;
    anything else in the standard layout."""
    with file.open("rb") as content:
        head = content.read(HEAD_OF_FILE)
    if b"LIMIT_BAL" not in head or b"PAY_0" not in head:
        return Options()
    choices = [day for day in load_profile(UCI, "accounts").as_of_choices if day <= today]
    return Options(mapping=UCI, as_of=max(choices, default=None))


def import_given(stage: Stage, file: Path, options: Options) -> None:
    """Import the file that was named; DomainError where it cannot be taken."""
    actor = stage.actor("vendor1")
    with file.open("rb") as content:
        run = receive_accounts(actor, content, file.name, options)
    import_accounts(actor, run.id)
    run_pending(stage.app)
    stage.currency = currency_of_book(stage)


def currency_of_book(stage: Stage) -> str:
    """The currency that most accounts are kept in."""
    counted = sa.select(Account.currency).group_by(Account.currency).order_by(sa.func.count().desc()).limit(1)
    with reading(stage.actor("vendor1")) as session:
        return session.scalar(counted) or stage.currency
