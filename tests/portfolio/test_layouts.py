"""Layouts of the bank's own: kept version by version, found by name, never changed, and no borrowed names."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from portal.cli import main
from portal.foundation.access import Role
from portal.foundation.audit import AuditEvent
from portal.foundation.errors import DomainError, Refused
from portal.foundation.work import reading
from portal.portfolio.importing import Options
from portal.portfolio.intake import MappingProfile, load_profile
from portal.portfolio.models import Account, ImportKind, StoredMapping, StoredMappingVersion
from portal.portfolio.operations import import_accounts, receive_accounts
from portal.portfolio.profiles import archive_profile, find, latest_versions, restore_profile, save_profile
from tests.identity.factories import make_user
from tests.portfolio.bringing import bring_accounts, last_run, sender
from tests.portfolio.intake.files import TODAY

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

pytestmark = [pytest.mark.settings(today=TODAY), pytest.mark.usefixtures("app")]
ACCOUNTS = ImportKind.ACCOUNTS
COLUMNS = {"account_ref": "nr", "customer_ref": "nr", "name": "who", "phone_1": "tel", "principal": "owed",
           "days_past_due": "days", "card_last4": {"value": "0000"}}  # fmt: skip
BOOK = "nr,who,tel,owed,days,seen\nB-1,王小明,13800138000,12.30,9,03/04/2026\n".encode()


def keep(name: str = "branch", **parts: Any) -> MappingProfile:
    return save_profile(sender(), ACCOUNTS, name, {"columns": COLUMNS} | parts)


def known(mapping: str | None, kind: ImportKind = ACCOUNTS, *, files: bool = False) -> MappingProfile:
    actor = sender()
    with reading(actor) as session:
        return find(session, actor, mapping, kind, files=files)


def test_a_layout_is_kept_and_its_change_is_the_next_version(db_session: Session) -> None:
    first = keep()
    same = keep()
    second = keep(scope=["not_overdue"])

    assert [profile.label for profile in (first, same, second)] == ["branch@1", "branch@1", "branch@2"]
    assert (known("branch").scope, known("branch@1").scope) == (("not_overdue",), ())
    kept = db_session.scalars(sa.select(StoredMappingVersion).order_by(StoredMappingVersion.version)).all()
    assert [(row.version, row.content_sha256 == known(f"branch@{row.version}").digest) for row in kept] == [
        (1, True), (2, True),
    ]  # fmt: skip
    saved = sa.select(AuditEvent).where(AuditEvent.action == "mapping.saved").order_by(AuditEvent.id)
    assert [event.after["mapping"] for event in db_session.scalars(saved) if event.after] == ["branch@1", "branch@2"]


def test_a_run_remembers_the_version_it_was_made_under_and_reads_with_it_again(db_session: Session) -> None:
    keep(formats={"date": "DD/MM/YYYY"}, columns=COLUMNS | {"due_date": "seen"})
    actor = sender()
    run = receive_accounts(actor, io.BytesIO(BOOK), "a.csv", Options(mapping="branch"), as_job=False)
    keep(formats={"date": "MM/DD/YYYY"}, columns=COLUMNS | {"due_date": "seen"})  # before it was applied

    import_accounts(actor, run.id)

    assert last_run().mapping == "branch@1"
    assert db_session.scalars(sa.select(Account.due_date)).one() == date(2026, 4, 3)
    assert bring_accounts(BOOK, mapping="branch@1")["status"] == "already_imported"
    assert bring_accounts(BOOK, mapping="branch")["status"] == "applied"


@pytest.mark.parametrize("name", ["standard", "uci-default", "once-more", "Branch!", "", "a@1", "x" * 49])
def test_names_of_the_portals_own_and_names_that_are_none_are_refused(name: str, db_session: Session) -> None:
    with pytest.raises(DomainError) as caught:
        keep(name)

    assert caught.value.field == "profile_name"
    assert not db_session.scalar(sa.select(sa.func.count()).select_from(StoredMapping))


def test_a_wrong_layout_leaves_nothing(db_session: Session) -> None:
    with pytest.raises(DomainError):
        keep(formats={"date": "soon"})

    assert not db_session.scalar(sa.select(sa.func.count()).select_from(StoredMapping))


def test_a_name_belongs_to_one_kind_of_file() -> None:
    keep()
    clerk = sender(Role.ADMINISTRATOR)

    with pytest.raises(DomainError) as caught:
        save_profile(clerk, ImportKind.PAYMENTS, "branch", {"columns": {}})
    assert caught.value.code == "mapping.kind"
    with pytest.raises(DomainError) as caught:
        known("branch", ImportKind.PAYMENTS)
    assert caught.value.code == "mapping.unknown"


def test_an_archived_layout_is_offered_to_nobody_and_its_versions_can_be_named(db_session: Session) -> None:
    keep()
    actor = sender()
    key = db_session.scalars(sa.select(StoredMapping.id)).one()
    archive_profile(actor, ACCOUNTS, key)

    with pytest.raises(DomainError) as caught:
        known("branch")
    assert caught.value.code == "mapping.archived"
    assert known("branch@1").label == "branch@1"
    with reading(actor) as session:
        assert latest_versions(session, actor, ACCOUNTS) == []
    with pytest.raises(DomainError):
        keep(scope=["no_balance"])

    restore_profile(actor, ACCOUNTS, key)
    assert known("branch").label == "branch@1"


@pytest.mark.parametrize(
    ("mapping", "code"),
    [("branch@7", "mapping.unknown"), ("uci-default@2", "mapping.unknown"), ("standard@9", "mapping.unknown"),
     ("../../etc/passwd", "mapping.unknown"), ("branch@x", "mapping.unknown"), ("nobody's", "mapping.unknown")],
)  # fmt: skip
def test_what_nothing_is_called_is_told(mapping: str, code: str) -> None:
    keep()
    with pytest.raises(DomainError) as caught:
        known(mapping)
    assert caught.value.code == code
    if mapping == "nobody's":
        assert "branch" in str(caught.value.message)


def test_shipped_layouts_are_found_with_their_version_too() -> None:
    assert known("uci-default@1") == known("uci-default") == load_profile("uci-default", "accounts")
    assert known(None).label == known("standard@1").label == "standard@1"


def test_a_file_may_not_say_something_else_under_anothers_name(tmp_path: Path) -> None:
    keep()
    borrowed = tmp_path / "borrowed.yaml"
    for name in ("branch", "uci-default"):
        borrowed.write_text(f"{{name: {name}, version: 1, kind: accounts, columns: {{name: x}}}}")
        with pytest.raises(DomainError) as caught:
            known(str(borrowed), files=True)
        assert caught.value.code == "mapping.wrong"
        assert f"{name}@1" in str(caught.value.message)
    with pytest.raises(DomainError) as caught:
        known(str(borrowed))  # a page's user may name no file of the machine
    assert caught.value.code == "mapping.unknown"


def test_a_kept_layouts_file_goes_on_reading_by_its_name_however_it_is_written(app: Flask, tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("{version: 1, kind: accounts, name: own, columns: {name: 户名}, formats: {date: [DD/MM/YYYY]}}")
    make_user(Role.ADMINISTRATOR)
    assert command(app, "import", str(own))[0] == 0

    assert known(str(own), files=True).label == "own@1"


def test_only_who_imports_such_files_keeps_their_layouts() -> None:
    with pytest.raises(Refused):
        save_profile(sender(Role.FINANCE), ACCOUNTS, "branch", {"columns": COLUMNS})
    with pytest.raises(Refused):
        save_profile(sender(Role.VENDOR_MANAGER), ImportKind.PAYMENTS, "branch", {"columns": {}})


# --- the command -------------------------------------------------------------------------------------------------------


def command(app: Flask, *words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["mapping", *words], obj=app)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_layouts_are_listed_written_to_files_and_taken_from_them(app: Flask, tmp_path: Path) -> None:
    make_user(Role.ADMINISTRATOR)
    keep(title="Branch of the north")
    file = tmp_path / "branch.yaml"

    assert command(app, "export", "branch", "--out", str(file)) == (0, "", "")
    code, said, _ = command(app, "import", str(file), "--name", "south", "--note", "copied")
    assert (code, said) == (0, "south@1\n")
    code, said, _ = command(app, "list")
    assert (code, said.splitlines()[:2]) == (
        0, ["branch@1\taccounts\tBranch of the north", "south@1\taccounts\tBranch of the north"],
    )  # fmt: skip
    assert "uci-default@1" in said
    assert known("south").columns == known("branch").columns
    code, said, _ = command(app, "export", "uci-default@1")
    assert code == 0 and "UCI-{ID}" in said


def test_a_command_that_cannot_is_told_why(app: Flask, tmp_path: Path) -> None:
    make_user(Role.ADMINISTRATOR)
    file = tmp_path / "x.yaml"
    file.write_text("name: standard\nversion: 1\nkind: accounts\ncolumns: {}\n")

    code, _, said = command(app, "import", str(file))
    assert code == 3 and "standard" in said
    code, _, said = command(app, "export", "nobody")
    assert code == 3 and "nobody" in said
