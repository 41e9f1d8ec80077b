"""The templates of letters: which fit whom, what their check says, and that none is used that fails it."""

from __future__ import annotations

import shutil
from datetime import date
from typing import TYPE_CHECKING

import pytest

import letters
from portal.foundation.access import Role
from portal.foundation.errors import DomainError, Refused
from portal.foundation.jobs import run_pending
from portal.identity.models import LetterLaw
from portal.identity.operations import OrganisationDetails, edit_organisation
from portal.legal import templates
from portal.legal.building import build_pack
from portal.legal.choosing import Choice, Selection
from portal.legal.operations import open_letter
from portal.legal.reading import pdf_of
from tests.identity.factories import actor_of, make_user
from tests.legal.factories import a_firm, a_us_firm, letter_batch, letters_of, text_of, the_pack
from tests.portfolio.factories import make_accounts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask import Flask

    from portal.identity.models import User
    from tests.support.pages import PageClient

pytestmark = [pytest.mark.settings(today=date(2005, 7, 1)), pytest.mark.databases("sqlite")]


@pytest.fixture
def spoiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The Chinese lawyer letter with a threat in it; its name."""
    folder = tmp_path / "templates"
    shutil.copytree(letters.TEMPLATES, folder)
    page = folder / "lawyer-letter-zh" / "template.html"
    text = page.read_text("utf-8")
    assert "</body>" in text
    page.write_text(text.replace("</body>", "<p>否则公安机关将对您实施逮捕。</p>\n</body>"), "utf-8")
    monkeypatch.setattr(templates, "FOLDER", folder)
    return "lawyer-letter-zh"


def test_a_firm_is_offered_the_letters_of_lawyers_under_its_law() -> None:
    assert [sheet.name for sheet in templates.fitting("cn")] == ["lawyer-letter-zh"]
    assert [sheet.name for sheet in templates.fitting("us")] == ["demand-letter-us"]
    assert [sheet.name for sheet in templates.fitting("uk")] == ["letter-before-action-uk"]


def test_every_template_that_is_shipped_passes_its_check() -> None:
    assert all(sheet.passes for sheet in templates.sheets())


def test_the_same_files_are_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    before = templates.sheet_named("demand-letter-us")
    monkeypatch.setattr(letters, "check_template", None)

    assert templates.sheet_named("demand-letter-us") is before


def test_a_template_that_fails_its_check_is_not_used_and_the_place_is_named(app: Flask, spoiled: str) -> None:
    firm = a_firm()
    batch_id = letter_batch(firm, accounts=1)

    with pytest.raises(DomainError, match=r"template\.html:\d+") as refused:
        build_pack(firm.actor, batch_id, Choice(template=spoiled))

    assert refused.value.field == "template"
    with pytest.raises(DomainError):
        build_pack(firm.actor, batch_id)


def test_a_template_of_another_law_is_not_used(app: Flask) -> None:
    firm = a_firm()
    batch_id = letter_batch(firm, accounts=1)

    for name in ("demand-letter-us", "settlement-agreement-zh", "nothing"):
        with pytest.raises(DomainError, match="No template of this name fits"):
            build_pack(firm.actor, batch_id, Choice(template=name))


def test_a_uk_letter_says_whether_interest_goes_on_and_gives_thirty_days(
    app: Flask, client_for: Callable[[User], PageClient]
) -> None:
    firm = a_firm("SP", "GBP", letter_law=LetterLaw.KINGDOM, name_en="Sample & Partners")
    make_accounts(1, currency="GBP", days=90, opened_on=date(2001, 2, 3))
    batch_id = letter_batch(firm, accounts=0, currency="GBP")

    assert "at 8% a year, £1.75 a day" in client_for(firm.lawyer).get(f"/packs/new?batch={batch_id}").html
    with pytest.raises(DomainError, match="how interest goes on"):
        build_pack(firm.actor, batch_id)
    with pytest.raises(DomainError, match="30 to 90"):
        build_pack(firm.actor, batch_id, Choice(interest="", pay_within_days=14))
    pack_id = build_pack(firm.actor, batch_id, Choice(interest="at 8% a year."))
    run_pending(app)

    pack, letter = the_pack(pack_id), letters_of(pack_id)[0]
    assert (pack.template, pack.pay_within_days, letter.flags) == ("letter-before-action-uk", 30, [])
    assert "Interest and charges continue: at 8% a year." in text_of(
        pdf_of(open_letter(firm.actor, pack_id, letter.id))
    )


def test_a_firm_that_changes_its_law_builds_anew_under_it_and_its_packs_keep_theirs(app: Flask) -> None:
    firm = a_firm(currency="USD")
    make_accounts(2, currency="USD", days=90, charged_off_on=date(2005, 6, 30))
    batch_id = letter_batch(firm, accounts=0, currency="USD")
    before = build_pack(firm.actor, batch_id)
    run_pending(app)
    boss, details = (
        make_user(Role.ADMINISTRATOR),
        OrganisationDetails("SC", letter_mark="SC", phone="1", letter_law=LetterLaw.STATES),
    )

    edit_organisation(actor_of(boss), firm.organisation.id, details)
    after = build_pack(firm.actor, batch_id)

    assert [(the_pack(number).jurisdiction, the_pack(number).template) for number in (before, after)] == [
        ("cn", "lawyer-letter-zh"), ("us", "demand-letter-us"),
    ]  # fmt: skip


# --- pages ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.COMPLIANCE, Role.VENDOR_MANAGER, Role.LEGAL_PARTNER])
def test_the_list_leads_to_each_template_with_its_sample(
    app: Flask, client_for: Callable[[User], PageClient], role: Role
) -> None:
    pages = client_for(make_user(role))

    listed = pages.get("/packs/templates")
    page = pages.get(listed.links["Demand letter with validation information (US)"])

    assert listed.html.count("check passed") == 5
    assert templates.sheet_named("demand-letter-us").digest in page
    assert pages.client.get(page.links["Open as PDF, with text that can be read aloud"]).data.startswith(b"%PDF")
    assert pages.client.get("/packs/templates/demand-letter-us/page-1.png").data.startswith(b"\x89PNG")
    assert pages.client.get("/packs/templates/demand-letter-us/page-9.png").status_code == 404
    assert pages.client.get("/packs/templates/no-such").status_code == 404


def test_a_failing_template_is_shown_with_what_is_wrong_and_cannot_be_chosen(
    app: Flask, client_for: Callable[[User], PageClient], spoiled: str
) -> None:
    firm = a_firm()
    batch_id = letter_batch(firm, accounts=1)
    pages = client_for(firm.lawyer)

    page = pages.get(f"/packs/templates/{spoiled}")
    assert "template.html:" in page
    assert "check failed" in page
    assert not list(page.root.iter("img"))
    assert pages.client.get(f"/packs/templates/{spoiled}/sample.pdf").status_code == 404
    new = pages.get(f"/packs/new?batch={batch_id}")
    assert "cannot be chosen, its check fails" in new
    assert "No template can be used" in new
    assert not [form for form in new.forms if form.get("method") == "post" and "packs" in (form.get("action") or "")]


def test_a_pack_is_chosen_counted_and_built_on_the_page(app: Flask, client_for: Callable[[User], PageClient]) -> None:
    firm = a_firm()
    batch_id = letter_batch(firm, accounts=4)
    pages = client_for(make_user(Role.VENDOR_MANAGER))

    listed = pages.get("/packs")
    new = pages.get(listed.links["New pack"])
    new = pages.get(next(address for words, address in new.links.items() if words.startswith("New pack of")))
    assert f"batch={batch_id}" in new.path
    counted = pages.get(f"/packs/new?batch={batch_id}&template=lawyer-letter-zh&balance_on=2005-06-30&balance_to=1080")
    assert "the pack" in counted.html.lower()
    pack = counted.submit("save")
    run_pending(app)

    assert [letter.total_minor for letter in letters_of(int(pack.path.rpartition("/")[2]))] == [100_000, 107_919]
    again = pages.get(f"/packs/new?batch={batch_id}")
    assert "Packs so far" in again


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("balance_on=2005-03-01", "too old to be demanded"),
        ("balance_on=someday", "This is no day"),
        ("balance_from=x", "no number"),
        ("balance_from=20&balance_to=10", "greater than the second"),
        ("days_from=-1", "no number"),
        ("balance_to=1", "No account is left"),
    ],
)
def test_what_cannot_be_chosen_is_said_at_its_field(
    app: Flask, client_for: Callable[[User], PageClient], asked: str, words: str
) -> None:
    firm = a_firm()
    batch_id = letter_batch(firm, accounts=1)

    page = client_for(firm.lawyer).get(f"/packs/new?batch={batch_id}&template=lawyer-letter-zh&{asked}")

    assert words in page
    assert not [form for form in page.forms if form.get("id") == "save"]


def test_days_that_the_template_does_not_take_are_said_at_their_field(
    app: Flask, client_for: Callable[[User], PageClient]
) -> None:
    firm = a_us_firm()
    batch_id = letter_batch(firm, accounts=1, currency="USD")
    pages = client_for(firm.lawyer)
    assert "names the end of the validation period" in pages.get(f"/packs/new?batch={batch_id}")
    chinese = a_firm()
    other = letter_batch(chinese, accounts=1)

    page = client_for(chinese.lawyer).post(
        "/packs/new", {"batch": f"{other}", "template": "lawyer-letter-zh", "pay_within_days": "2"}
    )

    assert "3 to 90 days" in page
    with pytest.raises(Refused, match="No account"):
        build_pack(chinese.actor, other, Choice(selection=Selection(balance_to=1)))
