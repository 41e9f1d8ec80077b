"""The table of roles and permissions; every address with every role is walked in tests/walls."""

from __future__ import annotations

from portal.foundation.access import ROLE_PERMISSIONS, Permission


def test_every_permission_opens_something_for_somebody() -> None:
    given = frozenset().union(*ROLE_PERMISSIONS.values())

    assert given == frozenset(Permission)
