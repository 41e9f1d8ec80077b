"""How much a file may ask of the machine."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what one file may hold. Sizes in bytes unless said otherwise.

    The cell limit is Excel's own; the unpacked size admits a million rows of the standard layout; the grid (rows ×
    columns of a sheet) is what a reader has to allocate, however few cells are filled.
    """

    cell_characters: int = 32_767
    line_characters: int = 1_000_000
    columns: int = 512
    unpacked: int = 2 << 30
    grid_cells: int = 64_000_000
