"""A file of recalls says what the page of a recall says."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_babel import force_locale

from portal.placement.codes import RecallReason
from portal.placement.recall_files import CATEGORIES, REASONS, YES_OR_NO, offered
from portal.placement.recall_labels import RECALL_REASONS


def test_a_file_may_use_the_words_of_the_page(app: Flask) -> None:
    with app.test_request_context(), force_locale("zh_Hans"):
        for reason, label in RECALL_REASONS.items():
            if reason is not RecallReason.TERM:
                assert REASONS[str(label)] is reason


@pytest.mark.parametrize("words", [REASONS, CATEGORIES, YES_OR_NO])
def test_who_wrote_another_word_is_offered_each_in_chinese_with_its_code(words: dict[str, object]) -> None:
    for pair in offered(words).split(", "):
        word, code = pair.rsplit(" ", 1)
        assert (word.isascii(), code.isascii()) == (False, True)
