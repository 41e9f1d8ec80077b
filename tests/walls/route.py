"""One line of the table of addresses."""

from __future__ import annotations

from typing import NamedTuple

from portal.foundation.access import Permission

__all__ = ["Route"]


class Route(NamedTuple):
    """One endpoint; `needs` is None where the view is open to everybody."""

    endpoint: str
    methods: tuple[str, ...]
    path: str
    needs: Permission | None
    ids: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    reason: bool = False

    @property
    def is_page(self) -> bool:
        """Whether it answers GET with HTML."""
        return "GET" in self.methods and not self.path.endswith(
            (".json", ".csv", ".xlsx", ".pdf", ".png", ":file_name>", "/proof", "/file")
        )
