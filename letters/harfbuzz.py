"""The two system libraries the fonts need, by ctypes: fontconfig to find faces, HarfBuzz to subset them.

fontTools subsets the same face in 25 seconds, HarfBuzz in half a second; and WeasyPrint needs the same
library (libharfbuzz-subset0), so nothing more has to be installed.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from ctypes import POINTER, byref, c_char_p, c_int, c_uint, c_void_p
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from letters.errors import FontsMissing

FC_REGULAR, FC_BOLD = 80, 200
"""Weights in fontconfig's own scale."""

_DROP_TABLES = 3  # HB_SUBSET_SETS_DROP_TABLE_TAG
_TABLES_NOT_NEEDED = (b"GSUB", b"BASE", b"VORG", b"vhea", b"vmtx")
"""Substitutions would bring alternate glyphs along and blur which character a glyph is; the rest is vertical."""


@dataclass(frozen=True, slots=True)
class SystemFace:
    """One face of one font file of this machine."""

    path: Path
    index: int


class _FontSet(ctypes.Structure):
    _fields_ = [("nfont", c_int), ("sfont", c_int), ("fonts", POINTER(c_void_p))]


def find_face(family: str, weight: int) -> SystemFace | None:
    """The upright face of a family and weight, None if the machine has none.

    Of several files the first by path, so that the answer does not depend on fontconfig's order.
    """
    fc = _fontconfig()
    pattern = fc.FcPatternCreate()
    fc.FcPatternAddString(pattern, b"family", family.encode())
    fc.FcPatternAddInteger(pattern, b"weight", weight)
    fc.FcPatternAddInteger(pattern, b"slant", 0)
    wanted = fc.FcObjectSetCreate()
    for name in (b"file", b"index"):
        fc.FcObjectSetAdd(wanted, name)
    found = fc.FcFontList(None, pattern, wanted)
    try:
        faces = [_face(fc, found.contents.fonts[i]) for i in range(found.contents.nfont)] if found else []
        return min(faces, key=lambda face: (str(face.path), face.index), default=None)
    finally:
        fc.FcFontSetDestroy(found)
        fc.FcObjectSetDestroy(wanted)
        fc.FcPatternDestroy(pattern)


def _face(fc: ctypes.CDLL, pattern: int) -> SystemFace:
    file, index = c_char_p(), c_int()
    fc.FcPatternGetString(pattern, b"file", 0, byref(file))
    fc.FcPatternGetInteger(pattern, b"index", 0, byref(index))
    return SystemFace(Path((file.value or b"").decode()), index.value)


def subset_face(face: SystemFace, characters: Iterable[int]) -> bytes:
    """A font with these code points of a face and no others."""
    hb, subset = _harfbuzz()
    blob = hb.hb_blob_create_from_file(str(face.path).encode())
    whole = hb.hb_face_create(blob, face.index)
    wish = subset.hb_subset_input_create_or_fail()
    chosen = subset.hb_subset_input_unicode_set(wish)
    for character in characters:
        hb.hb_set_add(chosen, character)
    dropped = subset.hb_subset_input_set(wish, _DROP_TABLES)
    for tag in _TABLES_NOT_NEEDED:
        hb.hb_set_add(dropped, int.from_bytes(tag, "big"))
    part = subset.hb_subset_or_fail(whole, wish)
    if not part:
        raise FontsMissing(
            "letters.font_not_subset",
            f"The font {face.path.name} cannot be subset.",
            f"无法生成字体 {face.path.name} 的子集。",
        )
    content = hb.hb_face_reference_blob(part)
    try:
        length = c_uint()
        start = hb.hb_blob_get_data(content, byref(length))
        return ctypes.string_at(start, length.value)
    finally:
        hb.hb_blob_destroy(content)
        hb.hb_face_destroy(part)
        subset.hb_subset_input_destroy(wish)
        hb.hb_face_destroy(whole)
        hb.hb_blob_destroy(blob)


@lru_cache(maxsize=1)
def _harfbuzz() -> tuple[ctypes.CDLL, ctypes.CDLL]:
    hb = _library("libharfbuzz.so.0", "libharfbuzz0b")
    subset = _library("libharfbuzz-subset.so.0", "libharfbuzz-subset0")
    _declare(hb, "hb_blob_create_from_file", c_void_p, c_char_p)
    _declare(hb, "hb_face_create", c_void_p, c_void_p, c_uint)
    _declare(hb, "hb_face_reference_blob", c_void_p, c_void_p)
    _declare(hb, "hb_blob_get_data", c_void_p, c_void_p, POINTER(c_uint))
    _declare(hb, "hb_set_add", None, c_void_p, c_uint)
    _declare(hb, "hb_blob_destroy", None, c_void_p)
    _declare(hb, "hb_face_destroy", None, c_void_p)
    _declare(subset, "hb_subset_input_create_or_fail", c_void_p)
    _declare(subset, "hb_subset_input_unicode_set", c_void_p, c_void_p)
    _declare(subset, "hb_subset_input_set", c_void_p, c_void_p, c_int)
    _declare(subset, "hb_subset_or_fail", c_void_p, c_void_p, c_void_p)
    _declare(subset, "hb_subset_input_destroy", None, c_void_p)
    return hb, subset


@lru_cache(maxsize=1)
def _fontconfig() -> ctypes.CDLL:
    fc = _library("libfontconfig.so.1", "libfontconfig1")
    _declare(fc, "FcPatternCreate", c_void_p)
    _declare(fc, "FcPatternAddString", c_int, c_void_p, c_char_p, c_char_p)
    _declare(fc, "FcPatternAddInteger", c_int, c_void_p, c_char_p, c_int)
    _declare(fc, "FcPatternGetString", c_int, c_void_p, c_char_p, c_int, POINTER(c_char_p))
    _declare(fc, "FcPatternGetInteger", c_int, c_void_p, c_char_p, c_int, POINTER(c_int))
    _declare(fc, "FcPatternDestroy", None, c_void_p)
    _declare(fc, "FcObjectSetCreate", c_void_p)
    _declare(fc, "FcObjectSetAdd", c_int, c_void_p, c_char_p)
    _declare(fc, "FcObjectSetDestroy", None, c_void_p)
    _declare(fc, "FcFontList", POINTER(_FontSet), c_void_p, c_void_p, c_void_p)
    _declare(fc, "FcFontSetDestroy", None, POINTER(_FontSet))
    return fc


def _library(name: str, package: str) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(name)
    except OSError:
        raise FontsMissing(
            "letters.library_missing",
            f"The system library {name} is not installed (Debian package {package}).",
            f"缺少系统库 {name}（Debian 软件包 {package}）。",
        ) from None


def _declare(library: ctypes.CDLL, name: str, result: object, *arguments: object) -> None:
    function = getattr(library, name)
    function.restype = result
    function.argtypes = list(arguments)
