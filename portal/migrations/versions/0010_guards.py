"""Guards: evidence is append-only, placements do not overlap, counters and sums are kept by the database itself."""

from __future__ import annotations

from alembic import op

from portal.migrations.guards import evidence_since, keep_on_postgresql, keep_on_sqlite, no_overlap_on_sqlite

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

EXCLUDING = "('collection', 'litigation')"


# A correction (`corrects_id`) takes its old entry out of the count before it counts itself.
COUNT_OLD = """
UPDATE contact_day_count SET count = count - 1 FROM contact_attempt o
WHERE o.id = NEW.corrects_id AND o.counts_as <> '' AND contact_day_count.customer_id = o.customer_id
AND contact_day_count.day = o.local_date AND contact_day_count.measure = o.counts_as
AND contact_day_count.contact_point_id IN (0, coalesce(o.contact_point_id, 0))
"""
COUNT_NEW = """
INSERT INTO contact_day_count (customer_id, day, measure, contact_point_id, count)
SELECT NEW.customer_id, NEW.local_date, NEW.counts_as, point, 1
FROM (SELECT 0 AS point UNION SELECT coalesce(NEW.contact_point_id, 0)) AS points WHERE NEW.counts_as <> ''
ON CONFLICT (customer_id, day, measure, contact_point_id) DO UPDATE SET count = contact_day_count.count + 1
"""

SUM_IS_WRONG = """
NEW.state = 'issued' AND EXISTS (
  SELECT 1 FROM statement s WHERE s.id = NEW.statement_id AND (
    s.total_minor <> (SELECT coalesce(sum(l.commission_minor), 0) FROM commission_line l WHERE l.statement_id = s.id)
    OR s.line_count <> (SELECT count(*) FROM commission_line l WHERE l.statement_id = s.id)))
"""

SAME_PERSON = """
NEW.state = 'released' AND EXISTS (
  SELECT 1 FROM statement_event e WHERE e.statement_id = NEW.statement_id AND e.state = 'issued'
  AND e.by_user_id = NEW.by_user_id)
"""
BEFORE_EVENT = {  # trigger: when an event is refused, and with which words
    "statement_event_sum": (SUM_IS_WRONG, "a statement is not the sum of its lines"),
    "statement_event_checker": (SAME_PERSON, "who issued a statement does not release it"),
}


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _upgrade_sqlite()
    else:
        _upgrade_postgresql()


def _upgrade_sqlite() -> None:
    for evidence in evidence_since(revision):
        for statement in keep_on_sqlite(evidence):
            op.execute(statement)
    for statement in no_overlap_on_sqlite():
        op.execute(statement)
    op.execute(
        f"CREATE TRIGGER contact_attempt_count AFTER INSERT ON contact_attempt BEGIN {COUNT_OLD}; {COUNT_NEW}; END"
    )
    for name, (wrong, words) in BEFORE_EVENT.items():
        op.execute(
            f"CREATE TRIGGER {name} BEFORE INSERT ON statement_event WHEN {wrong} "
            f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
        )


def _upgrade_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION portal_keep() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END$$"
    )
    for evidence in evidence_since(revision):
        for statement in keep_on_postgresql(evidence):
            op.execute(statement)
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute(
        "ALTER TABLE placement ADD CONSTRAINT ex_placement_overlap EXCLUDE USING gist "
        f"(account_id WITH =, tstzrange(starts_at, ended_at, '[)') WITH &&) WHERE (kind IN {EXCLUDING})"
    )
    # As its owner: an agency that logs an attempt moves the counter over all agencies without being able to read it.
    op.execute(
        "CREATE FUNCTION portal_count_attempt() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
        f"SET search_path = public, pg_temp AS $$BEGIN {COUNT_OLD}; {COUNT_NEW}; RETURN NULL; END$$"
    )
    op.execute(
        "CREATE TRIGGER contact_attempt_count AFTER INSERT ON contact_attempt "
        "FOR EACH ROW EXECUTE FUNCTION portal_count_attempt()"
    )
    for name, (wrong, words) in BEFORE_EVENT.items():
        op.execute(
            f"CREATE FUNCTION portal_{name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$BEGIN IF {wrong} THEN RAISE EXCEPTION '{words}'; END IF; RETURN NEW; END$$"
        )
        op.execute(
            f"CREATE TRIGGER {name} BEFORE INSERT ON statement_event FOR EACH ROW EXECUTE FUNCTION portal_{name}()"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for evidence in evidence_since(revision):
            for deed in ("update", "delete"):
                op.execute(f"DROP TRIGGER {evidence.table}_keep_{deed}")
        for name in ("placement_no_overlap_insert", "placement_no_overlap_update"):
            op.execute(f"DROP TRIGGER {name}")
        op.execute("DROP TRIGGER contact_attempt_count")
        for name in BEFORE_EVENT:
            op.execute(f"DROP TRIGGER {name}")
        return
    for name in BEFORE_EVENT:
        op.execute(f"DROP TRIGGER {name} ON statement_event")
        op.execute(f"DROP FUNCTION portal_{name}()")
    op.execute("DROP TRIGGER contact_attempt_count ON contact_attempt")
    op.execute("ALTER TABLE placement DROP CONSTRAINT ex_placement_overlap")
    for evidence in evidence_since(revision):
        for deed in ("update", "delete", "truncate"):
            op.execute(f"DROP TRIGGER {evidence.table}_keep_{deed} ON {evidence.table}")
    for function in ("portal_count_attempt", "portal_keep"):
        op.execute(f"DROP FUNCTION {function}()")
