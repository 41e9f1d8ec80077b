"""Addresses of payments as agencies report them, of what they hand over, and of the bank's rules for payments."""

from __future__ import annotations

from portal.foundation.access import Permission
from tests.walls.route import Route

__all__ = ["PAYMENT_ROUTES"]

P = Permission
GET, POST, BOTH = ("GET",), ("POST",), ("GET", "POST")
_FILES = "/payments/reported/imports"
_RUN, _LAYOUT = _FILES + "/<int:run_id>", _FILES + "/layouts/<int:profile_id>"
_REPORT, _REMITTANCE = "/payments/reported/<int:reported_id>", "/remittances/<int:remittance_id>"
_HOUSE = "/organisations/<int:organisation_id>/remittances"

PAYMENT_ROUTES: tuple[Route, ...] = (
    Route("reported.index", GET, "/payments/reported", P.REPORTED_VIEW),
    Route("reported.open_items", GET, "/payments/open", P.REPORTED_VIEW),
    Route("reported.new_report", BOTH, "/payments/reported/new", P.REPORTED_WRITE),
    Route("reported.report", GET, _REPORT, P.REPORTED_VIEW, ("report",)),
    Route("reported.match", POST, _REPORT + "/match", P.REPORTED_MATCH, ("report",)),
    Route("reported.undo", POST, _REPORT + "/undo", P.REPORTED_MATCH, ("report",), reason=True),
    Route("reported.withdraw", POST, _REPORT + "/withdraw", P.REPORTED_WRITE, ("report",), reason=True),
    Route("reported.proof", GET, _REPORT + "/proof", P.REPORTED_VIEW, ("file of a report",)),
    Route("reported.rules", BOTH, "/payments/rules", P.PAYMENTS_RULES),
    Route("reported.imports", GET, _FILES, P.REPORTED_WRITE),
    Route("reported.new_import", BOTH, _FILES + "/new", P.REPORTED_WRITE),
    Route("reported.import_run", GET, _RUN, P.REPORTED_WRITE, ("import of reported",)),
    Route(
        "reported.rejects", GET, _RUN + "/<any('rejects.csv', 'rejects.xlsx'):file_name>", P.REPORTED_WRITE,
        ("rejects of reported",),
    ),
    Route("reported.prepare_import", BOTH, _RUN + "/prepare", P.REPORTED_WRITE, ("waiting reported",)),
    Route("reported.drop_import", POST, _RUN + "/drop", P.REPORTED_WRITE, ("waiting reported",)),
    Route("reported.repeat_import", POST, _RUN + "/repeat", P.REPORTED_WRITE, ("dropped reported",)),
    Route("reported.layouts", GET, _FILES + "/layouts", P.REPORTED_WRITE),
    Route("reported.layout", GET, _LAYOUT, P.REPORTED_WRITE, ("layout of reported",)),
    Route("reported.archive_layout", POST, _LAYOUT + "/archive", P.REPORTED_WRITE, ("layout of reported",)),
    Route("reported.restore_layout", POST, _LAYOUT + "/restore", P.REPORTED_WRITE, ("layout of reported",)),
    Route("remittances.index", GET, "/remittances", P.REMITTANCES_VIEW),
    Route("remittances.ledger", GET, _HOUSE, P.REMITTANCES_VIEW, ("agency",)),
    Route("remittances.record", BOTH, _HOUSE + "/new", P.REMITTANCES_RECORD, ("agency",)),
    Route("remittances.announce", BOTH, "/remittances/new", P.REMITTANCES_ANNOUNCE),
    Route("remittances.remittance", GET, _REMITTANCE, P.REMITTANCES_VIEW, ("remittance",)),
    Route("remittances.proof", GET, _REMITTANCE + "/proof", P.REMITTANCES_VIEW, ("file of a remittance",)),
    Route("remittances.withdraw", POST, _REMITTANCE + "/withdraw", P.REMITTANCES_ANNOUNCE, ("remittance",), reason=True),
    Route("remittances.take_back", POST, _REMITTANCE + "/take-back", P.REMITTANCES_RECORD, ("remittance",), reason=True),
)  # fmt: skip
