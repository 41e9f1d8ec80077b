"""Row-level security on PostgreSQL: the wall under the application's own visibility. SQLite has none to build."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

from portal.migrations.guards import policy

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# table, kind of visibility, column that it goes by, whether the system actor reads it
WALLS: tuple[tuple[str, str, str, bool], ...] = (
    ("audit_event", "OwnRows", "organisation_id", True),
    ("audit_link", "BankOnly", "", True),
    ("audit_anchor", "BankOnly", "", True),
    ("job", "OwnRows", "organisation_id", True),
    ("person_key", "PlacedPeople", "customer_id", False),
    ("submitted_form", "BankOnly", "", True),
    ("organisation", "OwnRows", "id", True),
    ("user_account", "OwnRows", "organisation_id", True),
    ("user_session", "OwnRows", "organisation_id", True),
    ("invitation", "OwnRows", "organisation_id", True),
    ("sign_in_throttle", "BankOnly", "", True),
    ("import_run", "BankOnly", "", False),
    ("rejected_row", "BankOnly", "", False),
    ("customer", "PlacedPeople", "id", False),
    ("person_index", "PlacedPeople", "customer_id", False),
    ("contact_point", "PlacedPeople", "customer_id", False),
    ("account", "PlacedRows", "id", False),
    ("account_party", "PlacedRows", "account_id", False),
    ("balance_snapshot", "PlacedRows", "account_id", False),
    ("hold", "PlacedPeople", "customer_id", False),
    ("contract", "OwnRows", "organisation_id", False),
    ("contract_version", "OwnRows", "organisation_id", False),
    ("allocation_run", "BankOnly", "", False),
    ("allocation_line", "BankOnly", "", False),
    ("placement_batch", "OwnRows", "organisation_id", False),
    ("placement", "OwnRows", "organisation_id", False),
    ("contact_attempt", "OwnRows", "organisation_id", False),
    ("promise", "OwnRows", "organisation_id", False),
    ("work_item", "OwnRows", "organisation_id", False),
    ("contact_day_count", "PlacedPeople", "customer_id", False),
    ("payment", "BankOnly", "", False),
    ("attribution", "OwnRows", "organisation_id", False),
    ("statement", "OwnRows", "organisation_id", False),
    ("statement_event", "OwnRows", "organisation_id", False),
    ("commission_line", "OwnRows", "organisation_id", False),
    ("line_claim", "OwnRows", "organisation_id", False),
    ("letter_pack", "OwnRows", "organisation_id", False),
    ("letter", "OwnRows", "organisation_id", False),
    ("letter_event", "OwnRows", "organisation_id", False),
    ("letter_opening", "OwnRows", "organisation_id", False),
    ("letter_counter", "OwnRows", "organisation_id", False),
    ("pack_download", "OwnRows", "organisation_id", False),
)
# The trigger that keeps it runs as the owner and must pass.
NOT_FORCED = ("contact_day_count",)


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    role = _make_role()
    for table, kind, column, system in WALLS:
        for statement in policy(table, kind, column, system):
            op.execute(statement)
    for table in NOT_FORCED:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
    op.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}")
    op.execute(f"REVOKE ALL ON alembic_version FROM {role}")
    op.execute(f"GRANT SELECT ON alembic_version TO {role}")


def _make_role() -> str:
    """The role that the application's transactions run as: it owns nothing and cannot sign in."""
    bind = op.get_bind()
    name = bind.scalar(sa.text("SELECT current_database() || '_app'"))
    quoted = bind.dialect.identifier_preparer.quote(name)
    if not bind.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": name}):
        op.execute(f"CREATE ROLE {quoted} NOLOGIN NOBYPASSRLS")
    members = {bind.scalar(sa.text("SELECT current_user")), context.config.attributes.get("application_user")}
    for member in sorted(filter(None, members)):
        op.execute(f"GRANT {quoted} TO {bind.dialect.identifier_preparer.quote(member)}")
    return quoted


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, *_rest in WALLS:
        op.execute(f"DROP POLICY {table}_visible ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    bind = op.get_bind()
    name = bind.scalar(sa.text("SELECT current_database() || '_app'"))
    op.execute(f"DROP OWNED BY {bind.dialect.identifier_preparer.quote(name)}")
