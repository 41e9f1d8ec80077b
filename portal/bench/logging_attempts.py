"""Logging an attempt with all that belongs to it, beside a bare insert through the same stack; and what the live check costs
over logs of several sizes.

Both come from a signed-in browser as a form with its token and lead on with a redirect. The yardstick writes the same row by
the same mapper in a transaction of its own: no rules asked, nothing audited, no queue moved, no next account looked for.
`operation_ratio` leaves the web away on both sides.
"""

from __future__ import annotations

import contextvars
import secrets
import statistics
from datetime import timedelta
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask import redirect

from portal.bench.filling import fill_accounts, fill_attempts, fill_phones, make_agencies
from portal.bench.measuring import growth, stopwatch
from portal.bench.placing import place_book, unequal_shares
from portal.bench.scratch import Place, scratch, vacuum
from portal.bench.visiting import browser_of
from portal.contact.entries import Entry
from portal.contact.models import Channel, ContactAttempt, Direction
from portal.contact.operations import log_attempt
from portal.contact.queries import held_account, standing_of
from portal.foundation.access import Actor, Permission, Role
from portal.foundation.services import services
from portal.foundation.web import actor, requires
from portal.foundation.work import reading, transaction
from portal.identity.operations import PersonDetails, create_user
from portal.identity.people import command_actor
from portal.placement.batches import accept_batch
from portal.placement.models import Placement, PlacementBatch
from portal.portfolio.models import ContactPoint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask.testing import FlaskClient

__all__ = ["bench_attempts"]

COLLECTOR = "bench-collector"
WARM = 5
OUTCOMES = ("no_answer", "refuses", "negotiating", "busy")


def bench_attempts(server: str | None, accounts: int, stored: Sequence[int], times: int) -> dict[str, Any]:
    """`ratio`: the median of logging beside that of a bare insert, over the largest log; `check_ratio`: the median of the live
    check over the largest log beside that over the smallest."""
    with scratch(server) as place:
        collector = _founded(place, accounts)
        held = _held(collector)
        desk = Desk(collector, browser_of(place, COLLECTOR))
        sizes, results = sorted(stored), []
        logged = 0
        for size in sizes:
            logged += fill_attempts(place, size - logged)
            vacuum()
            results.append({"stored": size} | _measured(desk, held, times))
        checks = [result["check_ms"] for result in results]
        return {
            "ratio": results[-1]["ratio"],
            "accounts": accounts,
            "check_ratio": round(checks[-1] / checks[0], 2),
            "growth_a_row": growth(sizes, checks),
            "sizes": results,
            **place.about(),
        }


def _founded(place: Place, accounts: int) -> Actor:
    """Accounts with telephones, placed; the largest agency works its batch by a collector."""
    place.app.config["WTF_CSRF_ENABLED"] = False  # a browser without pages; both sides do without
    place.app.add_url_rule("/bench/<int:placement_id>/<int:account_id>/<int:customer_id>/<int:point_id>", "bench",
                           _bare, methods=["POST"])  # fmt: skip
    agencies = make_agencies(accounts)
    fill_accounts(place, accounts)
    fill_phones(place, accounts)
    administrator = command_actor(None, Permission.USERS_MANAGE)
    for name, role in ((COLLECTOR, Role.AGENCY_STAFF), ("bench-leader", Role.AGENCY_LEADER)):
        create_user(administrator, agencies[-1], name, PersonDetails(name, role))
    run_id = place_book(place, unequal_shares(agencies))["run"]
    leader = command_actor("bench-leader", Permission.BATCHES_ACCEPT)
    with reading(leader) as session:
        batch_id = session.scalars(sa.select(PlacementBatch.id).where(PlacementBatch.run_id == run_id)).one()
    accept_batch(leader, batch_id)
    return command_actor(COLLECTOR, Permission.QUEUE_WORK)


def _held(collector: Actor) -> list[tuple[int, int, int, int]]:
    """Placement, account, customer and telephone of every account that the agency holds."""
    with reading(collector) as session:
        rows = session.execute(
            sa.select(Placement.id, Placement.account_id, Placement.customer_id, ContactPoint.id)
            .join(ContactPoint, ContactPoint.customer_id == Placement.customer_id)
            .where(Placement.ended_at.is_(None))
            .order_by(Placement.id)
        )
        return list(rows.tuples())


