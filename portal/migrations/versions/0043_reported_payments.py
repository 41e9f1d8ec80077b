"""Payments as agencies report them, which posting each of them is, and the bank's rules for payments."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey
from portal.migrations.building import (
    Wall,
    build_guards,
    build_walls,
    rebuild,
    remove_guards,
    remove_walls,
    see_all_rows,
)  # fmt: skip

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

WAYS = ("exact", "tolerant", "by_hand")
KIND = {"import_run": "ck_import_run_importkind", "mapping_profile": "ck_mapping_profile_importkind"}
APPLIED = sa.text("state = 'applied'")
ONCE = (
    "kind", "content_sha256", "mapping", sa.text("coalesce(as_of, '0001-01-01')"), sa.text("coalesce(organisation_id, 0)"),
)  # fmt: skip
OPEN = sa.text("state = 'open'")
WALLS: tuple[Wall, ...] = (
    ("payment_rule", "Shared", "", True),
    ("reported_payment", "OwnRows", "organisation_id", False),
    ("reported_event", "OwnRows", "organisation_id", False),
    ("report_standing", "OwnRows", "organisation_id", False),
    ("agency_receipt", "OwnRows", "organisation_id", False),
    ("unreported_receipt", "OwnRows", "organisation_id", False),
)
TABLES = [wall[0] for wall in WALLS]


def upgrade() -> None:
    _import_kinds(with_reported=True)
    _rule()
    _reported()
    _event()
    _standing()
    _receipt()
    build_walls(WALLS)
    build_guards("0043")
    _note_receipts()


def downgrade() -> None:
    remove_guards("0043")
    remove_walls(WALLS)
    for table in reversed(TABLES):
        op.drop_table(table)
    see_all_rows()
    op.execute("DELETE FROM rejected_row WHERE import_run_id IN (SELECT id FROM import_run WHERE kind = 'reported')")
    op.execute("DELETE FROM import_run WHERE kind = 'reported'")
    # Layouts of such files stay, as evidence, and with them the word for their kind.
    _import_kinds(with_reported=False)


def _import_kinds(*, with_reported: bool) -> None:
    op.drop_index("uq_import_run_applied", "import_run")
    for table in KIND if with_reported else ("import_run",):
        checks = {str(c["name"]): str(c["sqltext"]) for c in sa.inspect(op.get_bind()).get_check_constraints(table)}
        words = set(re.findall(r"'(\w+)'", checks[KIND[table]]))
        wanted = sorted(words | {"reported"} if with_reported else words - {"reported"})
        rebuild(table, choices={KIND[table]: wanted})
    op.create_index(
        "uq_import_run_applied", "import_run", list(ONCE), unique=True, sqlite_where=APPLIED, postgresql_where=APPLIED
    )


def _rule() -> None:
    days = [
        ("match_days", "days between the two days of payment in a tolerant match"),
        ("received_days", "days from the agency's receipt to the bank's; later is late"),
        ("cleared_days", "from the bank's receipt to clearing"),
        ("posted_days", "from clearing to posting"),
        ("chase_days", "what is open for longer is to be chased"),
    ]
    op.create_table(
        "payment_rule",
        _id(),
        sa.Column("above_balance", _choice("abovebalance", ("take", "reject")), nullable=False),
        sa.Column("pairs", _choice("pairs", ("post", "leave_out")), nullable=False),
        sa.Column(
            "match_amount", sa.String(length=32), nullable=False,
            comment="exact decimal in units of the payment's currency, by which amounts may differ",
        ),
        *(sa.Column(name, sa.BigInteger(), nullable=False, comment=comment) for name, comment in days),
        sa.Column("set_by", BigKey, nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "match_days >= 0 AND received_days >= 0 AND cleared_days >= 0 AND posted_days >= 0 AND chase_days >= 0",
            name=op.f("ck_payment_rule_days"),
        ),
        _refers("payment_rule", "set_by", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_rule")),
    )  # fmt: skip


def _reported() -> None:
    table = "reported_payment"
    op.create_table(
        table,
        _id(),
        _key("organisation_id"),
        sa.Column("reported_ref", sa.String(length=64), nullable=False, comment="the agency's own, unique with it"),
        sa.Column("kind", _choice("reportkind", ("expected", "received")), nullable=False),
        _key("account_id"),
        _key("customer_id"),
        _key("placement_id"),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False, comment="when the debtor paid, or says it will have"),
        sa.Column("received_on", sa.Date(), nullable=True, comment="when it was in the agency's account"),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("proof_digest", sa.String(length=64), nullable=False, comment="the file, sealed, in the storage"),
        sa.Column("proof_name", sa.String(length=200), nullable=False),
        sa.Column(
            "content_hash", sa.LargeBinary(length=16), nullable=False, comment="same reference, other content: conflict"
        ),
        _key("import_run_id", nullable=True),
        _key("reported_by", nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "reported_on", sa.Date(), nullable=False, comment="its business date, from which its age is counted"
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_reported_payment_amount")),
        sa.CheckConstraint(
            "(kind = 'received') = (received_on IS NOT NULL)", name=op.f("ck_reported_payment_received_has_day")
        ),
        *_all_refer(
            table, organisation_id="organisation", account_id="account", customer_id="customer", placement_id="placement",
            import_run_id="import_run", reported_by="user_account",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reported_payment")),
        sa.UniqueConstraint(
            "organisation_id", "reported_ref", name=op.f("uq_reported_payment_organisation_id_reported_ref")
        ),
    )  # fmt: skip
    for column in ("account_id", "customer_id", "import_run_id"):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    op.create_index("ix_reported_payment_told", table, ["reported_on", "id"])
    op.create_index("ix_reported_payment_own", table, ["organisation_id", "reported_on", "id"])


def _event() -> None:
    table = "reported_event"
    op.create_table(
        table,
        _id(),
        _key("reported_id"),
        sa.Column("organisation_id", BigKey, nullable=False, comment="the report's"),
        sa.Column("step", _choice("reportstep", ("reported", "matched", "undone", "withdrawn")), nullable=False),
        sa.Column("way", _choice("way", WAYS), nullable=True),
        _key("payment_id", nullable=True),
        sa.Column("payment_ref", sa.String(length=64), nullable=False),
        sa.Column(
            "rule", sa.String(length=64), nullable=False, comment="rule and version of a match by the portal"
        ),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("by", BigKey, nullable=True, comment="null: the portal itself"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(step IN ('matched', 'undone')) = (payment_id IS NOT NULL)",
            name=op.f("ck_reported_event_match_names_posting"),
        ),
        sa.CheckConstraint("(step = 'matched') = (way IS NOT NULL)", name=op.f("ck_reported_event_match_has_way")),
        *_all_refer(
            table, reported_id="reported_payment", organisation_id="organisation", payment_id="payment", by="user_account"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reported_event")),
    )  # fmt: skip
    for column in ("reported_id", "payment_id"):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _standing() -> None:
    table = "report_standing"
    op.create_table(
        table,
        sa.Column("reported_id", BigKey, autoincrement=False, nullable=False),
        _key("organisation_id"),
        _key("customer_id"),
        sa.Column("state", _choice("reportstate", ("open", "matched", "withdrawn")), nullable=False),
        sa.Column("way", _choice("way", WAYS), nullable=True),
        sa.Column("differs", sa.Boolean(), nullable=False, comment="amount or a day that both sides tell"),
        sa.Column(
            "late", sa.Boolean(), nullable=False, comment="a step between its dates took longer than the rules allow"
        ),
        _key("payment_id", nullable=True),
        sa.Column("payment_ref", sa.String(length=64), nullable=False),
        sa.Column("posting_minor", sa.BigInteger(), nullable=True),
        *(
            sa.Column(f"posting_{name}", sa.Date(), nullable=True)
            for name in ("paid_on", "received_on", "cleared_on", "posted_on")
        ),
        sa.CheckConstraint(
            "(state = 'matched') = (payment_id IS NOT NULL)", name=op.f("ck_report_standing_matched_names_posting")
        ),
        sa.CheckConstraint("(payment_id IS NULL) = (way IS NULL)", name=op.f("ck_report_standing_matched_has_way")),
        *_all_refer(
            table, reported_id="reported_payment", organisation_id="organisation", customer_id="customer",
            payment_id="payment",
        ),
        sa.PrimaryKeyConstraint("reported_id", name=op.f("pk_report_standing")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_report_standing_payment_id")),
    )  # fmt: skip
    op.create_index("ix_report_standing_state", table, ["state", "organisation_id", "reported_id"])
    op.create_index("ix_report_standing_open", table, ["customer_id"], sqlite_where=OPEN, postgresql_where=OPEN)


def _receipt() -> None:
    table = "agency_receipt"
    op.create_table(
        table,
        sa.Column("attribution_id", BigKey, autoincrement=False, nullable=False),
        *(_key(name) for name in ("organisation_id", "payment_id", "account_id", "customer_id", "placement_id")),
        sa.Column("payment_ref", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False, comment="negative for a reversal"),
        sa.Column("paid_on", sa.Date(), nullable=False),
        *(sa.Column(name, sa.Date(), nullable=True) for name in ("received_on", "cleared_on", "posted_on")),
        sa.Column(
            "noted_on", sa.Date(), nullable=False,
            comment="the business date on which it came in, from which its age is counted",
        ),
        sa.Column(
            "remittance", _choice("remits", ("gross", "net")), nullable=False, comment="by the placement's contract version"
        ),
        sa.Column(
            "remit_days", sa.BigInteger(), nullable=True,
            comment="days for remitting it by that version; null: none agreed",
        ),
        *_all_refer(
            table, attribution_id="attribution", organisation_id="organisation", payment_id="payment",
            account_id="account", customer_id="customer", placement_id="placement",
        ),
        sa.PrimaryKeyConstraint("attribution_id", name=op.f("pk_agency_receipt")),
    )  # fmt: skip
    op.create_index(op.f("ix_agency_receipt_payment_id"), table, ["payment_id"])
    op.create_index("ix_agency_receipt_own", table, ["organisation_id", "currency", "paid_on", "attribution_id"])
    table = "unreported_receipt"
    op.create_table(
        table,
        sa.Column("attribution_id", BigKey, autoincrement=False, nullable=False),
        _key("organisation_id"),
        _key("payment_id"),
        *_all_refer(table, organisation_id="organisation", payment_id="payment"),
        sa.ForeignKeyConstraint(
            ["attribution_id"], ["agency_receipt.attribution_id"],
            name=op.f("fk_unreported_receipt_attribution_id_agency_receipt"),
        ),
        sa.PrimaryKeyConstraint("attribution_id", name=op.f("pk_unreported_receipt")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_unreported_receipt_payment_id")),
    )  # fmt: skip
    op.create_index(op.f("ix_unreported_receipt_organisation_id"), table, ["organisation_id"])


def _note_receipts() -> None:
    """What agencies received before: owed all the same, and remitted gross, as nothing else could be agreed so far."""
    see_all_rows()
    op.execute(
        "INSERT INTO agency_receipt (attribution_id, organisation_id, payment_id, account_id, customer_id, placement_id, "
        "payment_ref, currency, amount_minor, paid_on, received_on, cleared_on, posted_on, noted_on, remittance) "
        "SELECT a.id, a.organisation_id, p.id, p.account_id, p.customer_id, a.placement_id, p.payment_ref, p.currency, "
        "a.amount_minor, p.paid_on, p.received_on, p.cleared_on, p.posted_on, p.paid_on, 'gross' "
        "FROM attribution a JOIN payment p ON p.id = a.payment_id "
        "WHERE p.received_by = 'agency' AND a.organisation_id IS NOT NULL"
    )


def _id() -> sa.Column[int]:
    return sa.Column("id", BigKey, autoincrement=True, nullable=False)


def _key(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, BigKey, nullable=nullable)


def _choice(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def _all_refer(table: str, **others: str) -> list[sa.ForeignKeyConstraint]:
    return [_refers(table, column, other) for column, other in others.items()]
