"""The agencies' own systems in the demo: a dialler that reads and logs, a nightly log, and a pilot that was let go."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from portal.api.scopes import BANK_SCOPES, Scope
from portal.api.tokens import make_token, mark_used, recognise, revoke_token

if TYPE_CHECKING:
    from portal.demo.stage import Stage

__all__ = ["Systems"]

DIALLER = (Scope.QUEUE_READ, Scope.ACCOUNTS_READ, Scope.PERSONS_REVEAL, Scope.ATTEMPTS_WRITE)
NIGHTLY = (Scope.ATTEMPTS_READ, Scope.ATTEMPTS_WRITE, Scope.PROMISES_READ)
PILOT = "外呼系统试点"
# Whose, what for, what it may do, and for how many days from the business date on it is good.
SYSTEMS = (
    ("ht.leader", PILOT, DIALLER, 30),
    ("ht.leader", "外呼系统", DIALLER, 240),
    ("ht.leader", "每晚催记上传", NIGHTLY, 9),
    ("zx.leader", "催收作业系统", tuple(scope for scope in Scope if scope not in BANK_SCOPES), 120),
)


class Systems:
    """The systems with their secrets, which are nowhere else."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._secrets: list[str] = []

    def connect(self) -> None:
        """Leaders make tokens for them; the pilot's is let go."""
        for user_name, name, scopes, days in SYSTEMS:
            leader = self._stage.actor(user_name)
            made = make_token(leader, name, [scope.value for scope in scopes], self._stage.today + timedelta(days=days))
            self._secrets.append(made.secret)
            if name == PILOT:
                revoke_token(leader, made.token.id)

    def work(self) -> None:
        """They ask once more on the last evening; what they asked is nobody's business here, but that they did."""
        for secret in self._secrets:
            known = recognise(secret, "demo", "zh_Hans")
            if known is not None:
                mark_used(known)
