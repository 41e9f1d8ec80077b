"""Rule packs that two people publish; what the rules found against contacts, as rows and counts that a trigger keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey
from portal.migrations.building import Wall, build_guards, build_walls, remove_guards, remove_walls, see_all_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

WALLS: tuple[Wall, ...] = (
    ("rule_pack_version", "Shared", "", True),
    ("rule_pack_withdrawal", "Shared", "", True),
    ("rule_pack_choice", "Shared", "", True),
    ("conduct_finding", "OwnRows", "organisation_id", False),
    ("conduct_day_count", "OwnRows", "organisation_id", False),
)

# Of an attempt in {new}: each rule that blocks or presumes, once.
FOUND = {
    "sqlite": "json_each({new}.decision, '$.rules') AS r",
    "postgresql": "jsonb_array_elements({new}.decision -> 'rules') AS r",
}
PART = {"sqlite": "json_extract(r.value, '$.{name}')", "postgresql": "r.value ->> '{name}'"}
PACK = {"sqlite": "json_extract({new}.decision, '$.pack')", "postgresql": "{new}.decision ->> 'pack'"}

FINDINGS = """
INSERT INTO conduct_finding (attempt_id, organisation_id, account_id, at, day, pack, rule, verdict, code)
SELECT {new}.id, {new}.organisation_id, {new}.account_id, {new}.at, {new}.local_date, {pack}, {rule},
  min({verdict}), min({code})
