"""Rule packs for tests: texts of a bank's own, and the two people who publish them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.contact.rules.models import RulePackVersion
from portal.contact.rules.publishing import Publication, propose_version, publish_version, put_shipped_on_shelf
from portal.foundation.access import Actor, Role, system_actor
from portal.foundation.work import reading, transaction
from tests.identity.factories import actor_of, make_bank, make_user, observer

if TYPE_CHECKING:
    from portal.identity.models import User

OWN = """
pack: {{id: own-cn, version: "{version}", jurisdiction: CN, extends: cn-card}}
sources:
  manual: {{title: 催收管理办法, force: house, seen: house}}
  rumour: {{title: 行业公约, force: self_regulation, seen: {seen}}}
rules:
  - id: own.conversations
    kind: frequency_cap
    applies: {{channels: [call], direction: outbound, to: [debtor]}}
    params: {{max: {most}, window: {{unit: calendar_day, length: 1}}, per: [person], count: conversation, counter_scope: creditor_and_all_agencies}}
    on_fail: {{verdict: block}}
    cite: [{{src: manual}}, {{src: rumour}}]
"""


def own_text(version: str = "1", most: int = 1, seen: str = "full_text") -> str:
    """The bank's own pack over the Chinese one: fewer conversations."""
    return OWN.format(version=version, most=most, seen=seen)


def alone_text(version: str = "1", closes: str = "20:00", name: str = "alone") -> str:
    """A pack with nothing but hours."""
    return f"""
pack: {{id: {name}, version: "{version}", jurisdiction: CN}}
sources: {{manual: {{title: 催收管理办法, force: house, seen: house}}}}
rules:
  - id: alone.hours
    kind: time_window
    params: {{allow: [{{days: all, from: "08:00", to: "{closes}"}}], bounds: "[)"}}
    on_fail: {{verdict: block}}
    cite: [{{src: manual}}]
"""


@dataclass(frozen=True)
class Officers:
    """Two people of compliance."""

    maker: User
    checker: User

    @property
    def proposes(self) -> Actor:
        return actor_of(self.maker)

    @property
    def publishes(self) -> Actor:
        return actor_of(self.checker)

    def put_up(self, text: str) -> int:
        return propose_version(self.proposes, text, "as counsel asked")

    def publish(self, version_id: int, day: date, **more: Any) -> None:
        publish_version(self.publishes, version_id, publication(version_id, day, **more))

    def published(self, text: str, day: date, **more: Any) -> int:
        """A version that holds from a day on; its number."""
        version_id = self.put_up(text)
        self.publish(version_id, day, **more)
        return version_id


def make_officers() -> Officers:
    bank = make_bank()
    return Officers(make_user(Role.COMPLIANCE, bank), make_user(Role.COMPLIANCE, bank))


def publication(version_id: int, day: date, **more: Any) -> Publication:
    """What somebody sends who has read the version."""
    return Publication(effective_from=day, **({"sha256": version(version_id).sha256} | more))


def version(version_id: int) -> RulePackVersion:
    with reading(observer()) as session:
        return session.scalars(sa.select(RulePackVersion).where(RulePackVersion.id == version_id)).one()


def put_shipped() -> None:
    """What `portal init` does."""
    with transaction(system_actor("init", "cli")) as work:
        put_shipped_on_shelf(work)
