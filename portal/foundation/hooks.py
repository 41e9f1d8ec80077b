"""What an upper room must hear from a lower one, without importing it.

A hook stands here by name; lower rooms register with it, upper ones call it. Handlers run inside the caller's
transaction and may raise DomainError to stop it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

__all__ = [
    "Hook",
    "account_filters",
    "account_panels",
    "accounts_filed",
    "actor_loader",
    "bank_actor",
    "bank_beginning",
    "batch_accepted",
    "batch_ended",
    "batch_panels",
    "batch_sent",
    "bearer",
    "contested_credits",
    "credit_lines",
    "due_work",
    "entrance",
    "found",
    "hold_effects",
    "hold_keepers",
    "hold_raised",
    "hold_released",
    "holds_filed",
    "letters_out",
    "live_placements",
    "payment_lines",
    "payment_panels",
    "payments_credited",
    "person_left",
    "placements_ended",
    "placements_ending",
    "recall_announced",
    "recall_carried_out",
    "recall_withdrawn",
    "stands_against_end",
    "tasks",
    "waiting_placements",
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
# (work): the bank's beginning, and each later `portal init`: what the portal ships is put where the bank keeps it. The
# transaction is a system actor's.
bank_beginning: Hook[[Any], None] = Hook("bank_beginning")
# (session, actor, now, today) -> list[Due]: what is due at this instant of this business day; see foundation/daily.py.
due_work: Hook[[Any, Any, Any, Any], Any] = Hook("due_work")
# (session, user, organisation, today) -> Message | None: why a person may not come in or act today, in words that say whom
# to ask; vendors answers. The session is a system actor's.
entrance: Hook[[Any, Any, Any, Any], Any] = Hook("entrance")
# (work, user): somebody has been deactivated, in this transaction.
person_left: Hook[[Any, Any], None] = Hook("person_left")
# (authorization, origin, locale) -> a token's bearer as Flask-Login knows people (is_authenticated, actor, must_do_first) with
# its `scopes`, or None: who asks under /api/; the api room answers.
bearer: Hook[[str, str, str], Any] = Hook("bearer")
# (session, actor, organisation_ids) -> {(organisation_id, kind, currency): (accounts, minor units placed)}: what is held
# now; placement answers.
live_placements: Hook[[Any, Any, Any], Any] = Hook("live_placements")
# The same of what its organisation has not accepted yet: part of what is held; placement answers.
waiting_placements: Hook[[Any, Any, Any], Any] = Hook("waiting_placements")
# (work, batch): a batch has been written and is with its organisation, in this transaction.
batch_sent: Hook[[Any, Any], None] = Hook("batch_sent")
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
# (work, recall): its organisation hears of a recall, whose accounts go at once or on their last day.
recall_announced: Hook[[Any, Any], None] = Hook("recall_announced")
# (work, recall, accounts, last_on): so many accounts have gone by a recall, in this transaction; the last day that they earn.
recall_carried_out: Hook[[Any, Any, int, Any], None] = Hook("recall_carried_out")
# (work, recall): a recall that its organisation knows of is taken back; its accounts stay.
recall_withdrawn: Hook[[Any, Any], None] = Hook("recall_withdrawn")
# (work, hold): a hold now stands on an account or a person.
hold_raised: Hook[[Any, Any], None] = Hook("hold_raised")
# (session, actor, holds) -> {hold_id: Keeper}: which of these standing holds end with a decision of a room's own and not by
# themselves; see portfolio/keepers.py.
hold_keepers: Hook[[Any, Any, Any], Any] = Hook("hold_keepers")
# (session, actor, account, holds, now) -> {hold_id: Message}: what holds of an account do to contact by the rules where the
# debtor is; contact answers.
hold_effects: Hook[[Any, Any, Any, Any, Any], Any] = Hook("hold_effects")
# (work, hold): a hold on an account or a person has ended.
hold_released: Hook[[Any, Any], None] = Hook("hold_released")
# (work, import_run_id): a file of accounts has been applied, in this transaction.
accounts_filed: Hook[[Any, int], None] = Hook("accounts_filed")
# (work, import_run_id): a file of accounts has been applied, with the holds that it raises, in this transaction.
holds_filed: Hook[[Any, int], None] = Hook("holds_filed")
# (work, import_run_id): payments of a run have been posted and attributed, in this transaction.
payments_credited: Hook[[Any, int], None] = Hook("payments_credited")
# (session, actor, account) -> Panel | None: what a lower room shows on the account page.
account_panels: Hook[[Any, Any, Any], Any] = Hook("account_panels")
# (session, actor, placement_id) -> list[Filter]: what a lower room lets a holder narrow the list of accounts by; the list
# has a column with the placement's key.
account_filters: Hook[[Any, Any, Any], Any] = Hook("account_filters")
# (session, actor, batch) -> Panel | None: what a lower room shows on the page of a batch.
batch_panels: Hook[[Any, Any, Any], Any] = Hook("batch_panels")
# (actor, import_run_id=None) -> Select | None: what payments brought, as the actor may see it, in columns account_id,
# placement_id, paid_on, currency, credit_minor (negative for a reversal), payment_ref; with a number, for the bank, those
# of one file. Recovery answers.
credit_lines: Hook[..., Any] = Hook("credit_lines")
# (actor) -> Select: objections to a credit that wait for the bank to decide about it anew, as the actor may see them, in columns
# attribution_id (the credit of the contested line), dispute_id, statement_id, statement_no, position, organisation_id,
# words, contested_at; commission answers.
contested_credits: Hook[[Any], Any] = Hook("contested_credits")
# (actor) -> Select: what debtors paid, whoever is credited with it, in columns account_id, paid_on, currency, amount_minor
# (negative for a reversal); recovery answers, to the bank alone.
payment_lines: Hook[[Any], Any] = Hook("payment_lines")
# (session, actor, payment_id) -> Panel | None: what a room knows of a payment that the actor may see, on the page of it.
payment_panels: Hook[[Any, Any, int], Any] = Hook("payment_panels")
# (desk) -> list[Task]: what waits for a person in a room below the home page; see oversight/tasks.py.
tasks: Hook[[Any], Any] = Hook("tasks")
# (session, actor, words) -> list[Found]: what a room knows by these words (a batch's, statement's or letter's number).
found: Hook[[Any, Any, str], Any] = Hook("found")
# (actor) -> Select: numbered letters, as the actor may see them, in columns letter_id, pack_id, pack_ref, batch_id,
# organisation_id, currency, out_on (the day on which it went out, which counts for the fee; NULL: not yet), is_void; legal answers.
letters_out: Hook[[Any], Any] = Hook("letters_out")
