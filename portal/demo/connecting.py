"""The agencies' own systems in the demo: a dialler that reads and logs, a nightly log, and a token that was let go."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from portal.api.scopes import Scope
from portal.api.tokens import make_token, revoke_token

if TYPE_CHECKING:
    from portal.demo.stage import Stage

__all__ = ["connect_systems"]

DIALLER = (Scope.QUEUE_READ, Scope.ACCOUNTS_READ, Scope.PERSONS_REVEAL, Scope.ATTEMPTS_WRITE)
NIGHTLY = (Scope.ATTEMPTS_READ, Scope.ATTEMPTS_WRITE, Scope.PROMISES_READ)
PILOT = "外呼系统试点"
# Whose, what for, what it may do, and how many days it is good for.
SYSTEMS = (
    ("ht.leader", PILOT, DIALLER, 90),
    ("ht.leader", "外呼系统", DIALLER, 366),
    ("ht.leader", "每晚催记上传", NIGHTLY, 96),
    ("zx.leader", "催收作业系统", tuple(Scope), 180),
)


def connect_systems(stage: Stage) -> None:
    """Leaders make tokens for their systems; the secrets are with the systems and nowhere else. The pilot's is let go."""
    for user_name, name, scopes, days in SYSTEMS:
        leader = stage.actor(user_name)
        made = make_token(leader, name, [scope.value for scope in scopes], stage.begins + timedelta(days=days))
        if name == PILOT:
            revoke_token(leader, made.token.id)
