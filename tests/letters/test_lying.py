"""Where words lie: in the envelope's window and on the paper; and what a page may not leave unsaid."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from letters import check_letter, load_template
from letters.lying import bare, drawn_words
from letters.paint import Painter, Refusal
from tests.letters.spoiling import copy_of, places

if TYPE_CHECKING:
    from pathlib import Path

WINDOWED = ("lawyer-letter-zh", "reminder-letter-zh", "letter-before-action-uk", "demand-letter-us")


def parts_of(name: str, **changes: Any) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """A shipped template, its sample's head, and the first letter of it with changes."""
    template = load_template(name)
    head = copy.deepcopy(dict(template.sample))
    first = head.pop("letters")[0]
    head.pop("template")
    return template, head, first | changes


@pytest.mark.parametrize("name", WINDOWED)
@pytest.mark.parametrize(("address", "person"), [(75, 12), (130, 17), (210, 40), (300, 80), (10, 80), (300, 2)])
def test_the_widest_name_and_address_that_the_rules_let_through_stay_in_the_window(
    name: str, address: int, person: int
) -> None:
    template, head, letter = parts_of(name, address="宽" * address, debtor_name="名" * person)
    assert check_letter(template, head, letter) == []
    assert bare(letter["debtor_name"]) in drawn_words(Painter(template, head).lay_out(letter))


@pytest.mark.parametrize("name", WINDOWED)
@pytest.mark.parametrize("field", ["address", "debtor_name"])
def test_a_letter_that_would_reach_out_of_the_window_is_held_before_anybody_approves_it(name: str, field: str) -> None:
    template, head, letter = parts_of(name, **{field: "宽" * 301})
    assert [(problem.code, problem.field) for problem in check_letter(template, head, letter)] == [
        ("field.too_long", field)
    ]


def test_lines_that_leave_the_window_all_the_same_are_never_printed() -> None:
    template, head, letter = parts_of("letter-before-action-uk", address="\n".join("1234567890"))
    with pytest.raises(Refusal, match="window"):
        Painter(template, head).lay_out(letter)


@pytest.mark.parametrize(
    ("file", "was", "becomes", "code"),
    [
        ("template.html", None, '<html lang="zh-CN"><body></body></html>', "template.empty"),
        ("template.html", None, '<html lang="zh-CN"><body><p>律师函</p></body></html>', "template.unsaid"),
        ("template.html", "{{ letter_no }}", "", "template.unsaid"),
        ("template.html", 'class="window', 'class="elsewhere', "template.window"),
        (
            "style.css",
            ".number { text-align: center; text-indent: 0; font-size: 10pt",
            ".number { font-size: 2000pt",
            "template.overflow",
        ),
        ("style.css", ".number { ", ".number { position: absolute; left: 300mm; ", "template.overflow"),
    ],
)
def test_a_page_that_says_too_little_or_beside_the_paper_is_a_fault(
    tmp_path: Path, file: str, was: str | None, becomes: str, code: str
) -> None:
    folder = copy_of("lawyer-letter-zh", tmp_path)
    page = folder / file
    text = page.read_text("utf-8")
    assert was is None or was in text
    page.write_text(becomes if was is None else text.replace(was, becomes), "utf-8")
    assert (code, "template.html") in places(folder)
