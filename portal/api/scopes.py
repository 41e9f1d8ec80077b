"""What a token may be made for, and which permissions that is. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from portal.foundation.access import Permission

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["BANK_SCOPES", "SCOPE_PERMISSIONS", "Scope", "permissions_of"]


class Scope(StrEnum):
    """One thing that a system does; a token names those that it is for and opens nothing else."""

    QUEUE_READ = "queue.read"
    ACCOUNTS_READ = "accounts.read"
    PERSONS_REVEAL = "persons.reveal"
    ATTEMPTS_READ = "attempts.read"
    ATTEMPTS_WRITE = "attempts.write"
    PROMISES_READ = "promises.read"
    CONTACT_POINTS_WRITE = "contact_points.write"
    WISHES_READ = "wishes.read"
    WISHES_WRITE = "wishes.write"
    REQUESTS_READ = "requests.read"
    REQUESTS_WRITE = "requests.write"
    REPORTED_READ = "reported.read"
    REPORTED_WRITE = "reported.write"
    PAYMENTS_WRITE = "payments.write"


# The first is the one that the operation's view names; operations below may ask for the others.
SCOPE_PERMISSIONS: Final[dict[Scope, tuple[Permission, ...]]] = {
    Scope.QUEUE_READ: (Permission.QUEUE_WORK,),
    Scope.ACCOUNTS_READ: (Permission.ACCOUNTS_VIEW,),
    Scope.PERSONS_REVEAL: (Permission.PERSON_REVEAL,),
    Scope.ATTEMPTS_READ: (Permission.ATTEMPTS_VIEW,),
    Scope.ATTEMPTS_WRITE: (Permission.ATTEMPTS_IMPORT, Permission.QUEUE_WORK),
    Scope.PROMISES_READ: (Permission.QUEUE_WORK,),
    Scope.CONTACT_POINTS_WRITE: (Permission.QUEUE_WORK,),
    Scope.WISHES_READ: (Permission.HOLDS_VIEW,),
    Scope.WISHES_WRITE: (Permission.HOLDS_RAISE, Permission.HOLDS_VIEW),
    Scope.REQUESTS_READ: (Permission.REQUESTS_VIEW,),
    # An answer that a hold is granted raises it.
    Scope.REQUESTS_WRITE: (Permission.REQUESTS_WRITE, Permission.REQUESTS_VIEW, Permission.HOLDS_RAISE),
    Scope.REPORTED_READ: (Permission.REPORTED_VIEW,),
    Scope.REPORTED_WRITE: (Permission.REPORTED_WRITE,),
    Scope.PAYMENTS_WRITE: (Permission.PAYMENTS_IMPORT,),
}

# What a token of the bank may be made for; all else is for agencies.
BANK_SCOPES: Final = frozenset({Scope.PAYMENTS_WRITE})


def permissions_of(scopes: Iterable[str]) -> frozenset[Permission]:
    """What the scopes include; a word that is no scope (any more) includes nothing."""
    known = {scope.value: scope for scope in Scope}
    return frozenset(p for word in scopes if word in known for p in SCOPE_PERMISSIONS[known[word]])
