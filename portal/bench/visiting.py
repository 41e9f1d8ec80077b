"""Every list page over a large book, against the same page over a small one.

Two portals stand side by side, each with its own database: everything placed with ten agencies and accepted, one account
in ten paid, one in twenty recalled. People ask for the same pages of both in turn, so that a busy moment of the
machine slows both; of each page nineteen of twenty answers count (p95). In the small portal more is paid and recalled, so
that its lists fill their page too: rows on a page are its length, not the table's. Keyset paging, counters and indexes
have to see to it that no page costs more where the table is longer (DESIGN section 9: at most 1.3 times). A page that seems
to is asked for again at the end, twice as often, and what it took then stands: a busy moment of the machine comes once, a
slow statement every time.
"""

from __future__ import annotations

import contextvars
import csv
import re
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import sqlalchemy as sa

from portal.bench.filling import fill_accounts, make_agencies
from portal.bench.measuring import p95, stopwatch
from portal.bench.placing import place_book, unequal_shares
from portal.bench.scratch import CHECKER, TODAY, Place, scratch, vacuum
from portal.contact.models import WorkItem
from portal.contact.team.dealing import By
from portal.contact.team.operations import Evenly, deal, hand_over
from portal.foundation.access import Permission, Role, system_actor
from portal.foundation.database import db
from portal.foundation.work import reading, transaction
from portal.identity.models import User
from portal.identity.operations import PersonDetails, create_user
from portal.identity.people import command_actor
from portal.identity.sessions import begin
from portal.placement.batches import accept_batch
from portal.placement.codes import RecallReason
from portal.placement.models import Placement, PlacementBatch
from portal.placement.recall_models import Recall
from portal.placement.recalls import Wish, ask_recall, carry_out
from portal.placement.segments import save_segment, usual_segments
from portal.portfolio.importing import Options
from portal.portfolio.models import Account
from portal.recovery.operations import import_payments, receive_payments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from portal.foundation.access import Actor

__all__ = ["PAGES", "QUEUE_PAGES", "SMALL", "bench_pages", "browser_of"]

SMALL = 1_000  # accounts of the portal beside which a larger one is measured
REACH = 1.3
PAID_ONE_IN, RECALLED_ONE_IN, UNTOUCHED_ONE_IN = 10, 20, 10
TWO_PAGES, LARGEST_SHARE = 100, 0.145
WARM = 3
AGENCY_LEADER, COLLECTOR, FINANCE = "bench-leader", "bench-collector", "bench-finance"
OLDER = re.compile(r'href="([^"]+)" rel="next"')

# Who looks, and where; what stands in braces is one that the portal holds.
PAGES: tuple[tuple[str, str], ...] = (
    (CHECKER, "/"),
    (CHECKER, "/accounts"),
    (CHECKER, "/accounts?bucket=M3&sort=-total"),
    (CHECKER, "/accounts/{account}"),
    (CHECKER, "/search?q={account_ref}"),
    (CHECKER, "/holds"),
    (CHECKER, "/contact-points"),
    (CHECKER, "/imports"),
    (CHECKER, "/placements"),
    (CHECKER, "/placements/{run}"),
    (CHECKER, "/batches"),
    (CHECKER, "/batches/{batch}"),
    (CHECKER, "/recalls"),
    (CHECKER, "/recalls/{recall}"),
    (CHECKER, "/recalls/objections"),
    (CHECKER, "/retentions"),
    (CHECKER, "/requests"),
    (CHECKER, "/complaints"),
    (CHECKER, "/segments"),
    (CHECKER, "/arrangements"),
    (CHECKER, "/certificates"),
    (CHECKER, "/exits"),
    (CHECKER, "/vendors"),
    (CHECKER, "/vendors/{agency}"),
    (CHECKER, "/staff"),
    (CHECKER, "/contracts"),
    (CHECKER, "/statements"),
    (CHECKER, "/charges"),
    (CHECKER, "/matters"),
    (CHECKER, "/hearings"),
    (CHECKER, "/scores"),
    (CHECKER, "/trials"),
    (CHECKER, "/contribution"),
    (CHECKER, "/texts"),
    (CHECKER, "/messages"),
    (CHECKER, "/messages/exports"),
    (CHECKER, "/audit"),
    (CHECKER, "/conduct"),
    (CHECKER, "/rule-packs"),
    (CHECKER, "/packs/templates"),
    (FINANCE, "/"),
    (FINANCE, "/payments"),
    (FINANCE, "/payments/exceptions"),
    (FINANCE, "/payments/exceptions/proposals"),
    (FINANCE, "/payments/imports"),
    (FINANCE, "/payments/reported"),
    (FINANCE, "/payments/open"),
    (FINANCE, "/statements?life=payable"),
    (FINANCE, "/statements/taxes"),
    (AGENCY_LEADER, "/"),
    (AGENCY_LEADER, "/queue"),
    (AGENCY_LEADER, "/queue?tab=untouched"),
    (AGENCY_LEADER, "/queue?whose=pool"),
    (AGENCY_LEADER, "/queue/{account}"),
    (COLLECTOR, "/queue"),
    (AGENCY_LEADER, "/team"),
    (AGENCY_LEADER, "/team/accounts?whose=pool"),
    (AGENCY_LEADER, "/accounts?standard=untouched"),
    (AGENCY_LEADER, "/accounts"),
    (AGENCY_LEADER, "/batches"),
    (AGENCY_LEADER, "/batches/{batch}"),
    (AGENCY_LEADER, "/recalls"),
    (AGENCY_LEADER, "/recalls/{recall}"),
    (AGENCY_LEADER, "/promises"),
    (AGENCY_LEADER, "/attempts/imports"),
    (AGENCY_LEADER, "/evidence"),
    (AGENCY_LEADER, "/texts"),
    (AGENCY_LEADER, "/messages"),
    (AGENCY_LEADER, "/arrangements"),
    (AGENCY_LEADER, "/requests"),
    (AGENCY_LEADER, "/complaints"),
    (AGENCY_LEADER, "/payments"),
    (AGENCY_LEADER, "/payments/reported"),
    (AGENCY_LEADER, "/payments/open"),
    (AGENCY_LEADER, "/our-organisation"),
    (AGENCY_LEADER, "/webhooks"),
    (AGENCY_LEADER, "/tokens"),
)
QUEUE_PAGES = tuple((who, path) for who, path in PAGES if path.startswith("/queue"))


