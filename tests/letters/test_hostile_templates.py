"""A template that would do harm is refused with its place, and never hangs."""

from __future__ import annotations

import base64
import io
import multiprocessing
import os
import pickle
import threading
import time
import zlib
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import letters.paint as paint
from letters import (
    LettersError,
    NothingToPrint,
    TemplateFault,
    check_letter,
    load_template,
    render_print_file,
    render_single,
)
from letters.template import MOST_MARKUP
from letters.watchdog import TooSlow, processor_limit
from tests.letters.factories import TEMPLATE, head, letter, template
from tests.letters.spoiling import append, copy_of, places, problems, work_without_end

# A limit may fall due in a finalizer or a callback of the collector: Python says so and goes on, and the next look stops the work.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def refused(tmp_path: Path, words: str) -> tuple[str, str]:
    """Code and place of the first problem of a page with these words, and that it cannot be loaded either."""
    folder = copy_of(TEMPLATE, tmp_path)
    line = append(folder, words)
    (first, *_) = problems(folder)
    assert first.field == f"template.html:{line}", first.message_en
    with pytest.raises(TemplateFault, match=rf"template\.html:{line}"):
        load_template(TEMPLATE, folder.parent)
    return first.code, first.message_en


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("{% macro a() %}{{ a() }}{% endmacro %}", "macro is not allowed"),
        ("{% for i in items recursive %}{{ loop(items) }}{% endfor %}", "recursive loop"),
        ("{% for a in address %}{% for b in address %}x{% endfor %}{% endfor %}", "a list of the data only"),
        ("{% for a in [1, 2] %}x{% endfor %}", "a list of the data only"),
        ("{% for a in items %}{% for b in items %}{% for c in items %}x{% endfor %}{% endfor %}{% endfor %}", "more than 2 loops"),
        ("{% for a, b in items %}{% endfor %}", "one name for each member"),
        ("{% include 'x' %}", "include is not allowed"),
        ("{% import 'x' as y %}", "import is not allowed"),
        ("{% from 'x' import y %}", "import is not allowed"),
        ("{% block a %}{% endblock %}", "block is not allowed"),
        ("{% set x = total ~ total %}", "set is not allowed"),
        ("{% set x %}{{ total }}{% endset %}", "set is not allowed"),
        ("{% filter e %}x{% endfilter %}", "filter is not allowed"),
        ("{% with x = 1 %}{% endwith %}", "with is not allowed"),
        ("{{ total ~ total }}", "~ is not allowed"),
        ("{{ 'x' * 9999999999 }}", "* is not allowed"),
        ("{{ total + total }}", "+ is not allowed"),
        ("{{ address.ljust(9999999999) }}", "a call is not allowed"),
        ("{{ firm.__class__ }}", "attribute __class__ is not allowed"),
        ("{{ firm['__class__'] }}", "attribute __class__ is not allowed"),
        ("{{ address[:5] }}", "a fixed place of a list"),
        ("{{ address|upper }}", "filter upper is not allowed"),
        ("{{ address|attr('x') }}", "filter attr is not allowed"),
        ("{{ '<b>'|safe }}", "filter safe is not allowed"),
        ("{% if address is callable %}{% endif %}", "test callable is not allowed"),
    ],
)  # fmt: skip
def test_a_page_speaks_a_small_part_of_jinja(tmp_path: Path, words: str, said: str) -> None:
    code, message = refused(tmp_path, words)
    assert code == "template.refused" and said in message


