"""A payment that is meant for several accounts of a customer. Pure: standard library only.

Some banks post what a debtor pays for all accounts as one row on one of them. The portal cannot know the shares: a payment
of more than its account owed, while the customer has other accounts placed, waits for a person who names them.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["needs_split", "share_faults"]


def needs_split(amount: int, owed: int, others_placed: int) -> bool:
    """Whether a payment waits for its shares. Minor units; `owed`: the most that the account is known to have owed, today or
    when it was placed; `others_placed`: how many other accounts of the customer are with somebody on the value date."""
    return amount > owed and others_placed > 0


def share_faults(amount: int, shares: Sequence[tuple[int, int]]) -> str:
    """What is wrong with shares (account and minor units each) of a payment, as a code; empty where they are its cents."""
    accounts = [account for account, _ in shares]
    if len(set(accounts)) != len(accounts):
        return "twice"
    if any(share <= 0 for _, share in shares):
        return "not_positive"
    return "" if sum(share for _, share in shares) == amount else "sum"