@dataclass
class House:
    """A portal with a book of one size, and a browser for each person."""

    place: Place
    browsers: dict[str, FlaskClient]
    held: dict[str, object]

    def times(self, who: str, path: str, times: int) -> list[float]:
        """Seconds of so many answers. RuntimeError for one that is no page (a search leads to what it found)."""
        taken = []
        for _ in range(times):
            with stopwatch() as watch:
                answer = self._get(who, path)
            if answer.status_code not in (200, 302) or "/sign-in" in (answer.location or ""):
                raise RuntimeError(f"{path} for {who}: {answer.status} {answer.location or ''}")
            taken.append(watch.seconds)
        return taken

    def older(self, who: str, path: str) -> str | None:
        """The address of the page after this one, where there is one."""
        found = OLDER.search(self._get(who, path).text)
        return urljoin(path, unescape(found[1])) if found else None

    def _get(self, who: str, path: str) -> TestResponse:
        """As from outside: in a context of its own, so that nothing is left from the answer before."""
        return contextvars.Context().run(self.browsers[who].get, path)


def bench_pages(
    server: str | None, sizes: Sequence[int], times: int, pages: Sequence[tuple[str, str]] = PAGES
) -> dict[str, Any]:
    """Each page so many times at each size beside the small portal; `ratio` is the slowest-growing page's at the largest size."""
    results = [_one(server, size, times, pages) for size in sorted(sizes)]
    return {"ratio": results[-1]["ratio"], "accounts": results[-1]["accounts"], "sizes": results}


def _one(server: str | None, accounts: int, times: int, wanted: Sequence[tuple[str, str]]) -> dict[str, Any]:
    with ExitStack() as stack:
        small, large = (_house(stack.enter_context(scratch(server)), size) for size in (SMALL, accounts))
        asked = [(who, *page) for who, path in wanted for page in _beside(small, large, who, path)]
        pages = {f"{who} {name}": _in_turn(small, large, who, paths, times) for who, name, paths in asked}
        for who, name, paths in asked:
            first = pages[f"{who} {name}"]
            if first["ratio"] > REACH:
                pages[f"{who} {name}"] = _in_turn(small, large, who, paths, 2 * times) | {"at_first": first["ratio"]}
        worst = max(pages, key=lambda name: pages[name]["ratio"])
        return {
            "accounts": accounts,
            "beside": SMALL,
            "ratio": pages[worst]["ratio"],
            "page": worst,
            "over_reach": {name: figures for name, figures in pages.items() if figures["ratio"] > REACH},
            "pages": pages,
            **large.place.about(),
        }


def _beside(small: House, large: House, who: str, wanted: str) -> list[tuple[str, tuple[str, str]]]:
    """A page's name with its addresses in both portals, and those of the one that follows it where both have one."""
    paths = wanted.format_map(small.held), wanted.format_map(large.held)
    following = small.older(who, paths[0]), large.older(who, paths[1])
    if following[0] and following[1]:
        return [(wanted, paths), (f"{wanted} (next page)", (following[0], following[1]))]
    return [(wanted, paths)]


def _in_turn(small: House, large: House, who: str, paths: tuple[str, str], times: int) -> dict[str, Any]:
    of_small, of_large = paths
    small.times(who, of_small, WARM)
    large.times(who, of_large, WARM)
    pairs = [(small.times(who, of_small, 1)[0], large.times(who, of_large, 1)[0]) for _ in range(times)]
    slow_small, slow_large = (p95(times) for times in zip(*pairs, strict=True))
    return {
        "small_ms": round(slow_small * 1_000, 1),
        "large_ms": round(slow_large * 1_000, 1),
        "ratio": round(slow_large / slow_small, 2),
    }


# --- the portals --------------------------------------------------------------------------------------------------------


