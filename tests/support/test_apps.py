"""The fixtures that everybody's tests stand on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.foundation.access import Role
from portal.foundation.database import db
from portal.identity.models import Organisation, User
from tests.identity.factories import actor_of, make_agency, make_bank, make_law_firm, make_user
from tests.support.pages import parse

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_begins_with_an_empty_database(app: Flask, db_session: Session, turn: int) -> None:
    assert db_session.scalars(sa.select(Organisation)).all() == []
    make_bank()
    make_agency("AG-A")
    make_law_firm("LF-A")
    assert len(db_session.scalars(sa.select(Organisation)).all()) == 3


def test_people_are_made_with_their_organisation(app: Flask, db_session: Session) -> None:
    leader = make_user(Role.AGENCY_LEADER)
    manager = make_user()

    assert actor_of(leader).organisation_name == leader.organisation.name
    assert actor_of(manager).is_bank
    assert make_user(Role.FINANCE).organisation_id == manager.organisation_id
    assert len(db_session.scalars(sa.select(User)).all()) == 3


def test_the_database_is_the_one_that_was_asked_for(app: Flask, database_kind: str) -> None:
    assert db.engine.dialect.name == database_kind


def test_a_page_that_is_no_valid_html_fails() -> None:
    with pytest.raises(AssertionError, match="no valid HTML"):
        parse("<!doctype html><html><head><title>x</title></head><body><p><div></p></body></html>", "/x")
