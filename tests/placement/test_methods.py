"""Runs that decide by more than fixed shares: on the database, on both of them, and on the page."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from portal.foundation.access import Role
from portal.foundation.errors import DomainError
from portal.placement.allocation import By, Candidate, Overflow, Receiver, Strategy, allocate
from portal.placement.codes import RecallReason
from portal.placement.conditions import Conditions
from portal.placement.evidence import Evidence
from portal.placement.labels import stratum_words
from portal.placement.method import Method, MethodKind
from portal.placement.models import AllocationLine, AllocationRun
from portal.placement.operations import make_run, method_of
from portal.placement.recalls import Wish, ask_batch_recall, carry_out
from portal.placement.segments import save_segment
from portal.placement.trace import Trace, read_trace
from portal.placement.why import why_here
from portal.portfolio.models import Account
from portal.vendors import master
from tests.identity.factories import actor_of, make_agency, make_bank, make_user
from tests.placement.factories import Desk, criteria, make_desk, placed
from tests.portfolio.factories import make_accounts
from tests.vendors.factories import make_contract

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from sqlalchemy.orm import Session

    from portal.identity.models import Organisation, User
    from tests.support.pages import PageClient

    Client = Callable[[User], PageClient]

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))
HALF = Decimal("0.5")


def agency(code: str, capacity: int | None = None) -> Organisation:
    organisation = make_agency(code, name_en=f"Agency {code}")
    make_contract(organisation, capacity=capacity)
    return organisation


def lines(session: Session, run_id: int) -> list[AllocationLine]:
    return list(
        session.scalars(
            sa.select(AllocationLine).where(AllocationLine.run_id == run_id).order_by(AllocationLine.account_id)
        )
    )


def given(session: Session, run_id: int) -> Counter[int | None]:
    return Counter(line.organisation_id for line in lines(session, run_id))


def run_of(session: Session, run_id: int) -> AllocationRun:
    return session.scalars(sa.select(AllocationRun).where(AllocationRun.id == run_id)).one()


def evidence_of(session: Session, run_id: int) -> Evidence:
    outcome: Any = run_of(session, run_id).outcome
    return Evidence.from_data(outcome["evidence"])


def taken_back(desk: Desk, organisation: Organisation) -> int:
    """Everything eligible was with the organisation and has come back; the recall's number in the table."""
    batch_id = placed(desk, organisation)
    recall = ask_batch_recall(desk.maker, batch_id, Wish(RecallReason.ROTATION))
    carry_out(desk.checker, recall)
    return recall


