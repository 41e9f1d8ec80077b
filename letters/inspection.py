"""A template's folder put to the question before anybody publishes it: everything wrong with it, with its place.

Loading a template refuses what could do harm; this also reads its words against the rules of its jurisdiction and prints
its own sample within the limits of every letter. Nothing of the folder is trusted, and it ends in bounded time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from html import unescape
from pathlib import Path
from typing import Any

import yaml

from letters.check import check_letter
from letters.context import letter_context
from letters.errors import LettersError, Problem
from letters.findings import Finding
from letters.forbidden import find_forbidden, jurisdictions
from letters.lying import bare, drawn_words, first_page_overflown, has_window_box
from letters.page_language import Skeleton
from letters.page_markup import text_runs
from letters.page_style import style_words
from letters.paint import Painter, Refusal
from letters.parts import Broken, Parts, find_unsafe, read_parts
from letters.schema import Field
from letters.template import Template, read_template, sandbox

MOST_SAMPLES = 20
_SAMPLE = "sample.json"
PAGE_FAULTS = frozenset(("template.empty", "template.overflow", "template.window", "template.unsaid"))
Runs = list[list[tuple[str, int]]]


def check_template(folder: Path, *, allowed: Collection[str] = ()) -> list[Problem]:
    """Everything that keeps the template of a folder from being published; empty if nothing does.

    Each problem's field is the place (template.html:12). `allowed` are ids of rules on wording that may be let pass by
    permission (cn.criminal-law-196: with the thresholds met and a lawyer's recorded reason).
    """
    try:
        parts = read_parts(folder, sandbox())
    except Broken as broken:
        return [broken.finding.problem()]
    found = [*find_unsafe(parts), *_find_words(folder, parts, allowed)]
    if not found:
        found = list(_try_sample(read_template(folder), allowed))
    return [finding.problem() for finding in found]


def _find_words(folder: Path, parts: Parts, allowed: Collection[str]) -> Iterator[Finding]:
    """Forbidden words in what the page, the style sheet, the settings and the citations say."""
    jurisdiction = str(parts.schema["jurisdiction"])
    if jurisdiction not in jurisdictions():
        known = ", ".join(jurisdictions())
        en, zh = (
            f"no rules on wording for {jurisdiction[:20]}; there are: {known}",
            f"没有该法域的用语规则；已有：{known}",
        )
        yield Finding("template.jurisdiction", "schema.yaml", 0, en, zh)
        return
    sources: list[tuple[str, Runs]] = [
        ("template.html", list(text_runs(Skeleton(parts.page)))),
        ("template.html", [[literal] for literal in _literals(parts)]),
        ("style.css", [[words] for words in style_words(parts.style)]),
        ("schema.yaml", list(_yaml_runs((folder / "schema.yaml").read_text("utf-8")))),
        ("citations.json", list(_json_runs((folder / "citations.json").read_text("utf-8")))),
    ]
    for file, runs in sources:
        yield from find_forbidden(jurisdiction, file, runs, allowed)


def _literals(parts: Parts) -> Iterator[tuple[str, int]]:
    """Words given as text inside an expression."""
    for expression in Skeleton(parts.page).expressions:
        for value in _constants(expression):
            yield value, expression.lineno


def _constants(expression: Any) -> Iterator[str]:
    value = getattr(expression, "value", None)
    if isinstance(value, str):
        yield value
    for child in expression.iter_child_nodes():
        yield from _constants(child)


def _yaml_runs(text: str) -> Iterator[list[tuple[str, int]]]:
    """The texts of a YAML file; labels and names among them, which say nothing forbidden either."""

    def walk(node: yaml.Node) -> Iterator[list[tuple[str, int]]]:
        if isinstance(node, yaml.ScalarNode):
            yield [(node.value, node.start_mark.line + 1)]
        elif isinstance(node, yaml.SequenceNode):
            for member in node.value:
                yield from walk(member)
        elif isinstance(node, yaml.MappingNode):
            for _, member in node.value:
                yield from walk(member)

    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if root is not None:
        yield from walk(root)


def _json_runs(text: str) -> Iterator[list[tuple[str, int]]]:
    """The strings of a JSON file, unescaped, with their lines."""
    for number, line in enumerate(text.splitlines(), start=1):
        for found in re.finditer(r'"(?:[^"\\]|\\.)*"', line):
            yield [(json.loads(found[0]), number)]


def _try_sample(template: Template, allowed: Collection[str]) -> Iterator[Finding]:
    """Print the sample: it must pass the checks of every letter, and say nothing forbidden once it is put together."""
    head = {key: value for key, value in template.sample.items() if key not in ("letters", "template")}
    letters = template.sample.get("letters")
    if not isinstance(letters, list) or not letters or len(letters) > MOST_SAMPLES:
        yield _sample(0, f"must hold 1 to {MOST_SAMPLES} letters", f"应包含 1 至 {MOST_SAMPLES} 封函件")
        return
    try:
        painter = Painter(template, head)
    except Refusal as refusal:
        yield _refused(0, refusal.problem)
        return
    for number, letter in enumerate(letters, start=1):
        found = list(_try_letter(template, painter, head, letter, number, allowed))
        yield from found
        if any(finding.code in PAGE_FAULTS for finding in found):
            return  # the page would have them with every letter


def _try_letter(
    template: Template,
    painter: Painter,
    head: Mapping[str, Any],
    letter: Mapping[str, Any],
    number: int,
    allowed: Collection[str],
) -> Iterator[Finding]:
    problems: Sequence[Problem] = check_letter(template, head, letter, printed=True)
    if problems:
        yield from (_refused(number, problem) for problem in problems)
        return
    try:
        document = painter.lay_out(letter)
        painter.write([document])
    except Refusal as refusal:
        yield _refused(number, refusal.problem)
    except LettersError as error:
        yield Finding(error.code, "template.html", 0, error.message_en, error.message_zh)
    else:
        context = letter_context(template, head, letter)
        yield from _find_unsaid(template, document, letter, context, number)
        markup = template.markup(context)
        runs = [
            [(unescape(re.sub(r"<[^>]*>", "", block)), 0)]
            for block in re.split(r"</?(?:p|div|td|th|tr|li|h\d|br)\b", markup)
        ]
        yield from find_forbidden(template.jurisdiction, "template.html", runs, allowed)


def _find_unsaid(
    template: Template, document: Any, letter: Mapping[str, Any], context: Mapping[str, Any], number: int
) -> Iterator[Finding]:
    """A page that says nothing, or not to whom, how much or under which number; words that are not on the paper."""
    said = drawn_words(document)
    if not said:
        yield _of_page("template.empty", number, "prints nothing", "打印不出任何内容")
        return
    overflown = first_page_overflown(document)
    if overflown is not None:
        en, zh = f"has words beyond the edge of page {overflown}", f"第 {overflown} 页的文字超出纸张"
        yield _of_page("template.overflow", number, en, zh)
    if template.window is not None and not has_window_box(document):
        en, zh = "shows no address in the envelope's window", "信封窗口中没有地址"
        yield _of_page("template.window", number, en, zh)
    for entry in template.fields:
        if _must_show(template, entry) and entry.read(letter) is not None and not _is_said(entry.name, context, said):
            en, zh = f"does not show {entry.name} ({entry.label_en})", f"未显示 {entry.name}（{entry.label_zh}）"
            yield _of_page("template.unsaid", number, en, zh)


def _must_show(template: Template, entry: Field) -> bool:
    """What no letter can do without: whom it is to, how much is due, and its number."""
    return entry.part == "letter" and entry.name in ("debtor_name", "letter_no", template.rules.due)


def _is_said(name: str, context: Mapping[str, Any], said: str) -> bool:
    """An amount may stand there in figures, in words, or both."""
    spelt = [context.get(form) for form in (name, f"{name}_in_words", f"{name}_uppercase")]
    return any(bare(str(value)) in said for value in spelt if value)


def _of_page(code: str, number: int, en: str, zh: str) -> Finding:
    return Finding(code, "template.html", 0, f"letter {number} of the sample {en}", f"样例第 {number} 封{zh}")


def _refused(number: int, problem: Problem) -> Finding:
    return Finding(
        problem.code,
        _SAMPLE if problem.field else "template.html",
        0,
        f"letter {number} of the sample: {problem.message_en}" if number else problem.message_en,
        f"样例第 {number} 封：{problem.message_zh}" if number else problem.message_zh,
    )


def _sample(line: int, en: str, zh: str) -> Finding:
    return Finding("template.sample", _SAMPLE, line, en, zh)
