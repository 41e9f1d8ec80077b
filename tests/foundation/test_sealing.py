"""The audit chain: what was sealed cannot be changed, taken out, slipped in or cut off unnoticed."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from portal.foundation.access import system_actor
from portal.foundation.audit import AuditEvent
from portal.foundation.audit_command import audit
from portal.foundation.database import db
from portal.foundation.sealing import ANCHORS, AuditAnchor, AuditLink, seal, sealer_session
from portal.foundation.services import services
from portal.foundation.verifying import VerifyResult, verify
from portal.foundation.work import transaction

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from tests.support.apps import EmptiedPostgreSQL

SOMEBODY = system_actor("tests")


def write(count: int, **details: object) -> None:
    with transaction(SOMEBODY) as work:
        for number in range(count):
            work.audit("test.deed", ("thing", number), before={"名": "陈*"}, after={"n": number}, **details)


def links() -> list[AuditLink]:
    with sealer_session(writes=False) as session:
        return list(session.scalars(sa.select(AuditLink).order_by(AuditLink.sequence)))


@pytest.fixture
def tamper(app: Flask, database_kind: str, request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Changes rows as somebody would who owns the machine: with the guards switched off."""

    def change(statement: str) -> None:
        if database_kind == "postgresql":
            import psycopg

            database: EmptiedPostgreSQL = request.getfixturevalue("postgresql_database")
            with psycopg.connect(database.superuser, autocommit=True) as connection:
                connection.execute("SET session_replication_role = replica")
                connection.execute(statement)
            return
        with db.engine.connect() as connection:
            triggers = connection.execute(
                sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit_%'")
            ).all()
            for name, _ in triggers:
                connection.execute(sa.text(f"DROP TRIGGER {name}"))
            connection.execute(sa.text(statement))
            for _, made in triggers:
                connection.execute(sa.text(made))
            connection.commit()

    return change


def _anchor_files(app: Flask) -> list[Path]:
    folder = Path(services().settings.storage_location) / "named" / ANCHORS
    return sorted(folder.glob("*.json"))


def broken_at(app: Flask) -> tuple[int, str]:
    result = verify(app)
    assert result.broken is not None, "the chain is whole"
    return result.broken.sequence, result.broken.reason.msgid


# --- sealing ----------------------------------------------------------------------------------------------------------


def test_events_are_linked_in_order_and_the_head_is_anchored(app: Flask) -> None:
    write(5)
    assert seal(app) == 5
    assert [(link.sequence, link.event_id) for link in links()] == [
        (n, event) for n, event in enumerate(sorted(link.event_id for link in links()), start=1)
    ]
    assert verify(app) == VerifyResult(links=5, anchors=1, unsealed=0)


def test_sealing_when_there_is_nothing_to_seal_does_nothing(app: Flask) -> None:
    assert seal(app) == 0
    assert verify(app) == VerifyResult(links=0, anchors=0, unsealed=0)
    write(1)
    seal(app)
    assert seal(app) == 0
    assert verify(app) == VerifyResult(links=1, anchors=1, unsealed=0)


def test_events_that_are_not_sealed_yet_are_counted_and_are_no_break(app: Flask) -> None:
    write(2)
    seal(app)
    write(3)
    assert verify(app) == VerifyResult(links=2, anchors=1, unsealed=3)


def test_a_quick_seal_links_what_is_new_and_leaves_the_anchor_to_the_next(app: Flask) -> None:
    write(2)
    assert seal(app, thorough=False, anchor=False) == 2
    assert verify(app) == VerifyResult(links=2, anchors=0, unsealed=0)
    assert seal(app) == 0
    assert verify(app) == VerifyResult(links=2, anchors=1, unsealed=0)


def test_an_event_with_a_lower_number_that_is_committed_late_is_linked_too(
    app: Flask, tamper: Callable[[str], None]
) -> None:
    write(3)
    first = min(e.id for e in _events())
    columns = "at, recorded_at, actor_name, origin, action, subject_type"
    seal(app)
    tamper(
        f"INSERT INTO audit_event (id, {columns}) SELECT {first - 100_000}, {columns} FROM audit_event WHERE id = {first}"
    )
    assert seal(app, thorough=False) == 0
    assert seal(app) == 1
    assert links()[-1].event_id == first - 100_000
    assert verify(app).is_whole


def _events() -> list[AuditEvent]:
    with sealer_session(writes=False) as session:
        return list(session.scalars(sa.select(AuditEvent)))