def test_a_page_that_extends_another_is_refused(tmp_path: Path) -> None:
    folder = copy_of(TEMPLATE, tmp_path)
    page = folder / "template.html"
    page.write_text("{% extends 'x' %}" + page.read_text("utf-8"), "utf-8")
    assert places(folder)[0] == ("template.refused", "template.html:1")


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("{{ balance }}", "balance"),
        ("{{ firm.owner }}", "firm.owner"),
        ("{{ settings.nothing }}", "settings.nothing"),
        ("{% for i in items %}{{ i.weight }}{% endfor %}", "i.weight"),
        ("{% if never %}{% endif %}", "never"),
        ("{% if total %}{% else %}{{ hidden }}{% endif %}", "hidden"),
        ("{{ balance|default('') }}", "balance"),
        ("{{ loop.index }}", "loop"),
        ("{{ total.upper }}", "total.upper"),
    ],
)
def test_an_undefined_field_is_named_with_its_line_even_where_no_sample_goes(
    tmp_path: Path, words: str, name: str
) -> None:
    code, message = refused(tmp_path, words)
    assert code == "template.undefined" and f"uses the field {name}," in message


@pytest.mark.parametrize("words", ["<script>1</script>", "<SCRIPT>1</SCRIPT>", "<svg><svg></svg></svg>", "</form>"])
def test_a_tag_that_is_refused_is_reported_once_and_its_end_not_again(tmp_path: Path, words: str) -> None:
    folder = copy_of("lawyer-letter-zh", tmp_path)
    line = append(folder, words)
    assert places(folder) == [("template.markup", f"template.html:{line}")] * (2 if "<svg><svg>" in words else 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("<script>1</script>", "tag script"),
        ("<SCRIPT>1</SCRIPT>", "tag script"),
        ("<iframe></iframe>", "tag iframe"),
        ('<object data="x"></object>', "tag object"),
        ('<embed src="x">', "tag embed"),
        ("<svg><g></g></svg>", "tag svg"),
        ('<link rel="stylesheet" href="x.css">', "tag link"),
        ('<base href="http://127.0.0.1/">', "tag base"),
        ("<style>p{}</style>", "tag style"),
        ("<form></form>", "tag form"),
        ('<p onclick="x">a</p>', "attribute onclick"),
        ('<p href="x">a</p>', "attribute href"),
        ('<meta http-equiv="refresh">', "attribute http-equiv"),
        ('<p src="x">a</p>', "attribute src"),
        ("<p class=a>a</p>", "not written plainly"),
        ("<p class='a'>a</p>", "not written plainly"),
        ("<p {{ address }}>a</p>", "not written plainly"),
        ("<{{ address }}>", "inside a tag"),
        ("<{% if total %}script{% endif %}>", "inside a tag"),
        ('<p class="{% if total %}">a</p><p class="{% endif %}">a</p>', "inside a tag"),
        ("<!-- {{ total }} -->", "HTML comment"),
        ("<?xml-stylesheet href='x'?>", "bare <"),
        ("<![CDATA[x]]>", "bare <"),
        ("a < b", "bare <"),
        ('<p style="color:{{ address }}">a</p>', "in a style is not allowed"),
    ],
)
def test_only_plain_html_is_let_in(tmp_path: Path, words: str, said: str) -> None:
    code, message = refused(tmp_path, words)
    assert code == "template.markup" and said in message


@pytest.mark.parametrize(
    "source",
    [
        "missing.png", "/etc/passwd", "../x.png", "file:///etc/passwd", "http://127.0.0.1:9/x.png", "//127.0.0.1/x",
        "data:image/png;base64,AAAA", "", "{{ address }}", "{{ verify_url }}", "x{{ qr }}", "{% if qr %}x{% endif %}",
    ],
)  # fmt: skip
def test_an_image_is_the_templates_own_or_a_field_that_holds_one(tmp_path: Path, source: str) -> None:
    assert refused(tmp_path, f'<img src="{source}">')[0] == "template.asset"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ('@import "x.css";', "template.style"),
        ("@import url(http://127.0.0.1/x.css);", "template.style"),
        ("@font-face { font-family: x; src: url(x.ttf) }", "template.style"),
        ("@namespace x 'y';", "template.style"),
        ("p { background: url(http://127.0.0.1/x.png) }", "template.asset"),
        ("p { background: url('/etc/passwd') }", "template.asset"),
        ("p { background: u\\72l('file:///etc/passwd') }", "template.asset"),
        ("@page { @top-left { content: url(x.png) } }", "template.asset"),
        ("p::before { content: attr(title url) }", "template.style"),
        ("p { background: image-set('x.png' 1x) }", "template.style"),
        ("p { list-style: url() }", "template.asset"),
    ],
)
def test_a_style_sheet_names_no_address(tmp_path: Path, words: str, code: str) -> None:
    folder = copy_of(TEMPLATE, tmp_path)
    style = folder / "style.css"
    line = style.read_text("utf-8").count("\n") + 1
    style.write_text(style.read_text("utf-8") + words, "utf-8")
    assert (code, f"style.css:{line}") in places(folder)
    with pytest.raises(TemplateFault, match=rf"style\.css:{line}"):
        load_template(TEMPLATE, folder.parent)


