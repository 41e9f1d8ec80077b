"""The world of the walls, once per kind of database."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from portal.config import Settings
from tests.support.apps import KINDS, SECRET, dispose, make_app, migrate
from tests.walls.charging import charged
from tests.walls.making import make_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.servers import PostgreSQL
    from tests.walls.world import World


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each world is made by one worker of a parallel run."""
    for item in items:
        kind = getattr(item, "callspec", None) and item.callspec.params.get("world")  # type: ignore[attr-defined]
        if kind:
            item.add_marker(pytest.mark.xdist_group(f"world-{kind}"))


@pytest.fixture(scope="package", params=KINDS)
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, compiled_templates: Path
) -> Iterator[World]:
    """A bank in motion, over a database of its own, which other tests of the package do not empty."""
    home = tmp_path_factory.mktemp("walls")
    if request.param == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql_server")
        url = server.create_database("walls")
        migrate(Settings(env="test", home=home, database_url=url, secret_key=SECRET))
    else:
        file = home / "portal.sqlite3"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        url = f"sqlite:///{file}"
    app = make_app(Settings(env="test", home=home, database_url=url, secret_key=SECRET), compiled_templates)
    with app.app_context():
        made = make_world(app, request.param)
        charged(made)
    yield made
    dispose(app)


@pytest.fixture(autouse=True)
def _inside_the_worlds_application(request: pytest.FixtureRequest) -> Iterator[None]:
    """Operations and queries of a test in the world are asked as they are."""
    if "world" not in request.fixturenames:
        yield
        return
    with request.getfixturevalue("world").app.app_context():
        yield
