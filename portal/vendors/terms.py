"""The terms of a contract version as people enter them, and the plan and clauses they become. Pure.

A plan is data in the notation of reference/commission.md. The page of new terms enters all of it (`notation`); who names a
flat rate, a tail and net remittance alone, `{"currency", "rate", "tail", "remittance"}`, has all other keys carried from the
version before untouched. Clauses are `{"settlement": {...}, "data": {...}, "work_days": 7, "recovery": {...}, "remittance":
{"days": 3}, "success": true}`, each left out where it was not agreed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from portal.commission.plan import faults_of
from portal.foundation.errors import DomainError, SeveralErrors
from portal.foundation.language import say
from portal.vendors.plans.faults import sentence_of
from portal.vendors.recovery_terms import NO_CLAUSES, RecoveryClauses, read_recovery

if TYPE_CHECKING:
    from collections.abc import Mapping

    from portal.vendors.models import ContractVersion

__all__ = [
    "LONGEST_TERM", "WORK_DAYS", "AtEnd", "DataClauses", "Settlement", "Tail", "TailUnit", "Terms", "parse_rate",
    "plan_rate", "plan_rates", "terms_of", "work_days_of",
]  # fmt: skip

LONGEST_TERM = 1_826  # days, five years
LONGEST_ANSWER = 720  # hours, thirty days
LARGEST_CAPACITY = 10_000_000
LARGEST_TAIL = {"days": 730, "months": 24}
LONGEST_RECORDINGS = 3_660  # days, ten years
WORK_DAYS = 7  # the work standard where a contract says nothing: days from one try of an account to the next
LONGEST_WORK_DAYS = 90
LONGEST_REMITTING = 90  # days
RATE_DIGITS = 6  # behind the point: 0.141275 is 14.1275 %
RATES = ("rate", "bands", "stage_rates")  # keys of a plan that say what is earned


class TailUnit(StrEnum):
    """What a tail is counted in."""

    DAYS = "days"
    MONTHS = "months"


class AtEnd(StrEnum):
    """What happens with the data when a placement ends."""

    RETURN = "return"
    DELETE = "delete"
    BOTH = "both"


@dataclass(frozen=True)
class Tail:
    """How long after the end of a placement payments still earn."""

    length: int
    unit: TailUnit = TailUnit.DAYS

    def notation(self) -> dict[str, int]:
        """As a plan says it."""
        return {self.unit.value: self.length}


@dataclass(frozen=True)
class Settlement:
    """What may be settled without asking the bank: `lowest` part of the balance (0.8), and what may be waived."""

    lowest: Decimal
    waive_interest: bool = False
    waive_fees: bool = False


@dataclass(frozen=True)
class DataClauses:
    """What the contract says of the bank's data; `within_days` of the end, recordings kept for `recordings_days`."""

    at_end: AtEnd = AtEnd.BOTH
    within_days: int = 30
    certificate: bool = True
    subcontracting: bool = False
    leaves_country: bool = False
    recordings_days: int = 730