def _house(place: Place, accounts: int) -> House:
    """Fill a portal the way that people do, but for the accounts themselves."""
    with place.app.app_context():
        agencies = make_agencies(accounts)
        fill_accounts(place, accounts)
        largest = agencies[-1]
        people = _more_people(largest)
        for name, wanted in usual_segments("CNY", 8_000_000).items():
            save_segment(place.maker, name, wanted)
        run_id = place_book(place, unequal_shares(agencies))["run"]
        vacuum()
        batch_id = _accept(run_id, largest, people[AGENCY_LEADER])
        _deal(people[AGENCY_LEADER], people[COLLECTOR], accounts)
        recall_id = _recall(place, accounts, largest)
        _pay(place, people[FINANCE], accounts)
        vacuum()
        held = {"run": run_id, "batch": batch_id, "recall": recall_id, "agency": largest} | _an_account(batch_id)
        return House(place, {name: browser_of(place, name) for name in (CHECKER, *people)}, held)


def _more_people(agency: int) -> dict[str, Actor]:
    administrator = command_actor(None, Permission.USERS_MANAGE)
    create_user(administrator, administrator.organisation_id or 0, FINANCE, PersonDetails(FINANCE, Role.FINANCE))
    create_user(administrator, agency, AGENCY_LEADER, PersonDetails(AGENCY_LEADER, Role.AGENCY_LEADER))
    create_user(administrator, agency, COLLECTOR, PersonDetails(COLLECTOR, Role.AGENCY_STAFF))
    return {
        FINANCE: command_actor(FINANCE, Permission.PAYMENTS_IMPORT),
        AGENCY_LEADER: command_actor(AGENCY_LEADER, Permission.BATCHES_ACCEPT),
        COLLECTOR: command_actor(COLLECTOR, Permission.QUEUE_WORK),
    }


def _accept(run_id: int, agency: int, leader: Actor) -> int:
    """The agency takes its batch, which fills its queue; the batch."""
    with reading(leader) as session:
        mine = sa.select(PlacementBatch.id).where(PlacementBatch.run_id == run_id)
        batch_id = session.execute(mine.where(PlacementBatch.organisation_id == agency)).scalar_one()
    accept_batch(leader, batch_id)
    return batch_id


def _one_in(usual: int, accounts: int) -> int:
    """One account in how many, so that those of the largest agency are two pages."""
    return max(1, min(usual, int(accounts * LARGEST_SHARE / TWO_PAGES)))


def _deal(leader: Actor, collector: Actor, accounts: int) -> None:
    """A collector has half of the queue, the pool the other; of both some have not been tried within the work standard."""
    me, other = leader.user_id or 0, collector.user_id or 0
    deal(leader, Evenly((me, other), By.COUNT))
    hand_over(leader, me, None)
    with db.engine.begin() as connection:
        late = sa.update(WorkItem).where(WorkItem.id % _one_in(UNTOUCHED_ONE_IN, accounts) == 0)
        connection.execute(late.values(try_by=TODAY - timedelta(days=1)))


def _recall(place: Place, accounts: int, agency: int) -> int:
    """Some accounts go in a week, whoever holds them; the agency's recall."""
    wish = Wish(RecallReason.ROTATION, final_on=TODAY + timedelta(days=7))
    recalls = ask_recall(place.maker, wish, account_ids=range(7, accounts + 1, _one_in(RECALLED_ONE_IN, accounts)))
    for recall_id in recalls:
        carry_out(place.checker, recall_id)
    with reading(place.maker) as session:
        mine = sa.select(Recall.id).where(Recall.id.in_(recalls), Recall.organisation_id == agency)
        return session.execute(mine).scalar_one()


def _pay(place: Place, finance: Actor, accounts: int) -> None:
    """A file of payments through the import, which credits them."""
    file = place.home / "payments.csv"
    with file.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(("payment_ref", "account_ref", "amount", "currency", "paid_on"))
        for number in range(1, accounts + 1, _one_in(PAID_ONE_IN, accounts)):
            writer.writerow((f"P{number:08d}", f"A{10_000_000 + number}", f"{10 + number % 90}.00", "CNY", TODAY))
    with file.open("rb") as content:
        run = receive_payments(finance, content, file.name, Options(), as_job=False)
    import_payments(finance, run.id)


def _an_account(batch_id: int) -> dict[str, object]:
    """One that the agency holds."""
    with db.engine.connect() as connection:
        return dict(
            connection.execute(
                sa.select(Account.id.label("account"), Account.account_ref)
                .join(Placement, Placement.account_id == Account.id)
                .where(Placement.batch_id == batch_id)
                .order_by(Account.id)
                .limit(1)
            )
            .mappings()
            .one()
        )


def browser_of(place: Place, name: str) -> FlaskClient:
    """A browser in which the person is signed in."""
    with transaction(system_actor("sign-in")) as work:
        user = work.session.execute(sa.select(User).where(User.user_name == name)).scalar_one()
        token = begin(work, user, "bench")
    browser = place.app.test_client()

    def take() -> None:
        with browser.session_transaction() as cookie:
            cookie.update({"_user_id": token, "_fresh": True})

    contextvars.Context().run(take)
    return browser
