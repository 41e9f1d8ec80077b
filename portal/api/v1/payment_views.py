"""Payments: what the bank's own systems post, and what agencies report; both judged as their files are."""

from __future__ import annotations

from typing import Any, Final

from portal.api.scopes import Scope
from portal.api.v1 import asked, examples, paging, shapes
from portal.api.v1.blueprint import blueprint, needs
from portal.api.v1.handing_in import hand_in
from portal.foundation.database import db
from portal.foundation.money import format_amount
from portal.foundation.paging import Keyset
from portal.foundation.web import actor
from portal.portfolio.intake.layout import PAYMENT_COLUMNS, REPORT_COLUMNS
from portal.recovery.operations import import_payments, receive_payments
from portal.recovery.reported import queries
from portal.recovery.reported.files import import_reported, receive_reported
from portal.recovery.reported.models import ReportedPayment, ReportStanding, ReportState

__all__ = ["post_payments", "report_payments", "reported_payments"]

# In front a column of a few words, so that no reference in the first cell is taken for a trailer.
_POSTED: Final = ("received_by", *(c.field for c in PAYMENT_COLUMNS if c.field != "received_by"))
_REPORTED: Final = ("kind", *(c.field for c in REPORT_COLUMNS if c.field != "kind"))
_ORDER: Final[tuple[Any, Any]] = (ReportedPayment.reported_on, ReportedPayment.id)
_LATEST: Final = Keyset(*_ORDER, descending=True, nullable=False)


@blueprint.route("/payments", methods=["POST"])
@needs(Scope.PAYMENTS_WRITE, writes=True)
@blueprint.arguments(asked.PaymentsAsked, example=examples.PAYMENTS_ASKED)
@blueprint.response(200, shapes.FileResult, example=examples.PAYMENTS_RESULT)
def post_payments(wanted: dict[str, Any]) -> Any:
    """Post payments

    For the bank's own systems: up to 1,000 rows by the columns of the file of payments, judged as the file is. Good rows are
    posted and credited, the others listed with all that is wrong with them; a reference that was posted before with the same
    content is unchanged, with other content a conflict. Where no row is good the answer is a problem with the same list.
    """
    return hand_in(wanted["rows"], _POSTED, receive_payments, import_payments, own=False)


@blueprint.route("/reported-payments", methods=["POST"])
@needs(Scope.REPORTED_WRITE, writes=True)
@blueprint.arguments(asked.ReportsAsked, example=examples.REPORTS_ASKED)
@blueprint.response(200, shapes.FileResult, example=examples.REPORTS_RESULT)
def report_payments(wanted: dict[str, Any]) -> Any:
    """Report payments

    Up to 1,000 rows by the columns of the file of reported payments: expected by the bank, or received by you. By your own
    reference each is taken once. The portal looks for the bank's postings by itself.
    """
    return hand_in(wanted["rows"], _REPORTED, receive_reported, import_reported, own=True)


@blueprint.route("/reported-payments", methods=["GET"])
@needs(Scope.REPORTED_READ)
@blueprint.arguments(asked.ReportedAsked, location="query", unknown=None)
@blueprint.response(200, shapes.ReportedPage, example=examples.REPORTED)
def reported_payments(wanted: dict[str, Any]) -> Any:
    """Reported payments

    What you reported, the latest first, each with the posting that it was matched with.
    """
    state = wanted.pop("state")
    statement = queries.reports(actor())
    if state:
        statement = statement.where(ReportStanding.state == ReportState(state))
    rows, following = paging.fetch(db.session(), _LATEST, statement, name=f"reported {state or ''}", **wanted)
    return {"items": [_shown(row) for row in rows], "next": following}


def _shown(row: Any) -> dict[str, Any]:
    told, standing = row.ReportedPayment, row.ReportStanding
    posting = standing.posting_minor
    return {
        "reported_ref": told.reported_ref, "account_ref": row.account_ref, "kind": told.kind.value,
        "amount": _amount(told.amount_minor, told.currency), "paid_on": told.paid_on, "received_on": told.received_on,
        "reported_on": told.reported_on, "state": standing.state.value,
        "way": standing.way.value if standing.way else None, "differs": standing.differs, "late": standing.late,
        "payment_ref": standing.payment_ref or None,
        "posted_amount": None if posting is None else _amount(posting, told.currency),
        "posted_paid_on": standing.posting_paid_on,
    }  # fmt: skip


def _amount(minor: int, currency: str) -> dict[str, str]:
    return {"amount": format_amount(minor, currency), "currency": currency}