def test_the_templates_own_image_may_stand_in_page_and_style(tmp_path: Path) -> None:
    folder = copy_of(TEMPLATE, tmp_path)
    append(folder, '<p style="background: url(seal-placeholder.png)"><img src="seal-placeholder.png" alt=""></p>')
    assert places(folder) == []


def _png(width: int, height: int) -> bytes:
    """A PNG of one colour: a million pixels in a thousand bytes."""
    out = io.BytesIO()
    Image.new("1", (width, height)).save(out, format="PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda: _png(20_000, 20_000), "20000 x 20000 pixels"),
        (lambda: b"\x89PNG\r\n\x1a\n" + b"0" * 2_000_000, "larger than 1024 KB"),
        (lambda: b"<svg/>", "is no PNG or JPEG"),
        (lambda: b"", "is no PNG or JPEG"),
    ],
)
def test_an_image_of_too_many_pixels_or_bytes_is_named(tmp_path: Path, content: Any, said: str) -> None:
    folder = copy_of(TEMPLATE, tmp_path)
    (folder / "large.png").write_bytes(content())
    (problem,) = problems(folder)
    assert problem.field == "large.png" and said in problem.message_en


def test_a_seal_that_unpacks_to_a_mountain_of_pixels_is_refused() -> None:
    seal = base64.b64encode(_png(5000, 5000)).decode()
    firm = head()["firm"] | {"seal": seal}
    assert [problem.field for problem in check_letter(template(), head(firm=firm), letter())] == ["firm.seal"]


def test_a_png_whose_body_is_broken_holds_the_letter_or_prints_and_never_raises_anything_else() -> None:
    whole = _png(100, 100)
    broken = whole[:40] + zlib.compress(b"x") + whole[50:]
    firm = head()["firm"] | {"seal": base64.b64encode(broken).decode()}
    try:
        render_single(template(), head(firm=firm), letter())
    except LettersError as error:
        assert error.code in ("field.image", "template.asset")


