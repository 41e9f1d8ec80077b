"""Triggers and row policies, said once for both databases.

Evidence is append-only: the database itself refuses UPDATE and DELETE. Placements that exclude each other never overlap.
Row-level security on PostgreSQL is the wall under the application's own visibility (portal.foundation.visibility).
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EVIDENCE", "EXPECTED_TRIGGERS", "Evidence", "evidence_since"]


@dataclass(frozen=True)
class Evidence:
    """A table that keeps what it was told; `once` says from when, as a condition on the old row.

    `since`: the revision that makes the guard. Revisions only ever make their own, so that they stay what they were.
    """

    table: str
    once: str = ""
    since: str = "0010"


EVIDENCE: tuple[Evidence, ...] = (
    Evidence("audit_event"),
    Evidence("audit_link"),
    Evidence("audit_anchor"),
    Evidence("balance_snapshot"),
    Evidence("contract_version"),
    Evidence("contact_attempt"),
    Evidence("payment"),
    Evidence("attribution"),
    Evidence("statement", once="OLD.line_count >= 0"),  # its lines are written first
    Evidence("statement_event"),
    Evidence("commission_line"),
    Evidence("letter", once="OLD.letter_no IS NOT NULL"),
    Evidence("letter_event"),
    Evidence("letter_opening"),
    Evidence("pack_download"),
    Evidence("credential", since="0014"),
    Evidence("recall_move", since="0016"),
    Evidence("certificate_duty", since="0017"),
    Evidence("certificate", since="0017"),
    Evidence("mapping_profile_version", since="0013"),
    Evidence("day_credit", since="0023"),
    Evidence("evidence_file", since="0026"),
    Evidence("message_template_version", once="OLD.decided_at IS NOT NULL", since="0029"),
    Evidence("message_event", since="0029"),
    Evidence("rule_pack_version", once="OLD.published_at IS NOT NULL", since="0030"),
    Evidence("rule_pack_withdrawal", since="0030"),
    Evidence("rule_pack_choice", once="OLD.confirmed_at IS NOT NULL", since="0030"),
    Evidence("conduct_finding", since="0030"),
    Evidence("income_statement", since="0031"),
    Evidence("income_proof", since="0031"),
    Evidence("request_message", since="0032"),
    Evidence("complaint_event", since="0033"),
    Evidence("hold_proof", since="0033"),
    Evidence("webhook_event", since="0034"),
    Evidence("contact_wish", since="0036"),
    Evidence("contact_wish_source", since="0036"),
    Evidence("limitation_restart", since="0038"),
    Evidence("statement_number", since="0040"),
    Evidence("decision_round", since="0041"),
    Evidence("ended_credit", since="0041"),
    Evidence("clearing", since="0042"),
    Evidence("clearing_line", since="0042"),
    Evidence("clearing_decision", since="0042"),
    Evidence("payment_rule", since="0043"),
    Evidence("reported_payment", since="0043"),
    Evidence("reported_event", since="0043"),
    Evidence("agency_receipt", since="0043"),
    Evidence("remittance", since="0044"),
    Evidence("remittance_event", since="0044"),
    Evidence("remittance_cover", since="0044"),
    Evidence("tax_rule", since="0046"),
    Evidence("statement_dispute", since="0046"),
    Evidence("statement_dispute_event", since="0046"),
    Evidence("statement_invoice", since="0046"),
    Evidence("statement_invoice_event", since="0046"),
    Evidence("settlement", since="0046"),
    Evidence("statement_paper", since="0046"),
    Evidence("charge", since="0047"),
    Evidence("charge_event", since="0047"),
    Evidence("statement_share", since="0047"),
    Evidence("scoring", once="OLD.decided_at IS NOT NULL", since="0047"),
    Evidence("scoring_row", since="0047"),
    Evidence("letter_release", since="0050"),
    Evidence("letter_dispatch", since="0049"),
    Evidence("letter_result", since="0049"),
    Evidence("letter_result_effect", since="0049"),
    Evidence("matter_step", since="0051"),
    Evidence("hearing_event", since="0051"),
    Evidence("matter_cost", since="0051"),
    Evidence("matter_cost_event", since="0051"),
    Evidence("matter_document", since="0051"),
    Evidence("evidence_bundle", since="0051"),
    Evidence("letter_approval", since="0052"),
    Evidence("matter_step_effect", since="0054"),
    Evidence("matter_document_withdrawal", since="0055"),
)
DEEDS = ("update", "delete")


def evidence_since(revision: str) -> tuple[Evidence, ...]:
    """The tables that a revision makes append-only."""
    return tuple(evidence for evidence in EVIDENCE if evidence.since == revision)


OTHERS = ("placement_no_overlap_insert", "placement_no_overlap_update")  # SQLite; PostgreSQL has a constraint

OF_BOTH = (
    "contact_attempt_count", "contact_attempt_findings", "statement_event_sum", "statement_event_checker",
    "work_item_desk_insert", "work_item_desk_update", "person_key_erase_evidence", "statement_number_gap",
    "charge_event_checker", "letter_event_withdraws",
)  # fmt: skip

EXPECTED_TRIGGERS: dict[str, tuple[str, ...]] = {
    "sqlite": tuple(f"{e.table}_keep_{deed}" for e in EVIDENCE for deed in DEEDS) + OTHERS + OF_BOTH,
    "postgresql": tuple(f"{e.table}_keep_{deed}" for e in EVIDENCE for deed in DEEDS) + OF_BOTH,
}


SQLITE_OVERLAP = """
CREATE TRIGGER placement_no_overlap_{deed} BEFORE {DEED} ON placement
WHEN NEW.kind IN {kinds} AND coalesce(NEW.ended_at, {later}) > NEW.starts_at AND EXISTS (
  SELECT 1 FROM placement p WHERE p.account_id = NEW.account_id AND p.id IS NOT NEW.id AND p.kind IN {kinds}
  AND coalesce(p.ended_at, {later}) > p.starts_at
  AND p.starts_at < coalesce(NEW.ended_at, {later}) AND NEW.starts_at < coalesce(p.ended_at, {later}))
