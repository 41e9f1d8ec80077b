"""Dealing and handing over large queues, as jobs. Each is one transaction, so it can be run again after its worker died."""

from __future__ import annotations

from typing import Any

from portal.contact.team.dealing import By
from portal.contact.team.operations import DEAL, HAND_OVER, Dealt, Evenly, deal, hand_over
from portal.foundation.jobs import JobView, Progress, handler
from portal.foundation.language import Message, _l, as_data, say_count

__all__ = ["deal_out", "give_over", "moved_words"]


def moved_words(dealt: Dealt, to_pool: bool = False) -> Message:
    """What a deed came to, as a sentence."""
    if to_pool:
        return say_count("%(n)s account is back in the pool.", "%(n)s accounts are back in the pool.", dealt.accounts)
    people = sum(1 for accounts in dealt.by_person.values() if accounts)
    if people > 1:
        return say_count(
            "%(n)s account is dealt to %(people)s collectors.", "%(n)s accounts are dealt to %(people)s collectors.",
            dealt.accounts, people=people,
        )  # fmt: skip
    return say_count("%(n)s account is dealt out.", "%(n)s accounts are dealt out.", dealt.accounts)


@handler(DEAL, _l("Dealing the pool out"))
def deal_out(job: JobView, progress: Progress) -> dict[str, Any]:
    """Deal the pool out evenly."""
    given = job.payload
    done = deal(job.actor, Evenly(tuple(given["people"]), By(given["by"]), given["new_only"]), progress.step)
    return {"url": "/team", "message": as_data(moved_words(done))}


@handler(HAND_OVER, _l("Handing accounts over"))
def give_over(job: JobView, progress: Progress) -> dict[str, Any]:
    """Move all that a person has."""
    giver, to = job.payload["giver"], job.payload["to"]
    done = hand_over(job.actor, giver, to, progress.step)
    return {"url": "/team", "message": as_data(moved_words(done, to_pool=to is None))}
