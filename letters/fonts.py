"""The faces letters are set in: found on the system, cut down once, the same on every run.

A Song face of the system (Noto Serif CJK SC first) is cut into

- two *common* faces, of the characters ordinary letters use (GB 2312 level one, Latin, symbols) and of the
  less usual (GB 2312 level two, Big5 level one). A PDF pays for each glyph up to the last one used, so few
  glyphs in the face mean few bytes in the file;
- *twin* faces: where the system's face draws two code points with one glyph (〜 and ～, the radical ⼀ and
  the character 一), a PDF can give only one of them back as text. Characters that would collide are kept
  in faces apart, so that the text of a letter is its data, code point by code point;
- the system's own face for everything rarer, then other free faces for what it lacks, if installed.

The result is cached by the identity of the system's files; its version enters each letter's content hash.
"""

from __future__ import annotations

import bisect
import hashlib
import json
import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fontTools.ttLib import TTFont

from letters.errors import FontsMissing
from letters.harfbuzz import FC_BOLD, FC_REGULAR, SystemFace, find_face, subset_face

RECIPE = 2
"""Raise when the way faces are cut changes: it is part of the font version."""

SONG_FAMILIES = ("Noto Serif CJK SC", "Source Han Serif SC", "Noto Serif SC", "Source Han Serif CN", "AR PL UMing CN")
RARE_FAMILIES = ("Liberation Serif", "DejaVu Serif", "HanaMinA", "HanaMinB", "BabelStone Han")
"""Latin beyond Western Europe, then Han characters beyond the Song face; each is used if installed."""

FACE_FAMILY = "Letter Song"
_WEIGHTS = (("regular", FC_REGULAR, 400), ("bold", FC_BOLD, 700))


@dataclass(frozen=True)
class FontSet:
    """What a document needs to know of its fonts.

    `version` names source, recipe and content; `css` declares the cut faces (their files are `files`, by
    the name the style sheet uses) and `families` is the value for font-family.
    """

    version: str
    css: str
    families: str
    files: dict[str, Path]
    ranges: tuple[tuple[int, int], ...]

    def covers(self, character: str) -> bool:
        """Whether some face has a glyph for the character."""
        place = bisect.bisect_right(self.ranges, (ord(character), 0x110000)) - 1
        return place >= 0 and self.ranges[place][0] <= ord(character) <= self.ranges[place][1]


@lru_cache(maxsize=1)
def font_set() -> FontSet:
    """The fonts of this machine, cut and cached on first use (about two seconds), read later.

    Raises FontsMissing with the Debian package's name where there is no Song face.
    """
    family, faces = _song()
    rare = [(name, face) for name in RARE_FAMILIES if (face := find_face(name, FC_REGULAR))]
    folder = _cache_folder() / _identity(family, [*faces.values(), *(face for _, face in rare)])
    if not (folder / "fonts.json").is_file():
        _build(folder, family, faces, rare)
    facts = json.loads((folder / "fonts.json").read_text("utf-8"))
    return FontSet(
        version=facts["version"],
        css=facts["css"],
        families=facts["families"],
        files={name: folder / name for name in facts["files"]},
        ranges=tuple((low, high) for low, high in facts["ranges"]),
    )


def _song() -> tuple[str, dict[str, SystemFace]]:
    """The first Song family the machine has in regular; bold falls back on regular where there is none."""
    for family in SONG_FAMILIES:
        regular = find_face(family, FC_REGULAR)
        if regular:
            return family, {"regular": regular, "bold": find_face(family, FC_BOLD) or regular}
    raise FontsMissing(
        "letters.fonts_missing",
        "No Song (serif) Chinese font is installed (Debian package fonts-noto-cjk).",
        "系统未安装宋体类中文字体（Debian 软件包 fonts-noto-cjk）。",
    )


def _identity(family: str, faces: Iterable[SystemFace]) -> str:
    """Name of the cache folder: changes when a font file does, without reading the files."""
    facts = [str(RECIPE), family]
    for face in faces:
        status = face.path.stat()
        facts += [str(face.path), str(face.index), str(status.st_size), str(status.st_mtime_ns)]
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()[:16]


def _cache_folder() -> Path:
    """LETTERS_CACHE, else the user's cache, else a private folder beside the temporary files."""
    named = os.environ.get("LETTERS_CACHE")
    root = Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "letters-fonts"
    try:
        root.mkdir(parents=True, exist_ok=True)
        if os.access(root, os.W_OK):
            return root
    except OSError:
        pass
    private = Path(tempfile.gettempdir()) / f"letters-fonts-{os.getuid()}"
    private.mkdir(mode=0o700, exist_ok=True)
    if private.stat().st_uid != os.getuid():
        raise FontsMissing(
            "letters.no_cache",
            "No folder to keep the fonts in; set LETTERS_CACHE.",
            "没有可写的字体缓存目录，请设置 LETTERS_CACHE。",
        )
    return private