def test_a_share_of_the_amount_is_met_within_one_account(app: Flask, db_session: Session) -> None:
    accounts = make_accounts(40)
    one, two = agency("HT"), agency("ZX")

    method = Method(values={one.id: Decimal("0.3"), two.id: Decimal("0.7")}, by=By.AMOUNT)
    run_id = make_run(make_desk().maker, criteria(), method)

    amounts: Counter[int | None] = Counter()
    for line in lines(db_session, run_id):
        amounts[line.organisation_id] += line.total_minor
    whole, largest = sum(amounts.values()), max(a.total_minor for a in accounts)
    assert abs(amounts[one.id] - whole * 3 // 10) <= largest


def test_equal_parts_go_on_to_the_others_where_somebody_has_no_room(app: Flask, db_session: Session) -> None:
    make_accounts(30)
    one, two, three = agency("HT", capacity=4), agency("ZX"), agency("AH")
    everybody = dict.fromkeys((one.id, two.id, three.id), Decimal(1))

    to_others = Method(MethodKind.EQUAL, everybody, overflow=Overflow.OTHERS)
    run_id = make_run(make_desk().maker, criteria(), to_others)

    assert given(db_session, run_id) == {one.id: 4, two.id: 13, three.id: 13}


def test_scores_weigh_the_shares_between_a_smallest_and_a_largest(app: Flask, db_session: Session) -> None:
    make_accounts(100)
    one, two, three = agency("HT"), agency("ZX"), agency("AH")
    scores = {one.id: Decimal(90), two.id: Decimal(9), three.id: Decimal(1)}

    method = Method(MethodKind.PERFORMANCE, scores, floor=Decimal("0.1"), ceiling=Decimal("0.6"))
    run_id = make_run(make_desk().maker, criteria(), method)

    assert given(db_session, run_id) == {one.id: 60, two.id: 30, three.id: 10}


def test_a_trial_draws_its_part_from_the_seed_and_the_same_again(app: Flask, db_session: Session) -> None:
    make_accounts(50)
    champion, challenger = agency("HT"), agency("ZX")
    trial = Method(
        MethodKind.CHAMPION, {champion.id: Decimal(1), challenger.id: Decimal(1)},
        challengers=frozenset({challenger.id}), part=Decimal("0.2"),
    )  # fmt: skip
    desk = make_desk()

    first, again = (make_run(desk.maker, criteria(), trial) for _ in range(2))
    other = make_run(desk.maker, criteria(seed=8), trial)

    assert given(db_session, first) == {champion.id: 40, challenger.id: 10}
    assert [line.organisation_id for line in lines(db_session, first)] == [
        line.organisation_id for line in lines(db_session, again)
    ]
    assert [line.organisation_id for line in lines(db_session, first)] != [
        line.organisation_id for line in lines(db_session, other)
    ]
    assert {line.reason for line in lines(db_session, first)} == {"champion", "challenger"}


def test_ranks_are_filled_one_after_the_other_the_largest_balances_first(app: Flask, db_session: Session) -> None:
    accounts = make_accounts(10)
    one, two = agency("HT", capacity=3), agency("ZX")

    method = Method(MethodKind.RANKED, {one.id: Decimal(1), two.id: Decimal(2)})
    run_id = make_run(make_desk().maker, criteria(), method)

    largest = sorted(accounts, key=lambda a: -a.total_minor)[:3]
    assert {line.account_id for line in lines(db_session, run_id) if line.organisation_id == one.id} == {
        a.id for a in largest
    }


def test_picks_go_first_and_one_that_cannot_be_followed_is_named(app: Flask, db_session: Session) -> None:
    accounts = make_accounts(10)
    one, two = agency("HT"), agency("ZX")
    picks = ((accounts[0].account_ref, "ZX"), ("NOBODY", "HT"))

    run_id = make_run(make_desk().maker, criteria(), Method(values={one.id: Decimal(1)}, picks=picks))

    picked = next(line for line in lines(db_session, run_id) if line.account_id == accounts[0].id)
    assert (picked.organisation_id, picked.reason) == (two.id, "pick")
    assert evidence_of(db_session, run_id).refused_picks == [("NOBODY", "HT", "not_a_candidate")]
    assert given(db_session, run_id)[one.id] == 9


def test_nobody_gets_back_what_it_had_and_the_trace_says_whom_the_rule_stopped(app: Flask, db_session: Session) -> None:
    make_accounts(6)
    one, two = agency("HT"), agency("ZX", capacity=4)
    desk = make_desk()
    taken_back(desk, one)

    shares = {one.id: HALF, two.id: HALF}
    never = Method(values=shares, former_rounds=None, overflow=Overflow.OTHERS)
    run_id = make_run(desk.maker, criteria(), never)

    assert given(db_session, run_id) == {two.id: 4, None: 2}
    left = [line for line in lines(db_session, run_id) if line.organisation_id is None]
    assert {read_trace(line.trace).stopped for line in left} == {((one.id, "former_holder"), (two.id, "no_room"))}
    allowed = make_run(desk.maker, criteria(), Method(values=shares, former_rounds=0))
    assert given(db_session, allowed)[one.id] == 3


def test_between_two_placements_lie_the_days_that_were_asked_for(app: Flask, db_session: Session) -> None:
    make_accounts(4)
    one, two = agency("HT"), agency("ZX")
    desk = make_desk()
    taken_back(desk, one)

    run_id = make_run(desk.maker, criteria(), Method(values={two.id: Decimal(1)}, cool_down_days=1))

    assert {line.reason for line in lines(db_session, run_id)} == {"cool_down"}


def test_permitted_buckets_and_the_amount_that_fits_bind(app: Flask, db_session: Session) -> None:
    early, late = make_accounts(5, days=20), make_accounts(5, days=75)
    one, two = agency("HT"), agency("ZX")
    administrator = actor_of(make_user(Role.ADMINISTRATOR))
    known = master.VendorDetails(buckets=("M1",))
    master.edit_vendor(administrator, one.id, known)

    method = Method(values={one.id: HALF, two.id: HALF}, overflow=Overflow.OTHERS)
    run_id = make_run(make_desk().maker, criteria(), method)

    mine = {line.account_id for line in lines(db_session, run_id) if line.organisation_id == one.id}
    assert mine and mine <= {a.id for a in early}
    assert not mine & {a.id for a in late}


def test_a_run_from_what_a_recall_brought_back_places_only_that(app: Flask, db_session: Session) -> None:
    came_back = make_accounts(4)
    one, two = agency("HT"), agency("ZX")
    desk = make_desk()
    recall = taken_back(desk, one)
    make_accounts(5)

    wanted = criteria(conditions=Conditions(returned_by=recall))
    run_id = make_run(desk.maker, wanted, Method(values={two.id: Decimal(1)}, former_rounds=None))

    assert {line.account_id for line in lines(db_session, run_id)} == {a.id for a in came_back}


def test_what_a_run_kept_says_what_was_asked_and_can_be_repeated(app: Flask, db_session: Session) -> None:
    make_accounts(20)
    one, two = agency("HT"), agency("ZX", capacity=30)
    method = Method(
        MethodKind.PERFORMANCE, {one.id: Decimal("12.5"), two.id: Decimal("7.5")}, strata=("bucket", "balance"),
        former_rounds=2, cool_down_days=14, fill=True,
    )  # fmt: skip

    run_id = make_run(make_desk().maker, criteria(), method)

    run, evidence = run_of(db_session, run_id), evidence_of(db_session, run_id)
    assert method_of(run) == method
    strategy = Strategy.from_data(evidence.strategy)
    assert (strategy.seed, strategy.rules.cool_down_days, [s.kind for s in strategy.steps]) == (
        7, 14, ["performance", "ranked"],
    )  # fmt: skip
    assert [r["code"] for r in evidence.receivers] == ["HT", "ZX"]
    assert evidence.receivers[1]["room_accounts"] == 30
    assert sum(book.accounts for book in evidence.books) == 20
    assert evidence.steps[0]["shares"] == {str(one.id): "5/8", str(two.id): "3/8"}


def test_why_names_the_step_the_stratum_and_the_share(app: Flask, db_session: Session) -> None:
    (account,) = make_accounts(1)
    one = agency("HT")
    desk = make_desk()
    placed(desk, one)
    why = " ".join(str(s) for w in why_here(db_session, account.id) for s in w.sentences)
    assert "strategy@1" in why
    assert "Step 1 of its strategy" in why
    assert "it stood in M1." in why
    assert "Share of the receiver in this step: 100%." in why


def test_a_stratum_is_said_in_words() -> None:
    assert str(stratum_words("M2 · 2/4 · CN-SH")) == "M2 · second quarter of balances · Shanghai"
    assert str(stratum_words("<1000.00")) == "<1000.00"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"values": {1: Decimal("0.4")}}, "shares"),
        ({"values": {}}, "shares"),
        ({"kind": MethodKind.CHAMPION, "values": {1: Decimal(1)}}, "shares"),
        ({"kind": MethodKind.PERFORMANCE, "values": {1: Decimal(0)}}, "shares"),
        ({"kind": MethodKind.PERFORMANCE, "values": {1: HALF, 2: HALF}, "floor": Decimal("0.6")}, "floor"),
        ({"values": {1: Decimal(1)}, "cool_down_days": -1}, "cool_down"),
        ({"values": {1: Decimal(1)}, "picks": tuple((f"A{n}", "HT") for n in range(61))}, "picks"),
    ],
)
def test_what_cannot_be_meant_is_said_at_its_field(asked: dict[str, Any], field: str) -> None:
    with pytest.raises(DomainError) as refused:
        Method(**asked).check()
    assert refused.value.field == field