def _measured(desk: Desk, held: Sequence[tuple[int, int, int, int]], times: int) -> dict[str, Any]:
    """Medians in milliseconds, one of each in turn, each on another account."""
    deeds = {
        "bare_ms": desk.post_bare, "log_ms": desk.post_log, "operation_bare_ms": desk.insert, "operation_ms": desk.log,
        "check_ms": desk.check,
    }  # fmt: skip
    taken: dict[str, list[float]] = {name: [] for name in deeds}
    for number in range(times + WARM):
        for place, (name, deed) in enumerate(deeds.items()):
            row = held[(number * len(deeds) + place) * 7 % len(held)]
            with stopwatch() as watch:
                deed(*row)
            if number >= WARM:
                taken[name].append(watch.seconds)
    figures = {name: statistics.median(seconds) * 1_000 for name, seconds in taken.items()}
    return {
        "ratio": round(figures["log_ms"] / figures["bare_ms"], 2),
        "operation_ratio": round(figures["operation_ms"] / figures["operation_bare_ms"], 2),
        **{name: round(value, 2) for name, value in figures.items()},
    }


class Desk:
    """What a collector does, by the browser and without it, with one row of `_held`."""

    def __init__(self, collector: Actor, browser: FlaskClient) -> None:
        self._collector, self._browser = collector, browser
        self._turn = count()

    def post_bare(self, placement_id: int, account_id: int, customer_id: int, point_id: int) -> None:
        """The yardstick's form."""
        self._post(f"/bench/{placement_id}/{account_id}/{customer_id}/{point_id}", {})

    def post_log(self, _placement_id: int, account_id: int, _customer_id: int, point_id: int) -> None:
        """The workbench's form."""
        outcome = OUTCOMES[next(self._turn) % len(OUTCOMES)]
        told = {"channel": "call", "contact_point_id": str(point_id), "outcome": outcome, "already_happened": "y"}
        self._post(f"/queue/{account_id}", told)

    def _post(self, path: str, told: dict[str, str]) -> None:
        form = told | {"form_token": secrets.token_urlsafe(18)}
        answer = contextvars.Context().run(partial(self._browser.post, path, data=form))
        if answer.status_code != 302:
            raise RuntimeError(f"{path}: {answer.status}")

    def insert(self, placement_id: int, account_id: int, customer_id: int, point_id: int) -> None:
        """The row alone."""
        _insert(self._collector, placement_id, account_id, customer_id, point_id)

    def log(self, _placement_id: int, account_id: int, _customer_id: int, point_id: int) -> None:
        """The operation alone."""
        outcome = OUTCOMES[next(self._turn) % len(OUTCOMES)]
        entry = Entry(channel=Channel.CALL, outcome=outcome, contact_point_id=point_id, already_happened=True)
        log_attempt(self._collector, account_id, entry)

    def check(self, _placement_id: int, account_id: int, _customer_id: int, _point_id: int) -> None:
        """What the workbench asks while its form is open: every channel and every number."""
        with reading(self._collector) as session:
            held = held_account(session, self._collector, account_id)
            if held is not None:
                _, account, customer = held
                standing_of(session, self._collector, account, customer, services().clock.now())


@requires(Permission.QUEUE_WORK)
def _bare(placement_id: int, account_id: int, customer_id: int, point_id: int) -> Any:
    """The yardstick's view."""
    _insert(actor(), placement_id, account_id, customer_id, point_id)
    return redirect("/queue")


def _insert(collector: Actor, placement_id: int, account_id: int, customer_id: int, point_id: int) -> None:
    """The row alone."""
    with transaction(collector) as work:
        work.session.add(
            ContactAttempt(
                organisation_id=collector.organisation_id, placement_id=placement_id, account_id=account_id,
                customer_id=customer_id, attempt_ref=f"B{work.real_now.timestamp()}", at=work.now - timedelta(days=40),
                local_date=work.today - timedelta(days=40), channel=Channel.CALL, direction=Direction.OUTBOUND,
                initiated_by="collector", contact_point_id=point_id, party="self", outcome="no_answer",
                counts_as="unanswered", debts_placed_for=[account_id], debts_discussed=[account_id], verdict="allow",
                decision={}, logged_at=work.now, logged_by=collector.user_id,
            )
        )  # fmt: skip
