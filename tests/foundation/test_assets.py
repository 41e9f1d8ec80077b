"""Styles and scripts are asked for once; what a person downloads is never kept for the next one."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask, Response, send_file

from portal.foundation.assets import asset, set_up_assets


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = Flask("assets", static_folder=str(tmp_path))
    (tmp_path / "portal.css").write_text("a {}")
    set_up_assets(app)

    @app.get("/pack")
    def pack() -> Response:
        return send_file(BytesIO(b"letters"), download_name="pack.pdf")

    return app


def test_a_file_is_kept_for_good_under_the_address_that_names_its_content(app: Flask) -> None:
    with app.test_request_context():
        address = asset("portal.css")

    answer = app.test_client().get(address)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    answer.close()


def test_a_changed_file_has_another_address(app: Flask, tmp_path: Path) -> None:
    with app.test_request_context():
        before = asset("portal.css")
        (tmp_path / "portal.css").write_text("b {}")

        assert asset("portal.css") != before


def test_a_download_is_not_kept(app: Flask) -> None:
    assert "max-age" not in app.test_client().get("/pack").headers.get("Cache-Control", "")
