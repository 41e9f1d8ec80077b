"""The seven steps of one case, from the bank's file to a confirmed commission, as the people who take them in a browser.

Controls are found by address and name, never by words, so that the same walk is taken in both languages.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from playwright.sync_api import Browser, Page, expect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.running import RunningPortal

__all__ = ["Figures", "Walk", "sign_ins"]

# Who must stand in the trail with which deed when all steps are done.
DEEDS = (
    ("vendor1", "import.applied"),
    ("vendor1", "placement.run_submitted"),
    ("vendor2", "placement.run_approved"),
    ("ht.leader", "placement.batch_accepted"),
    ("ht.anna", "attempt.logged"),
    ("finance1", "statement.issued"),
    ("finance2", "statement.released"),
    ("ht.leader", "statement.confirmed"),
    ("mh.lawyer", "legal.pack_approved"),
    ("mh.lawyer", "legal.pack_downloaded"),
)
LONG = 60_000  # milliseconds that long work may take on a busy machine


@dataclass(frozen=True)
class Figures:
    """What a file of accounts and its payments hold; amounts as pages write them."""

    rows: int
    created: int
    total: str
    payments: int
    paid: str


@dataclass(frozen=True)
class SignIn:
    """One line of what `portal demo` prints."""

    user_name: str
    password: str


def sign_ins(said: str) -> dict[str, SignIn]:
    """The sign-ins by user name, from the demo's lines: user name, password, role, organisation."""
    lines = [re.split(r"\s{2,}|\t", line.strip()) for line in said.splitlines()]
    return {parts[0]: SignIn(parts[0], parts[1]) for parts in lines if len(parts) >= 4}