def test_two_sealers_at_once_link_every_event_once(app: Flask) -> None:
    write(300)
    start, sealed = threading.Barrier(3), []

    def seal_now() -> None:
        start.wait()
        sealed.append(seal(app))

    threads = [threading.Thread(target=seal_now) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(sealed) == 300
    assert verify(app).is_whole and verify(app).links == 300


def test_a_long_trail_is_sealed_in_parts(app: Flask) -> None:
    write(2_500)
    assert seal(app) == 2_500
    assert verify(app) == VerifyResult(links=2_500, anchors=1, unsealed=0)


def test_links_and_anchors_are_append_only(app: Flask) -> None:
    write(1)
    seal(app)
    for statement in (
        sa.update(AuditLink).values(hash="x"),
        sa.delete(AuditLink),
        sa.delete(AuditAnchor),
        sa.delete(AuditEvent),
    ):
        with (
            sealer_session(writes=True) as session,
            pytest.raises((sa.exc.DatabaseError, sa.exc.IntegrityError)),
        ):
            session.execute(statement)


# --- breaks -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def sealed(app: Flask) -> int:
    """Ten events, sealed in two goes; the number of the third."""
    write(6)
    seal(app)
    write(4)
    seal(app)
    return links()[2].event_id


def test_a_changed_event_is_a_break(app: Flask, sealed: int, tamper: Callable[[str], None]) -> None:
    tamper(f"UPDATE audit_event SET actor_name = 'somebody else' WHERE id = {sealed}")
    assert broken_at(app) == (3, "its event %(event)s was changed after it was sealed")


def test_a_changed_instant_is_a_break(app: Flask, sealed: int, tamper: Callable[[str], None]) -> None:
    tamper(f"UPDATE audit_event SET at = '2001-01-01 00:00:00' WHERE id = {sealed}")
    assert broken_at(app)[0] == 3


def test_an_event_that_was_taken_out_is_a_break(app: Flask, sealed: int, tamper: Callable[[str], None]) -> None:
    tamper(f"DELETE FROM audit_event WHERE id = {sealed}")
    assert broken_at(app) == (3, "its event %(event)s is gone")


def test_a_link_that_was_taken_out_is_a_break(app: Flask, sealed: int, tamper: Callable[[str], None]) -> None:
    tamper("DELETE FROM audit_link WHERE sequence = 3")
    assert broken_at(app) == (3, "link %(sequence)s is missing")


def test_an_event_and_its_link_taken_out_and_closed_up_is_a_break(
    app: Flask, sealed: int, tamper: Callable[[str], None]
) -> None:
    tamper(f"DELETE FROM audit_event WHERE id = {sealed}")
    tamper("DELETE FROM audit_link WHERE sequence = 3")
    for sequence in range(4, 11):
        tamper(f"UPDATE audit_link SET sequence = {sequence - 1} WHERE sequence = {sequence}")
    assert broken_at(app) == (3, "it does not follow from the link before it")


def test_a_chain_that_was_computed_anew_does_not_fit_its_anchors(
    app: Flask, sealed: int, tamper: Callable[[str], None]
) -> None:
    """The whole database is in the wrong hands; the anchors are not."""
    tamper(f"UPDATE audit_event SET action = 'test.other' WHERE id = {sealed}")
    tamper("DELETE FROM audit_link")
    tamper("DELETE FROM audit_anchor")
    seal(app)
    assert broken_at(app) == (6, "its anchor in the storage says something else")


def test_a_tail_that_was_cut_off_is_a_break(app: Flask, sealed: int, tamper: Callable[[str], None]) -> None:
    last = links()[7].event_id
    tamper("DELETE FROM audit_anchor WHERE sequence > 6")
    tamper("DELETE FROM audit_link WHERE sequence > 7")
    tamper(f"DELETE FROM audit_event WHERE id >= {last}")
    assert broken_at(app) == (8, "the chain ends at %(tail)s, but there is an anchor for link %(sequence)s")


def test_a_trail_that_was_emptied_is_a_break(app: Flask, sealed: int, tamper: Callable[[str], None]) -> None:
    for table in ("audit_anchor", "audit_link", "audit_event"):
        tamper(f"DELETE FROM {table}")
    assert broken_at(app)[0] == 1


def test_a_missing_anchor_is_a_break(app: Flask, sealed: int) -> None:
    _anchor_files(app)[0].unlink()
    assert broken_at(app) == (6, "its anchor is missing in the storage")


def test_the_last_anchor_missing_is_a_break_too(app: Flask, sealed: int) -> None:
    _anchor_files(app)[-1].unlink()
    assert broken_at(app) == (10, "its anchor is missing in the storage")
    seal(app)
    assert broken_at(app)[0] == 10


def test_an_altered_anchor_is_a_break(app: Flask, sealed: int) -> None:
    anchor = _anchor_files(app)[0]
    anchor.write_bytes(anchor.read_bytes()[:-1] + b"\0")
    assert broken_at(app) == (6, "its anchor in the storage was altered")


def test_a_crash_between_the_links_and_their_anchor_is_no_break(app: Flask) -> None:
    write(2)
    seal(app, anchor=False)
    assert verify(app).is_whole
    write(1)
    seal(app)
    assert verify(app) == VerifyResult(links=3, anchors=1, unsealed=0)


def test_an_anchor_that_was_written_before_a_crash_and_not_noted_is_no_break(
    app: Flask, sealed: int, tamper: Callable[[str], None]
) -> None:
    tamper("DELETE FROM audit_anchor WHERE sequence = 10")
    assert verify(app) == VerifyResult(links=10, anchors=2, unsealed=0)
    seal(app)
    assert verify(app) == VerifyResult(links=10, anchors=2, unsealed=0)


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_says_that_the_chain_is_whole_and_seals_what_is_left(app: Flask, sealed: int) -> None:
    write(2)
    said = CliRunner().invoke(audit, ["verify"], obj=app)
    assert said.exit_code == 0, said.output
    assert "10 links, 2 anchors" in said.output and "not sealed yet: 2" in said.output
    assert verify(app).unsealed == 0


def test_the_command_ends_with_1_and_names_the_first_break(
    app: Flask, sealed: int, tamper: Callable[[str], None]
) -> None:
    tamper(f"UPDATE audit_event SET origin = 'elsewhere' WHERE id = {sealed}")
    _anchor_files(app)[0].unlink()
    said = CliRunner().invoke(audit, ["verify"], obj=app)
    assert said.exit_code == 1
    assert "breaks at link 3" in said.output and str(sealed) in said.output
