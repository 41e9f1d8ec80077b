"""The audit trail: in the transaction of the deed, with who, what, which row, and from where."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.foundation.audit import AuditEvent
from portal.foundation.work import reading, transaction
from portal.portfolio.models import HoldFlag
from portal.portfolio.operations import raise_hold
from tests.identity.factories import actor_of, make_agency, make_user, observer
from tests.portfolio.factories import make_accounts

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

pytestmark = [pytest.mark.settings(today=date(2005, 7, 1)), pytest.mark.usefixtures("app")]


def events(session: Session) -> list[AuditEvent]:
    return list(session.scalars(sa.select(AuditEvent).where(AuditEvent.action.like("hold.%")).order_by(AuditEvent.id)))


def test_an_event_says_who_did_what_to_which_row_and_from_where(db_session: Session) -> None:
    (account,) = make_accounts(1)
    actor = actor_of(make_user(), origin="10.1.2.3")

    hold = raise_hold(actor, account.id, HoldFlag.DISPUTE, "letter of 3 May")

    (event,) = events(db_session)
    assert (event.action, event.subject_type, event.subject_id) == ("hold.raised", "hold", hold.id)
    assert (event.actor_user_id, event.actor_name, event.origin) == (actor.user_id, actor.user_name, "10.1.2.3")
    assert event.organisation_id == actor.organisation_id
    assert event.after == {"flag": "dispute", "account": account.id, "customer": account.customer_id}
    assert event.at.astimezone(UTC).date() in (date(2005, 6, 30), date(2005, 7, 1))
    assert datetime.now(UTC) - event.recorded_at < timedelta(minutes=1)


def test_an_event_stands_and_falls_with_its_deed(db_session: Session) -> None:
    def fails() -> None:
        with transaction(observer()) as work:
            work.audit("hold.test", ("hold", 1))
            raise RuntimeError("after all")

    with pytest.raises(RuntimeError):
        fails()

    assert events(db_session) == []


def test_a_new_row_has_its_number_in_the_event_and_a_pair_or_a_name_will_do(db_session: Session) -> None:
    with transaction(observer()) as work:
        work.audit("hold.pair", ("hold", 7), reason="x")
        work.audit("hold.name", "hold")

    assert [(e.subject_type, e.subject_id, e.details) for e in events(db_session)] == [
        ("hold", 7, {"reason": "x"}), ("hold", None, None)
    ]  # fmt: skip


def test_an_organisation_reads_its_own_trail_only(db_session: Session) -> None:
    mine, other = (actor_of(make_user(organisation=make_agency())) for _ in range(2))
    for actor in (mine, other):
        with transaction(actor) as work:
            work.audit("hold.test", ("hold", actor.user_id))

    assert len(events(db_session)) == 2
    with reading(mine) as session:
        assert [event.actor_user_id for event in events(session)] == [mine.user_id]


def test_a_flush_without_a_commit_is_not_seen_by_others(db_session: Session) -> None:
    with transaction(observer()) as work:
        work.audit("hold.test", ("hold", 1))
        work.session.flush()
        assert events(db_session) == []
    assert len(events(db_session)) == 1
