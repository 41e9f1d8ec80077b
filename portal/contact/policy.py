"""The bank's settings for promises, arrangements and presumptions, as the rules take them; where they are set:
portal/config.py."""

from __future__ import annotations

from datetime import date, timedelta

from portal.contact.arrangements.rules import Policy
from portal.foundation.services import services

__all__ = ["in_grace_since", "policy", "presumption_is_final", "with_grace"]


def policy() -> Policy:
    """Days of grace, and how long a plan may run without the bank."""
    settings = services().settings
    return Policy(grace_days=settings.grace_days, free_months=settings.plan_months)


def presumption_is_final() -> bool:
    """Whether the bank lets nobody go on against a presumption, whatever the reason."""
    return services().settings.presumption == "refuse"


def with_grace(day: date) -> date:
    """The last value date that keeps what was promised or agreed for a day."""
    return day + timedelta(days=policy().grace_days)


def in_grace_since(today: date) -> date:
    """The earliest day of a promise that a payment of today would still keep."""
    return today - timedelta(days=policy().grace_days)
