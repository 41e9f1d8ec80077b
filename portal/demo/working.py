"""What the agencies' people log day by day: calls, messages, promises, and now and then something that breaks a rule."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.contact.entries import Entry
from portal.contact.models import Channel, WorkItem
from portal.contact.operations import log_attempt
from portal.demo.cast import HOUSES
from portal.foundation.access import OrganisationKind
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.work import reading
from portal.identity.models import Organisation, User
from portal.placement.models import Placement
from portal.portfolio.models import Account, ContactKind, ContactPoint
from portal.vendors.models import PlacementKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from portal.demo.stage import Stage

__all__ = ["Desks"]

OUTCOMES = {
    "no_answer": 26, "rejected": 8, "busy": 5, "switched_off": 6, "voicemail": 3, "dead_number": 2, "wrong_number": 2,
    "promise": 17, "negotiating": 10, "refuses": 6, "callback_requested": 5, "hung_up": 4, "says_paid": 2, "hardship": 2,
    "disputes": 1,
}  # fmt: skip
NOTES = {
    "promise": ("称月底发工资后还款", "答应分两次还清，先还一部分", "家人协助还款，已确认日期"),
    "negotiating": ("希望减免部分利息，已记录诉求", "要求查看明细后再答复"),
    "refuses": ("情绪激动，表示暂不处理",),
    "hardship": ("近期住院，收入中断，可提供证明",),
    "disputes": ("对一笔分期手续费有异议",),
}
REASONS = ("lost_income", "illness", "over_indebted", "forgot", "other")
FIRST_CALL, LAST_CALL = 9 * 60, 20 * 60  # minutes of the day, inside the permitted hours
CALLS_A_DAY_AND_PERSON = 2
WRITTEN_TO, MOST_WRITTEN_TO = 0.65, 100
ACCOUNTS_FOR_FULL_DAYS = 3_000  # with fewer accounts fewer calls are logged


# account, reference, total, the debtor's first telephone, and who was dealt it (None: the pool)
Held = tuple[int, str, int, int, "str | None"]


@dataclass
class Desks:
    """Who works which accounts. Read anew when batches have come or gone."""

    stage: Stage
    count: int
    _held: dict[str, list[Held]] = field(default_factory=dict)

    def renew(self) -> None:
        """Batches have come or gone."""
        self._held = self._read()

    def work(self, day: date) -> None:
        """A day's attempts of everybody, in the order of time."""
        planned = sorted(self._plan(day), key=lambda call: call[:2])
        for minute, user_name, account, dice in planned:
            self.stage.set_clock(self.stage.instant(day, minute // 60, minute % 60))
            self._log(user_name, account, day, dice)

    def write(self, day: date) -> None:
        """A message to many of those whom nobody has tried for a while: a week's worth of the work standard in one go."""
        dice = self.stage.dice("messages", day)
        for house in HOUSES:
            held = self._held.get(house.code, ())
            for n, person in enumerate(house.collectors):
                mine = [account for account in held if account[4] == person.user_name and dice.random() < WRITTEN_TO]
                for place, account in enumerate(mine[:MOST_WRITTEN_TO]):
                    self.stage.set_clock(self.stage.instant(day, 10 + n, place % 60))
                    self._try(person.user_name, account[0], Entry(
                        channel=Channel.SMS, outcome=dice.choice(("delivered", "delivered", "undelivered")),
                        contact_point_id=account[3],
                    ))  # fmt: skip

    def call_late(self, code: str, day: date) -> None:
        """Somebody of the agency calls after ten in the evening; it is logged, and kept as a breach."""
        house = next(house for house in HOUSES if house.code == code)
        held = self._held.get(code)
        if held:
            dice = self.stage.dice("late", code, day)
            self._log(dice.choice(house.collectors).user_name, dice.choice(held), day, dice)

    def _plan(self, day: date) -> Iterator[tuple[int, str, Held, Random]]:
        dice = self.stage.dice("work", day)
        weekend = day.weekday() >= 5
        for house in HOUSES:
            held = self._held.get(house.code)
            if house.kind is not OrganisationKind.AGENCY or not held or (weekend and dice.random() < 0.7):
                continue
            for person in house.collectors:
                own = [account for account in held if account[4] in (None, person.user_name)]
                for _ in range(self._calls(dice) if own else 0):
                    minute = dice.randrange(FIRST_CALL, LAST_CALL)
                    if dice.random() < 0.002:
                        minute = 22 * 60 + dice.randrange(1, 50)
                    # the larger balances are called more often: of two the greater
                    one, other = dice.choice(own), dice.choice(own)
                    account = max(one, other, key=lambda each: each[2])
                    yield minute, person.user_name, account, self.stage.dice(day, minute, account[1])

    def _calls(self, dice: Random) -> int:
        full = CALLS_A_DAY_AND_PERSON * min(self.count, ACCOUNTS_FOR_FULL_DAYS)
        calls, rest = divmod(full, ACCOUNTS_FOR_FULL_DAYS)
        return calls + (dice.randrange(ACCOUNTS_FOR_FULL_DAYS) < rest)

    def _log(self, user_name: str, account: Held, day: date, dice: Random) -> None:
        account_id, _, total, phone, _ = account
        late = self.stage.instant(day, 22) < self.stage.app.extensions["portal"].clock.now()
        self._try(user_name, account_id, self._entry(dice, phone, total, day, late))

    def _try(self, user_name: str, account_id: int, entry: Entry) -> None:
        try:
            log_attempt(self.stage.actor(user_name), account_id, entry)
        except (DomainError, NotFound):
            return  # a hold, a cap, or no longer theirs: nobody calls then

    def _entry(self, dice: Random, phone: int, total: int, day: date, late: bool) -> Entry:
        if dice.random() < 0.12 and not late:
            outcome = dice.choice(("sent", "delivered", "delivered", "undelivered"))
            return Entry(channel=Channel.SMS, outcome=outcome, contact_point_id=phone)
        outcome = "no_answer" if late else dice.choices(list(OUTCOMES), list(OUTCOMES.values()))[0]
        notes = NOTES.get(outcome, ())
        promised = outcome == "promise"
        calls_back = self.stage.instant(day, 10) + timedelta(days=dice.randint(1, 4))
        return Entry(
            channel=Channel.CALL, outcome=outcome, contact_point_id=phone, already_happened=late,
            note=dice.choice(notes) if notes and dice.random() < 0.6 else "",
            reason_behind=dice.choice(REASONS) if notes and dice.random() < 0.5 else "",
            promise_minor=min(total, (total * dice.randint(1, 5) // 10 // 10_000 + 1) * 10_000) if promised else None,
            promise_on=day + timedelta(days=dice.randint(1, 14)) if promised else None,
            callback_at=calls_back if outcome == "callback_requested" else None,
        )  # fmt: skip

    def _read(self) -> dict[str, list[Held]]:
        """By code of the agency: accounts that it holds."""
        phone = (
            sa.select(sa.func.min(ContactPoint.id))
            .where(ContactPoint.customer_id == Account.customer_id, ContactPoint.kind == ContactKind.PHONE)
            .where(ContactPoint.relation == "self")
            .correlate(Account)
            .scalar_subquery()
        )
        wanted = (
            sa.select(Organisation.code, Account.id, Account.account_ref, Account.total_minor, phone, User.user_name)
            .select_from(Placement)
            .join(Account, Account.id == Placement.account_id)
            .join(Organisation, Organisation.id == Placement.organisation_id)
            .outerjoin(WorkItem, WorkItem.placement_id == Placement.id)
            .outerjoin(User, User.id == WorkItem.assigned_to)
            .where(Placement.kind == PlacementKind.COLLECTION, Placement.ended_at.is_(None))
            .where(Placement.accepted_at.is_not(None), Account.total_minor > 0, phone.is_not(None))
            .order_by(Account.account_ref)
        )
        held: dict[str, list[Held]] = defaultdict(list)
        with reading(self.stage.actor("vendor1")) as session:
            for code, *account in session.execute(wanted):
                held[code].append(tuple(account))
        return dict(held)
