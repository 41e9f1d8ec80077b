"""An entry of a request or complaint as its page shows it: its words masked until they are asked for, closed with the account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portal.portfolio.masking import mask_unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from portal.foundation.language import Message
    from portal.foundation.states import Tone

__all__ = ["Line", "line_of"]


@dataclass(frozen=True, slots=True)
class Line:
    """`text` None: nothing was written, or it is closed to the reader (`closed`). `internal`: only the bank reads it."""

    at: datetime
    title: Message
    who: str
    tone: Tone
    due_at: datetime | None
    text: str | None
    closed: bool
    proof_url: str | None
    proof_name: str
    internal: bool = False


def line_of(
    entry: Any, texts: Mapping[int, str] | None, shown: Mapping[int, str], proof_url: Callable[[], str],
    *, title: Message, who: str, tone: Tone, due_at: datetime | None, internal: bool = False,
) -> Line:  # fmt: skip
    """`texts`: the words by entry, None where the account is closed to the reader; `shown`: those that were asked for."""
    text = (texts or {}).get(entry.id)
    if text is not None and entry.id not in shown:
        text = mask_unknown(text)
    has_proof = bool(entry.proof_digest)
    return Line(
        at=entry.at, title=title, who=who, tone=tone, due_at=due_at, text=text,
        closed=texts is None and (entry.text_sealed is not None or has_proof),
        proof_url=proof_url() if has_proof and texts is not None else None, proof_name=entry.proof_name,
        internal=internal,
    )  # fmt: skip
