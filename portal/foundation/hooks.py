"""What an upper room must hear from a lower one, without importing it.

A hook stands here by name; lower rooms register with it, upper ones call it. Handlers run inside the caller's
transaction and may raise DomainError to stop it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

__all__ = [
    "Hook",
    "account_panels",
    "actor_loader",
    "bank_actor",
    "batch_accepted",
    "batch_ended",
    "bearer",
    "credit_lines",
    "due_work",
    "entrance",
    "found",
    "hold_raised",
    "live_placements",
    "payment_lines",
    "payments_credited",
    "placements_ended",
    "placements_ending",
    "stands_against_end",
]

P = ParamSpec("P")
R = TypeVar("R")


class Hook(Generic[P, R]):
    """A named place where rooms meet; handlers are called in the order of registration."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._handlers: list[Callable[P, R]] = []

    def register(self, handler: Callable[P, R]) -> Callable[P, R]:
        """Use as a decorator; registering twice is once."""
        if handler not in self._handlers:
            self._handlers.append(handler)
        return handler

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> list[R]:
        return [handler(*args, **kwargs) for handler in self._handlers]

    def one(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """The answer of the only handler. LookupError if no room, or more than one, has registered."""
        if len(self._handlers) != 1:
            raise LookupError(f"{self.name} wants one handler and has {len(self._handlers)}")
        return self._handlers[0](*args, **kwargs)


# (session, user_id) -> Actor | None; identity registers. The session is a system actor's.
actor_loader: Hook[[Any, int], Any] = Hook("actor_loader")
# (session) -> Actor | None: the portal itself, as the bank's actor without a user; identity registers.
bank_actor: Hook[[Any], Any] = Hook("bank_actor")
# (session, actor, now, today) -> list[Due]: what is due at this instant of this business day; see foundation/daily.py.
due_work: Hook[[Any, Any, Any, Any], Any] = Hook("due_work")
# (session, user, organisation, today) -> Message | None: why a person may not come in or act today, in words that say whom
# to ask; vendors answers. The session is a system actor's.
entrance: Hook[[Any, Any, Any, Any], Any] = Hook("entrance")
# (authorization, origin, locale) -> a token's bearer as Flask-Login knows people (is_authenticated, actor, must_do_first) with
# its `scopes`, or None: who asks under /api/; the api room answers.
bearer: Hook[[str, str, str], Any] = Hook("bearer")
# (session, actor, organisation_ids) -> {(organisation_id, kind, currency): (accounts, minor units placed)}: what is held
# now; placement answers.
live_placements: Hook[[Any, Any, Any], Any] = Hook("live_placements")
# (work, batch): an organisation has accepted a batch; its placements are open to it.
batch_accepted: Hook[[Any, Any], None] = Hook("batch_accepted")
# (work, ids): the placements of this select of ids end in this transaction, and are still with whoever holds them.
placements_ending: Hook[[Any, Any], None] = Hook("placements_ending")
# (actor) -> (code, select of placement ids): what stands against ending placements at once: a promise, a pack under way.
stands_against_end: Hook[[Any], tuple[str, Any]] = Hook("stands_against_end")
# (work, ids): the placements of this select of ids have ended, in this transaction, with a batch or one by one.
placements_ended: Hook[[Any, Any], None] = Hook("placements_ended")
# (work, batch): no placement of a batch lives any more.
batch_ended: Hook[[Any, Any], None] = Hook("batch_ended")
# (work, hold): a hold now stands on an account or a person.
hold_raised: Hook[[Any, Any], None] = Hook("hold_raised")
# (work, import_run_id): payments of a run have been posted and attributed, in this transaction.
payments_credited: Hook[[Any, int], None] = Hook("payments_credited")
# (session, actor, account) -> Panel | None: what a lower room shows on the account page.
account_panels: Hook[[Any, Any, Any], Any] = Hook("account_panels")
# (actor, import_run_id=None) -> Select | None: what payments brought, as the actor may see it, in columns account_id,
# placement_id, paid_on, currency, credit_minor (negative for a reversal), payment_ref; with a number, for the bank, those
# of one file. Recovery answers.
credit_lines: Hook[..., Any] = Hook("credit_lines")
# (actor) -> Select: what debtors paid, whoever is credited with it, in columns account_id, paid_on, currency, amount_minor
# (negative for a reversal); recovery answers, to the bank alone.
payment_lines: Hook[[Any], Any] = Hook("payment_lines")
# (session, actor, words) -> list[Found]: what a room knows by these words (a batch's, statement's or letter's number).
found: Hook[[Any, Any, str], Any] = Hook("found")
