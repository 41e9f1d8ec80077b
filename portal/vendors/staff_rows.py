"""Rows of a staff file, checked against the register of one organisation.

A row is a person, known by the employee number, or by the sign-in where the entry has no number yet, and what that person
has taken: a training, a test, up to three certificates. An empty cell says nothing: it neither empties a detail nor takes a
record away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import sqlalchemy as sa

from portal.foundation.language import say
from portal.identity.models import User
from portal.portfolio.intake.layout import STAFF_CERTIFICATES
from portal.vendors.models import RecordKind, StaffMember, StaffRecord
from portal.vendors.register import MemberDetails, RecordDetails, member_faults, record_faults

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.errors import DomainError
    from portal.portfolio.intake.draft import Draft

__all__ = ["DETAILS", "StaffCheck", "StaffRow", "details_of"]

DETAILS: Final = ("name", "started_on", "employee_no", "position", "ended_on", "user_id")
RESULTS: Final = {
    "passed": True, "pass": True, "yes": True, "y": True, "合格": True, "通过": True, "及格": True, "已通过": True, "是": True,
    "failed": False, "fail": False, "no": False, "n": False, "不合格": False, "未通过": False, "不通过": False, "不及格": False,
    "否": False,
}  # fmt: skip
# The codes of reference/files.md for what the register refuses; all else is a value that cannot be.
CODES: Final = {
    "register.name": "missing", "register.title": "missing", "register.number": "missing",
    "register.taken_on": "future_date",
}  # fmt: skip
_TEXTS: Final = ("employee_no", "name", "position", "user_name", "training", "test")


class _Columns(NamedTuple):
    """The fields in which a row says what somebody has taken; empty: there is none of it."""

    kind: RecordKind
    title: str
    taken_on: str
    valid_until: str
    number: str = ""
    score: str = ""
    passed: str = ""


RECORDS: Final = (
    _Columns(RecordKind.TRAINING, "training", "trained_on", "training_valid_until"),
    _Columns(RecordKind.TEST, "test", "tested_on", "test_valid_until", "", "test_score", "test_result"),
    *(
        _Columns(
            RecordKind.CERTIFICATE, f"certificate{which}", f"certified_on{which}", f"certificate_valid_until{which}",
            f"certificate_no{which}",
        )
        for which in STAFF_CERTIFICATES
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StaffRow:
    """A good row. `member_id` None: somebody new. `given`: the details that it speaks of; `records`: those not known yet."""

    line: int
    member_id: int | None
    given: Mapping[str, Any]
    records: tuple[RecordDetails, ...] = ()
    warnings: tuple[Any, ...] = ()


def details_of(member: StaffMember, given: Mapping[str, Any]) -> MemberDetails:
    """What an entry says once a row has been written over it."""
    return replace(MemberDetails(**{name: getattr(member, name) for name in DETAILS}), **given)


@dataclass
class _Known:
    """What the register has about a batch of rows."""

    by_number: dict[str, StaffMember] = field(default_factory=dict)
    by_sign_in: dict[int, StaffMember] = field(default_factory=dict)
    sign_ins: dict[str, int] = field(default_factory=dict)
    records: dict[int, list[StaffRecord]] = field(default_factory=dict)
    without_number: set[str] = field(default_factory=set)  # names


class StaffCheck:
    """Turns a draft into a row, or leaves the reasons in it."""

    def __init__(self, session: Session, organisation_id: int, today: date) -> None:
        self._session = session
        self._organisation_id = organisation_id
        self._today = today
        self._known = _Known()
        self._sign_ins_taken: set[int] = set()  # by good rows further up in the file

    def prepare(self, drafts: Sequence[Draft]) -> None:
        """The entries, sign-ins and records that a batch may speak of."""
        numbers = {draft.plain("employee_no") for draft in drafts}
        names = {draft.plain("user_name").lower() for draft in drafts} - {""}
        users = sa.select(User.user_name, User.id).where(
            User.organisation_id == self._organisation_id, User.user_name.in_(names)
        )
        sign_ins = dict(self._session.execute(users).tuples().all())
        wanted = sa.select(StaffMember).where(
            StaffMember.organisation_id == self._organisation_id,
            sa.or_(
                StaffMember.employee_no.in_(numbers),
                StaffMember.user_id.in_(sign_ins.values()),
                sa.func.coalesce(StaffMember.employee_no, "") == "",
            ),
        )
        members = list(self._session.scalars(wanted))
        known = _Known(sign_ins=sign_ins)
        known.by_number = {member.employee_no: member for member in members if member.employee_no}
        known.by_sign_in = {member.user_id: member for member in members if member.user_id is not None}
        known.without_number = {member.name for member in members if not member.employee_no}
        records = sa.select(StaffRecord).where(StaffRecord.member_id.in_([member.id for member in members]))
        for record in self._session.scalars(records):
            known.records.setdefault(record.member_id, []).append(record)
        self._known = known

    def check(self, draft: Draft) -> StaffRow | None:
        """The row; None where the draft has errors."""
        number = draft.reference("employee_no")
        draft.key, draft.key_field, draft.amount = number, "employee_no", 0
        given: dict[str, Any] = {
            "employee_no": number,
            "name": draft.limited("name", 120, required=True),
            "position": draft.limited("position", 120),
            "started_on": draft.day("started_on", required=True),
            "ended_on": draft.day("ended_on"),
            "user_id": self._sign_in(draft),
        }
        given = {name: value for name, value in given.items() if value not in (None, "")}
        member = self._member(draft, number, given)
        records = tuple(self._new_records(draft, member))
        draft.refuse_card_numbers(
            [*_TEXTS, *(each.title for each in RECORDS[2:]), *(each.number for each in RECORDS[2:])]
        )
        if not draft.errors:
            self._fail_all(draft, member_faults(details_of(member, given) if member else MemberDetails(**given)))
        if draft.errors:
            return None
        if "user_id" in given:
            self._sign_ins_taken.add(given["user_id"])
        return StaffRow(draft.line, member.id if member else None, given, records, tuple(draft.warnings))

    def _sign_in(self, draft: Draft) -> int | None:
        name = draft.plain("user_name").lower()
        found = self._known.sign_ins.get(name)
        if name and found is None:
            draft.fail("user_name", "unknown_value", say("Nobody of this organisation signs in by this name."))
        if found in self._sign_ins_taken:
            draft.fail("user_name", "conflict", say("This sign-in belongs to another entry."))
        return found

    def _member(self, draft: Draft, number: str, given: Mapping[str, Any]) -> StaffMember | None:
        """The entry that a row speaks of; None: somebody new."""
        member = self._known.by_number.get(number)
        holder = self._known.by_sign_in.get(given.get("user_id", 0))
        if member is None and holder is not None and not holder.employee_no:
            return holder
        if holder is not None and holder is not member:
            draft.fail("user_name", "conflict", say("This sign-in belongs to another entry."))
        if member is None and holder is None and given.get("name") in self._known.without_number:
            draft.fail(
                "employee_no", "conflict",
                say("The register has somebody of this name without an employee number. Write the number there first."),
            )  # fmt: skip
        return member

    # --- trainings, tests, certificates ---

    def _new_records(self, draft: Draft, member: StaffMember | None) -> Iterator[RecordDetails]:
        """What the row says was taken and the register does not have."""
        seen: list[RecordDetails] = []
        on_file = self._known.records.get(member.id, []) if member else []
        for columns in RECORDS:
            details = self._record(draft, columns)
            if details is None:
                continue
            if any(_same(details, other) for other in seen):
                draft.fail(columns.title, "duplicate", say("The row says this twice."))
            seen.append(details)
            if self._is_new(draft, columns, details, on_file):
                yield details

    def _record(self, draft: Draft, columns: _Columns) -> RecordDetails | None:
        """What stands in a row's columns of one kind; None where nothing does, or nothing that can be."""
        if not any(draft.text(name) for name in columns[1:-1] if name):
            return None
        if draft.text(columns.title) and not any(draft.text(name) for name in columns[2:-1] if name):
            # As where a layout gives one title to all rows.
            draft.warn(columns.taken_on, "missing", say("Without its day this is left out."))
            return None
        before = len(draft.errors)
        taken_on = draft.day(columns.taken_on, required=True)
        title = draft.limited(columns.title, 200, required=True)
        details = RecordDetails(
            columns.kind,
            title,
            taken_on or self._today,
            draft.day(columns.valid_until),
            draft.limited(columns.number, 64, required=True) if columns.number else "",
            self._score(draft, columns.score),
            self._passed(draft, columns.passed),
        )
        if len(draft.errors) == before:
            self._fail_all(draft, record_faults(details, self._today), columns)
        return details if len(draft.errors) == before else None

    @staticmethod
    def _score(draft: Draft, name: str) -> int | None:
        text = draft.plain(name) if name else ""
        if not text:
            return None
        if text.isascii() and text.isdigit() and len(text) <= 3:
            return int(text)
        draft.fail(name, "unreadable", say("Write a whole number."))
        return None

    @staticmethod
    def _passed(draft: Draft, name: str) -> bool:
        """Whether a test was passed: the last one decides who may work, so it has to be said."""
        if not name:
            return True
        written = draft.plain(name).lower()
        if not written:
            draft.missing(name)
        elif written not in RESULTS:
            draft.fail(name, "unknown_value", say("Write passed or failed."))
        return RESULTS.get(written, False)

    def _is_new(self, draft: Draft, columns: _Columns, details: RecordDetails, on_file: Sequence[StaffRecord]) -> bool:
        """Whether the register lacks a record. One that stands is never changed, and one that was withdrawn does not come
        back: a person decides that."""
        same = [record for record in on_file if _same(details, record)]
        standing = next((record for record in same if record.withdrawn_at is None), None)
        if standing is not None:
            for name in ("valid_until", "score", "passed"):
                said = getattr(details, name)
                if said is not None and said != getattr(standing, name):
                    draft.fail(
                        getattr(columns, name), "conflict",
                        say("The register has it with another value. If that one is wrong, withdraw it there first."),
                    )  # fmt: skip
            return False
        if any(
            (r.valid_until, r.score, r.passed) == (details.valid_until, details.score, details.passed) for r in same
        ):
            draft.fail(columns.title, "conflict", say("This was withdrawn from the register; take it out of the file."))
        return True

    @staticmethod
    def _fail_all(draft: Draft, faults: Iterator[DomainError], columns: _Columns | None = None) -> None:
        for fault in faults:
            place = getattr(columns, fault.field or "") if columns else fault.field or ""
            draft.fail(place, CODES.get(fault.code, "unknown_value"), fault.message)


def _same(one: RecordDetails, other: RecordDetails | StaffRecord) -> bool:
    """Whether both speak of one event: the same training or test of a day, the same certificate."""
    return (one.kind, one.title, one.taken_on, one.number) == (other.kind, other.title, other.taken_on, other.number)
