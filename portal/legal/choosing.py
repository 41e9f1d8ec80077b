"""Which accounts of a batch a new pack writes to, and as of which day their balances are stated."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from portal.foundation.errors import DomainError
from portal.foundation.language import say
from portal.foundation.visibility import visible
from portal.legal.models import Letter, LetterPack, LiveLetter, PackState
from portal.legal.wording import wording
from portal.placement.conditions import Conditions, matching
from portal.placement.criteria import PLACEABLE_BUCKETS
from portal.placement.models import Placement
from portal.portfolio.models import Account, Hold

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = ["Choice", "Chosen", "Selection", "check_balance_day", "count_chosen", "latest_day", "to_write"]


@dataclass(frozen=True)
class Selection:
    """Every limit that is given must hold; amounts in minor units, both ends count. `again`: also accounts whose letter was left
    out, became void or came back; else only those that were in no pack of this template yet."""

    buckets: tuple[str, ...] = ()
    balance_from: int | None = None
    balance_to: int | None = None
    conditions: Conditions = field(default_factory=Conditions)
    without_holds: bool = False
    again: bool = False

    def check(self) -> Selection:
        """This selection; DomainError naming the field where it cannot be meant."""
        if any(name not in PLACEABLE_BUCKETS for name in self.buckets):
            raise DomainError("segment.choice", say("This is none of the choices."), field="buckets")
        low, high = self.balance_from, self.balance_to
        if low is not None and high is not None and low > high:
            words = say("The first value is greater than the second.")
            raise DomainError("segment.range", words, field="balance_from")
        self.conditions.check()
        return self

    def as_data(self) -> dict[str, Any]:
        """For the pack's row: only what is given."""
        plain = {
            "buckets": list(self.buckets), "balance_from": self.balance_from, "balance_to": self.balance_to,
            "conditions": self.conditions.as_data(), "without_holds": self.without_holds, "again": self.again,
        }  # fmt: skip
        return {name: value for name, value in plain.items() if value not in (None, [], {}, False)}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Selection:
        """The inverse of `as_data`."""
        return cls(
            tuple(data.get("buckets", ())), data.get("balance_from"), data.get("balance_to"),
            Conditions.from_data(data.get("conditions", {})), data.get("without_holds", False), data.get("again", False),
        )  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """What a pack is built of; what is left out is the usual: the first template that fits, the latest day of the balances, the
    days of client.yaml, every account that is in no pack yet. `interest`: of UK letters, the interest that still runs in words,
    empty where none does; None: nobody has said."""

    template: str | None = None
    balance_on: date | None = None
    pay_within_days: int | None = None
    interest: str | None = None
    selection: Selection = field(default_factory=Selection)


class Chosen(NamedTuple):
    """How many accounts a choice takes, and what they owe by the latest file."""

    accounts: int
    total_minor: int


def to_write(actor: Actor, batch_id: int, template: str, selection: Selection) -> sa.Select[tuple[int]]:
    """Ids of the batch's live placements on which work goes on, that have no live letter of the template and fit the selection;
    joined with `Account`."""
    lives = sa.select(LiveLetter.letter_id).where(
        LiveLetter.placement_id == Placement.id, LiveLetter.template == template
    )
    found = (
        visible(Placement, actor)
        .with_only_columns(Placement.id)
        .join(Account, Account.id == Placement.account_id)
        .where(
            Placement.batch_id == batch_id, Placement.ended_at.is_(None), Placement.stopped_at.is_(None), ~lives.exists(),
            *_limits(selection),
        )
    )  # fmt: skip
    if not selection.again:
        written = (
            sa.select(Letter.id)
            .join(LetterPack, LetterPack.id == Letter.pack_id)
            .where(
                Letter.placement_id == Placement.id, LetterPack.template == template,
                LetterPack.state != PackState.REFUSED,
            )
        )  # fmt: skip
        found = found.where(~written.correlate(Placement).exists())
    if selection.without_holds:
        held = sa.select(Hold.id).where(
            Hold.customer_id == Placement.customer_id, Hold.released_at.is_(None),
            sa.or_(Hold.account_id.is_(None), Hold.account_id == Placement.account_id),
        )  # fmt: skip
        found = found.where(~held.correlate(Placement).exists())
    return found


def _limits(selection: Selection) -> list[sa.ColumnElement[bool]]:
    limits = matching(selection.conditions)
    if selection.buckets:
        limits.append(Account.bucket.in_(selection.buckets))
    if selection.balance_from is not None:
        limits.append(Account.total_minor >= selection.balance_from)
    if selection.balance_to is not None:
        limits.append(Account.total_minor <= selection.balance_to)
    return limits


def count_chosen(session: Session, actor: Actor, batch_id: int, template: str, selection: Selection) -> Chosen:
    """How many accounts these are, before a pack is built of them."""
    found = to_write(actor, batch_id, template, selection)
    counted = found.with_only_columns(sa.func.count(), sa.func.coalesce(sa.func.sum(Account.total_minor), 0))
    accounts, total = session.execute(counted).one()
    return Chosen(int(accounts), int(total))


def latest_day(session: Session, actor: Actor, batch_id: int) -> date | None:
    """The day of the latest file that told the balances of a batch's live accounts."""
    wanted = (
        visible(Placement, actor)
        .join(Account, Account.id == Placement.account_id)
        .where(Placement.batch_id == batch_id, Placement.ended_at.is_(None))
    )
    return session.scalar(wanted.with_only_columns(sa.func.max(Account.balance_as_of)))


def check_balance_day(on: date, today: date) -> None:
    """DomainError at `balance_on` for a day that no letter of today may state a balance of."""
    oldest = today - timedelta(days=wording().oldest_balance_days)
    if on > today:
        raise DomainError("legal.balance_day", say("The day is still to come."), field="balance_on")
    if on < oldest:
        words = say(
            "A balance of before %(day)s is too old to be demanded. Take a later day, or ask the bank for a new file.",
            day=oldest,
        )  # fmt: skip
        raise DomainError("legal.balance_day", words, field="balance_on")
