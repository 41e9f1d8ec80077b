"""Browsers of the world's people: what was answered, checked for what nobody of theirs may read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.support.pages import Page, PageClient, check, parse

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.walls.routes import Route
    from tests.walls.world import Person, World

__all__ = ["Browser", "address"]

NOWHERE = (987_654_321, 0, 2**63, 10**30)  # the last two are no keys of any database
NO_TOKEN = "there-is-no-such-token"


def address(route: Route, ids: tuple[Any, ...]) -> str:
    """The route's path with the ids in it."""
    found = iter(ids)
    return re.sub(r"<[^>]+>", lambda _parameter: str(next(found)), route.path)


def nowhere(route: Route) -> list[tuple[Any, ...]]:
    """Ids that name nothing."""
    parameters = re.findall("<([^>]*)>", route.path)
    if not parameters:
        return []
    if "<token>" in route.path:
        return [(NO_TOKEN,)]
    words = [re.search("'([^']+)'", parameter) for parameter in parameters]  # the first of a few words
    return [tuple(word[1] if word else number for word in words) for number in NOWHERE]


class Browser:
    """One person's browser, or nobody's; `looks` at every HTML page it gets where it is told to."""

    def __init__(self, world: World, person: Person | None, *, looks: bool) -> None:
        self.person = person
        self.looks = looks
        self.pages = PageClient(world.app, person.user.locale if person else "en")
        if person:
            self.pages.sign_in(person.user)
        others = world.words_of_others(person) if person else []
        self.forbidden = re.compile(rf"\b(?:{'|'.join(others)})", re.IGNORECASE) if others else None

    def get(self, path: str, *, look: bool = True) -> TestResponse:
        response = self.pages.client.get(path, headers={"Accept-Language": self.pages.language})
        return self._answer(response, path, look)

    def post(
        self, path: str, fields: dict[str, str] | None = None, *, guarded: bool = True, look: bool = True
    ) -> TestResponse:
        """Send nothing but the fields, and the token that guards against forgery."""
        values = dict(fields or {}) | ({"csrf_token": self.pages.csrf_token()} if guarded else {})
        return self._answer(self.pages.client.post(path, data=values), path, look)

    def page(self, response: TestResponse, path: str) -> Page:
        """The answer as a page, checked as all pages are."""
        page = Page(self.pages, response, path, parse(response.text, path))
        check(page)
        return page

    def _answer(self, response: TestResponse, path: str, look: bool) -> TestResponse:
        who = f"{self.person.role} of {self.person.mark}" if self.person else "nobody"
        assert response.status_code < 500, f"{path} crashes for {who}"
        words = response.get_data().decode(errors="replace")
        told = self.forbidden.search(words) if self.forbidden else None
        assert not told, f"{path} tells {who} of {told[0]}: …{words[max(0, told.start() - 80) : told.end() + 80]}…"
        if look and self.looks and response.mimetype == "text/html" and response.status_code not in (301, 302, 303):
            self.page(response, path)
        return response
