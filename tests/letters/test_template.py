"""Templates that users edit: in a sandbox, with their own images only, within their page limit."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from letters import (
    LettersError,
    NothingToPrint,
    TemplateFault,
    UnknownTemplate,
    load_template,
    render_print_file,
    render_single,
)
from letters.template import TEMPLATES
from tests.letters.factories import TEMPLATE, head, letter, template


@pytest.fixture
def edited(tmp_path: Path) -> Path:
    """A copy of the shipped template to spoil."""
    shutil.copytree(TEMPLATES / TEMPLATE, tmp_path / "templates" / TEMPLATE)
    return tmp_path / "templates"


def put(folder: Path, words: str) -> None:
    """Add words to the end of the template's page."""
    page = folder / TEMPLATE / "template.html"
    page.write_text(page.read_text("utf-8").replace("</body>", words + "</body>"), "utf-8")


@pytest.mark.parametrize("name", ["no-such", "../lawyer-letter-zh", "", "Lawyer"])
def test_an_unknown_template_is_refused_with_the_known_names(name: str) -> None:
    with pytest.raises(UnknownTemplate, match="lawyer-letter-zh"):
        load_template(name)


def test_a_template_says_its_title_version_and_fields() -> None:
    assert template().title("zh_Hans") == "律师函"
    assert template().title("en") == "Lawyer letter (Chinese)"
    assert template().version.startswith("1.1.0+")
    by_name = {field.name: field for field in template().fields}
    assert by_name["firm.lawyers"].label("zh") == "承办律师"
    assert by_name["postcode"].required == "never"


def test_the_version_changes_with_the_files_and_not_with_the_sample(edited: Path) -> None:
    before = load_template(TEMPLATE, edited).version
    (edited / TEMPLATE / "sample.json").write_text("{}", "utf-8")
    load_template.cache_clear()
    assert load_template(TEMPLATE, edited).version == before
    put(edited, "<p>附</p>")
    load_template.cache_clear()
    assert load_template(TEMPLATE, edited).version != before


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ("{{ balance }}", "balance"),
        ("{{ firm.owner }}", "owner"),
        ("{% for i in items %}{{ i.weight }}{% endfor %}", "weight"),
    ],
)
def test_an_undefined_field_holds_the_letter_and_is_named(edited: Path, words: str, field: str) -> None:
    put(edited, words)
    with pytest.raises(LettersError, match=field) as refusal:
        render_single(load_template(TEMPLATE, edited), head(), letter())
    assert refusal.value.field == field


@pytest.mark.parametrize(
    "words",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ debtor_name.__init__.__globals__ }}",
        "{% for i in range(1000000000) %}{% endfor %}",
        "{{ items.append(1) }}",
        "{{ 'x' * 10 ** 10 }}",
        "{{ '%99999999999d' % 1 }}",
    ],
)
def test_a_template_cannot_leave_the_sandbox(edited: Path, words: str) -> None:
    put(edited, words)
    with pytest.raises(LettersError):
        render_single(load_template(TEMPLATE, edited), head(), letter())


@pytest.mark.parametrize(
    "source",
    [
        "missing.png",
        "file:///etc/passwd",
        "http://127.0.0.1:9/x.png",
        "../../../etc/passwd",
        "data:image/png;base64,AAAA",
        "/fonts/../x",
    ],
)
def test_an_image_that_is_not_the_templates_own_fails_the_letter(edited: Path, source: str) -> None:
    put(edited, f'<img src="{source}">')
    with pytest.raises(LettersError) as refusal:
        render_single(load_template(TEMPLATE, edited), head(), letter())
    assert refusal.value.code == "template.asset"


def test_a_style_sheet_cannot_fetch_either(edited: Path) -> None:
    style = edited / TEMPLATE / "style.css"
    style.write_text(style.read_text("utf-8") + "body{background:url(http://127.0.0.1:9/x.png)}", "utf-8")
    with pytest.raises(LettersError, match=r"no image http://127\.0\.0\.1:9"):
        render_single(load_template(TEMPLATE, edited), head(), letter())


def test_a_letter_over_the_page_limit_is_held(edited: Path, tmp_path: Path) -> None:
    put(edited, '<p style="break-before:page">页</p>' * 6)
    with pytest.raises(NothingToPrint) as nothing:
        render_print_file(load_template(TEMPLATE, edited), head(), [letter()], tmp_path / "a.pdf")
    assert "takes 8 pages; the template allows 6" in nothing.value.rows[0].reason()


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("template.html", "{% if %}"),
        ("schema.yaml", "version: [1"),
        ("schema.yaml", "version: '1'"),
        ("citations.json", "["),
    ],
)
def test_a_broken_template_says_where(edited: Path, file: str, content: str) -> None:
    (edited / TEMPLATE / file).write_text(content, "utf-8")
    with pytest.raises(TemplateFault):
        load_template(TEMPLATE, edited)
