"""Settings: read from the environment once; production refuses what is weak, missing or meant for demos."""

from __future__ import annotations

import base64
import hashlib
from datetime import date
from pathlib import Path

import pytest

from portal.config import DEMO_DATA_KEY, DEMO_SECRET, ConfigurationError, Settings

STRONG = "k3J9-xW2q_Zr8vN4tL6pD1sG7hB5mC0yF-aE"
DATA_KEY = "2026a:" + base64.b64encode(hashlib.sha256(b"a test's own data key").digest()).decode()
PRODUCTION = {"PORTAL_ENV": "production", "PORTAL_SECRET_KEY": STRONG, "PORTAL_DATA_KEY": DATA_KEY}


def test_an_empty_environment_is_a_demo_in_a_folder_of_its_own() -> None:
    settings = Settings.from_environment({})

    assert settings.env == "demo"
    assert settings.sqlalchemy_url == f"sqlite:///{settings.home / 'portal.sqlite3'}"
    assert settings.storage_location == str(settings.home / "files")
    assert settings.home == Path("var").absolute()


def test_production_takes_strong_secrets() -> None:
    settings = Settings.from_environment(PRODUCTION | {"PORTAL_DATABASE_URL": "postgresql://u:p@db/portal"})

    assert settings.sqlalchemy_url == "postgresql+psycopg://u:p@db/portal"
    assert settings.owner_sqlalchemy_url == settings.sqlalchemy_url
    assert STRONG not in repr(settings)
    assert DATA_KEY not in repr(settings)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"PORTAL_SECRET_KEY": None}, "PORTAL_SECRET_KEY"),
        ({"PORTAL_SECRET_KEY": DEMO_SECRET}, "PORTAL_SECRET_KEY"),
        ({"PORTAL_SECRET_KEY": "short"}, "PORTAL_SECRET_KEY"),
        ({"PORTAL_SECRET_KEY": "a" * 64}, "PORTAL_SECRET_KEY"),
        ({"PORTAL_DATA_KEY": None}, "PORTAL_DATA_KEY"),
        ({"PORTAL_DATA_KEY": DEMO_DATA_KEY}, "PORTAL_DATA_KEY"),
        ({"PORTAL_DATA_KEY": "k:" + base64.b64encode(bytes(32)).decode()}, "PORTAL_DATA_KEY"),
        ({"PORTAL_DATA_KEY": "k:" + base64.b64encode(b"16 bytes of key.").decode()}, "PORTAL_DATA_KEY"),
        ({"PORTAL_DATA_KEY": "no colon"}, "PORTAL_DATA_KEY"),
        ({"PORTAL_TODAY": "2005-07-01"}, "PORTAL_TODAY"),
    ],
)
def test_production_refuses_by_the_variables_name(change: dict[str, str | None], named: str) -> None:
    environment = {name: value for name, value in (PRODUCTION | change).items() if value is not None}

    with pytest.raises(ConfigurationError, match=named):
        Settings.from_environment(environment)


def test_a_presumption_takes_a_reason_unless_the_bank_refuses_it() -> None:
    assert Settings.from_environment({}).presumption == "reason"
    assert Settings.from_environment({"PORTAL_PRESUMPTION": "refuse"}).presumption == "refuse"


@pytest.mark.parametrize(
    "environment",
    [
        {"PORTAL_ENV": "staging"},
        {"PORTAL_TODAY": "1 July"},
        {"PORTAL_TIME_ZONE": "Mars/Olympus"},
        {"PORTAL_PRESUMPTION": "shrug"},
        {"PORTAL_DATA_KEY": "k:!!!"},
        {"PORTAL_DATA_KEY": f"{DATA_KEY},{DATA_KEY}"},
        {"PORTAL_SEARCH_KEY": "short"},
        {"PORTAL_DATABASE_URL": "db.bank.example/portal"},
        {"PORTAL_DATABASE_OWNER_URL": "mysql://u:p@db/portal"},
    ],
)
def test_a_wrong_setting_is_refused_anywhere(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(environment))):
        Settings.from_environment(environment)


def test_a_demo_may_stand_at_a_date_and_data_keys_can_change() -> None:
    old, new = DATA_KEY, DATA_KEY.replace("2026a", "2027a")
    settings = Settings.from_environment({"PORTAL_TODAY": "2005-07-01", "PORTAL_DATA_KEY": f"{new},{old}"})

    assert settings.today == date(2005, 7, 1)
    assert list(settings.data_keys()) == ["2027a", "2026a"]
    before = Settings.from_environment({"PORTAL_DATA_KEY": old})
    assert settings.search_key_bytes() == before.search_key_bytes()  # what is found by hash stays found


def test_links_follow_the_port_where_no_address_is_named() -> None:
    assert Settings.from_environment({"PORTAL_PORT": "8010"}).base_url == "http://127.0.0.1:8010"
    named = {"PORTAL_PORT": "8010", "PORTAL_BASE_URL": "https://portal.bank.example/"}
    assert Settings.from_environment(named).base_url == "https://portal.bank.example"
