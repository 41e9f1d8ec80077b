"""Sentences are kept apart from their values, and said in the reader's language and number."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import get_flashed_messages
from flask_babel import force_locale

from portal.foundation.language import as_data, from_data, say_count, translate
from portal.foundation.states import StateTag
from portal.foundation.web import say_flash

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

ONE, SEVERAL = "%(n)s account is back with the bank.", "%(n)s accounts are back with the bank."


@pytest.mark.parametrize(
    ("locale", "n", "words"),
    [
        ("en", 1, "1 account is back with the bank."),
        ("en", 1234, "1,234 accounts are back with the bank."),
        ("zh_Hans", 1, "1 个账户已退回银行。"),
        ("zh_Hans", 1234, "1,234 个账户已退回银行。"),
    ],
)
def test_a_sentence_about_several_things_says_so_also_after_it_was_kept(
    app: Flask, locale: str, n: int, words: str
) -> None:
    with app.test_request_context(), force_locale(locale):
        assert translate(from_data(as_data(say_count(ONE, SEVERAL, n)))) == words


def test_outside_of_a_request_it_is_said_in_english() -> None:
    assert str(say_count(ONE, SEVERAL, 1)) == "1 account is back with the bank."
    assert str(say_count(ONE, SEVERAL, 2)) == "2 accounts are back with the bank."


def test_sentences_that_nobody_has_read_are_told_by_the_next_page_as_far_as_a_cookie_holds_them(app: Flask) -> None:
    with app.test_request_context():
        for n in range(1, 31):
            say_flash(say_count(ONE, SEVERAL, n))
        assert [words.split()[0] for words in get_flashed_messages()] == [str(n) for n in range(23, 31)]


def _named_states() -> Iterator[tuple[str, Any]]:
    """What every state and step of a labels module is called, with its place."""
    for path in sorted(Path("portal").rglob("*labels.py")):
        module = import_module(".".join(path.with_suffix("").parts))
        for name, table in vars(module).items():
            if isinstance(table, dict) and name.endswith(("STATES", "STEPS")):
                for code, label in table.items():
                    yield f"{path} {name} {code}", label.label if isinstance(label, StateTag) else label


def test_a_state_or_a_step_is_never_called_like_the_column_of_its_day(app: Flask) -> None:
    """One English word has one Chinese: where "Answered" heads a column of instants (答复时间), a step needs a word of its own."""
    with app.test_request_context(), force_locale("zh_Hans"):
        said = {place: str(label) for place, label in _named_states()}
    assert len(said) > 50
    assert {place: words for place, words in said.items() if words.endswith(("时间", "日期", "日"))} == {}
