"""Pages of layouts (mapping profiles): which there are, what each version says, archiving them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import redirect, render_template

from portal.foundation.database import db
from portal.foundation.language import _l, say
from portal.foundation.table_pages import table_response
from portal.foundation.tables import Column, Empty, Table
from portal.foundation.web import actor, say_flash
from portal.portfolio import labels, profiles, queries
from portal.portfolio.models import StoredMapping

if TYPE_CHECKING:
    from portal.portfolio.import_views import ImportPages

__all__ = ["LayoutPages"]


class LayoutPages:
    """The pages of one kind of file's layouts."""

    def __init__(self, pages: ImportPages) -> None:
        self._pages = pages

    def list(self) -> Any:
        """The bank's own layouts; those that come with the portal need no page."""
        pages = self._pages
        table = Table(
            name=f"layouts-{pages.kind.value}",
            statement=queries.layouts(actor(), pages.kind),
            key=StoredMapping.id,
            default_sort="name",
            columns=[
                Column("name", _l("Layout"), expression=StoredMapping.name, value="StoredMapping.name", sortable=True),
                Column("version", _l("Version"), "number", value="version"),
                Column("state", _l("State"), "state", value=_state),
                Column("at", _l("Since"), "instant", value="since"),
            ],
            row_url=lambda row: pages.url("layout", profile_id=row.StoredMapping.id),
            empty=Empty(
                say("No layout of your own is kept yet. Keep one when you have prepared a file."),
                say("Import a file"),
                pages.url("new_import"),
            ),
        )
        return table_response(table, "portfolio/layouts.html", pages=pages)

    def show(self, profile_id: int) -> Any:
        """One layout with all its versions."""
        session, who = db.session(), actor()
        found = profiles.profile_for(session, who, self._pages.kind, profile_id)
        return render_template(
            "portfolio/layout.html",
            pages=self._pages,
            layout=found,
            versions=queries.versions_with_people(session, who, profile_id),
            state=labels.layout_state(found),
        )

    def archive(self, profile_id: int) -> Any:
        """Offer it to nobody any more."""
        profiles.archive_profile(actor(), self._pages.kind, profile_id)
        say_flash(say("The layout is archived. Files that were read with it can still be read again."))
        return redirect(self._pages.url("layout", profile_id=profile_id))

    def restore(self, profile_id: int) -> Any:
        """Offer it again."""
        profiles.restore_profile(actor(), self._pages.kind, profile_id)
        say_flash(say("The layout can be chosen again."))
        return redirect(self._pages.url("layout", profile_id=profile_id))


def _state(row: Any) -> Any:
    return labels.layout_state(row.StoredMapping)
