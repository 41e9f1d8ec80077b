"""Rule packs in the demo: the bank's own, published by two people, its next version that waits for the second, and the wish that
it holds in China."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.contact.rules.models import RulePackVersion
from portal.contact.rules.publishing import Publication, propose_choice, propose_version, publish_version
from portal.demo.stage import month_before
from portal.foundation.services import services
from portal.foundation.work import reading

if TYPE_CHECKING:
    from portal.demo.stage import Stage

__all__ = ["propose_next", "publish_own", "put_up_own"]

PACK = "haiyue-cn"


@cache
def _text() -> str:
    return (Path(__file__).parent / f"{PACK}.yaml").read_text(encoding="utf-8")


def put_up_own(stage: Stage) -> None:
    """One officer puts the bank's own pack up."""
    propose_version(stage.actor("compliance"), _text(), "按总行催收管理办法收紧时段与通话次数")


def publish_own(stage: Stage) -> None:
    """The other publishes it for the first of the next month, and answers for the source that nobody has read in full."""
    officer = stage.actor("compliance2")
    with reading(officer) as session:
        draft = session.scalars(sa.select(RulePackVersion).where(RulePackVersion.pack == PACK)).one()
    first = max(month_before(stage.today, 0), services().clock.today())
    wanted = Publication(
        effective_from=first,
        sha256=draft.sha256,
        signed=True,
        sign_off="法律顾问已电话确认，书面意见待补（法意 2005-17）",
    )
    publish_version(officer, draft.id, wanted)


def propose_next(stage: Stage) -> None:
    """On the last evening: its next version, with one conversation a day, and the wish that it holds for debtors in China.

    A history too short for the first version to be published has neither.
    """
    officer = stage.actor("compliance")
    with reading(officer) as session:
        published = sa.select(RulePackVersion.id).where(
            RulePackVersion.pack == PACK, RulePackVersion.published_at.is_not(None)
        )
        if session.scalar(published) is None:
            return
    text = _text().replace('version: "2005.1"', 'version: "2005.2"').replace("{max: 2,", "{max: 1,")
    propose_version(officer, text, "投诉增多，每日通话次数降为一次")
    propose_choice(officer, "CN", PACK, stage.today + timedelta(days=1))
