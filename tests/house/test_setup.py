"""What a bare machine installs: every dependency is pinned with hashes, and no file names where packages come from."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.house.source import ROOT

LOCKS = ["requirements.lock", "requirements-dev.lock"]
PINNED = re.compile(r"^([a-z0-9._-]+)==(\S+)", re.MULTILINE)


def _pins(lock: str) -> dict[str, set[str]]:
    pins: dict[str, set[str]] = {}
    for name, version in PINNED.findall((ROOT / lock).read_text()):
        pins.setdefault(name, set()).add(version)
    return pins


def _plain(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0].lower().replace("_", "-")


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text and "index-url" not in text and "find-links" not in text
    blocks = re.split(r"\n(?=[a-z0-9])", text)
    bare = [block.splitlines()[0] for block in blocks if PINNED.match(block) and "--hash=sha256:" not in block]
    assert not bare


def test_the_locks_hold_every_dependency_and_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    run, dev = (_pins(lock) for lock in LOCKS)
    assert {_plain(name) for name in project["dependencies"]} <= run.keys()
    assert {_plain(name) for name in project["optional-dependencies"]["dev"]} <= dev.keys()
    assert {name: versions for name, versions in run.items() if dev.get(name) != versions} == {}


def test_every_dependency_is_bounded() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    by_calendar = {"tzdata", "types-pyyaml", "types-wtforms"}  # data and stubs, whose numbers promise nothing
    assert not [one for one in wanted if "<" not in one and _plain(one) not in by_calendar]
