"""What a contract says of which payments count, beside the tail and the plan: `clauses["recovery"]` of a version. Pure.

`{"grace_days", "exclude_automatic", "automatic_channels", "exclude_before_contact", "contest_days"}`, each left out where it
was not agreed. The rules that read them stand in portal/recovery/attribution/.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portal.foundation.errors import DomainError
from portal.foundation.language import Message, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["CONTEST_DAYS", "NO_CLAUSES", "RecoveryClauses", "channel_words", "read_recovery", "recovery_lines"]

LONGEST_GRACE = LONGEST_CONTEST = 365  # days
CONTEST_DAYS = 10  # to contest what was released, where the contract does not say
MOST_CHANNELS, LONGEST_CHANNEL = 20, 64


@dataclass(frozen=True)
class RecoveryClauses:
    """`grace_days`: so long after its end a holder comes before the next one. `exclude_automatic`: debits by themselves do
    not count, known by the words `automatic_channels` in the name of their channel (none: the usual words).
    `exclude_before_contact`: what comes before the first contact with a person does not count. `contest_days`: within
    how many days the organisation may contest a decision; None: not agreed."""

    grace_days: int = 0
    exclude_automatic: bool = False
    automatic_channels: tuple[str, ...] = ()
    exclude_before_contact: bool = False
    contest_days: int | None = None

    def check(self) -> None:
        """DomainError that names the field, where a clause cannot be meant."""
        _within("grace_days", self.grace_days, 0, LONGEST_GRACE)
        if self.contest_days is not None:
            _within("contest_days", self.contest_days, 1, LONGEST_CONTEST)
        if self.automatic_channels and not self.exclude_automatic:
            words = say("These words are only asked where automatic debits do not count.")
            raise DomainError("contract.automatic_channels", words, field="automatic_channels")
        if len(self.automatic_channels) > MOST_CHANNELS or any(
            len(each) > LONGEST_CHANNEL for each in self.automatic_channels
        ):
            words = say(
                "At most %(most)s words of up to %(length)s characters.", most=MOST_CHANNELS, length=LONGEST_CHANNEL
            )
            raise DomainError("contract.automatic_channels", words, field="automatic_channels")

    def kept(self) -> dict[str, Any]:
        """As a version keeps them: what was agreed, and nothing else."""
        found: dict[str, Any] = {
            "grace_days": self.grace_days,
            "exclude_automatic": self.exclude_automatic,
            "automatic_channels": list(self.automatic_channels),
            "exclude_before_contact": self.exclude_before_contact,
            "contest_days": self.contest_days,
        }
        return {key: value for key, value in found.items() if value}


NO_CLAUSES = RecoveryClauses()


def read_recovery(kept: Mapping[str, Any] | None) -> RecoveryClauses:
    """The inverse of keeping them."""
    found = kept or {}
    contest = found.get("contest_days")
    return RecoveryClauses(
        grace_days=int(found.get("grace_days") or 0),
        exclude_automatic=bool(found.get("exclude_automatic")),
        automatic_channels=tuple(found.get("automatic_channels") or ()),
        exclude_before_contact=bool(found.get("exclude_before_contact")),
        contest_days=int(contest) if contest else None,
    )


def channel_words(text: str) -> tuple[str, ...]:
    """Words as people write them, parted by commas of either width, semicolons or line ends; each once."""
    for mark in "，、;；\n":
        text = text.replace(mark, ",")
    return tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def recovery_lines(clauses: RecoveryClauses) -> Iterator[tuple[Message, Message | str]]:
    """The clauses in words: what each is about, and what it says."""
    grace, contest = clauses.grace_days, clauses.contest_days
    yield (
        say("After its end it comes before the next holder for"),
        say("%(n)s days", n=grace) if grace else say("none"),
    )
    counted, left_out = say("count"), say("do not count")
    if clauses.exclude_automatic and clauses.automatic_channels:
        left_out = say("do not count: channels with %(words)s", words=", ".join(clauses.automatic_channels))
    yield say("Automatic debits"), left_out if clauses.exclude_automatic else counted
    yield (
        say("Payments before the first contact"),
        say("do not count") if clauses.exclude_before_contact else counted,
    )
    yield (
        say("A decision on a payment may be contested within"),
        say("%(n)s days", n=contest)
        if contest
        else say("%(n)s days, as usual: not agreed in this version", n=CONTEST_DAYS),
    )


def _within(field: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        words = say("This goes from %(least)s to %(most)s.", least=least, most=most)
        raise DomainError(f"contract.{field}", words, field=field)