@dataclass
class Walk:
    """A browser, the portal that it visits, where files go, and whether pictures of each step do (they take their time)."""

    browser: Browser
    portal: RunningPortal
    people: dict[str, SignIn]
    language: str
    folder: Path
    with_pictures: bool = False
    trouble: list[str] = field(default_factory=list)
    spoken_to: set[str] = field(default_factory=set)

    @contextmanager
    def as_(self, user_name: str) -> Iterator[Page]:
        """A person's browser, signed in by the page; ends with the sign-out."""
        person = self.people[user_name]
        context = self.browser.new_context(
            locale="en-GB" if self.language == "en" else "zh-CN",
            viewport={"width": 1440, "height": 900},
            accept_downloads=True,
        )
        page = context.new_page()
        page.on("console", lambda said: self.trouble.append(said.text) if said.type == "error" else None)
        page.on("request", lambda asked: self._is_ours(asked.url))
        page.goto(f"{self.portal.url}/sign-in")
        page.fill("[name=user_name]", person.user_name)
        page.fill("[name=password]", person.password)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        if user_name not in self.spoken_to:
            self._speak(page)
            self.spoken_to.add(user_name)
        try:
            yield page
        finally:
            context.close()

    def _speak(self, page: Page) -> None:
        """People of the demo have a language of their own; everybody speaks the walk's."""
        page.goto(f"{self.portal.url}/me")
        wanted = "en" if self.language == "en" else "zh_Hans"
        page.select_option("main select[name=locale]", wanted)
        with page.expect_navigation():
            page.locator("main form", has=page.locator("select[name=locale]")).locator("button[type=submit]").click()
        expect(page.locator("html")).to_have_attribute("lang", "en" if self.language == "en" else "zh-Hans")

    def _is_ours(self, url: str) -> None:
        if not url.startswith((self.portal.url, "data:", "blob:")):
            self.trouble.append(f"a request to {url}")

    def picture(self, page: Page, name: str) -> None:
        """Keep what the person sees, where somebody wants to look at it."""
        if self.with_pictures:
            page.screenshot(path=str(self.folder / f"{name}-{self.language}.png"), full_page=True)

    # --- 1 and 2: the bank imports, picks and splits; another person approves -------------------------------------------

    def import_accounts(self, file: Path, figures: Figures) -> None:
        """The vendor manager sends the month's file and sees what became of it."""
        with self.as_("vendor1") as page:
            page.goto(f"{self.portal.url}/imports/new")
            page.set_input_files("[name=file]", file)
            page.locator("#form button[type=submit]").click()
            page.wait_for_url(re.compile(r"/imports/\d+/prepare$"))
            expect(page.locator("[name=mapping]")).to_have_value("uci-default@1")  # known by its header
            expect(page.locator("#preview tbody tr").first).to_be_visible()
            page.select_option("[name=as_of]", "2005-06-30")
            self.picture(page, "1-new-import")
            page.locator("#prepare button[value=import]").click()
            page.wait_for_url(re.compile(r"/imports/\d+$"))
            self._until_it_says(page, figures.total)
            self._says(page, f"{figures.rows:,}")
            self._says(page, f"{figures.created:,}")
            self.picture(page, "1-import")

    def propose(self, kind: str, buckets: tuple[str, ...], shares: dict[str, str], **limits: str) -> str:
        """The vendor manager makes a run and submits it; its address. `shares` in percent by organisation's name."""
        with self.as_("vendor1") as page:
            page.goto(f"{self.portal.url}/placements/new?kind={kind}&currency=TWD")
            for box in page.locator("[name=buckets]").all():
                box.set_checked(box.get_attribute("value") in buckets)
            for name, value in limits.items():
                page.fill(f"[name={name}]", value)
            for name, share in shares.items():
                page.locator("#receivers tr", has_text=name).locator("input").fill(share)
            page.locator("#run button[type=submit]").click()
            expect(page.locator("#save button[type=submit]")).to_be_visible(timeout=LONG)
            self.picture(page, f"1-preview-{kind}")
            page.locator("#save button[type=submit]").click()
            page.wait_for_url(re.compile(r"/placements/\d+$"))
            address = page.url.removeprefix(self.portal.url)
            self._act(page, f"{address}/submit")
            expect(page.locator(f"form[action='{address}/approve']")).to_have_count(0)
            self.picture(page, f"2-submitted-{kind}")
        return address

    def approve(self, address: str, kind: str) -> None:
        """A second person looks at the same page and approves; the batches go out."""
        with self.as_("vendor2") as page:
            page.goto(self.portal.url + address)
            self._act(page, f"{address}/approve", confirm=True)
            self._until(page, "main a[href^='/batches/']")
            self.picture(page, f"2-sent-{kind}")

    def accept(self, user_name: str) -> None:
        """The agency sees its batch arrive and accepts it."""
        with self.as_(user_name) as page:
            page.goto(f"{self.portal.url}/batches")
            self.picture(page, f"2-arrived-{user_name}")
            page.locator("a[href^='/batches/']").first.click()
            page.wait_for_url(re.compile(r"/batches/\d+$"))
            accounts, amount = (page.locator(".figures-value").nth(n).inner_text() for n in (0, 1))
            page.locator("#accept [name=count]").fill(re.sub(r"[^0-9]", "", accounts))
            page.locator("#accept [name=amount]").fill(re.sub(r"[^0-9.]", "", amount))
            self._act(page, f"{page.url.removeprefix(self.portal.url)}/accept")
            self.picture(page, f"2-accepted-{user_name}")

    # --- 3: the agency works ----------------------------------------------------------------------------------------------

    def log_a_promise(self, user_name: str) -> str:
        """Agency staff opens the queue, opens an account, logs a call with a promise; the account's reference.

        Outside the hours of the Chinese pack the form for a call is closed: then it is logged as what it is, a call that
        took place although it was forbidden.
        """
        with self.as_(user_name) as page:
            page.goto(f"{self.portal.url}/queue")
            self.picture(page, "3-queue")
            page.locator("main a[href^='/queue/']").first.click()
            page.wait_for_url(re.compile(r"/queue/\d+"))
            heading = page.locator("h1").inner_text()
            self.picture(page, "3-account")
            if page.locator("#log [name=channel][value=call]").is_disabled():
                page.locator("#log button[name=late]").first.click()
                page.locator("[name=already_happened]").check()
            page.locator("#log [name=channel][value=call]").check()
            page.locator("#log [name=contact_point_id]").first.check()
            page.locator("#log [name=outcome][value=promise]").check()
            page.fill("[name=promise_amount]", "500")
            page.fill("[name=promise_on]", "2005-07-08")
            page.fill("[name=note]", "下周五发工资后还款 will pay after salary")
            # while calls are allowed a second button, for what has already taken place, stands behind it
            page.locator("#log .form-buttons button:not([name=late])").click()
            page.wait_for_load_state()
            expect(page.locator("h1")).not_to_have_text(heading)
            page.goto(f"{self.portal.url}/promises")
            self.picture(page, "3-promises")
            reference = heading.split()[-1]
            self._says(page, reference)
        return reference

    # --- 4 and 5: money comes in, commission is drawn up ------------------------------------------------------------------

    def import_payments(self, file: Path, figures: Figures) -> None:
        """Finance posts what was really paid; what cannot be credited stands with its reason."""
        with self.as_("finance1") as page:
            page.goto(f"{self.portal.url}/payments/imports/new")
            page.set_input_files("[name=file]", file)
            page.locator("#form button[type=submit]").click()
            page.locator("#prepare button[value=import]").click()
            page.wait_for_url(re.compile(r"/payments/imports/\d+$"))
            self._until_it_says(page, figures.paid)
            self._says(page, f"{figures.payments:,}")
            self.picture(page, "4-payments-import")
            page.goto(f"{self.portal.url}/payments?credit=credited")
            expect(page.locator("main tbody tr").first).to_be_visible()
            self.picture(page, "4-payments")
            page.goto(f"{self.portal.url}/payments/exceptions?credit=not_placed")
            expect(page.locator("main tbody tr").first).to_be_visible()
            self.picture(page, "4-exceptions")

    def settle(self, code: str) -> str:
        """July's statements are drawn up; one is issued by one person and released by another. Its address."""
        with self.as_("finance1") as page:
            page.goto(f"{self.portal.url}/statements")
            page.fill("[name=period]", "2005-07")
            page.locator("form[action='/statements/draw'] button[type=submit]").click()
            # The job's page leads on to the month's statements when it has ended.
            page.wait_for_url(re.compile(r"/statements\?period=2005-07$"), timeout=LONG)
            self.picture(page, "5-statements")
            page.locator("main a", has_text=f"CS-2005-07-{code}-TWD").first.click()
            page.wait_for_url(re.compile(r"/statements/\d+$"))
            address = page.url.removeprefix(self.portal.url)
            self._act(page, f"{address}/issue", confirm=True)
            expect(page.locator(f"form[action='{address}/release']")).to_have_count(0)
            self.picture(page, "5-issued")
        with self.as_("finance2") as page:
            page.goto(self.portal.url + address)
            self._act(page, f"{address}/release", confirm=True)
            self.picture(page, "5-released")
        return address

    def confirm(self, user_name: str, address: str) -> None:
        """The agency reads the statement line by line and confirms it."""
        with self.as_(user_name) as page:
            page.goto(self.portal.url + address)
            why = page.locator("main tbody details summary").first
            why.click()
            self.picture(page, "5-agency-reads")
            self._act(page, f"{address}/confirm", confirm=True)
            self.picture(page, "5-confirmed")

    # --- 6 and 7: the lawyer's letters, and the trail of it all ------------------------------------------------------------

    def build_and_approve_letters(self, user_name: str) -> None:
        """The legal partner builds the pack, reads what must be read, approves, and takes the print file away."""
        with self.as_(user_name) as page:
            page.goto(f"{self.portal.url}/packs")
            self.picture(page, "6-packs")
            page.locator("main a[href^='/packs/new?batch=']").first.click()
            self._until(page, "form#save button[type=submit]")
            self.picture(page, "6-new-pack")
            page.locator("form#save button[type=submit]").first.click()
            page.wait_for_url(re.compile(r"/packs/\d+$"))
            address = page.url.removeprefix(self.portal.url)
            self._until(page, f"main a[href^='{address}/letters/']")
            self.picture(page, "6-pack-in-review")
            while page.locator(f"form[action='{address}/approve']").count() == 0:
                page.locator(f".page-action a[href^='{address}/letters/']").click()
                picture = page.locator("main .review-pages img").first
                expect(picture).to_have_js_property("complete", True, timeout=LONG)
                assert picture.evaluate("picture => picture.naturalWidth") > 400
                self.picture(page, "6-letter")
                page.goto(self.portal.url + address)
            self._act(page, f"{address}/approve", confirm=True)
            self._until(page, f"main a[href='{address}/files/print.pdf']")
            self.picture(page, "6-pack-ready")
            self._take(page, f"{address}/files/print.pdf", self.folder / f"pack-{self.language}.pdf")
            self._take(page, f"{address}/files/manifest.csv", self.folder / f"pack-{self.language}.csv")

    def _take(self, page: Page, address: str, target: Path) -> None:
        with page.expect_download(timeout=LONG) as taken:
            page.locator(f"main a[href='{address}']").click()
        taken.value.save_as(target)

    def look_at_the_trail(self) -> None:
        """The audit page shows who did each of these things."""
        with self.as_("compliance") as page:
            page.goto(f"{self.portal.url}/audit")
            expect(page.locator("main tbody tr").first).to_be_visible()
            self.picture(page, "7-audit")
            for who, deed in DEEDS:
                page.goto(f"{self.portal.url}/audit?who={who}&action={deed}")
                expect(page.locator("main tbody tr").first).to_be_visible()

    # --- what every step does ---------------------------------------------------------------------------------------------

    def _act(self, page: Page, address: str, confirm: bool = False) -> None:
        """Press the one button that posts to an address, and answer its question where it asks one."""
        button = page.locator(f"form[action='{address}'] button[type=submit]")
        button.click()
        if confirm:
            page.locator("dialog[open] button[value=yes], dialog[open] .btn-primary").first.click()
        expect(page.locator(f"form[action='{address}']")).to_have_count(0, timeout=LONG)

    def _until_it_says(self, page: Page, words: str) -> None:
        """Wait while a job works; its page follows by itself. Thousands may be written apart."""
        expect(page.locator("main")).to_contain_text(_with_thousands(words), timeout=LONG)

    def _until(self, page: Page, selector: str) -> None:
        expect(page.locator(selector).first).to_be_visible(timeout=LONG)

    def _says(self, page: Page, words: str) -> None:
        expect(page.locator("main")).to_contain_text(words)


def _with_thousands(figure: str) -> re.Pattern[str]:
    """The figure as plain text and as people write it: 165735247.00 and 165,735,247.00."""
    whole, point, rest = figure.partition(".")
    grouped = f"{int(whole):,}".replace(",", ",?")
    return re.compile(grouped + re.escape(point + rest))
