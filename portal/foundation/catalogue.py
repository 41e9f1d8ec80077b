"""The Chinese words: every room keeps a fragment, all of them are read into one catalogue in memory at start-up.

Nothing is compiled to disk, so a fragment that is edited is what the next start says, and two people never meet in one
file. One msgid may stand in several fragments only with the same msgstr: a word has one translation. A test holds that;
a running portal would rather say the first of two words than not start.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask_babel import Domain, get_locale

if TYPE_CHECKING:
    from collections.abc import Iterator

    from babel.messages.catalog import Message as Entry
    from flask_babel import Babel

__all__ = ["FRAGMENTS", "ConflictingTranslation", "MergedDomain", "entries_of", "install", "merged_catalogue"]

FRAGMENTS = Path(__file__).parents[1] / "translations"


class ConflictingTranslation(ValueError):
    """Two fragments translate one sentence differently."""


def entries_of(locale: str, root: Path = FRAGMENTS, strict: bool = True) -> Iterator[tuple[Path, Entry]]:
    """Every message of every fragment of a locale with the file it stands in, files by name.

    Strict: a line that is no part of a catalogue raises `PoFileError`; otherwise it is passed over.
    """
    for path in sorted((root / locale).glob("*.po")):
        with path.open("rb") as stream:
            fragment = read_po(stream, locale=locale, abort_invalid=strict)
        for entry in fragment:
            if entry.id:
                yield path, entry


def merged_catalogue(locale: str, root: Path = FRAGMENTS, strict: bool = True) -> Catalog:
    """All fragments of a locale as one catalogue.

    Strict: raises `ConflictingTranslation` where one msgid has two translations, since whoever reads both pages would
    see two words for one thing; otherwise the first stands. Empty and fuzzy entries are left out.
    """
    merged = Catalog(locale=locale)
    seen: dict[object, tuple[Path, object]] = {}
    for path, entry in entries_of(locale, root, strict):
        if entry.fuzzy or not all(_forms(entry.string)):
            continue
        key = (entry.id[0] if isinstance(entry.id, (list, tuple)) else entry.id, entry.context)
        if strict and key in seen and _forms(seen[key][1]) != _forms(entry.string):
            first = seen[key][0].name
            raise ConflictingTranslation(f"{key[0]!r} is translated differently in {first} and {path.name}")
        if key in seen and isinstance(entry.id, str):
            continue
        seen[key] = (path, entry.string)
        merged.add(entry.id, entry.string, context=entry.context, flags=entry.flags)
    return merged


def _forms(string: object) -> tuple[object, ...]:
    """Chinese has one plural form, so a plural entry and a plain one with the same words agree."""
    return tuple(string) if isinstance(string, (list, tuple)) else (string,)


@cache
def _translations(locale: str) -> NullTranslations:
    if not (FRAGMENTS / locale).is_dir():
        return Translations()
    compiled = BytesIO()
    write_mo(compiled, merged_catalogue(locale, strict=False))
    compiled.seek(0)
    return Translations(compiled)


class MergedDomain(Domain):
    """Flask-Babel's domain, reading the merged fragments instead of compiled files."""

    def get_translations(self) -> NullTranslations:
        """The catalogue of the reader's language; English sentences are their own catalogue."""
        return _translations(str(get_locale() or "en"))


def install(babel: Babel, locales: tuple[str, ...] = ("zh_Hans",)) -> None:
    """Makes Flask-Babel read the fragments, at start-up rather than on somebody's first page."""
    for locale in locales:
        _translations(locale)
    babel.domain_instance = MergedDomain()
