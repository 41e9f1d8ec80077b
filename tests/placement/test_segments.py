"""What chooses accounts, in SQL; segments that are kept, changed and archived; and the scrub that says why not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from portal.foundation.access import Role
from portal.foundation.audit import AuditEvent
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.work import reading
from portal.placement.conditions import Conditions
from portal.placement.criteria import PLACEABLE_BUCKETS, Criteria, UnknownLimitation
from portal.placement.eligibility import segment as conditions_of
from portal.placement.models import Placement
from portal.placement.operations import make_run
from portal.placement.recall_models import Recall
from portal.placement.segment_queries import conditions_of_segment, count_of, scrub
from portal.placement.segments import archive_segment, change_segment, save_segment, seed_segments
from portal.portfolio.models import Account, HoldFlag
from portal.vendors.models import PlacementKind
from tests.identity.factories import actor_of, make_agency, make_user, observer
from tests.placement.factories import batches, criteria, even_shares, make_desk, on, placed, recalled, sent_run
from tests.portfolio.factories import make_accounts, make_hold
from tests.vendors.factories import make_contract

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

    from portal.identity.models import Organisation

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))
TODAY = date(2005, 7, 1)


def agency(code: str) -> Organisation:
    organisation = make_agency(code)
    make_contract(organisation)
    return organisation


def one(**fields: Any) -> int:
    return make_accounts(1, **({"days": 45} | fields))[0].id


def found(**conditions: Any) -> set[int]:
    asked = criteria(conditions=Conditions(**conditions).check())
    with reading(observer()) as session:
        return set(session.scalars(sa.select(Account.id).where(*conditions_of(asked))))


# --- conditions in SQL --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("app")
def test_limits_of_days_and_dates_hold_at_both_ends_and_leave_out_who_has_no_date() -> None:
    before, first, last, after = (one(days=n, due_date=date(2005, 5, n - 40)) for n in (44, 45, 47, 48))
    none = one(days=46)

    assert found(days_from=45, days_to=47) == {first, last, none}
    assert found(due_from=date(2005, 5, 5), due_to=date(2005, 5, 7)) == {first, last}
    assert found(due_to=date(2005, 5, 4)) == {before}
    assert found(days_from=48) == {after}


@pytest.mark.usefixtures("app")
def test_opened_and_charged_off_choose() -> None:
    old = one(opened_on=date(1999, 1, 1))
    new = one(opened_on=date(2004, 1, 1), charged_off_on=date(2005, 6, 1))

    assert found(opened_from=date(2004, 1, 1)) == {new}
    assert found(opened_to=date(1999, 1, 1)) == {old}
    assert found(charged_off=True) == {new}
    assert found(charged_off=False) == {old}


@pytest.mark.usefixtures("app")
def test_the_last_payment_may_be_within_limits_or_never_or_either() -> None:
    early, late, never = one(last_paid_on=date(2005, 1, 1)), one(last_paid_on=date(2005, 6, 1)), one()

    assert found(paid_to=date(2005, 1, 1)) == {early}
    assert found(paid_from=date(2005, 2, 1)) == {late}
    assert found(never_paid=True) == {never}
    assert found(paid_to=date(2005, 5, 31), never_paid=True) == {early, never}


@pytest.mark.usefixtures("app")
def test_a_country_takes_its_regions_and_nothing_that_only_looks_like_it() -> None:
    guangdong, shanghai, other = one(region="CN-GD"), one(region="CN-SH"), one(region="CNX")
    lower, odd = one(region="cn-gd"), one(region="C%")

    assert found(regions=("CN",)) == {guangdong, shanghai}
    assert found(regions=("CN-GD", "CNX")) == {guangdong, other}
    assert found(regions=("C%",)) == {odd}
    assert found(regions=("cn-gd",)) == {lower}


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("hostile", ["' OR 1=1 --", "%", "_", "\\", '"; DROP TABLE account', "金卡’"])
def test_hostile_words_choose_only_what_is_called_so(hostile: str) -> None:
    plain, odd = one(product="gold"), one(product=hostile, region=hostile[:2])

    assert found(products=(hostile,)) == {odd}
    assert found(products=("gold", hostile)) == {plain, odd}
    assert plain not in found(regions=(hostile,))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"days_from": -1}, "days_from"),
        ({"days_to": 10**10}, "days_to"),
        ({"rounds_from": 3, "rounds_to": 2}, "rounds_from"),
        ({"paid_from": date(2005, 2, 2), "paid_to": date(2005, 2, 1)}, "paid_from"),
        ({"regions": ("a\0b",)}, "regions"),
        ({"regions": ("",)}, "regions"),
        ({"products": ("x" * 65,)}, "products"),
        ({"products": tuple(str(n) for n in range(41))}, "products"),
        ({"former_holders": (0,)}, "former_holders"),
        ({"former_holders": (2**63,)}, "former_holders"),
        ({"returned_by": -5}, "returned_by"),
    ],
)
def test_what_cannot_be_meant_names_its_field(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(DomainError) as refused:
        Conditions(**wrong).check()
    assert refused.value.field == field


def test_conditions_come_back_from_json_as_they_went_in() -> None:
    whole = Conditions(
        days_from=1, days_to=9, regions=("CN", "TW"), products=("gold",), charged_off=False,
        paid_from=date(2005, 1, 1), paid_to=date(2005, 2, 1), never_paid=True, opened_from=date(2000, 1, 1),
        opened_to=date(2001, 1, 1), due_from=date(2005, 1, 2), due_to=date(2005, 1, 3), rounds_from=0, rounds_to=0,
        former_holders=(4, 5), returned_by=7,
    )  # fmt: skip

    assert Conditions.from_data(whole.as_data()) == whole
    assert Conditions().as_data() == {}
    assert Conditions.from_data({}) == Conditions()


def test_a_run_of_before_there_were_conditions_still_reads() -> None:
    old = {"buckets": ["M1"], "from_minor": None, "to_minor": None, "most": None, "order": "largest", "rule": "x"}

    read = Criteria.from_data(PlacementKind.COLLECTION, "CNY", 1, old)

    assert read.conditions == Conditions()
    assert read.unknown_limitation is UnknownLimitation.PLACE


def test_rounds_former_holders_and_the_recall_that_brought_back_choose(app: Flask, db_session: Session) -> None:
    desk, first, second = make_desk(), agency("HT"), agency("ZX")
    never = one(days=10)
    once, twice = one(days=40), one(days=70)
    batch = placed(desk, first, criteria(buckets=("M2", "M3")))
    recall_id = recalled(desk, batch)
    on(app, date(2005, 8, 1))
    placed(desk, second, criteria(buckets=("M3",)))

    assert found(rounds_to=0) == {never}
    assert found(rounds_from=1) == {once, twice}
    assert found(rounds_from=2) == {twice}
    assert found(rounds_from=1, rounds_to=1) == {once}
    assert found(rounds_to=1) == {never, once}
    assert found(former_holders=(second.id,)) == {twice}
    assert found(former_holders=(first.id, second.id)) == {once, twice}
    assert found(returned_by=recall_id) == {once, twice}
    assert found(returned_by=recall_id, former_holders=(second.id,), days_from=70) == {twice}
    assert found(returned_by=recall_id + 1) == set()
    assert db_session.scalar(sa.select(sa.func.count()).select_from(Recall)) == 1


def test_a_batch_that_was_refused_or_not_answered_is_no_round(app: Flask) -> None:
    desk, receiver = make_desk(), agency("HT")
    account = one()
    placed(desk, receiver, accepted=False)

    assert found(rounds_to=0) == {account}
    assert found(former_holders=(receiver.id,)) == set()


# --- the scrub ----------------------------------------------------------------------------------------------------------


def test_every_account_of_a_segment_is_eligible_or_says_why_not(app: Flask) -> None:
    desk, receiver = make_desk(), agency("HT")
    held = one(days=20)
    placed(desk, receiver, criteria(buckets=("M1",)))
    free, soon, expired, foreign = (
        one(due_date=date(2005, 5, 1)),
        one(due_date=date(2002, 8, 1)),
        one(due_date=date(2002, 6, 30)),
        one(region="TW"),
    )
    disputed = make_accounts(1, days=45)[0]
    make_hold(disputed, HoldFlag.DISPUTE)

    with reading(observer()) as session:
        seen = scrub(session, criteria(), TODAY)
        strict = scrub(session, criteria(unknown_limitation=UnknownLimitation.LEAVE_OUT), TODAY)
        whole = count_of(session, criteria())

    assert len({held, free, soon, expired, foreign, disputed.id}) == 6
    assert {t.reason: t.accounts for t in seen.left_out} == {"placed": 1, "limitation": 1, "hold:dispute": 1}
    assert (seen.eligible.accounts, seen.soon.accounts, seen.unknown.accounts) == (3, 1, 1)
    assert (seen.accounts, seen.total_minor) == (whole.accounts, whole.total_minor) == (6, whole.total_minor)
    assert seen.eligible.accounts + sum(t.accounts for t in seen.left_out) == seen.accounts
    assert {t.reason: t.accounts for t in seen.by_bucket} == {"M1": 1, "M2": 5}
    assert {t.reason: t.accounts for t in strict.left_out}["limitation_unknown"] == 1
    assert strict.eligible.accounts == 2


def test_what_expires_between_the_making_and_the_sending_is_left_out_with_its_reason(
    app: Flask, db_session: Session
) -> None:
    desk, receiver = make_desk(), agency("HT")
    good, expiring = one(), one(due_date=date(2002, 7, 1))
    from portal.placement.operations import approve_run, submit_run
    from portal.placement.sending import send_run

    run_id = make_run(desk.maker, criteria(), even_shares(receiver))
    submit_run(desk.maker, run_id)
    approve_run(desk.checker, run_id)
    on(app, date(2005, 7, 2))
    done = send_run(desk.checker, run_id)

    assert (done["placed"], done["left_out"]) == (1, 1)
    assert set(db_session.scalars(sa.select(Placement.account_id))) == {good}
    assert expiring != good


def test_a_run_keeps_its_copy_of_a_segment_that_changes(app: Flask) -> None:
    desk, receiver = make_desk(), agency("HT")
    gold, plain = one(product="gold"), one(product="plain")
    segment_id = save_segment(desk.maker, "gold", criteria(conditions=Conditions(products=("gold",))))
    with reading(desk.maker) as session:
        asked = conditions_of_segment(session, desk.maker, segment_id)
    run_id = sent_run(desk, even_shares(receiver), replace(asked, seed=9))
    change_segment(desk.maker, segment_id, 1, "gold", criteria())

    (batch,) = batches(run_id)
    assert batch.account_count == 1
    with reading(desk.maker) as session:
        assert set(session.scalars(sa.select(Placement.account_id))) == {gold}
        assert count_of(session, conditions_of_segment(session, desk.maker, segment_id)).accounts == 2
    assert plain != gold


# --- keeping segments ---------------------------------------------------------------------------------------------------


def events(session: Session) -> list[AuditEvent]:
    wanted = sa.select(AuditEvent).where(AuditEvent.action.startswith("placement.segment"))
    return list(session.scalars(wanted.order_by(AuditEvent.id)))


def test_each_change_is_audited_with_before_and_after(app: Flask, db_session: Session) -> None:
    maker = make_desk().maker
    segment_id = save_segment(maker, " early ", criteria(buckets=("M1",)), "for the first call")
    change_segment(maker, segment_id, 1, "early", criteria(buckets=("M1", "M2")), "for the first call")
    change_segment(maker, segment_id, 2, "early", criteria(buckets=("M1", "M2")), "for the first call")  # nothing new
    archive_segment(maker, segment_id)
    archive_segment(maker, segment_id)

    made, changed, archived = events(db_session)
    assert made.after and made.after["name"] == "early"
    assert changed.before and changed.after
    assert (changed.before["data"]["buckets"], changed.after["data"]["buckets"]) == (["M1"], ["M1", "M2"])
    assert (changed.before["version"], changed.after["version"]) == (1, 2)
    assert archived.action == "placement.segment_archived"


def test_who_changes_what_somebody_else_has_changed_meanwhile_is_told(app: Flask) -> None:
    desk = make_desk()
    segment_id = save_segment(desk.maker, "early", criteria())
    change_segment(desk.checker, segment_id, 1, "early", criteria(buckets=("M1",)))

    with pytest.raises(Refused):
        change_segment(desk.maker, segment_id, 1, "early", criteria(buckets=("M2",)))
    archive_segment(desk.checker, segment_id)
    with pytest.raises(Refused):
        change_segment(desk.maker, segment_id, 2, "early", criteria(buckets=("M2",)))


def test_two_segments_have_not_the_same_name_until_one_is_archived(app: Flask) -> None:
    maker = make_desk().maker
    first = save_segment(maker, "early", criteria())
    second = save_segment(maker, "late", criteria())

    for attempt in (
        lambda: save_segment(maker, "early", criteria()),
        lambda: change_segment(maker, second, 1, "early", criteria()),
    ):
        with pytest.raises(DomainError) as refused:
            attempt()
        assert (refused.value.code, refused.value.field) == ("segment.name_taken", "name")
    archive_segment(maker, first)
    assert save_segment(maker, "early", criteria()) != first


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\nb"])
def test_a_segment_needs_a_name_that_can_be_read(app: Flask, name: str) -> None:
    with pytest.raises(DomainError) as refused:
        save_segment(make_desk().maker, name, criteria())
    assert refused.value.field == "name"


def test_only_the_vendor_manager_keeps_segments(app: Flask) -> None:
    desk = make_desk()
    segment_id = save_segment(desk.maker, "early", criteria())
    for role in (Role.FINANCE, Role.COMPLIANCE):
        with pytest.raises(DomainError):
            save_segment(actor_of(make_user(role)), "mine", criteria())
    outside = actor_of(make_user(Role.AGENCY_LEADER, make_agency("HT")))
    with reading(outside) as session, pytest.raises(NotFound):
        conditions_of_segment(session, outside, segment_id)


def test_the_segments_that_a_bank_begins_with_are_made_once(app: Flask) -> None:
    maker = make_desk().maker
    made = seed_segments(maker, "TWD", 500_000_00)

    assert len(made) == 5
    assert seed_segments(maker, "TWD", 500_000_00) == []
    with reading(maker) as session:
        asked = [conditions_of_segment(session, maker, number) for number in made]
    assert asked[1].conditions == Conditions(rounds_to=0)
    assert asked[3].buckets == PLACEABLE_BUCKETS