@pytest.mark.parametrize(
    ("file", "content", "place"),
    [
        ("schema.yaml", "a: &a [1]\nb: *a\n", "schema.yaml:2"),
        ("schema.yaml", "a: 1\nb: [\n", "schema.yaml:3"),
        ("schema.yaml", "[" * 5000, "schema.yaml"),
        ("schema.yaml", "!!python/object/apply:os.system ['true']", "schema.yaml:1"),
        ("schema.yaml", "- 1", "schema.yaml"),
        ("citations.json", '[\n{"a": }]', "citations.json:2"),
        ("citations.json", "[" * 100_000, "citations.json"),
        ("sample.json", "[]", "sample.json"),
        ("sample.json", '{"letters": []}', "sample.json"),
        ("template.html", "<p>\n{% if %}", "template.html:2"),
        ("template.html", "x" * 300_000, "template.html"),
        ("template.html", b"<p>\n\xff</p>", "template.html:2"),
        ("template.html", "{% if total %}" * 3000 + "{% endif %}" * 3000, "template.html"),
        ("template.html", "{{ " + "(" * 5000 + ")" * 5000 + " }}", "template.html"),
        ("style.css", "p{" * 5000, "style.css"),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, file: str, content: Any, place: str) -> None:
    folder = copy_of(TEMPLATE, tmp_path)
    (folder / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    found = places(folder)
    assert found and found[0][1].startswith(place), found


@pytest.mark.parametrize("name", ["schema.yaml", "template.html", "style.css", "citations.json", "sample.json"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = copy_of(TEMPLATE, tmp_path)
    (folder / name).unlink()
    assert places(folder) == [("template.broken", name)]


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_link_or_a_pipe_in_the_folder_is_not_followed(tmp_path: Path, kind: str) -> None:
    folder = copy_of(TEMPLATE, tmp_path)
    (folder / "style.css").unlink()
    if kind == "link":
        (folder / "style.css").symlink_to("/etc/passwd")
    else:
        os.mkfifo(folder / "style.css")
    assert places(folder) == [("template.broken", "style.css")]


def test_megabytes_of_output_are_given_up(tmp_path: Path) -> None:
    folder = copy_of(TEMPLATE, tmp_path)
    append(folder, "{% for a in items %}{% for b in items %}<p>" + "页" * 1000 + "</p>{% endfor %}{% endfor %}")
    items = [{"label": f"{n}", "principal": "1.00", "interest_and_fees": "0.00"} for n in range(40)]
    many = letter(principal="40.00", interest="0", fees="0", total="40.00", items=items)
    with pytest.raises(LettersError, match=f"{MOST_MARKUP:,}") as refusal:
        render_single(load_template(TEMPLATE, folder.parent), head(), many)
    assert refusal.value.code == "template.refused"


def slow_template(tmp_path: Path) -> Path:
    """A template whose layout takes a minute: some thousand tables."""
    folder = copy_of(TEMPLATE, tmp_path)
    append(folder, "<table><tr><td>x</td></tr></table>" * 7000)
    return folder.parent


def test_a_layout_without_end_is_stopped_and_holds_the_letter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paint, "LAYOUT_SECONDS", 1)
    slow = load_template(TEMPLATE, slow_template(tmp_path))
    begun = time.process_time()
    with pytest.raises(NothingToPrint) as nothing:
        render_print_file(slow, head(), [letter()], tmp_path / "a.pdf")
    assert time.process_time() - begun < 10
    assert [problem.code for problem in nothing.value.rows[0].problems] == ["letter.too_slow"]
    assert problems(slow.folder)[0].code == "letter.too_slow"


def test_it_is_stopped_in_a_thread_of_a_server_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paint, "LAYOUT_SECONDS", 1)
    slow = load_template(TEMPLATE, slow_template(tmp_path))
    seen: list[str] = []

    def work() -> None:
        try:
            render_single(slow, head(), letter())
        except LettersError as error:
            seen.append(error.code)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    assert seen == ["letter.too_slow"]


def test_the_limit_counts_the_processor_and_leaves_nothing_behind() -> None:
    with processor_limit(0.3):
        time.sleep(0.8)
    with pytest.raises(TooSlow), processor_limit(0.3):
        while True:
            pass
    total = 0
    for number in range(3_000_000):
        total += number
    assert total


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_work_that_catches_every_exception_is_stopped_in_a_worker_process_too(method: str) -> None:
    assert work_without_end() == "stopped"
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool:
        assert pool.submit(work_without_end).result(60) == "stopped"


def test_an_error_of_the_engine_comes_whole_out_of_a_worker() -> None:
    error = pickle.loads(pickle.dumps(TemplateFault("a.b", "en", "zh", field="f")))
    assert (type(error), error.code, error.message_zh, error.field, str(error)) == (
        TemplateFault,
        "a.b",
        "zh",
        "f",
        "en",
    )


def test_a_page_larger_than_a3_is_held(tmp_path: Path) -> None:
    folder = copy_of(TEMPLATE, tmp_path)
    style = folder / "style.css"
    style.write_text(style.read_text("utf-8") + "@page { size: 9000mm 9000mm }", "utf-8")
    assert places(folder)[0][0] in ("letter.too_large", "letter.too_slow")