@dataclass(frozen=True)
class Terms:
    """What is agreed from a date on. `rate` of one (0.35; None: the rates of the version before stand), `letter_fee_minor`
    a letter in minor units of the contract's currency, `term_days` the length of a placement. A capacity that is None is
    no limit; `capacity_minor` is an amount in minor units. `settlement` None: nothing may be settled without asking.
    `work_days`: within how many days an account is tried, and tried again; None: the usual `WORK_DAYS`. `notation`: the
    whole plan, which then takes the place of rate, tail, `remits_net` and all that was carried. `recovery`: which payments
    count. `remits_net`: of what it receives the organisation keeps its commission (gross: hands all over and bills it); within
    `remit_days` of receiving it, None: no day is agreed. `success`: of a letter contract, its rate is earned on what another
    recovers of the account meanwhile."""

    rate: Decimal | None
    letter_fee_minor: int = 0
    term_days: int = 90
    capacity_accounts: int | None = None
    capacity_minor: int | None = None
    tail: Tail | None = None
    answer_hours: int = 48
    recall_notice_days: int = 0
    objection_days: int = 30
    payment_extends_days: int = 0
    settlement: Settlement | None = None
    data: DataClauses | None = None
    work_days: int | None = None
    notation: Mapping[str, Any] | None = None
    recovery: RecoveryClauses = NO_CLAUSES
    remits_net: bool = False
    remit_days: int | None = None
    success: bool = False

    def check(self) -> None:
        """DomainError that names the field, where a term cannot be meant."""
        if self.rate is not None:
            check_rate(self.rate)
        if self.notation is not None:
            _check_notation(self.notation)
        if self.letter_fee_minor < 0:
            raise DomainError("contract.fee", say("The letter fee cannot be negative."), field="letter_fee")
        if not 1 <= self.term_days <= LONGEST_TERM:
            words = say("A placement lasts from 1 to %(most)s days.", most=LONGEST_TERM)
            raise DomainError("contract.term", words, field="term_days")
        if self.capacity_accounts is not None and not 0 <= self.capacity_accounts <= LARGEST_CAPACITY:
            words = say("The capacity is a number of accounts from 0 to %(most)s.", most=LARGEST_CAPACITY)
            raise DomainError("contract.capacity", words, field="capacity")
        if self.capacity_minor is not None and self.capacity_minor < 0:
            words = say("The capacity cannot be negative.")
            raise DomainError("contract.capacity_amount", words, field="capacity_amount")
        self._check_recall()
        self._check_clauses()

    def _check_recall(self) -> None:
        if not 1 <= self.answer_hours <= LONGEST_ANSWER:
            words = say("A batch is answered within 1 to %(most)s hours.", most=LONGEST_ANSWER)
            raise DomainError("contract.answer_hours", words, field="answer_hours")
        for field in ("recall_notice_days", "objection_days", "payment_extends_days"):
            _within(field, getattr(self, field), 0, LONGEST_TERM)
        if self.tail is not None:
            _within("tail_length", self.tail.length, 1, LARGEST_TAIL[self.tail.unit.value])

    def _check_clauses(self) -> None:
        self.recovery.check()
        if self.work_days is not None:
            _within("work_days", self.work_days, 1, LONGEST_WORK_DAYS)
        if self.remit_days is not None:
            _within("remit_days", self.remit_days, 0, LONGEST_REMITTING)
        if self.settlement is not None and not 0 < self.settlement.lowest <= 1:
            words = say("The lowest settlement is a part of the balance: 80%% or 0.8. It goes from above 0 to 1.")
            raise DomainError("contract.settle_from", words, field="settle_from")
        if self.data is not None:
            _within("data_within_days", self.data.within_days, 0, LONGEST_TERM)
            _within("recordings_days", self.data.recordings_days, 0, LONGEST_RECORDINGS)

    def plan(self, currency: str, base: dict[str, Any] | None = None) -> dict[str, Any]:
        """The plan in the notation, over that of the version before; the rate as a decimal string, so that no float ever
        holds it. DomainError where there is no rate at all."""
        if self.notation is not None:
            return {**self.notation, "currency": currency}
        plan = dict(base or {}) | {"currency": currency}
        if self.rate is not None:
            plan["rate"] = _written(self.rate)
        elif not any(key in plan for key in RATES):
            raise DomainError("contract.rate", say("Fill this in."), field="rate")
        if self.remits_net:
            plan["remittance"] = "net"
        else:
            plan.pop("remittance", None)  # gross is what a plan says by saying nothing
        if self.tail is None:
            plan.pop("tail", None)
        else:
            plan["tail"] = self.tail.notation()
        return plan

    def clauses(self) -> dict[str, Any]:
        """The clauses as a version keeps them."""
        found: dict[str, Any] = {}
        if self.settlement is not None:
            found["settlement"] = asdict(self.settlement) | {"lowest": _written(self.settlement.lowest)}
        if self.data is not None:
            found["data"] = asdict(self.data) | {"at_end": self.data.at_end.value}
        if self.work_days is not None:
            found["work_days"] = self.work_days
        if recovery := self.recovery.kept():
            found["recovery"] = recovery
        if self.remit_days is not None:
            found["remittance"] = {"days": self.remit_days}
        if self.success:
            found["success"] = True
        return found


