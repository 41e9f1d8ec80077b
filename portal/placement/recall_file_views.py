"""Pages of recalls by file."""

from __future__ import annotations

from typing import Any

from portal.foundation.access import Permission
from portal.foundation.language import _l
from portal.foundation.web import requires
from portal.placement.blueprint import blueprint
from portal.placement.recall_files import RECALLS
from portal.portfolio.import_views import ImportPages
from portal.portfolio.models import ImportKind

__all__ = ["import_run", "imports", "new_import", "rejects"]

IMPORTS = ImportPages(ImportKind.RECALLS, "placement", _l("Files of recalls"), _l("Recall by file"), RECALLS)


@blueprint.get("/recalls/imports")
@requires(Permission.PLACEMENTS_PROPOSE)
def imports() -> Any:
    """Files of recalls."""
    return IMPORTS.list()


@blueprint.route("/recalls/imports/new", methods=["GET", "POST"])
@requires(Permission.PLACEMENTS_PROPOSE)
def new_import() -> Any:
    """Send a file of recalls."""
    return IMPORTS.new()


@blueprint.get("/recalls/imports/<int:run_id>")
@requires(Permission.PLACEMENTS_PROPOSE)
def import_run(run_id: int) -> Any:
    """What became of a file of recalls."""
    return IMPORTS.run(run_id)


@blueprint.get("/recalls/imports/<int:run_id>/<any('rejects.csv', 'rejects.xlsx'):file_name>")
@requires(Permission.PLACEMENTS_PROPOSE)
def rejects(run_id: int, file_name: str) -> Any:
    """Rejected rows of a file of recalls."""
    return IMPORTS.rejects(run_id, file_name)
