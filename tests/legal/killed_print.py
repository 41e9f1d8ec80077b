"""A process that prints a pack, or seals its letters, and is killed at a chosen point: before the third letter's `part`, before
the parts are `merged`, before the files are `stored`, before the pack is `finished`, or before the second letter is `sealed`."""

from __future__ import annotations

from itertools import count

import letters.render
import letters.seal
from portal.legal import printing, sealing  # noqa: F401 - registers the job
from tests.support.dying import before, die, live_until

STEPS = {
    "part": (letters.render, "render_part", 3),
    "merged": (letters.render, "merge_parts", 1),
    "stored": (printing, "_put", 1),
    "finished": (printing, "_finish", 1),
    "sealed": (letters.seal, "seal_letter", 2),
}


def arm(name: str) -> None:
    """See to it that this process dies there; a part is one letter."""
    letters.render.LETTERS_A_PART = letters.render.PARTS_A_WORKER = 1
    module, step, time = STEPS[name]
    numbers = count(1)
    before(module, step, lambda: die() if next(numbers) == time else None)


if __name__ == "__main__":
    live_until(arm)
