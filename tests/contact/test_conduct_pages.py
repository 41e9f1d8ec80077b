"""Compliance's pages: rule packs that are put up, read and published, what the rules found, and a decision asked again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from portal.contact.operations import log_attempt
from portal.contact.rules.packs import shipped_text
from portal.contact.rules.publishing import confirm_choice, propose_choice
from portal.foundation.access import Role
from tests.contact.factories import NOON, Desk, Person, at_time, call, make_desk, make_person
from tests.contact.packs import Officers, alone_text, make_officers, own_text, put_shipped, version
from tests.identity.factories import make_bank, make_user
from tests.support.pages import Page, PageClient

Client = Callable[..., PageClient]
TODAY = date(2005, 7, 1)
HOURS = """
  - id: cn.hours
    kind: time_window
    applies: {channels: [call, sms, wecom, visit], direction: outbound}
    params: {allow: [{days: all, from: "08:30", to: "20:30"}], bounds: "[)"}
    on_fail: {verdict: block}
    cite: [{src: manual}]
"""


@pytest.fixture
def officers(app: Flask) -> Officers:
    at_time(NOON)
    made = make_officers()
    put_shipped()
    return made


@pytest.fixture
def person(officers: Officers) -> Person:
    return make_person()


@pytest.fixture
def desk(person: Person) -> Desk:
    return make_desk(person)


def upload(client: PageClient, text: str | bytes, note: str = "as counsel asked", **expected: object) -> Page:
    content = text.encode() if isinstance(text, str) else text
    data = {"file": (BytesIO(content), "pack.yaml"), "note": note}
    return client.post("/rule-packs/new", data, content_type="multipart/form-data", **expected)


def test_a_version_is_put_up_by_one_and_published_by_another(officers: Officers, client_for: Client) -> None:
    maker, checker = client_for(officers.maker), client_for(officers.checker)
    page = upload(maker, own_text(seen="secondary"))
    path = page.path
    assert "own-cn 1" in page.h1 and "draft" in page.text
    assert "You put this version up, so another person has to publish it." in page
    assert "Rule packs waiting: 1" not in maker.get("/rule-packs").html

    page = checker.get(path)
    assert "conversations with one person: at most 1 on a day" in page
    assert "行业公约" in page and "to be confirmed by counsel" in page
    again = page.submit("publishing", status=422)
    assert "Say by name that you answer for it" in again
    page = again.submit("publishing", to=path, effective_from="2005-07-02", signed="y", sign_off="opinion 17")
    assert "to come" in page.text and "opinion 17" in page
    at_time(NOON + timedelta(days=1))
    assert "in force" in client_for(officers.checker).get(path).text


@pytest.mark.parametrize(
    ("locale", "words"),
    [("en", "rule own.conversations: unknown word “colour”"), ("zh_Hans", "规则 own.conversations：无法识别“colour”")],
)
def test_what_is_wrong_with_a_pack_is_told_in_the_readers_language(
    officers: Officers, client_for: Client, locale: str, words: str
) -> None:
    client = client_for(make_user(Role.COMPLIANCE, make_bank(), locale=locale))
    assert words in upload(client, own_text().replace("max: 1,", "max: 1, colour: red,"), status=422)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe\x00", "no text in UTF-8"),
        (b"x" * 200_000, "longer than"),
        ("a: &a [x,x]\nb: &b [" + "*a," * 9_000 + "]", "nested"),
        ("pack: !!python/object:os.system {}", "no YAML"),
        ("<script>alert(1)</script>", "a mapping is wanted"),
    ],
)
def test_a_hostile_file_is_refused_in_words(
    officers: Officers, client_for: Client, content: str | bytes, words: str
) -> None:
    page = upload(client_for(officers.maker), content, status=422)
    assert words in page


def test_an_upload_without_its_file_or_reason_is_told_so(officers: Officers, client_for: Client) -> None:
    page = client_for(officers.maker).get("/rule-packs/new").submit("form", status=422)
    assert "Choose a file." in page and "Fill this in." in page


def test_each_shipped_rule_is_said_with_its_source_in_both_languages(officers: Officers, client_for: Client) -> None:
    english = client_for(officers.checker).get("/rule-packs/1")
    assert "Every day from 08:00 until before 22:00." in english
    assert "GB/T 45251-2025" in english and "recommended standard" in english
    assert "Records of collection: at least 5 years from the record." in english
    assert "a demand sent to a reserved number or address" in english
    chinese = client_for(make_user(Role.COMPLIANCE, make_bank(), locale="zh_Hans")).get("/rule-packs/1")
    assert "每天 08:00 至 22:00（不含）。" in chinese and "待法律顾问确认" in chinese


def test_a_version_shows_what_it_changes_line_by_line(officers: Officers, client_for: Client) -> None:
    officers.published(alone_text("1"), TODAY)
    second = officers.put_up(alone_text("2", closes="19:00").replace("alone.hours", "alone.evening"))
    page = client_for(officers.checker).get(f"/rule-packs/{second}")
    assert "Against version 1" in page and "Rules: 1 new, 0 changed, 1 no longer there." in page
    third = officers.put_up(alone_text("3", closes="19:00"))
    page = client_for(officers.checker).get(f"/rule-packs/{third}")
    assert "Rules: 0 new, 1 changed, 0 no longer there." in page
    assert "until before 20:00" in page and "until before 19:00" in page  # before and after
    assert "closes" not in page.text and 'to: "19:00"' in page


def test_an_overlay_shows_the_rules_of_the_pack_below(officers: Officers, client_for: Client) -> None:
    number = officers.put_up(own_text())
    page = client_for(officers.checker).get(f"/rule-packs/{number}")
    assert "Rules of the pack below" in page and "cn.hours" in page


def test_the_text_of_a_version_is_taken_away_and_put_up_again(officers: Officers, client_for: Client) -> None:
    client = client_for(officers.maker)
    answer = client.client.get("/rule-packs/1/pack.yaml")
    assert answer.data.decode() == shipped_text("cn-card")
    assert "cn-card-2026.11.2.yaml" in answer.headers["Content-Disposition"]
    assert "Version 2026.11.2 of cn-card is there already" in upload(client, answer.data, status=422)
    assert "cn-card 2026.12.1" in upload(client, answer.data.replace(b"2026.11.2", b"2026.12.1")).h1


def test_a_version_that_has_not_begun_is_withdrawn_with_a_reason(officers: Officers, client_for: Client) -> None:
    number = officers.published(own_text(), date(2005, 7, 9))
    page = client_for(officers.checker).get(f"/rule-packs/{number}").submit("withdraw", reason="wrong figure")
    assert "withdrawn" in page.text and "wrong figure" in page


def test_a_draft_is_dropped(officers: Officers, client_for: Client) -> None:
    number = officers.put_up(own_text())
    page = client_for(officers.checker).get(f"/rule-packs/{number}").submit("discard", to="/rule-packs", reason="no")
    assert "own-cn" not in page.text


def test_another_pack_for_a_place_is_asked_for_and_confirmed(officers: Officers, client_for: Client) -> None:
    officers.published(own_text(), TODAY)
    page = client_for(officers.maker).get("/rule-packs")
    page = page.submit("form", to="/rule-packs", region="CN", pack="own-cn", effective_from="2005-07-01")
    assert "own-cn · 1 Jul 2005" in page and "Confirm" not in page
    page = client_for(officers.checker).get("/rule-packs").submit("confirm", to="/rule-packs")
    assert "own-cn 1" in page
    for pack, place in (("own-cn", "China"), ("uk", "United Kingdom")):
        facts = client_for(officers.maker).get(page.links[pack])
        assert "In use for" in facts and place in facts and "in force" in facts
    refused = client_for(officers.maker).get("/rule-packs")
    assert "Choose today or a later day." in refused.submit(
        "form", status=422, region="GB", pack="uk", effective_from="2005-06-01"
    )  # fmt: skip
    neither = refused.submit("form", status=422, pack="uk", effective_from="2005-07-01")
    assert "Write a place, or say that every other place is meant." in neither
    choice_id = propose_choice(officers.proposes, "GB", "own-cn", TODAY)
    page = client_for(officers.checker).get("/rule-packs")
    assert "own-cn holds instead of uk, for: United Kingdom. Rules that fall away:" in page.html
    assert page.submit(f"{choice_id}/drop", to="/rule-packs")


def test_what_waits_stands_in_the_navigation_and_on_the_home_page_of_the_second_person(
    officers: Officers, client_for: Client
) -> None:
    officers.put_up(own_text())
    assert "Rule packs wait for a second person" in client_for(officers.checker).get("/")
    assert "Rule packs wait for a second person" not in client_for(officers.maker).get("/")


# --- what the rules found ---------------------------------------------------------------------------------------------


@pytest.fixture
def breach(desk: Desk, person: Person) -> int:
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "no_answer"))
    at_time(NOON.replace(hour=23))
    return log_attempt(desk.actor, desk.account_id, call(person.mobile, already_happened=True)).attempt_id


def test_the_sums_quote_a_rule_as_it_held_that_month_and_not_out_of_a_pack_that_holds_nowhere(
    officers: Officers, breach: int, client_for: Client
) -> None:
    usual, shorter = "Every day from 08:00 until before 22:00.", "Every day from 08:30 until before 20:30."
    tighter = own_text() + HOURS
    officers.published(tighter, TODAY)
    page = client_for(officers.checker).get("/conduct")
    assert usual in page and shorter not in page
    choice = propose_choice(officers.proposes, "CN", "own-cn", date(2005, 7, 20))
    confirm_choice(officers.publishes, choice)
    at_time(NOON.replace(month=8))
    page = client_for(officers.checker).get("/conduct?month=2005-07")
    assert usual in page and shorter in page


def test_a_leader_finds_the_own_contacts_against_the_rules_by_verdict_and_day_and_sees_nobody_elses(
    desk: Desk, breach: int, client_for: Client
) -> None:
    leader = client_for(make_user(Role.AGENCY_LEADER, desk.agency))
    listed = leader.get("/team/conduct?verdict=block&day_from=2005-07-01&day_to=2005-07-01")
    assert "1 Jul 2005 23:00" in listed and "Contact is allowed from 08:00" in listed
    assert listed.links["1 Jul 2005 23:00"] == f"/queue/{desk.account_id}"
    for others in ("verdict=presume", "day_to=2005-06-30"):
        assert "Contact is allowed from 08:00" not in leader.get(f"/team/conduct?{others}")
    other = make_user(Role.AGENCY_LEADER, make_desk(make_person()).agency)
    assert "No contact was against the rules." in client_for(other).get("/team/conduct")


def test_breaches_are_summed_up_by_organisation_and_rule_and_listed(
    officers: Officers, desk: Desk, breach: int, client_for: Client
) -> None:
    page = client_for(officers.checker).get("/conduct")
    assert desk.agency.code in page and "cn.hours" in page and "outside the hours" in page
    assert (
        "Hours cn.hours" in page and "Every day from 08:00 until before 22:00." in page and "Hours · cn.hours" in page
    )
    assert "Hours cn.hours" in client_for(officers.checker).get(f"/conduct/attempts/{breach}?again=1")
    assert page.links["1 Jul 2005 23:00"] == f"/conduct/attempts/{breach}"
    narrowed = client_for(officers.checker).get(
        f"/conduct?month=2005-07&organisation={desk.agency.id}&rule=cn.hours&verdict=block&day_from=2005-07-01"
    )
    assert "outside the hours" in narrowed
    assert "outside the hours" not in client_for(officers.checker).get("/conduct?day_to=2005-06-30")
    assert "Nothing was found in this month." in client_for(officers.checker).get("/conduct?month=2005-06")
    assert client_for(officers.checker).client.get("/conduct?export=csv").data.count(b"cn.hours") == 1


def test_a_decision_shows_what_was_known_and_is_asked_again(
    officers: Officers, breach: int, client_for: Client
) -> None:
    page = client_for(officers.checker).get(f"/conduct/attempts/{breach}")
    for words in (
        "cn-card 2026.11.2",
        "it is 23:00 there",
        "known from others' reports",
        "Asia/Shanghai",
        "dials that nobody takes: 1",
    ):
        assert words in page
    assert "Asked again" not in page
    again = client_for(officers.checker).get(page.links["Replay"].partition("#")[0])
    assert again.text.count("The same answer as is stored.") == 2


def test_a_decision_asked_again_under_a_later_version_says_that_it_differs(
    officers: Officers, breach: int, client_for: Client
) -> None:
    text = version(1).content.replace("2026.11.2", "2026.12.1").replace('to: "22:00"', 'to: "23:30"')
    officers.published(text, TODAY, signed=True, sign_off="counsel")
    page = client_for(officers.checker).get(f"/conduct/attempts/{breach}?again=1")
    assert "Under its own version, cn-card 2026.11.2" in page and "The same answer as is stored." in page
    assert "Under the version of today, cn-card 2026.12.1" in page and "Another answer than at that time." in page


def test_an_entry_that_was_put_right_says_so(
    officers: Officers, desk: Desk, person: Person, breach: int, client_for: Client, db_session: Session
) -> None:
    at = NOON.replace(hour=21)
    later = log_attempt(desk.actor, desk.account_id, call(person.mobile, corrects_id=breach, at=at)).attempt_id
    client = client_for(officers.checker)
    assert client.get(f"/conduct/attempts/{breach}").links["put right later"] == f"/conduct/attempts/{later}"
    assert "Nothing was found in this month." in client.get("/conduct")


def test_no_page_of_compliance_opens_to_an_agency(
    officers: Officers, desk: Desk, breach: int, client_for: Client
) -> None:
    client = client_for(desk.user)
    for path in ("/conduct", f"/conduct/attempts/{breach}", "/rule-packs", "/rule-packs/1", "/rule-packs/new"):
        client.get(path, status=403)
