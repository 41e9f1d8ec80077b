"""Pages of recalls by file."""

from __future__ import annotations

from portal.foundation.access import Permission
from portal.foundation.language import _l, say
from portal.placement.blueprint import blueprint
from portal.placement.recall_files import RECALLS
from portal.portfolio.import_routes import add_import_pages
from portal.portfolio.import_views import ImportPages, Onward
from portal.portfolio.models import ImportKind

__all__ = ["IMPORTS"]

IMPORTS = ImportPages(
    ImportKind.RECALLS, "placement", _l("Files of recalls"), _l("Recall by file"), RECALLS, keeps_extra=False,
    has_amounts=False,
    onward=Onward(say("The recalls wait for another person to carry them out."), _l("Open the recalls"), "placement.recalls"),
)  # fmt: skip
add_import_pages(blueprint, IMPORTS, "/recalls/imports", Permission.PLACEMENTS_PROPOSE)
