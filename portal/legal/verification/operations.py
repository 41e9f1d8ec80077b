"""What the public page answers about a code, and that somebody asked.

It acts as one named system actor, which sees what may be confirmed of a letter and the names and telephones of organisations,
and nobody's letter, account or name. A code that nobody has issued, one that is no code at all and one of a letter that is not
ready take the same way to the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.foundation.access import OrganisationKind, system_actor
from portal.foundation.visibility import visible
from portal.foundation.work import reading, transaction
from portal.identity.models import Organisation
from portal.legal.verification.bulk import add_one
from portal.legal.verification.codes import read_code, read_number
from portal.legal.verification.models import Answer, IssuedLetter

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

__all__ = ["Contact", "Verified", "the_bank", "verify"]

VERIFIER = system_actor("verification", "verification")


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call: the name, in English too where there is one, and the telephone; empty where none is on file."""

    name: str
    name_en: str
    phone: str


@dataclass(frozen=True, slots=True)
class Verified:
    """The answer. Firm and day of an issued letter, its number where it is not the question whether that is right."""

    answer: Answer
    bank: Contact
    firm: Contact | None = None
    letter_no: str = ""
    issued_on: date | None = None


def verify(code: str, number: str = "") -> Verified:
    """What may be said of the letter with this code (and number, where one was typed), as people type them. Counted."""
    with transaction(VERIFIER) as work:
        wanted = visible(IssuedLetter, VERIFIER).where(IssuedLetter.verify_code == read_code(code))
        letter = work.session.scalar(wanted)
        answer = _answer(letter, number)
        add_one(work, answer, letter)
        bank = _bank(work.session)
        if letter is None:
            return Verified(answer, bank)
        firm = _contact(work.session, Organisation.id == letter.organisation_id)
        if answer is Answer.MISMATCH:  # what the number should have been is the genuine letter's secret
            return Verified(answer, bank, firm)
        return Verified(answer, bank, firm, letter.letter_no, letter.issued_on)


def the_bank() -> Contact:
    """Whom to call where nothing was asked yet."""
    with reading(VERIFIER) as session:
        return _bank(session)


def _answer(letter: IssuedLetter | None, number: str) -> Answer:
    if letter is None:
        return Answer.UNKNOWN
    if number.strip() and read_number(number) != read_number(letter.letter_no):
        return Answer.MISMATCH
    return Answer.GENUINE if letter.withdrawn_at is None else Answer.WITHDRAWN


def _bank(session: Session) -> Contact:
    return _contact(session, Organisation.kind == OrganisationKind.BANK)


def _contact(session: Session, which: sa.ColumnElement[bool]) -> Contact:
    columns = (Organisation.name, Organisation.name_en, Organisation.phone)
    wanted = visible(Organisation, VERIFIER).where(which).with_only_columns(*columns)
    return Contact(*session.execute(wanted).one())
