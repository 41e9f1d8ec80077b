"""Reports of agencies and postings of the bank, for the tests of how they find each other."""

from __future__ import annotations

import io
from datetime import date
from typing import TYPE_CHECKING, Any

from portal.foundation.work import reading
from portal.portfolio.importing import Options
from portal.recovery.reported import queries
from portal.recovery.reported.files import import_reported, receive_reported
from portal.recovery.reported.models import ReportedPayment, ReportKind
from portal.recovery.reported.operations import report_payment
from portal.recovery.reported.telling import Telling
from tests.identity.factories import observer
from tests.portfolio.intake.files import csv_bytes

if TYPE_CHECKING:
    from portal.recovery.reported.models import ReportStanding
    from tests.recovery.factories import Held

__all__ = ["bring_reported", "report", "standing_of", "told"]


def told(reference: str = "A-1", amount: int = 10_000, paid_on: str = "2005-07-10", **more: Any) -> Telling:
    """A payment of 100.00 that the debtor says is made to the bank; `received`: to the agency, on that day."""
    day = date.fromisoformat(paid_on)
    received = more.pop("received", False)
    kind = ReportKind.RECEIVED if received else ReportKind.EXPECTED
    return Telling(
        reference, kind, amount, more.pop("currency", "TWD"), day, more.pop("received_on", day if received else None), **more
    )  # fmt: skip


def report(held: Held, *args: Any, **more: Any) -> int:
    """The id of a report of the agency's leader on its account."""
    return report_payment(held.actor, held.account.account_ref, told(*args, **more))[0]


def standing_of(reported_id: int, actor: Any = None) -> ReportStanding:
    """Where a report stands, as somebody sees it."""
    who = actor or observer()
    with reading(who) as session:
        row = session.execute(queries.with_standing(who).where(ReportedPayment.id == reported_id)).one()
        session.expunge_all()
    return row[1]  # type: ignore[no-any-return]


def bring_reported(held: Held, *rows: dict[str, str]) -> dict[str, Any]:
    """The summary of importing a file of the agency's reports at once."""
    usual = [
        {"reported_ref": f"F-{n}", "account_ref": held.account.account_ref, "kind": "expected", "amount": "100.00",
         "paid_on": "2005-07-10", "received_on": "", **row}
        for n, row in enumerate(rows)
    ]  # fmt: skip
    header = list(dict.fromkeys(name for row in usual for name in row))
    content = csv_bytes([header, *([row.get(name, "") for name in header] for row in usual)])
    options = Options(organisation_id=held.agency.id)
    run = receive_reported(held.actor, io.BytesIO(content), "reported.csv", options, as_job=False)
    return import_reported(held.actor, run.id)