def test_a_method_comes_back_from_its_data() -> None:
    method = Method(
        MethodKind.CHAMPION, {1: Decimal("0.25"), 2: Decimal("0.75"), 3: Decimal(1)}, By.AMOUNT, Overflow.OTHERS,
        frozenset({3}), Decimal("0.15"), Decimal("0.1"), Decimal("0.9"), ("bucket", "region"), None, 30,
        picks=(("A-1", "HT"),), fill=True,
    )  # fmt: skip
    assert Method.from_data(method.as_data()) == method


@pytest.mark.parametrize("text", ["", "2;M3/≥ 5,000", ";;7:region,9:no_room"])
def test_a_trace_is_read_as_it_was_written(text: str) -> None:
    expected = {"": Trace(), "2;M3/≥ 5,000": Trace(2, "M3/≥ 5,000")}
    assert read_trace(text) == expected.get(text, Trace(stopped=((7, "region"), (9, "no_room"))))


# --- the page ----------------------------------------------------------------------------------------------------------


def manager(**fields: object) -> User:
    make_bank()
    return make_user(Role.VENDOR_MANAGER, **fields)  # type: ignore[arg-type]


QUESTION = "kind=collection&currency=TWD&buckets=M2&order=largest&seed=1&spread=balance"


def test_the_page_shows_a_trial_and_saves_what_it_showed(app: Flask, client_for: Client, db_session: Session) -> None:
    one, two = agency("HT"), agency("ZX")
    make_accounts(20, days=45)
    asked = (
        f"{QUESTION}&method=champion&part=25&former=2&cool_down=7&licence=term"
        f"&share_{one.id}=100&share_{two.id}=100&role_{two.id}=y"
    )

    page = client_for(manager()).get(f"/placements/new?{asked}")
    assert "Books differ most" in page or "By bucket" in page
    page = page.submit("save")

    assert "champion and challenger" in page
    assert "not within 2 rounds" in page
    (run,) = db_session.scalars(sa.select(AllocationRun))
    assert given(db_session, run.id) == {one.id: 15, two.id: 5}
    again = page.links.get("New run from this one")
    assert again is None  # it is a draft


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ("method=ranked&share_{id}=1.5", "Write a rank as a whole number"),
        ("method=performance&share_{id}=-3", "Write a score as a number of 0 or more"),
        ("method=shares&share_{id}=100&picks=only-one-word", "Line 1: write an account"),
        ("method=shares&share_{id}=100&picks=A-1%20NOSUCH", "Nothing can be placed with"),
        ("method=shares&share_{id}=100&cool_down=soon", "Write a whole number"),
        ("method=champion&share_{id}=100", "A trial needs at least one champion and one challenger"),
        ("method=nonsense&by=nonsense&former=99&segment=7777&recall=x&share_{id}=100", "Write a whole number"),
    ],
)
def test_hostile_questions_are_answered_in_words(app: Flask, client_for: Client, fields: str, words: str) -> None:
    one = agency("HT")
    make_accounts(3, days=45)

    page = client_for(manager()).get(f"/placements/new?{QUESTION}&{fields.format(id=one.id)}")

    assert words in page


