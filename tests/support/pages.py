"""A browser for tests that looks at every page it gets: valid, one heading, forms that are guarded, nothing inline.

page = pages.get("/users")                            # asserts 200 and the page's form
page = pages.post("/users/new", {...}, to="/users/7") # guarded POST, follows the redirect, asserts where it leads
page = page.submit("form", name="Li")                 # sends a form of the page with its hidden fields
assert "Li" in page
"""

from __future__ import annotations

import contextvars
import re
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import html5lib
import pytest
from itsdangerous import URLSafeTimedSerializer

from portal.foundation.services import services
from portal.foundation.submissions import new_token
from portal.foundation.work import transaction
from portal.identity.models import UserSession
from portal.identity.tokens import new_token as new_session_token
from portal.identity.tokens import token_hash
from tests.identity.factories import observer

if TYPE_CHECKING:
    from collections.abc import Callable
    from xml.etree.ElementTree import Element

    from flask import Flask
    from werkzeug.test import TestResponse

    from portal.identity.models import User

REDIRECTS = (301, 302, 303, 307, 308)
FORM_AGAIN = (200, 422, 429)


@dataclass
class Page:
    """An answer in HTML, checked."""

    client: PageClient
    response: TestResponse
    path: str
    root: Element

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def html(self) -> str:
        return self.response.text

    @property
    def title(self) -> str:
        return _text(next(self.root.iter("title")))

    @property
    def h1(self) -> str:
        return _text(next(self.root.iter("h1")))

    @property
    def text(self) -> str:
        """What a reader sees, in one line, without the frame."""
        return _text(next(self.root.iter("main"), self.root))

    def __contains__(self, words: str) -> bool:
        return words in self.text

    @property
    def links(self) -> dict[str, str]:
        """Addresses by the words of their link."""
        return {_text(a): a.get("href", "") for a in self.root.iter("a")}

    @property
    def forms(self) -> list[Element]:
        """Those that are sent; the question box of the frame is none."""
        return [form for form in self.root.iter("form") if form.get("method") != "dialog"]

    def form(self, which: str) -> Element:
        """The form with this id, or whose address ends so."""
        found = [f for f in self.forms if f.get("id") == which or (f.get("action") or self.path).endswith(which)]
        assert len(found) == 1, f"{len(found)} forms are {which!r} on {self.path}"
        return found[0]

    def field(self, name: str) -> Element:
        """The control of this name."""
        found = [e for e in self.root.iter() if e.tag in ("input", "select", "textarea") and e.get("name") == name]
        assert found, f"no field {name!r} on {self.path}"
        return found[0]

    def element(self, id: str) -> Element:
        """The element of this id."""
        found = next((e for e in self.root.iter() if e.get("id") == id), None)
        assert found is not None, f"nothing is {id!r} on {self.path}"
        return found

    def submit(self, which: str, /, to: str | None = None, status: int | None = None, **values: Any) -> Page:
        """Send a form of this page as a browser would: what stands in it, and `values`."""
        form = self.form(which)
        data = _entries(form) | values
        return self.client.post(form.get("action") or self.path, data, to=to, status=status)