FROM {source} WHERE {verdict} IN ('block', 'presume')
GROUP BY {new}.id, {rule}
"""
COUNT_NEW = """
INSERT INTO conduct_day_count (organisation_id, day, rule, verdict, count)
SELECT f.organisation_id, f.day, f.rule, f.verdict, 1 FROM conduct_finding f WHERE f.attempt_id = NEW.id
ON CONFLICT (organisation_id, day, rule, verdict) DO UPDATE SET count = conduct_day_count.count + 1
"""
# A correction takes what was found against its old entry out of the count before it counts itself.
COUNT_OLD = """
UPDATE conduct_day_count SET count = count - 1 FROM conduct_finding f
WHERE f.attempt_id = NEW.corrects_id AND conduct_day_count.organisation_id = f.organisation_id
AND conduct_day_count.day = f.day AND conduct_day_count.rule = f.rule AND conduct_day_count.verdict = f.verdict
"""
CONCERNS = "NEW.verdict IN ('block', 'presume') OR NEW.corrects_id IS NOT NULL"
COUNT_SO_FAR = """
INSERT INTO conduct_day_count (organisation_id, day, rule, verdict, count)
SELECT f.organisation_id, f.day, f.rule, f.verdict, count(*) FROM conduct_finding f
WHERE NOT EXISTS (SELECT 1 FROM contact_attempt c WHERE c.corrects_id = f.attempt_id)
GROUP BY f.organisation_id, f.day, f.rule, f.verdict
"""


def upgrade() -> None:
    _make_packs()
    _make_findings()
    build_walls(WALLS)
    see_all_rows()
    on = op.get_bind().dialect.name
    op.execute(_findings(on, "a", "contact_attempt a, ", " AND a.verdict IN ('block', 'presume')"))
    op.execute(COUNT_SO_FAR)
    build_guards(revision)
    find = _findings(on, "NEW")
    if on == "sqlite":
        op.execute(
            f"CREATE TRIGGER contact_attempt_findings AFTER INSERT ON contact_attempt WHEN {CONCERNS} "
            f"BEGIN {COUNT_OLD}; {find}; {COUNT_NEW}; END"
        )
        return
    op.execute(
        "CREATE FUNCTION portal_note_findings() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN {COUNT_OLD}; {find}; {COUNT_NEW}; RETURN NULL; END$$"
    )
    op.execute(
        "CREATE TRIGGER contact_attempt_findings AFTER INSERT ON contact_attempt "
        f"FOR EACH ROW WHEN ({CONCERNS}) EXECUTE FUNCTION portal_note_findings()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER contact_attempt_findings")
    else:
        op.execute("DROP TRIGGER contact_attempt_findings ON contact_attempt")
        op.execute("DROP FUNCTION portal_note_findings()")
    remove_guards(revision)
    remove_walls(WALLS)
    for table, *_rest in reversed(WALLS):
        op.drop_table(table)


def _findings(on: str, new: str, also_from: str = "", also: str = "") -> str:
    parts = {name: PART[on].format(name=name) for name in ("rule", "verdict", "code")}
    source = also_from + FOUND[on].format(new=new)
    statement = FINDINGS.format(new=new, pack=PACK[on].format(new=new), source=source, **parts)
    return statement.replace("\nGROUP BY", f"{also}\nGROUP BY")


def _make_packs() -> None:
    op.create_table(
        "rule_pack_version",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("pack", sa.String(length=40), nullable=False, comment="cn-card"),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("jurisdiction", sa.String(length=8), nullable=False),
        sa.Column("extends", sa.String(length=40), nullable=False, comment="the pack below; empty: none"),
        sa.Column("content", sa.Text(), nullable=False, comment="YAML"),
        sa.Column("sha256", sa.String(length=64), nullable=False, comment="of the content in UTF-8"),
        sa.Column("shipped", sa.Boolean(), nullable=False, comment="came with the portal"),
        sa.Column("note", sa.String(length=2000), nullable=False, comment="why it is proposed"),
        _user("proposed_by", comment="null: the portal itself"),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        _user("published_by", comment="null: the portal itself"),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "effective_from", sa.Date(), nullable=True, comment="the first day, where the debtor is; null: from the beginning"
        ),
        sa.Column(
            "sign_off", sa.String(length=2000), nullable=False,
            comment="why it is published although a source was not read in full",
        ),
        _user("signed_off_by"),
        sa.CheckConstraint(
            "published_by IS NULL OR proposed_by IS NULL OR published_by <> proposed_by",
            name=op.f("ck_rule_pack_version_maker_is_not_checker"),
        ),
        sa.CheckConstraint(
            "published_at IS NOT NULL OR effective_from IS NULL", name=op.f("ck_rule_pack_version_draft_has_no_day")
        ),
        sa.CheckConstraint(
            "published_at IS NULL OR published_by IS NOT NULL OR shipped",
            name=op.f("ck_rule_pack_version_somebody_publishes"),
        ),
        *_users("rule_pack_version", "proposed_by", "published_by", "signed_off_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_pack_version")),
        sa.UniqueConstraint("pack", "version", name=op.f("uq_rule_pack_version_pack_version")),
    )  # fmt: skip
    op.create_table(
        "rule_pack_withdrawal",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("version_id", BigKey, nullable=False),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        _user("withdrawn_by", nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["rule_pack_version.id"], name=op.f("fk_rule_pack_withdrawal_version_id_rule_pack_version")
        ),
        *_users("rule_pack_withdrawal", "withdrawn_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_pack_withdrawal")),
        sa.UniqueConstraint("version_id", name=op.f("uq_rule_pack_withdrawal_version_id")),
    )
    op.create_table(
        "rule_pack_choice",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column(
            "region",
            sa.String(length=8),
            nullable=False,
            comment="CN, US-MA; empty: every other and every unknown place",
        ),
        sa.Column("pack", sa.String(length=40), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=True, comment="null: from the beginning"),
        _user("proposed_by", comment="null: the portal itself"),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        _user("confirmed_by"),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "confirmed_by IS NULL OR proposed_by IS NULL OR confirmed_by <> proposed_by",
            name=op.f("ck_rule_pack_choice_maker_is_not_checker"),
        ),
        *_users("rule_pack_choice", "proposed_by", "confirmed_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_pack_choice")),
    )


def _make_findings() -> None:
    op.create_table(
        "conduct_finding",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("attempt_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("account_id", BigKey, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, comment="when the contact took place"),
        sa.Column("day", sa.Date(), nullable=False, comment="of it, where the debtor is"),
        sa.Column("pack", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=24), nullable=False, comment="block or presume"),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["contact_attempt.id"], name=op.f("fk_conduct_finding_attempt_id_contact_attempt")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_conduct_finding_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_conduct_finding_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conduct_finding")),
        sa.UniqueConstraint("attempt_id", "rule", name=op.f("uq_conduct_finding_attempt_id_rule")),
    )
    op.create_index("ix_conduct_finding_at", "conduct_finding", ["at", "id"])
    op.create_index("ix_conduct_finding_organisation", "conduct_finding", ["organisation_id", "at", "id"])
    op.create_index("ix_conduct_finding_rule", "conduct_finding", ["rule", "at", "id"])
    op.create_table(
        "conduct_day_count",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=24), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_conduct_day_count_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conduct_day_count")),
        sa.UniqueConstraint(
            "organisation_id",
            "day",
            "rule",
            "verdict",
            name=op.f("uq_conduct_day_count_organisation_id_day_rule_verdict"),
        ),
    )
    op.create_index("ix_conduct_day_count_day", "conduct_day_count", ["day"])


def _user(name: str, *, nullable: bool = True, comment: str | None = None) -> sa.Column[int]:
    return sa.Column(name, BigKey, nullable=nullable, comment=comment)


def _users(table: str, *columns: str) -> Sequence[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], ["user_account.id"], name=op.f(f"fk_{table}_{column}_user_account"))
        for column in columns
    ]