def test_a_segment_says_which_accounts_and_chinese_reads_it_too(app: Flask, client_for: Client) -> None:
    one = agency("HT")
    make_accounts(6, days=45)
    make_accounts(5, days=75)
    vendor = manager(locale="zh_Hans")
    segment = save_segment(actor_of(vendor), "早期", criteria(buckets=("M2",)))

    page = client_for(vendor).get(f"/placements/new?kind=collection&segment={segment}&method=equal&share_{one.id}=1")

    assert "由账户分组决定范围" in page
    assert "6" in page
    assert "平均分配" in page.html


def test_either_database_says_what_the_pure_rules_say_of_the_same_accounts(app: Flask, db_session: Session) -> None:
    make_accounts(25, days=45)
    organisations = [agency(code) for code in ("HT", "ZX", "AH")]
    method = Method(MethodKind.EQUAL, {o.id: Decimal(1) for o in organisations}, strata=("bucket", "balance", "region"))
    run_id = make_run(make_desk().maker, criteria(seed=20050701), method)

    candidates = [
        Candidate(a.id, a.customer_id, a.total_minor, a.days_past_due, a.bucket, a.region)
        for a in db_session.scalars(sa.select(Account))
    ]
    receivers = [Receiver(o.id, o.code) for o in organisations]
    pure = allocate(candidates, receivers, Strategy.from_data(evidence_of(db_session, run_id).strategy))

    assert [(line.account_id, line.organisation_id) for line in lines(db_session, run_id)] == [
        (decision.account_id, decision.receiver) for decision in pure.decisions
    ]
