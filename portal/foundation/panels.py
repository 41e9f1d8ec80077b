"""A part of one room's page that another room fills: the account page shows what lower rooms know about the account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Found", "Panel"]


@dataclass(frozen=True, slots=True)
class Panel:
    """A titled part of a page. `template` is included under its head with `panel` set to this, so that it reads
    `panel.context`; `title` is a label or `Message`."""

    title: Any
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """A thing that the search box has found in some room: what it is, how it is called, and its address."""

    kind: Any
    name: str
    url: str
