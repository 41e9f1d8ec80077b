"""A thousand rows of a log become attempts: facts read once for all of them, each judged by what stood before it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from portal.contact.bulk import count_days
from portal.contact.history import Debtor, History
from portal.contact.limits.keeping import note_attempts
from portal.contact.models import ContactAttempt, Promise, PromiseState, WorkItem
from portal.contact.numbers import learn_about_number, unlearn_about_number
from portal.contact.outcomes import OUTCOMES
from portal.contact.recording import (
    Subject,
    attempt_of,
    checked_entry,
    move_in_queue,
    raise_hold,
    take_over_carried,
    take_place,
)
from portal.foundation.bulk import reserve_ids
from portal.foundation.visibility import visible
from portal.placement.models import Placement
from portal.portfolio.found_points import FoundBy, add_found_point
from portal.portfolio.models import Account, ContactKind, ContactPoint, Customer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal.contact.conduct import Pack
    from portal.contact.log.rows import AttemptRow, FoundPoint
    from portal.foundation.work import Work
    from portal.identity.models import Organisation

__all__ = ["ChunkOfAttempts"]


class ChunkOfAttempts:
    """The rows in the order of their time, and what they are about. `counts`: what they bring, counted up."""

    def __init__(
        self, work: Work, organisation: Organisation, run_id: int, rows: Sequence[AttemptRow], counts: dict[str, int]
    ) -> None:
        self._work, self._session = work, work.session
        self._organisation, self._run_id = organisation, run_id
        self._rows, self._counts = rows, counts
        self._placements = self._by_id(Placement, {row.placed.placement_id for row in rows})
        self._accounts = self._by_id(Account, {row.placed.account_id for row in rows})
        self._customers = self._by_id(Customer, {row.placed.customer_id for row in rows})
        self._points = self._by_id(ContactPoint, {row.entry.contact_point_id for row in rows} - {None})
        self._found: dict[tuple[int, ContactKind, str], ContactPoint] = {}
        self._items = {item.placement_id: item for item in self._of_placements(WorkItem)}
        self._promises: defaultdict[int, list[Promise]] = defaultdict(list)
        for promise in self._of_placements(Promise, Promise.state == PromiseState.OPEN):
            self._promises[promise.placement_id].append(promise)
        self._taken_over: set[int] = set()
        self._corrected = self._originals()
        times = [row.at for row in rows]
        self._history = History(
            self._session, work.actor, self._debtors().values(), min(times), max(times), log=True,
            organisation_id=organisation.id,
        )  # fmt: skip

    def apply(self) -> None:
        """Keep them all. Promises and queue move in memory and are written at the end of the chunk."""
        debtors = self._debtors()
        keys = reserve_ids(self._session, ContactAttempt, len(self._rows))
        made, taken_off, of_limits = [], [], []
        for key, row in zip(keys, self._rows, strict=True):
            corrected = self._corrected.get(row.corrects)
            attempt, point, pack = self._keep(key, row, debtors[row.placed.account_id], corrected)
            made.append(attempt)
            of_limits.append((attempt, point, pack))
            taken_off += [corrected] if corrected else []
        self._session.flush()
        count_days(self._session, self._organisation.time_zone, made, taken_off)
        note_attempts(self._work, of_limits, [old.id for old in taken_off])

    def _keep(
        self, key: int, row: AttemptRow, debtor: Debtor, corrected: ContactAttempt | None
    ) -> tuple[ContactAttempt, ContactPoint | None, Pack]:
        """The attempt, by which number it was made, and the rules of its day."""
        subject = self._subject(row)
        entry = replace(row.entry, corrects_id=corrected.id if corrected else None)
        if subject.point is not None:
            entry = replace(entry, contact_point_id=subject.point.id)
        facts = self._history.facts(debtor, row.at, but=corrected)
        checked = checked_entry(facts, subject, entry, row.at)
        outcome = OUTCOMES[entry.outcome]
        if corrected is not None:
            self._session.flush()
            unlearn_about_number(self._work, corrected)
        attempt = attempt_of(
            self._work, subject, entry, outcome, checked, row.at, id=key, content_hash=row.content_hash,
            import_run_id=self._run_id, import_line=row.line, logged_by=row.staff_id or self._sender(),
        )  # fmt: skip
        self._session.add(attempt)
        self._corrected[attempt.attempt_ref] = attempt
        self._history.note(attempt, subject.point.relation if subject.point else "")
        self._keep_promise(attempt, row, corrected)
        if outcome.hold is not None:
            self._session.flush()
            raise_hold(self._work, attempt, outcome)
        learn_about_number(subject.point, outcome, attempt.party)
        item = self._items.get(attempt.placement_id)
        if item is not None:
            moved_from = corrected.outcome if corrected else None
            move_in_queue(item, attempt, entry, outcome, moved_from, self._organisation.time_zone, self._work.today)
        self._count(attempt)
        return attempt, subject.point, facts.pack

    def _count(self, attempt: ContactAttempt) -> None:
        for name, is_one in (
            ("corrected", attempt.corrects_id is not None),
            ("promise", attempt.outcome == "promise"),
            ("hold", OUTCOMES[attempt.outcome].hold is not None),
            ("breach", attempt.verdict == "block"),
            ("presumed", attempt.verdict == "presume"),
        ):
            self._counts[name] += is_one

    def _keep_promise(self, attempt: ContactAttempt, row: AttemptRow, corrected: ContactAttempt | None) -> None:
        standing = self._promises[attempt.placement_id]
        made, stands = take_place(standing, attempt, row.entry, row.placed.currency, corrected)
        self._session.add_all(made)
        self._promises[attempt.placement_id] = stands
        if made and attempt.account_id not in self._taken_over:
            self._taken_over.add(attempt.account_id)
            take_over_carried(self._work, attempt.account_id)

    # --- what the rows are about ---------------------------------------------------------------------------------------

    def _subject(self, row: AttemptRow) -> Subject:
        point = self._points.get(row.entry.contact_point_id or 0)
        if row.found is not None:
            point = self._found_point(row, row.found)
        placed = row.placed
        return Subject(
            self._placements[placed.placement_id], self._accounts[placed.account_id],
            self._customers[placed.customer_id], point, self._organisation.time_zone,
        )  # fmt: skip

    def _found_point(self, row: AttemptRow, found: FoundPoint) -> ContactPoint:
        """The contact point that was found, made once however many rows name it."""
        customer = self._customers[row.placed.customer_id]
        named = (customer.id, found.kind, found.value)
        if named not in self._found:
            by = FoundBy(self._organisation.id, found.source, found.ground, self._run_id)
            point, is_new = add_found_point(
                self._work, customer, found.kind, found.value, found.masked, found.relation, by
            )
            self._counts["contact_point"] += is_new
            self._found[named] = point
        return self._found[named]

    def _debtors(self) -> dict[int, Debtor]:
        return {
            account.id: Debtor.of(account, self._customers[account.customer_id]) for account in self._accounts.values()
        }

    def _originals(self) -> dict[str, ContactAttempt]:
        """Entries that rows of this chunk correct, by their reference; those of the chunk itself come as they are made."""
        refs = {row.corrects for row in self._rows} - {""}
        if not refs:
            return {}
        known = visible(ContactAttempt, self._work.actor).where(
            ContactAttempt.organisation_id == self._organisation.id, ContactAttempt.attempt_ref.in_(refs)
        )
        return {attempt.attempt_ref: attempt for attempt in self._session.scalars(known)}

    def _sender(self) -> int | None:
        """Who made them where the log does not say: its sender, unless the bank sends it."""
        return None if self._work.actor.is_bank else self._work.actor.user_id

    def _by_id(self, model: Any, keys: set[Any]) -> dict[int, Any]:
        rows = self._session.scalars(visible(model, self._work.actor).where(model.id.in_(keys)))
        return {row.id: row for row in rows}

    def _of_placements(self, model: Any, *conditions: Any) -> Sequence[Any]:
        wanted = visible(model, self._work.actor).where(model.placement_id.in_(list(self._placements)), *conditions)
        return self._session.scalars(wanted).all()
