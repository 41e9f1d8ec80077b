"""Words that no letter may hold: found as a reader sees them, with their place, and not found where they are harmless."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from letters import check_template, template_names
from letters.command import letters
from letters.forbidden import WORDING, jurisdictions, wordings
from letters.template import TEMPLATES
from tests.letters.spoiling import append, copy_of, places

CHINESE = [
    ("cn.arrest", "否则您将被拘留。"),
    ("cn.police", "我们将向公安机关报案。"),
    ("cn.police", "公安机关将立案侦查。"),
    ("cn.crime", "您的行为已涉嫌犯罪。"),
    ("cn.crime", "属于恶意透支。"),
    ("cn.criminal-law-196", "《中华人民共和国刑法》第一百九十六条"),
    ("cn.consequences", "将影响您子女上学。"),
    ("cn.consequences", "一切后果由您承担。"),
    ("cn.consequences", "我们将通知您的单位。"),
    ("cn.authority", "人民法院传票"),
    ("cn.private-account", "请转账至个人账户。"),
    ("cn.insult", "老赖"),
]
AMERICAN = [
    ("us.arrest", "You may be arrested."),
    ("us.crime", "You have committed fraud."),
    ("us.seizure", "We will garnish your wages."),
    ("us.suit", "We will take legal action."),
    ("us.court", "SUMMONS"),
    ("us.government", "Department of Justice"),
    ("us.overshadow", "Pay immediately to avoid trouble."),
    ("us.disclosure", "We will contact your employer."),
]
BRITISH = [
    ("uk.arrest", "You could go to prison."),
    ("uk.crime", "You are guilty of an offence."),
    ("uk.bailiff", "Bailiffs will visit your home."),
    ("uk.court-certain", "Our client will issue a claim in court."),
    ("uk.court-paper", "Claim Form"),
    ("uk.pressure", "Ask your family to lend you the money."),
    ("uk.disclosure", "We will tell your landlord."),
]
CASES = [
    *(("lawyer-letter-zh", *case) for case in CHINESE),
    *(("demand-letter-us", *case) for case in AMERICAN),
    *(("letter-before-action-uk", *case) for case in BRITISH),
]


@pytest.mark.parametrize(("name", "rule", "words"), CASES)
def test_a_forbidden_sentence_is_found_on_its_line_with_the_reason(
    name: str, rule: str, words: str, tmp_path: Path
) -> None:
    folder = copy_of(name, tmp_path)
    line = append(folder, f"<p>{words}</p>")
    found = [problem for problem in check_template(folder) if problem.code == "template.wording"]
    assert f"[{rule}]" in " ".join(problem.message_en for problem in found)
    assert {problem.field for problem in found} == {f"template.html:{line}"}
    assert all("不得使用" in problem.message_zh for problem in found)


@pytest.mark.parametrize("name", template_names())
def test_what_is_shipped_says_nothing_forbidden_and_does_no_harm(name: str) -> None:
    assert check_template(TEMPLATES / name) == []


@pytest.mark.parametrize(
    "words",
    [
        "<p>您将被拘<b>留</b></p>",
        "<p>您将被拘 留</p>",
        "<p>您将被拘\u200b留</p>",
        "<p>您将被&#25304;&#30041;</p>",
        "<p>您将被拘{# 无 #}留</p>",
        "<p>您将被{{ '拘留' }}</p>",
        "<p>您将被{{ '拘' }}{{ '留' }}</p>",
        "<p>您将被拘{% if total %}留{% endif %}</p>",
        "<p>刑  法 第１９６条</p>",
    ],
)
def test_forbidden_words_cannot_hide(words: str, tmp_path: Path) -> None:
    folder = copy_of("lawyer-letter-zh", tmp_path)
    append(folder, words)
    assert "template.wording" in [code for code, _ in places(folder)]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("schema.yaml", "-", ""),
        ("citations.json", '"text": "借款人应当按照约定的期限返还借款。"', '"text": "\\u62d8\\u7559"'),
        ("style.css", 'content: "· "', 'content: "\\62d8\\7559"'),
    ],
)
def test_settings_citations_and_style_are_read_too(file: str, old: str, new: str, tmp_path: Path) -> None:
    folder = copy_of("lawyer-letter-zh", tmp_path)
    text = (folder / file).read_text("utf-8")
    changed = text.replace("如您因疾病", "您将被拘留。如您因疾病") if file == "schema.yaml" else text.replace(old, new)
    assert changed != text
    (folder / file).write_text(changed, "utf-8")
    assert [code for code, place in places(folder) if re.fullmatch(rf"{re.escape(file)}:\d+", place)] == [
        "template.wording"
    ]


def test_criminal_law_196_is_refused_unless_it_is_allowed_and_nothing_else_can_be(tmp_path: Path) -> None:
    folder = copy_of("lawyer-letter-zh", tmp_path)
    append(folder, "<p>《刑法》第一百九十六条对信用卡有规定。</p>")
    assert [problem.code for problem in check_template(folder)] == ["template.wording"]
    assert check_template(folder, allowed=["cn.criminal-law-196"]) == []
    append(folder, "<p>您将被拘留。</p>")
    assert check_template(folder, allowed=["cn.arrest"]) != []


def test_a_jurisdiction_without_rules_is_refused(tmp_path: Path) -> None:
    folder = copy_of("lawyer-letter-zh", tmp_path)
    schema = (folder / "schema.yaml").read_text("utf-8")
    (folder / "schema.yaml").write_text(schema.replace("jurisdiction: cn", "jurisdiction: fr"), "utf-8")
    assert ("template.jurisdiction", "schema.yaml") in places(folder)


def test_every_rule_says_why_in_both_languages_and_where_it_is_written() -> None:
    assert jurisdictions() == sorted(file.stem for file in WORDING.iterdir())
    for jurisdiction in jurisdictions():
        for rule in wordings(jurisdiction):
            assert rule.id.startswith(f"{jurisdiction}.") and rule.why_en and rule.why_zh and rule.source


def test_the_command_names_place_and_words_and_exits_3(tmp_path: Path) -> None:
    folder = copy_of("demand-letter-us", tmp_path)
    line = append(folder, "<p>You have committed a crime.</p>")
    done = CliRunner().invoke(letters, ["check", str(folder)])
    assert done.exit_code == 3
    assert f'template.html:{line}: "you have committed" may not be said' in done.stderr
    fine = CliRunner().invoke(letters, ["check", str(TEMPLATES / "demand-letter-us")])
    assert (fine.exit_code, fine.stdout) == (0, "demand-letter-us: nothing found\n")
    missing = CliRunner().invoke(letters, ["check", str(tmp_path / "none")])
    assert missing.exit_code == 3 and "cannot be read" in missing.stderr
