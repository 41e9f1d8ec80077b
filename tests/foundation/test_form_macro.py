"""The one form: every control has its name, its help and its error said; it is guarded; its errors lead to their field."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest
from flask import Flask, render_template_string
from flask_babel import Babel
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, ValidationError

from portal.application import ROOT
from portal.foundation.formats import set_up_formats
from portal.foundation.language import _l, say

PAGE = """<!doctype html><html lang="en"><head><title>t</title></head><body><h1>t</h1>
{%- import "macros/form.html" as forms %}{{ forms.show(form, submit="Save", **options) }}</body></html>"""


class Contract(FlaskForm):  # type: ignore[misc]
    number = StringField("Number", [InputRequired(message=_l("Fill this in."))], description="As on paper")
    note = StringField("Note")
    kind = SelectField("Kind", choices=[SelectChoice("a", "Agency"), SelectChoice("b", "Firm")])
    side = RadioField(
        "Side", choices=[SelectChoice("x", "One"), SelectChoice("y", "Two")], validators=[InputRequired()]
    )
    sure = BooleanField("Sure")
    scan = FileField("Scan")
    back = HiddenField(default="7")

    def validate_note(self, field: Any) -> None:
        raise ValidationError(say("Too short by %(n)s.", n=3))


@pytest.fixture
def app() -> Flask:
    app = Flask("forms", template_folder=str(ROOT / "templates"))
    app.config.update(SECRET_KEY="only-for-this-test", WTF_CSRF_ENABLED=False)
    Babel(app, default_locale="en")
    set_up_formats(app)
    app.jinja_env.globals.update(csrf_token=lambda: "c", form_token=lambda: "f")
    return app


def drawn(app: Flask, validate: bool = False, **options: Any) -> tuple[str, Element]:
    with app.test_request_context("/contracts/new?organisation=3", method="POST"):
        form = Contract()
        if validate:
            form.validate()
        html = render_template_string(PAGE, form=form, options=options)
    root: Element = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html)
    return html, root


def by_id(root: Element, name: str) -> Element:
    return next(e for e in root.iter() if e.get("id") == name)


def test_every_control_has_a_label_and_its_help_is_read_with_it(app: Flask) -> None:
    _, root = drawn(app)
    labelled = {e.get("for") for e in root.iter("label")}

    assert {"number", "note", "kind", "side-0", "side-1", "sure", "scan"} <= labelled
    assert by_id(root, "number").get("aria-describedby") == "number-help"
    assert by_id(root, "number-help").text == "As on paper"


def test_an_error_stands_at_its_field_and_in_the_summary_whoever_worded_it(app: Flask) -> None:
    html, root = drawn(app, validate=True)

    assert by_id(root, "number").get("aria-invalid") == "true"
    assert by_id(root, "number").get("aria-describedby") == "number-help number-error"
    assert html.count("Fill this in.") == 2
    assert html.count("Too short by 3.") == 2
    assert "#number" in [a.get("href") for a in root.iter("a")]
    assert by_id(root, "side").get("aria-describedby") == "side-error"


def test_a_form_is_guarded_and_comes_back_to_its_own_address(app: Flask) -> None:
    _, root = drawn(app)
    form = by_id(root, "form")
    sent = {e.get("name"): e.get("value") for e in form.iter("input")}

    assert (sent["csrf_token"], sent["form_token"], sent["back"]) == ("c", "f", "7")
    assert form.get("action") == "/contracts/new?organisation=3"
    assert form.get("enctype") == "multipart/form-data"


def test_only_what_may_be_left_out_says_so(app: Flask) -> None:
    html, _ = drawn(app)

    assert html.count("(optional)") == 2  # note and scan


def test_what_cannot_be_undone_carries_its_question(app: Flask) -> None:
    _, root = drawn(app, confirm="Send it?", back_url="/contracts")
    button = next(e for e in root.iter("button"))

    assert button.get("data-confirm") == "Send it?"
    assert "/contracts" in [a.get("href") for a in root.iter("a")]
