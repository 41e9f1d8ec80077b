"""Pages of the staff register by file."""

from __future__ import annotations

from portal.foundation.access import Permission
from portal.foundation.language import _l
from portal.portfolio.import_routes import add_import_pages
from portal.portfolio.import_views import ImportPages, Owners
from portal.portfolio.models import ImportKind
from portal.vendors.blueprint import blueprint
from portal.vendors.labels import name_of
from portal.vendors.queries import organisations_of_staff
from portal.vendors.staff_files import CHANGE_LABELS, STAFF

__all__ = ["IMPORTS"]

IMPORTS = ImportPages(
    ImportKind.STAFF, "vendors", _l("Files of staff"), _l("Staff by file"), STAFF,
    owners=Owners(organisations_of_staff, name_of), keeps_extra=False, has_amounts=False, change_labels=CHANGE_LABELS,
)  # fmt: skip
add_import_pages(blueprint, IMPORTS, "/staff/imports", Permission.REGISTER_KEEP)