def _check_notation(notation: Mapping[str, Any]) -> None:
    """DomainError, or several, where the engine could not read the plan."""
    faults = faults_of(notation)
    if faults:
        raise SeveralErrors(
            [DomainError(f"contract.plan.{fault.code}", sentence_of(fault), field="rate") for fault in faults]
        )


def terms_of(version: ContractVersion) -> Terms:
    """What a version of a contract says; the inverse of writing it."""
    settlement, data = version.clauses.get("settlement"), version.clauses.get("data")
    tail = version.plan.get("tail") or {}
    return Terms(
        rate=plan_rate(version.plan),
        letter_fee_minor=version.letter_fee_minor,
        term_days=version.term_days,
        capacity_accounts=version.capacity_accounts,
        capacity_minor=version.capacity_minor,
        tail=next((Tail(int(tail[unit.value]), unit) for unit in TailUnit if unit.value in tail), None),
        answer_hours=version.answer_hours,
        recall_notice_days=version.recall_notice_days,
        objection_days=version.objection_days,
        payment_extends_days=version.payment_extends_days,
        settlement=Settlement(**settlement | {"lowest": Decimal(settlement["lowest"])}) if settlement else None,
        data=DataClauses(**data | {"at_end": AtEnd(data["at_end"])}) if data else None,
        work_days=version.clauses.get("work_days"),
        recovery=read_recovery(version.clauses.get("recovery")),
        remits_net=version.plan.get("remittance") == "net",
        remit_days=(version.clauses.get("remittance") or {}).get("days"),
        success=bool(version.clauses.get("success")),
    )


def work_days_of(version: ContractVersion) -> int:
    """The work standard of a version: within how many days an account is tried, and tried again."""
    return int(version.clauses.get("work_days") or WORK_DAYS)


def _written(rate: Decimal) -> str:
    return format(rate.normalize(), "f")


def _within(field: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        words = say("This goes from %(least)s to %(most)s.", least=least, most=most)
        raise DomainError(f"contract.{field}", words, field=field)


def parse_rate(text: str, field: str = "rate") -> Decimal:
    """A rate written as decimal, `0.35`, or as percentage, `35%`. DomainError where it is neither, or not from 0 to 1."""
    written = text.strip().replace("％", "%").replace(" ", "")
    try:
        rate = Decimal(written.removesuffix("%"))
    except InvalidOperation as error:
        raise _no_rate(field) from error
    if not rate.is_finite():
        raise _no_rate(field)
    rate = rate / 100 if written.endswith("%") else rate
    check_rate(rate, field)
    return rate


def check_rate(rate: Decimal, field: str = "rate") -> None:
    """DomainError unless the rate is from 0 to 1 with at most six digits behind the point."""
    if not 0 <= rate <= 1:
        words = say("The rate is a part of one: 0.35 means 35%%. It goes from 0 to 1.")
        raise DomainError(f"contract.{field}", words, field=field)
    if rate != rate.quantize(Decimal(1).scaleb(-RATE_DIGITS)):
        words = say("A rate has at most %(digits)s digits behind the point.", digits=RATE_DIGITS)
        raise DomainError(f"contract.{field}", words, field=field)


def _no_rate(field: str) -> DomainError:
    return DomainError(f"contract.{field}", say("Write the rate as 0.35 or 35%%."), field=field)


def plan_rates(plan: Mapping[str, Any]) -> tuple[Decimal, Decimal] | None:
    """The lowest and the highest rate that a plan names for payments: of its bands, else the flat one, and by stage. Surcharges
    and what holds for small balances come on top. None where it names none."""
    bands = plan.get("bands") or {}
    named = [row["rate"] for row in bands.get("rows", ())] or ([plan["rate"]] if "rate" in plan else [])
    rates = [Decimal(str(rate)) for rate in (*named, *(plan.get("stage_rates") or {}).values())]
    return (min(rates), max(rates)) if rates else None


def plan_rate(plan: dict[str, Any]) -> Decimal | None:
    """The flat rate of a plan; None where its rate depends on something."""
    return Decimal(plan["rate"]) if "rate" in plan and "bands" not in plan else None
