"""The bank's rules for payments: what holds now, and setting others."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, Faults
from portal.foundation.language import say
from portal.foundation.money import CURRENCIES, minor_digits
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.recovery.dates import LateAfter
from portal.recovery.matching import Limits
from portal.recovery.rule_models import AboveBalance, Pairs, PaymentRule

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = ["MOST_DAYS", "USUAL", "PaymentRules", "rules_now", "set_rules"]

MOST_DAYS: Final = 366
MOST_AMOUNT: Final = Decimal(1_000_000)
MOST_DIGITS: Final = 3  # behind the point, of the currency that has most
DAYS: Final = ("match_days", "received_days", "cleared_days", "posted_days", "chase_days")


@dataclass(frozen=True, slots=True)
class PaymentRules:
    """What holds where the bank has set nothing else. `match_amount` in units of the payment's currency; days of the
    calendar."""

    above_balance: AboveBalance = AboveBalance.TAKE
    pairs: Pairs = Pairs.POST
    match_days: int = 3
    match_amount: Decimal = Decimal("1.00")
    received_days: int = 3
    cleared_days: int = 3
    posted_days: int = 2
    chase_days: int = 7

    @property
    def limits(self) -> Limits:
        """How far a tolerant match may go, in minor units of every currency; what is no whole unit is cut off."""
        return Limits(self.match_days, {code: int(self.match_amount * 10 ** minor_digits(code)) for code in CURRENCIES})

    @property
    def late_after(self) -> LateAfter:
        """Days that each step of a payment may take."""
        return LateAfter(self.received_days, self.cleared_days, self.posted_days)


USUAL: Final = PaymentRules()


def rules_now(session: Session, actor: Actor) -> PaymentRules:
    """What the bank has set last; the usual rules where it has set nothing."""
    row = session.scalar(visible(PaymentRule, actor).order_by(PaymentRule.id.desc()).limit(1))
    if row is None:
        return USUAL
    return PaymentRules(
        row.above_balance, row.pairs, row.match_days, Decimal(row.match_amount), row.received_days, row.cleared_days,
        row.posted_days, row.chase_days,
    )  # fmt: skip


def set_rules(actor: Actor, wanted: PaymentRules) -> bool:
    """Set rules that hold for what comes in from now on; False where they hold already. DomainError naming the fields."""
    demand(actor, Permission.PAYMENTS_RULES)
    faults = Faults()
    for name in DAYS:
        faults.read(lambda name=name: _check_days(name, getattr(wanted, name)), None)  # type: ignore[misc]
    faults.read(lambda: _check_amount(wanted.match_amount), None)
    faults.tell()
    with transaction(actor) as work:
        before = rules_now(work.session, actor)
        if before == wanted:
            return False
        row = PaymentRule(**_kept(wanted), set_by=actor.user_id, set_at=work.now)
        work.session.add(row)
        work.session.flush()
        work.audit("payment_rules.set", row, before=_kept(before), after=_kept(wanted))
    return True


def _kept(rules: PaymentRules) -> dict[str, Any]:
    return asdict(rules) | {"match_amount": format(rules.match_amount, "f")}


def _check_days(name: str, days: int) -> None:
    if not 0 <= days <= MOST_DAYS:
        words = say("This goes from %(least)s to %(most)s.", least=0, most=MOST_DAYS)
        raise DomainError("payment_rules.days", words, field=name)


def _check_amount(amount: Decimal) -> None:
    try:
        good = amount.is_finite() and 0 <= amount <= MOST_AMOUNT and amount == round(amount, MOST_DIGITS)
    except InvalidOperation:
        good = False
    if not good:
        words = say("Write an amount from 0 to %(most)s, for example 1.00.", most=MOST_AMOUNT)
        raise DomainError("payment_rules.amount", words, field="match_amount")
