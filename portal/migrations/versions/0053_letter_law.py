"""Under which law a firm's letters stand is a field of it. Until here it was read off the firm's time zone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from babel.core import get_global

from portal.migrations.building import rebuild, see_all_rows

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

LAWS = {"US": "us", "GB": "uk"}  # all others wrote as in China


def upgrade() -> None:
    see_all_rows()
    law = sa.Column(
        "letter_law", sa.String(32), nullable=False, server_default="cn",
        comment="law firm: under which law its letters stand",
    )  # fmt: skip
    rebuild("organisation", add=[law], checks={"ck_organisation_letterlaw": "letter_law IN ('cn', 'us', 'uk')"})
    _read_off_the_time_zone()


def downgrade() -> None:
    rebuild("organisation", drop=["letter_law"], checks={"ck_organisation_letterlaw": None})


def _read_off_the_time_zone() -> None:
    firm = sa.table("organisation", *map(sa.column, ("id", "kind", "time_zone", "letter_law")))
    territories = get_global("zone_territories")
    for number, zone in (
        op.get_bind().execute(sa.select(firm.c.id, firm.c.time_zone).where(firm.c.kind == "law_firm")).all()
    ):
        law = LAWS.get(territories.get(zone, ""))
        if law is not None:
            op.execute(sa.update(firm).where(firm.c.id == number).values(letter_law=law))
