"""Every sentence of the portal stands in both languages, with the same gaps."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir

from portal.foundation.catalogue import ConflictingTranslation, entries_of, merged_catalogue

ROOT = Path(__file__).parents[2]
KEYWORDS = {**DEFAULT_KEYWORDS, "say": None, "say_count": (1, 2), "_l": None}
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff”》][,:;?!(]|[,;:)][\u4e00-\u9fff“《]")
GAP = re.compile(r"%(?:%|\((\w+)\)([sd]))")


@cache
def sentences() -> dict[str, list[str]]:
    """Every English sentence with the places where it is said."""
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["babel"]["mappings"]
    found: dict[str, list[str]] = {}
    for mapping in mappings:
        folder, pattern = mapping["pattern"].split("/", 1)
        # A template that cannot be parsed must fail here, not lose its sentences.
        options = {pattern: {"silent": "false"}}
        for name, line, message, *_ in extract_from_dir(
            ROOT / folder, [(pattern, mapping["method"])], options, KEYWORDS
        ):
            msgid = message if isinstance(message, str) else message[0]  # a plural stands under its singular
            found.setdefault(msgid, []).append(f"{folder}/{name}:{line}")
    return found


def gaps(sentence: str) -> set[str]:
    return {name for name, _ in GAP.findall(sentence) if name}


def fragments() -> Iterator[tuple[str, str, list[str], bool]]:
    """File, English, Chinese forms and doubt of every entry."""
    for path, entry in entries_of("zh_Hans"):
        msgid = entry.id if isinstance(entry.id, str) else entry.id[0]
        forms = [entry.string] if isinstance(entry.string, str) else list(entry.string or ())
        yield path.name, msgid, forms, entry.fuzzy


def test_the_extraction_finds_sentences_of_python_and_of_templates() -> None:
    places = [place for several in sentences().values() for place in several]

    assert any(place.startswith("portal/foundation/filters.py") for place in places)
    assert any(place.startswith("templates/macros/table.html") for place in places)


def test_every_sentence_has_a_chinese_translation() -> None:
    catalogue = merged_catalogue("zh_Hans")

    missing = [f"{places[0]}: {msgid}" for msgid, places in sentences().items() if msgid not in catalogue]

    assert not missing, "not in portal/translations/zh_Hans/*.po:\n" + "\n".join(sorted(missing))


def test_no_translation_is_empty_or_in_doubt() -> None:
    open_ones = [f"{file}: {msgid}" for file, msgid, forms, fuzzy in fragments() if fuzzy or not all(forms)]

    assert not open_ones


def test_a_translation_has_the_gaps_of_its_sentence() -> None:
    wrong = [
        f"{file}: {msgid} -> {form}"
        for file, msgid, forms, _ in fragments()
        for form in forms
        if gaps(form) != gaps(msgid) or ("%" in GAP.sub("", form) and gaps(msgid))
    ]

    assert not wrong


def test_chinese_sentences_are_punctuated_in_chinese() -> None:
    """Half-width marks beside Chinese characters are what an English keyboard leaves behind."""
    wrong = [
        f"{file}: {form}"
        for file, _, forms, _ in fragments()
        for form in forms
        if HALF_WIDTH.search(GAP.sub("个", form))
    ]

    assert not wrong


def test_two_translations_of_one_sentence_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "zh_Hans"
    folder.mkdir()
    (folder / "one.po").write_text('msgid "Account"\nmsgstr "账户"\n', encoding="utf-8")
    (folder / "two.po").write_text('msgid "Account"\nmsgstr "帐号"\n', encoding="utf-8")

    with pytest.raises(ConflictingTranslation, match=r"one\.po and two\.po"):
        merged_catalogue("zh_Hans", tmp_path)


def test_the_same_translation_may_stand_in_two_fragments(tmp_path: Path) -> None:
    folder = tmp_path / "zh_Hans"
    folder.mkdir()
    for name in ("one.po", "two.po"):
        (folder / name).write_text('msgid "Account"\nmsgstr "账户"\n', encoding="utf-8")

    assert merged_catalogue("zh_Hans", tmp_path)["Account"].string == "账户"
