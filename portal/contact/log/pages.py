"""Pages of the dialler's log by file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.contact.blueprint import blueprint
from portal.contact.log.files import ATTEMPTS, CHANGE_LABELS
from portal.contact.log.rows import COLUMN_WORDS
from portal.contact.rules.labels import rule_names
from portal.contact.rules.queries import rules_asked
from portal.contact.rules.shelf import shelf_of
from portal.contact.rules.tables import log_findings_table
from portal.foundation.access import Actor, OrganisationKind, Permission
from portal.foundation.database import db
from portal.foundation.language import _l
from portal.foundation.services import services
from portal.portfolio.import_routes import add_import_pages
from portal.portfolio.import_views import ImportPages, Listed, Owners
from portal.portfolio.models import ImportKind
from portal.vendors.labels import name_of
from portal.vendors.queries import organisations_of_staff

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.tables import Table
    from portal.identity.models import Organisation

__all__ = ["IMPORTS"]


def _agencies(session: Session, actor: Actor) -> list[Organisation]:
    """Whose log the actor may send: an agency its own, the bank that of every agency."""
    return [one for one in organisations_of_staff(session, actor) if one.kind is OrganisationKind.AGENCY]


def _findings(actor: Actor, run_id: int) -> Table:
    """What the rules found against a log, each rule by its name."""
    session, today = db.session(), services().clock.today(actor.time_zone)
    rules = rules_asked(session, actor, shelf_of(session, actor), today)
    return log_findings_table(actor, run_id, rule_names(rules))


IMPORTS = ImportPages(
    ImportKind.ATTEMPTS, "contact", _l("Files of contact attempts"), _l("Log by file"), ATTEMPTS,
    owners=Owners(_agencies, name_of), keeps_extra=False, has_amounts=False, change_labels=CHANGE_LABELS,
    listed=Listed(("breach", "presumed"), _l("Contacts against the conduct rules"), _findings),
    beside=(_l("Evidence"), "contact.evidence"), words=COLUMN_WORDS,
)  # fmt: skip
add_import_pages(blueprint, IMPORTS, "/attempts/imports", Permission.ATTEMPTS_IMPORT)