def _build(folder: Path, family: str, faces: dict[str, SystemFace], rare: list[tuple[str, SystemFace]]) -> None:
    """Cut the faces into a folder of its own and move it into place; a second builder's work is dropped."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".build-", dir=folder.parent))
    try:
        cuts = list(_cuts(_glyphs(faces["regular"])))
        rules, files = [], []
        for weight, _, css_weight in _WEIGHTS:
            for number, characters in enumerate(cuts):
                name = f"{weight}-{number}.otf"
                (work / name).write_bytes(subset_face(faces[weight], sorted(characters)))
                files.append(name)
                rules.append(
                    f'@font-face{{font-family:"{FACE_FAMILY} {number}";font-weight:{css_weight};src:url("/fonts/{name}")}}'
                )
        names = [f"{FACE_FAMILY} {number}" for number in range(len(cuts))] + [family] + [name for name, _ in rare]
        covered = {u for face in (faces["regular"], *(face for _, face in rare)) for u in _glyphs(face)}
        facts = {
            "version": _version(family, [*faces.values(), *(face for _, face in rare)]),
            "css": "".join(rules),
            "families": ",".join(f'"{name}"' for name in names),
            "files": files,
            "ranges": list(_ranges(covered)),
        }
        (work / "fonts.json").write_text(json.dumps(facts), "utf-8")
        try:
            work.rename(folder)
        except OSError:
            if not (folder / "fonts.json").is_file():
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _version(family: str, faces: list[SystemFace]) -> str:
    """Family, recipe and content of the source files: equal on two machines with equal fonts."""
    digest = hashlib.sha256()
    for face in faces:
        digest.update(f"{face.index}:".encode() + hashlib.sha256(face.path.read_bytes()).digest())
    return f"{family}/{RECIPE}/{digest.hexdigest()[:16]}"


def _glyphs(face: SystemFace) -> dict[int, str]:
    """Code point to glyph name of a face."""
    font = TTFont(face.path, fontNumber=face.index, lazy=True)
    try:
        return dict(font.getBestCmap())
    finally:
        font.close()


def _cuts(glyphs: dict[int, str]) -> Iterator[set[int]]:
    """The code points of the two common faces, then of as many twin faces as collisions need.

    In each face a glyph stands for one code point. What is rare and alone stays with the system's face.
    """
    usual, less_usual = _usual_characters(), _less_usual_characters()
    common = usual | less_usual
    by_glyph: dict[str, list[int]] = defaultdict(list)
    for character, glyph in glyphs.items():
        by_glyph[glyph].append(character)
    first: set[int] = set()
    spare: list[list[int]] = []
    for sharers in by_glyph.values():
        ordered = sorted(sharers, key=lambda character: (character not in common, _preference(character)))
        if ordered[0] in common:
            first.add(ordered.pop(0))
        if len(ordered) > 1:
            spare.append(ordered[1:])
    yield first & usual
    yield first - usual
    depth = max((len(rest) for rest in spare), default=0)
    for level in range(depth):
        yield {rest[level] for rest in spare if len(rest) > level}


def _preference(character: int) -> tuple[bool, int]:
    """Of two code points with one glyph: the character before the radical or compatibility form."""
    oddity = 0x2E80 <= character <= 0x2FDF or 0xF900 <= character <= 0xFAFF or character >= 0x2F800
    return oddity, character


def _usual_characters() -> frozenset[int]:
    """GB 2312 level one and its symbols, Latin, general punctuation, full-width forms."""
    spans = ((0x20, 0x7F), (0xA0, 0x180), (0x2010, 0x2070), (0x3000, 0x3040), (0xFF01, 0xFFEF))
    found = {character for low, high in spans for character in range(low, high)}
    return frozenset(found | _characters_of("gb2312", 0xA1, 0xD7))


def _less_usual_characters() -> frozenset[int]:
    """GB 2312 level two and Big5 level one."""
    return frozenset(_characters_of("gb2312", 0xD8, 0xF7) | _characters_of("big5", 0xA4, 0xC6))


def _characters_of(codec: str, first_lead: int, last_lead: int) -> set[int]:
    """Code points of a double-byte encoding whose lead byte lies in a range, both ends included."""
    found = set()
    for lead in range(first_lead, last_lead + 1):
        for trail in range(0x40, 0xFF):
            try:
                found.add(ord(bytes((lead, trail)).decode(codec)))
            except UnicodeDecodeError:
                continue
    return found


def _ranges(characters: set[int]) -> Iterator[tuple[int, int]]:
    """Sorted inclusive ranges of a set of code points."""
    low = previous = -1
    for character in sorted(characters):
        if character != previous + 1:
            if low >= 0:
                yield low, previous
            low = character
        previous = character
    if low >= 0:
        yield low, previous