class PageClient:
    """One browser, which asks for English. Every HTML page it receives is checked."""

    def __init__(self, app: Flask, language: str = "en") -> None:
        self.app = app
        self.language = language
        self.client = app.test_client()

    # --- who ---

    def sign_in(self, user: User, origin: str = "127.0.0.1") -> PageClient:
        """Sign the person in by a row, without the page and its hashing."""
        token = new_session_token()
        with transaction(observer()) as work:
            now = services().clock.real_now()
            work.session.add(
                UserSession(
                    organisation_id=user.organisation_id,
                    user_id=user.id,
                    token_hash=token_hash(token),
                    created_at=now - timedelta(seconds=1),
                    seen_at=now,
                    origin=origin,
                    browser="tests",
                )
            )
        self._write_cookie(lambda cookie: cookie.update({"_user_id": token, "_fresh": True}))
        return self

    def sign_out(self) -> None:
        """Forget every cookie."""
        self.client = self.app.test_client()

    def cookie(self) -> dict[str, Any]:
        """What the browser's session cookie holds now."""
        held: dict[str, Any] = {}
        self._write_cookie(held.update)
        return held

    def _write_cookie(self, change: Callable[[Any], None]) -> None:
        def write() -> None:
            with self.client.session_transaction() as cookie:
                change(cookie)

        contextvars.Context().run(write)

    # --- pages ---

    def get(self, path: str, *, status: int = 200, to: str | None = None, **options: Any) -> Page:
        """A page. `to`: where the answer must redirect; that page is returned."""
        response = self.client.get(path, **self._asking(options))
        if to is not None:
            return self._follow(response, path, to)
        assert response.status_code == status, f"GET {path}: {response.status_code} {response.location or ''}"
        return self._page(response, path)

    def post(
        self, path: str, data: dict[str, Any] | None = None, *, to: str | None = None, status: int | None = None,
        guarded: bool = True, **options: Any,
    ) -> Page:  # fmt: skip
        """Send a form with its guards (`guarded=False`: as it is). A redirect is followed and must lead to `to`."""
        values = dict(data or {})
        if guarded:
            values.setdefault("csrf_token", self.csrf_token())
            values.setdefault("form_token", new_token())
        response = self.client.post(path, data=values, **self._asking(options))
        if status is None and response.status_code in REDIRECTS:
            return self._follow(response, path, to)
        assert to is None, f"POST {path} gave {response.status_code} instead of leading to {to}: {_flat(response)}"
        wanted = FORM_AGAIN if status is None else (status,)
        assert response.status_code in wanted, f"POST {path}: {response.status_code} {_flat(response)}"
        return self._page(response, path)

    def csrf_token(self) -> str:
        """A token that this browser's forms carry."""
        raw: list[str] = []

        def remember(cookie: Any) -> None:
            raw.append(cookie.setdefault("csrf_token", "0" * 40))

        self._write_cookie(remember)
        return str(URLSafeTimedSerializer(self.app.secret_key or "", salt="wtf-csrf-token").dumps(raw[0]))

    def _asking(self, options: dict[str, Any]) -> dict[str, Any]:
        return options | {"headers": {"Accept-Language": self.language} | dict(options.get("headers") or {})}

    def _follow(self, response: TestResponse, path: str, to: str | None, steps: int = 5) -> Page:
        assert response.status_code in REDIRECTS, f"{path}: {response.status_code}, no redirect: {_flat(response)}"
        target = urlsplit(response.location)
        assert not target.netloc or target.netloc == "localhost", f"{path} leads away to {response.location}"
        place = target.path + (f"?{target.query}" if target.query else "")
        if to is not None:
            assert to in (place, target.path), f"{path} leads to {place}, not to {to}"
        answer = self.client.get(place, **self._asking({}))
        if answer.status_code in REDIRECTS and steps:
            return self._follow(answer, place, None, steps - 1)
        assert answer.status_code == 200, f"{path} leads to {place}: {answer.status_code}"
        return self._page(answer, place)

    def _page(self, response: TestResponse, path: str) -> Page:
        assert response.mimetype == "text/html", f"{path} is {response.mimetype}"
        page = Page(self, response, path, parse(response.text, path))
        check(page)
        return page


# --- what every page must be ------------------------------------------------------------------------------------------


