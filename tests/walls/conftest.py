"""The world of the walls, once per kind of database and module; and browsers for its people."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from portal.config import Settings
from tests.support.apps import KINDS, SECRET, dispose, make_app
from tests.walls.world import World, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module", params=KINDS)
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, compiled_templates: Path
) -> Iterator[World]:
    """A bank in motion, over a database of its own; the application's context is pushed."""
    home = tmp_path_factory.mktemp("walls")
    if request.param == "postgresql":
        database = request.getfixturevalue("postgresql_database")
        database.empty()
        url = database.url
    else:
        file = home / "portal.sqlite3"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        url = f"sqlite:///{file}"
    app = make_app(Settings(env="test", home=home, database_url=url, secret_key=SECRET), compiled_templates)
    with app.app_context():
        yield make_world(app, request.param)
    dispose(app)
