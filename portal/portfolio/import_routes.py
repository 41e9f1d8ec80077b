"""The addresses of a kind of file's pages: the same in every room that imports something."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from portal.foundation.web import requires
from portal.portfolio.layout_views import LayoutPages

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Blueprint

    from portal.foundation.access import Permission
    from portal.portfolio.import_views import ImportPages

__all__ = ["add_import_pages"]

RUN, LAYOUT = "/<int:run_id>", "/layouts/<int:profile_id>"
REJECTS = RUN + "/<any('rejects.csv', 'rejects.xlsx'):file_name>"
GET, POST, BOTH = ("GET",), ("POST",), ("GET", "POST")


def add_import_pages(blueprint: Blueprint, pages: ImportPages, prefix: str, permission: Permission) -> None:
    """Registers the pages on their room's blueprint below `prefix`; each needs the permission."""
    layouts = LayoutPages(pages)
    for path, methods, endpoint, deed in (
        ("", GET, "imports", pages.list),
        ("/new", BOTH, "new_import", pages.new),
        (RUN, GET, "import_run", pages.run),
        (RUN + "/prepare", BOTH, "prepare_import", pages.prepare),
        (RUN + "/drop", POST, "drop_import", pages.drop),
        (RUN + "/repeat", POST, "repeat_import", pages.repeat),
        (REJECTS, GET, "rejects", pages.rejects),
        ("/layouts", GET, "layouts", layouts.list),
        (LAYOUT, GET, "layout", layouts.show),
        (LAYOUT + "/archive", POST, "archive_layout", layouts.archive),
        (LAYOUT + "/restore", POST, "restore_layout", layouts.restore),
    ):
        blueprint.add_url_rule(prefix + path, endpoint, requires(permission)(_view(deed)), methods=methods)


def _view(deed: Callable[..., Any]) -> Callable[..., Any]:
    """A function of its own, which may carry its permission."""

    @wraps(deed)
    def view(**values: Any) -> Any:
        return deed(**values)

    return view