def parse(html: str, path: str) -> Element:
    """The page's tree; an AssertionError where it is no valid HTML."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    try:
        root: Element = parser.parse(html)
    except html5lib.html5parser.ParseError as error:
        line = parser.tokenizer.stream.position()[0]
        near = html.splitlines()[max(0, line - 2) : line + 1]
        raise AssertionError(f"{path} is no valid HTML: {error} near line {line}: {near}") from error
    return root


def check(page: Page) -> None:
    """Everything that holds for every page, whatever it is about."""
    root, path = page.root, page.path
    headings = [_text(e) for e in root.iter("h1")]
    assert len(headings) == 1, f"{path} has {len(headings)} h1"
    assert headings[0], f"{path} has an empty h1"
    assert page.title.startswith(headings[0]), f"{path}: title {page.title!r} does not begin with {headings[0]!r}"
    ids = Counter(e.get("id") for e in root.iter() if e.get("id"))
    assert not [i for i, n in ids.items() if n > 1], f"{path} repeats ids: {[i for i, n in ids.items() if n > 1]}"
    for element in root.iter():
        if isinstance(element.tag, str):
            _check_element(element, ids, path)
    for form in root.iter("form"):
        _check_form(form, path)
    assert page.response.headers.get("Content-Security-Policy"), f"{path} has no content-security-policy"


def _check_element(element: Element, ids: Counter[str | None], path: str) -> None:
    inline = [name for name in element.attrib if name == "style" or re.fullmatch(r"on[a-z]+", name)]
    assert not inline, f"{path}: <{element.tag}> has {inline}"
    assert element.tag != "style", f"{path} holds a <style>"
    if element.tag == "script":
        assert element.get("src") or element.get("nonce"), f"{path} holds a script without nonce"
    if element.tag == "img":
        assert element.get("alt") is not None, f"{path}: an image without words"
    for name in ("for", "aria-describedby", "aria-labelledby", "list"):
        for target in (element.get(name) or "").split():
            assert target in ids, f"{path}: {name}={target!r} names nothing"
    for name in ("src", "href", "action"):
        address = element.get(name) or ""
        assert not re.match(r"(https?:)?//", address), f"{path} leads away: {address}"


def _check_form(form: Element, path: str) -> None:
    method = (form.get("method") or "get").lower()
    names = [e.get("name") for e in form.iter("input")]
    if method == "post":
        assert form.get("action") is not None, f"{path}: a form without action"
        assert names.count("csrf_token") == 1, f"{path}: a form with {names.count('csrf_token')} CSRF fields"
    else:
        assert "csrf_token" not in names, f"{path}: a token in an address"


def _text(element: Element) -> str:
    return re.sub(r"\s+", " ", "".join(element.itertext())).strip()


def _flat(response: TestResponse) -> str:
    """What a refused answer says, for the assertion's message."""
    found = re.findall(r'class="(?:error-words|field-error|flash flash-error)"[^>]*>(.*?)</', response.text, re.DOTALL)
    return " | ".join(re.sub(r"\s+", " ", re.sub("<[^>]+>", "", part)).strip() for part in found)


def _entries(form: Element) -> dict[str, Any]:
    """What a browser would send of a form that nobody touched."""
    entries: dict[str, Any] = {}
    for control in form.iter():
        name = control.get("name")
        if not name or control.tag not in ("input", "select", "textarea"):
            continue
        if control.tag == "select":
            entries.update(_chosen(control, name))
        elif control.tag == "textarea":
            entries[name] = "".join(control.itertext())
        elif control.get("type") in ("checkbox", "radio"):
            if control.get("checked") is not None:
                entries[name] = control.get("value", "on")
        elif control.get("type") not in ("file", "submit"):
            entries[name] = control.get("value", "")
    return entries


def _chosen(select: Element, name: str) -> dict[str, Any]:
    options = list(select.iter("option"))
    chosen = [o for o in options if o.get("selected") is not None]
    if select.get("multiple") is not None:
        return {name: [o.get("value", "") for o in chosen]} if chosen else {}
    first = (chosen or options)[:1]
    return {name: first[0].get("value", "")} if first else {}


# --- fixtures ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def pages(app: Flask) -> PageClient:
    """A browser that nobody is signed in with: `pages.sign_in(user)`."""
    return PageClient(app)


@pytest.fixture
def client_for(app: Flask) -> Callable[[User], PageClient]:
    """A browser for a person: `client_for(user).get("/users")`."""
    return lambda user: PageClient(app).sign_in(user)