BEGIN SELECT RAISE(ABORT, 'placements of an account that exclude each other overlap'); END
"""


def no_overlap_on_sqlite() -> list[str]:
    """Triggers that stand for PostgreSQL's exclusion constraint; a batch migration of `placement` drops them."""
    kinds, later = "('collection', 'litigation')", "'9999-12-31'"  # an open end, compared as SQLite keeps instants
    return [
        SQLITE_OVERLAP.format(deed=deed, DEED=deed.upper(), kinds=kinds, later=later) for deed in ("insert", "update")
    ]


def keep_on_sqlite(evidence: Evidence) -> list[str]:
    """Statements that make a table append-only on SQLite."""
    when = f" WHEN {evidence.once}" if evidence.once else ""
    return [
        f"CREATE TRIGGER {evidence.table}_keep_{deed} BEFORE {deed.upper()} ON {evidence.table}{when} "
        f"BEGIN SELECT RAISE(ABORT, '{evidence.table} is append-only'); END"
        for deed in DEEDS
    ]


def keep_on_postgresql(evidence: Evidence) -> list[str]:
    """Statements that make a table append-only on PostgreSQL, TRUNCATE included."""
    when = f" WHEN ({evidence.once})" if evidence.once else ""
    rows = [
        f"CREATE TRIGGER {evidence.table}_keep_{deed} BEFORE {deed.upper()} ON {evidence.table} "
        f"FOR EACH ROW{when} EXECUTE FUNCTION portal_keep()"
        for deed in DEEDS
    ]
    return [
        *rows,
        f"CREATE TRIGGER {evidence.table}_keep_truncate BEFORE TRUNCATE ON {evidence.table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION portal_keep()",
    ]


# --- row policies ------------------------------------------------------------------------------------------------------

# Asked in a SELECT of their own, so once a statement and not once a row; and the planner takes one row in two for visible
# where it would else take one in two hundred, and join a million accounts row by row.
BANK = "(SELECT current_setting('portal.scope', true) = 'bank')"
SYSTEM = "(SELECT current_setting('portal.scope', true) = 'system')"
ORGANISATION = "(SELECT current_setting('portal.scope', true) = 'organisation')"
ME = "nullif(current_setting('portal.organisation', true), '')::bigint"


def holds(condition: str) -> str:
    """An accepted, live placement of the organisation that fits the condition."""
    return (
        f"EXISTS (SELECT 1 FROM placement p WHERE {condition} AND p.organisation_id = {ME} "
        "AND p.accepted_at IS NOT NULL AND p.ended_at IS NULL)"
    )


def policy(table: str, kind: str, column: str, system: bool) -> list[str]:
    """Statements that let through what an actor may see; `kind` as in portal.foundation.visibility."""
    mine = {
        "Shared": "true",
        "BankOnly": "false",
        "OwnRows": f"{table}.{column} = {ME}",
        "PlacedRows": holds(f"p.account_id = {table}.{column}"),
        "PlacedPeople": holds(f"p.customer_id = {table}.{column}"),
        "ToldPeople": f"({table}.told_to_id IS NULL OR {table}.told_to_id = {ME}) AND "
        + holds(f"p.customer_id = {table}.{column}"),
    }[kind]
    allowed = f"{BANK} OR ({ORGANISATION} AND {mine})" + (f" OR {SYSTEM}" if system else "")
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY {table}_visible ON {table} USING ({allowed}) WITH CHECK ({allowed})",
    ]
