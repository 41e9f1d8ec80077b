"""What each template's sample looks like on paper: content by hash, pages as small pictures.

    python -m tests.letters.golden_letters        # after a change that was meant, look at the pictures, then commit them

The hashes hold for one version of fonts and WeasyPrint, which stand beside them.
"""

from __future__ import annotations

import copy
import hashlib
import io
import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import weasyprint
from PIL import Image

from letters import load_template, render_single, template_names
from letters.fonts import font_set

FOLDER = Path(__file__).parent / "golden"
DPI = 30
GREYS = 16
"""Shades a stored picture has: enough to see a word move, few enough to stay at some kilobytes."""

PICTURED = 2
"""How many letters of a sample are kept as pictures: an ordinary one and a hard one; the hashes are of all."""


def versions() -> dict[str, str]:
    """What the hashes hold for."""
    return {"fonts": font_set().version, "weasyprint": weasyprint.__version__}


def sample_letters() -> Iterator[tuple[str, int]]:
    """Name and place of every sample letter of the house."""
    for name in template_names():
        for number in range(len(load_template(name).sample["letters"])):
            yield name, number


def sample_pdf(name: str, number: int) -> bytes:
    """One sample letter as it prints."""
    data = copy.deepcopy(dict(load_template(name).sample))
    letter = data.pop("letters")[number]
    data.pop("template")
    return render_single(load_template(name), data, letter)


def content_digest(pdf: bytes) -> str:
    """SHA-256 of what is drawn: size and content of each page, then fonts, their character maps and images, unpacked, so
    that neither a compressor nor the order of objects counts."""
    digest = hashlib.sha256()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        for page in document.pages:
            page.contents_coalesce()
            digest.update(str([float(side) for side in page.mediabox]).encode())
            digest.update(page.Contents.read_bytes())
        drawn = {page.Contents.objgen for page in document.pages}
        streams = [
            thing.read_bytes()
            for thing in document.objects
            if isinstance(thing, pikepdf.Stream)
            and thing.objgen not in drawn
            and thing.get("/Type") not in ("/ObjStm", "/XRef", "/Metadata")
        ]
        for stream in sorted(hashlib.sha256(stream).digest() for stream in streams):
            digest.update(stream)
    return digest.hexdigest()


def pictures(pdf: bytes) -> list[Image.Image]:
    """Each page in shades of grey, by pdftoppm."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.pdf"
        file.write_bytes(pdf)
        subprocess.run(["pdftoppm", "-r", str(DPI), "-gray", "-png", str(file), str(file)], check=True)
        return [Image.open(io.BytesIO(page.read_bytes())).convert("L") for page in sorted(Path(folder).glob("*.png"))]


def picture_file(name: str, number: int, page: int) -> Path:
    """Where a page's picture is kept; all from 1."""
    return FOLDER / f"{name}-{number + 1}-{page}.png"


def _posterised(picture: Image.Image) -> Image.Image:
    """A picture in evenly spaced shades, which differ from its own by half a step at most."""
    step = 255 / (GREYS - 1)
    indexed = Image.frombytes("P", picture.size, picture.point(lambda shade: round(shade / step)).tobytes())
    indexed.putpalette([round(shade * step) for shade in range(GREYS) for _ in "rgb"])
    return indexed


def _write() -> None:
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    hashes = {}
    for name, number in sample_letters():
        pdf = sample_pdf(name, number)
        hashes[f"{name}-{number + 1}"] = content_digest(pdf)
        for page, picture in enumerate(pictures(pdf) if number < PICTURED else [], start=1):
            _posterised(picture).save(picture_file(name, number, page), optimize=True, bits=4)
    text = json.dumps({"for": versions(), "content": hashes}, indent=2)
    (FOLDER / "hashes.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    _write()
