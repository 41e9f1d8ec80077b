"""What is written to a debtor: fields, length, and what may not be said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.contact.messages.wording_packs import CODES, WordingPackError, load_wording, wording_named, wording_names
from portal.contact.wording import (
    FIELDS,
    Purpose,
    WordingError,
    Written,
    check,
    check_fields,
    fields_in,
    is_blocked,
    measure,
    render,
)

GOOD = (
    "【{bank}】{name}您好，{agency}（工号{staff_number}）受{bank}委托提醒您：尾号{account_tail}的信用卡截至{as_of}应还{amount}元，"
    "请尽快还款。如有疑问请致电{phone}。"
)


def findings(text: str, purpose: Purpose = Purpose.DEMAND, *, rules: str = "cn", **fields: object) -> dict[str, str]:
    """Codes with the words that were found."""
    usual: dict[str, object] = {"subject": "", "channel": "sms", "of_bank": False}
    written = Written(text, purpose=purpose, **(usual | fields))  # type: ignore[arg-type]
    found = reversed(check(wording_named(rules), written))  # of several the first stays
    return {finding.code: finding.phrase for finding in found}


# --- fields -------------------------------------------------------------------------------------------------------------


def test_fields_are_filled_and_braces_that_are_meant_are_written_twice() -> None:
    assert render("{name}: {{{amount}}}", {"name": "王伟", "amount": "5.00"}) == "王伟: {5.00}"


@pytest.mark.parametrize(
    ("text", "code", "what"),
    [
        ("Dear {nmae}", "unknown_field", "nmae"),
        ("Dear {name", "brace", "Dear {name"),
        ("Dear name}", "brace", "ear name}"),
        ("{name.__class__}", "unknown_field", "name.__class__"),
        ("{promise_on}", "other_purpose", "promise_on"),
    ],
)
def test_a_field_that_is_not_known_is_named(text: str, code: str, what: str) -> None:
    with pytest.raises(WordingError) as error:
        check_fields(text, Purpose.DEMAND)
    assert (error.value.code, error.value.what) == (code, what)


def test_a_field_without_a_value_is_never_a_gap() -> None:
    with pytest.raises(WordingError) as error:
        render("{name} {staff_number}", {"name": "王伟", "staff_number": " "})
    assert (error.value.code, error.value.what) == ("missing", "staff_number")


@given(st.text(), st.sampled_from(FIELDS), st.text(min_size=1).filter(str.strip))
def test_a_value_is_said_as_it_is(words: str, field: str, value: str) -> None:
    escaped = words.replace("{", "{{").replace("}", "}}")
    assert render(f"{escaped}{{{field}}}", {field: value}) == words + value.strip()
    assert fields_in(escaped) == frozenset()


# --- length -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "coding", "units", "parts"),
    [
        ("", "gsm7", 0, 1),
        ("a" * 160, "gsm7", 160, 1),
        ("a" * 161, "gsm7", 161, 2),
        ("a" * 306, "gsm7", 306, 2),
        ("a" * 307, "gsm7", 307, 3),
        ("€" * 80, "gsm7", 160, 1),
        ("a" + "€" * 152, "gsm7", 305, 2),  # 153 is odd: a sign of two is not cut in two
        ("中" * 70, "ucs2", 70, 1),
        ("中" * 71, "ucs2", 71, 2),
        ("中" * 134, "ucs2", 134, 2),
        ("中" * 135, "ucs2", 135, 3),
        ("a" * 69 + "中", "ucs2", 70, 1),
        ("𠮷" * 35, "ucs2", 70, 1),
        ("𠮷" * 67, "ucs2", 134, 3),
    ],
)
def test_a_short_message_is_as_long_as_the_network_makes_it(text: str, coding: str, units: int, parts: int) -> None:
    assert measure(text) == (coding, units, parts)


@given(st.text())
def test_the_parts_hold_the_whole_and_no_part_is_empty(text: str) -> None:
    length = measure(text)
    each = 153 if length.coding == "gsm7" else 67
    assert length.parts == 1 or (length.parts - 1) * (each - 1) < length.units <= length.parts * each


# --- rules --------------------------------------------------------------------------------------------------------------


def test_a_text_that_says_who_for_whom_and_how_to_be_reached_has_nothing_against_it() -> None:
    assert findings(GOOD) == {}
    english = (
        "Dear {name}, this is {agency}, staff {staff_number}, acting for {bank}. {amount} on the card ending "
        "{account_tail} is overdue. Please call {phone}."
    )
    assert findings(english) == {}


def test_what_must_be_said_is_missed() -> None:
    missing = {"AGENCY_NAMED", "BANK_NAMED", "MANDATE_SAID", "STAFF_NAMED", "NUMBER_SAID"}
    assert set(findings("请尽快还款。")) == missing
    assert set(findings("请尽快还款。", Purpose.REMINDER)) == missing - {"STAFF_NAMED"}
    assert "NUMBER_SAID" not in findings("请尽快还款。", Purpose.OPENING, channel="call")


@pytest.mark.parametrize(
    ("text", "code", "phrase"),
    [
        ("这里是区法院执行局", "STATE_ORGAN", "这里是区法院执行局"),
        ("我们是公安局", "STATE_ORGAN", "我们是公安"),
        ("请签收法 院 传 票", "STATE_ORGAN", "法 院 传 票"),
        ("This is a court summons", "STATE_ORGAN", "court summons"),
        ("逾期构成恶意透支罪，可判刑", "CRIMINAL_THREAT", "恶意透支"),
        ("You will be ARRESTED", "CRIMINAL_THREAT", "ARRESTED"),
        ("我司已经起诉", "ACTION_CLAIMED", "已经起诉"),
        ("这是最后通牒", "ACTION_CLAIMED", "最后通牒"),
        ("将冻结您的银行账户", "ACTION_CLAIMED", "冻结您的银行账户"),
        ("否则后果自负", "THREAT", "后果自负"),
        ("你这个老赖", "ABUSE", "老赖"),
        ("将通知您的单位领导", "EXPOSURE", "通知您的单位领导"),
        ("we will tell your family", "EXPOSURE", "tell your family"),
        ("您将被列入黑*名*单", "BLACKLIST", "黑*名*单"),
        ("影响子女上学", "BLACKLIST", "影响子女上学"),
        ("另收上门费", "EXTRA_FEES", "上门费"),
        ("请加我微信", "PRIVATE_CHANNEL", "加我微信"),
        ("您有一个快递", "BAIT", "快递"),
        ("请还我行欠款", "POSES_AS_BANK", "我行"),
        ("这里是{bank}", "POSES_AS_BANK", "这里是{bank}"),
        ("这里是{bank}客服", "POSES_AS_BANK", "这里是{bank}客服"),
        ("这里是江南银行，您好", "POSES_AS_BANK", "这里是江南银行，"),
    ],
)  # fmt: skip
def test_what_may_not_be_said_is_found_with_its_words(text: str, code: str, phrase: str) -> None:
    assert findings(GOOD + text)[code] == phrase


def test_words_are_found_in_the_subject_too_and_in_letters_of_full_width() -> None:
    assert findings(GOOD, subject="最后警告", channel="email")["ACTION_CLAIMED"] == "最后警告"
    assert findings(GOOD + "ＡＲＲＥＳＴ")["CRIMINAL_THREAT"] == "ＡＲＲＥＳＴ"


def test_a_suit_that_is_only_named_is_for_the_bank_to_judge() -> None:
    written = Written(GOOD + "我们保留通过诉讼解决的权利。", "", "sms", Purpose.DEMAND, of_bank=False)
    found = check(wording_named(), written)
    assert [(f.code, f.weight) for f in found] == [("SUIT_NAMED", "warn")]
    assert not is_blocked(found)


@pytest.mark.parametrize("link", ["http://a.cn/x", "www.pay.example", "点击t.pay.cn还款"])
def test_a_link_is_for_the_bank_to_judge_but_no_address_of_mail_and_no_amount(link: str) -> None:
    written = Written(GOOD + link, "", "sms", Purpose.DEMAND, of_bank=False)
    assert [(f.code, f.weight) for f in check(wording_named(), written)] == [("LINK", "warn")]
    assert "LINK" not in findings(GOOD + "kefu@bank.com, 12.50元")


def test_the_bank_may_speak_as_the_bank() -> None:
    text = "我行已委托{agency}。{bank} {bank_phone}"
    assert "POSES_AS_BANK" in findings(text, Purpose.NOTICE)
    assert findings(text, Purpose.NOTICE, of_bank=True) == {}


def test_an_agency_may_say_its_own_name() -> None:
    text = "您好，这里是{agency}，我的工号是{staff_number}，受{bank}委托与您联系。"
    assert findings(text, Purpose.OPENING, channel="call") == {}


def test_a_call_does_not_open_with_the_debt() -> None:
    text = "您好，{agency}工号{staff_number}，受{bank}委托。您欠{amount}元。"
    assert findings(text, Purpose.OPENING, channel="call") == {"DEBT_BEFORE_IDENTITY": "{amount}"}


def test_american_messages_say_that_a_collector_writes_and_how_to_opt_out() -> None:
    text = "{agency} for {bank}: please call {phone}."
    assert set(findings(text, Purpose.CONTACT, rules="us")) == {"COLLECTOR_SAID", "OPT_OUT"}
    full = text + " This is from a debt collector. Reply STOP to opt out."
    assert findings(full, Purpose.CONTACT, rules="us") == {}
    assert "POSES_AS_LAWYER" in findings(full + " Our attorney", Purpose.CONTACT, rules="us")


def test_british_texts_threaten_with_no_court_and_no_solicitor() -> None:
    text = "{agency} for {bank}: our solicitors have been told; you will be taken to court."
    assert {"POSES_AS_LAWYER", "ACTION_CLAIMED"} <= set(findings(text, rules="uk"))


@given(st.text(), st.sampled_from(sorted(wording_names())))
def test_a_finding_names_the_words_where_they_stand(text: str, rules: str) -> None:
    written = Written((text + "黑 名单" + text).replace("{", "").replace("}", ""), "", "sms", Purpose.DEMAND, False)
    for finding in check(wording_named(rules), written):
        if finding.start >= 0:
            assert written.text[finding.start : finding.start + len(finding.phrase)] == finding.phrase
        else:
            assert not finding.phrase


# --- the files ----------------------------------------------------------------------------------------------------------


def test_every_rule_rests_on_a_source_and_every_code_is_used() -> None:
    rules = [rule for name in wording_names() for rule in wording_named(name).rules]
    assert all(rule.sources for rule in rules)
    assert {rule.code for rule in rules} == CODES


@pytest.mark.parametrize(
    "rule",
    [
        "{id: x, code: THREAT, cite: [{src: house}]}",
        "{id: x, code: NO_SUCH, forbidden: [a], cite: [{src: house}]}",
        "{id: x, code: THREAT, forbidden: ['('], cite: [{src: house}]}",
        "{id: x, code: THREAT, forbidden: ['a*'], cite: [{src: house}]}",
        "{id: x, code: THREAT, forbidden: [a], cite: [{src: nowhere}]}",
        "{id: x, code: THREAT, forbidden: [a], required: {fields: [bank]}, cite: [{src: house}]}",
        "{id: x, code: THREAT, forbiden: [a], cite: [{src: house}]}",
    ],
)
def test_rules_that_are_not_understood_are_refused(rule: str) -> None:
    head = "wording: {id: t, version: '1', jurisdiction: CN, effective_from: 2026-01-01}\n"
    with pytest.raises(WordingPackError):
        load_wording(head + "sources: {house: {title: t, force: house, seen: house}}\nrules: [" + rule + "]")
