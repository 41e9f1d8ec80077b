"""Which numbers and addresses a message can go to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from portal.contact.entries import POINT_KINDS
from portal.contact.models import Channel

if TYPE_CHECKING:
    from portal.portfolio.models import ContactPoint

__all__ = ["dialled", "serves"]

_CHINESE_LANDLINE = re.compile(r"\+86(?!1[3-9])")


def serves(point: ContactPoint, channel: Channel) -> bool:
    """Whether a message of this kind reaches the point: a short message no landline and no extension. The masked form
    tells it, so nothing has to be opened."""
    if POINT_KINDS.get(channel) is not point.kind:
        return False
    if channel is not Channel.SMS:
        return True
    return not _CHINESE_LANDLINE.match(point.value_masked) and " ext " not in point.value_masked


def dialled(number: str) -> str:
    """A number as files for gateways have it: +8613800120012 as 008613800120012, since a spreadsheet would run a plus."""
    return "00" + number[1:] if number.startswith("+") else number
