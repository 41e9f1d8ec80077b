"""What a file of the bank's changes about limits: another due date or day of payment, and what began anew counts or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.contact.limits.keeping import reckon
from portal.contact.limits.models import LimitationRestart
from portal.foundation import hooks
from portal.foundation.visibility import visible
from portal.portfolio.models import BalanceSnapshot

if TYPE_CHECKING:
    from portal.foundation.work import Work

__all__ = ["reckon_filed"]


@hooks.accounts_filed.register
def reckon_filed(work: Work, import_run_id: int) -> None:
    """Set the clocks of the file's accounts that something had begun anew."""
    of_file = visible(BalanceSnapshot, work.actor).where(BalanceSnapshot.import_run_id == import_run_id)
    wanted = (
        visible(LimitationRestart, work.actor)
        .where(LimitationRestart.account_id.in_(of_file.with_only_columns(BalanceSnapshot.account_id)))
        .with_only_columns(LimitationRestart.account_id)
        .distinct()
    )
    reckon(work.session, work.session.scalars(wanted).all())
