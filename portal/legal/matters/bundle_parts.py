"""What stands in a bundle of evidence, part by part, as plain words and figures in the reader's language.

Everything is read as the one who asked for it: an organisation finds in its bundle what it sees on its pages, and no more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.contact.arrangements.queries import arrangements_of
from portal.contact.labels import CHANNELS, INCOMING, promise_tag
from portal.contact.limits.keeping import standing_restarts
from portal.contact.limits.labels import GROUNDS
from portal.contact.limits.models import LimitationRestart
from portal.contact.models import ContactAttempt, Promise
from portal.contact.outcomes import OUTCOMES, PARTIES
from portal.foundation import hooks
from portal.foundation.access import Permission
from portal.foundation.formats import day, instant, money, number
from portal.foundation.language import Message, say, translate
from portal.foundation.services import services
from portal.foundation.visibility import visible
from portal.identity.models import Organisation, User
from portal.legal.dispatch.labels import RESULTS
from portal.legal.flags import reason_words
from portal.legal.matters import queries
from portal.legal.matters.labels import COST_KINDS, HEARING_KINDS, HEARING_STATES, STAGES, cost_tag
from portal.legal.matters.labels import OUTCOMES as ENDS
from portal.placement.models import Placement
from portal.portfolio.models import BalanceSnapshot, ContactPoint
from portal.portfolio.queries import limitation_for
from portal.vendors.labels import KIND_LABELS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.commission.charge_models import Charge
    from portal.foundation.access import Actor
    from portal.foundation.vault import PersonKey
    from portal.legal.matters.models import Matter
    from portal.portfolio.models import Account

__all__ = ["PARTS", "About", "Part", "Sheet"]

MOST = 5_000  # attempts of one account: nobody was ever called so often
Head = tuple[str, bool]


@dataclass(frozen=True)
class About:
    """Whose bundle it is: the account, the person as they are called, and the key to what is sealed. `annexes`: what stands in
    the index for a letter or a document, by the key it is known by."""

    session: Session
    actor: Actor
    account: Account
    key: PersonKey
    name: str
    id_no: str
    today: date
    letters: Sequence[Any] = ()
    ways: dict[int, Any] = field(default_factory=dict)
    annexes: dict[tuple[str, int], int] = field(default_factory=dict)
    void: dict[int, str] = field(default_factory=dict)

    def none(self, words: Message, *, seen: bool = True) -> str:
        """That there is nothing. Only the bank sees all of an account, so from others a court must not hear it flatly; nor where
        the reader may not look at such things at all (`seen`)."""
        return translate(words if seen and self.actor.is_bank else say("There is nothing, as far as may be seen here."))

    def in_part(self, *, seen: bool = True) -> list[str]:
        """That others may have more."""
        if seen and self.actor.is_bank:
            return []
        who = self.actor.organisation_name
        return [translate(say("Only what %(organisation)s may see stands here; there may be more.", organisation=who))]


@dataclass(frozen=True)
class Sheet:
    """A table: heads with whether they stand over figures, and rows; `empty` is said where there is none."""

    heads: Sequence[Head]
    rows: Sequence[Sequence[Any]]
    title: str = ""
    empty: str = ""


@dataclass(frozen=True)
class Part:
    """A part of the bundle under its title."""

    title: str
    facts: Sequence[tuple[str, Any]] = ()
    sheets: Sequence[Sheet] = ()
    words: Sequence[str] = ()


def _(words: Any) -> str:
    """A message or a label in the reader's language."""
    return translate(words) if isinstance(words, Message) else str(words)


def _heads(*labels: Any, figures: Sequence[int] = ()) -> list[Head]:
    return [(_(label), place in figures) for place, label in enumerate(labels)]


def claim(about: About) -> Part:
    """The account, its holder and what is owed."""
    account, limitation = about.account, limitation_for(about.session, about.actor, about.account)
    facts = [
        (_(say("Account")), account.account_ref), (_(say("Debtor")), about.name), (_(say("Identity number")), about.id_no),
        (_(say("Product")), account.product), (_(say("Card")), f"···· {account.card_last4}"),
        (_(say("Opened")), account.opened_on and day(account.opened_on)),
        (_(say("Oldest unpaid since")), account.due_date and day(account.due_date)),
        (_(say("Charged off")), account.charged_off_on and day(account.charged_off_on)),
        (_(say("Days past due")), number(account.days_past_due)), (_(say("As of")), day(account.balance_as_of)),
        (_(say("Principal")), money(account.principal_minor, account.currency)),
        (_(say("Interest")), money(account.interest_minor, account.currency)),
        (_(say("Fees")), money(account.fees_minor, account.currency)),
        (_(say("Owed")), money(account.total_minor, account.currency)),
        (_(say("Can be sued for until")), limitation and day(limitation.expires_on)),
    ]  # fmt: skip
    restarts = standing_restarts(about.actor).where(LimitationRestart.account_id == account.id)
    rows = [
        (day(row.happened_on), str(GROUNDS[row.ground]))
        for row in about.session.scalars(restarts.order_by(LimitationRestart.happened_on, LimitationRestart.id))
    ]
    sheet = Sheet(
        _heads(say("On"), say("Reason")), rows, _(say("What began the time to sue anew")), _(say("Nothing is noted."))
    )
    return Part(_(say("The claim")), facts, [sheet])


def balances(about: About) -> Part:
    """What each of the bank's files said was owed."""
    wanted = visible(BalanceSnapshot, about.actor).where(BalanceSnapshot.account_id == about.account.id)
    currency = about.account.currency
    rows = [
        (
            day(row.as_of), row.bucket, number(row.days_past_due), money(row.principal_minor, currency),
            money(row.interest_minor, currency), money(row.fees_minor, currency), money(row.total_minor, currency),
        )
        for row in about.session.scalars(wanted.order_by(BalanceSnapshot.as_of, BalanceSnapshot.id))
    ]  # fmt: skip
    heads = _heads(
        say("As of"), say("Bucket"), say("Days past due"), say("Principal"), say("Interest"), say("Fees"), say("Owed"),
        figures=(2, 3, 4, 5, 6),
    )  # fmt: skip
    return Part(_(say("Balance history")), sheets=[Sheet(heads, rows, empty=_(say("No file is kept.")))])


def placements(about: About) -> Part:
    """With whom the account was, as far as the reader may know."""
    wanted = (
        visible(Placement, about.actor)
        .join(Organisation, Organisation.id == Placement.organisation_id)
        .add_columns(Organisation.name)
        .where(
            Placement.account_id == about.account.id, Placement.reverse.is_(False), Placement.accepted_at.is_not(None)
        )
    )
    rows = [
        (str(KIND_LABELS[row.kind]), name, day(row.placed_on), day(row.ended_on))
        for row, name in about.session.execute(wanted.order_by(Placement.placed_on, Placement.id))
    ]
    heads = _heads(say("Kind"), say("Organisation"), say("Placed on"), say("Last day"))
    sheet = Sheet(heads, rows, empty=about.none(say("It was with nobody.")))
    return Part(_(say("Placements")), sheets=[sheet], words=about.in_part())


def contacts(about: About) -> Part:
    """Every attempt to reach the debtor, corrected ones marked, with what was noted of it."""
    later = sa.orm.aliased(ContactAttempt)
    wanted = (
        visible(ContactAttempt, about.actor)
        .join(Organisation, Organisation.id == ContactAttempt.organisation_id)
        .outerjoin(User, User.id == ContactAttempt.logged_by)
        .outerjoin(ContactPoint, ContactPoint.id == ContactAttempt.contact_point_id)
        .outerjoin(later, later.corrects_id == ContactAttempt.id)
        .add_columns(Organisation.name, User.name, ContactPoint.value_masked, later.id)
        .where(ContactAttempt.account_id == about.account.id)
        .order_by(ContactAttempt.at, ContactAttempt.id)
        .limit(MOST)
    )
    vault = services().vault
    rows = []
    for attempt, organisation, who, point, corrected in about.session.execute(wanted):
        outcome = OUTCOMES[attempt.outcome]
        said = [_(outcome.label)] + ([_(PARTIES[attempt.party])] if outcome.contact and attempt.party != "self" else [])
        if corrected:
            said.append(_(say("corrected later")))
        channel = INCOMING if attempt.direction == "inbound" else CHANNELS[attempt.channel]
        note = vault.open(about.key, attempt.note_sealed, "note") or ""
        rows.append(
            (
                instant(attempt.at),
                _(channel),
                point or "",
                " · ".join(said),
                note,
                " · ".join(filter(None, (organisation, who))),
            )
        )
    heads = _heads(say("When"), say("How"), say("Number"), say("Outcome"), say("Note"), say("Who"))
    sheet = Sheet(heads, rows, empty=_(say("Nobody has tried to reach the debtor, as far as may be seen here.")))
    return Part(_(say("Contact attempts")), sheets=[sheet], words=[*about.in_part(), *_left_out(about, len(rows))])


def _left_out(about: About, shown: int) -> Iterator[str]:
    """That there are more attempts than a bundle takes."""
    if shown < MOST:
        return
    found = visible(ContactAttempt, about.actor).where(ContactAttempt.account_id == about.account.id)
    found = found.with_only_columns(ContactAttempt.id)
    n = about.session.scalar(sa.select(sa.func.count()).select_from(found.subquery())) or 0
    if n > shown:
        yield _(
            say("There are %(n)s attempts; the first %(shown)s of them stand here.", n=number(n), shown=number(shown))
        )


def promises(about: About) -> Part:
    """What the debtor has promised and agreed to."""
    wanted = visible(Promise, about.actor).where(Promise.account_id == about.account.id)
    promised = [
        (
            day(row.made_on),
            money(row.amount_minor, row.currency),
            day(row.promised_on),
            _(promise_tag(row, about.today).label),
        )
        for row in about.session.scalars(wanted.order_by(Promise.made_on, Promise.id))
    ]
    heads = _heads(say("Made on"), say("Amount"), say("Pay by"), say("State"), figures=(1,))
    sheets = [Sheet(heads, promised, _(say("Promises")), about.none(say("Nothing was promised.")))]
    if about.actor.can(Permission.ARRANGEMENTS_VIEW):
        agreed = [
            (
                row.number,
                day(row.made_at),
                money(row.balance_minor, row.currency),
                money(row.agreed_minor, row.currency),
                day(row.agreed_on),
            )
            for row in arrangements_of(about.session, about.actor, about.account.id)
        ]
        heads = _heads(
            say("Number"), say("Drawn up on"), say("Balance"), say("Agreed amount"), say("Agreed on"), figures=(2, 3)
        )
        sheets.append(Sheet(heads, agreed, _(say("Arrangements")), about.none(say("Nothing was arranged."))))
    words = about.in_part(seen=about.actor.can(Permission.ARRANGEMENTS_VIEW))
    return Part(_(say("Promises and arrangements")), sheets=sheets, words=words)


def payments(about: About) -> Part:
    """What was paid: to the bank whoever is credited, to others what is credited to them."""
    rows: list[tuple[Any, ...]] = []
    lines = hooks.payment_lines(about.actor) if about.actor.is_bank else hooks.credit_lines(about.actor)
    for statement in lines:
        found = statement.subquery()
        amount = found.c.amount_minor if about.actor.is_bank else found.c.credit_minor
        wanted = sa.select(found.c.paid_on, amount, found.c.currency).where(found.c.account_id == about.account.id)
        rows += [
            (day(paid_on), money(minor, currency))
            for paid_on, minor, currency in about.session.execute(wanted.order_by(found.c.paid_on, amount))
        ]
    heads = _heads(say("Value date"), say("Amount"), figures=(1,))
    sheet = Sheet(heads, rows, empty=about.none(say("Nothing was paid.")))
    return Part(_(say("Payments")), sheets=[sheet], words=about.in_part())


def letters_sent(about: About) -> Part:
    """Lawyer's letters, how each went out and what came of it."""
    rows = []
    for row in about.letters:
        letter, way = row.Letter, about.ways.get(row.Letter.id)
        sent, result = (way.dispatch, way.result) if way else (None, None)
        annexes = [about.annexes.get((kind, letter.id)) for kind in ("letter", "proof")]
        rows.append(
            (
                letter.letter_no, day(row.LetterPack.issued_on), money(letter.total_minor, letter.currency),
                f"{day(sent.dispatched_on)} {sent.carrier} {sent.tracking_no}" if sent else "–",
                _came_of_it(result, about.void.get(letter.id)),
                ", ".join(str(annex) for annex in annexes if annex),
            )
        )  # fmt: skip
    heads = _heads(
        say("Letter number"), say("Dated"), say("Amount"), say("How it was sent"), say("What came of it"), say("Annex"),
        figures=(2,),
    )  # fmt: skip
    seen = about.actor.can(Permission.PACKS_VIEW)
    sheet = Sheet(heads, rows, empty=about.none(say("No letter was written."), seen=seen))
    return Part(_(say("Letters")), sheets=[sheet], words=about.in_part(seen=seen))


def _came_of_it(result: Any, void: str | None) -> str:
    """What came of a letter; of one that is void, why it is."""
    said = [f"{day(result.result_on)} {RESULTS[result.result].label} {result.reason}"] if result else []
    if void is not None:
        said.append(_(say("void: %(reason)s", reason=reason_words(void))))
    return "; ".join(said) or "–"


def suits(about: About) -> Part:
    """Matters about the account: course, hearings, costs and documents."""
    seen, title, none = about.actor.can(Permission.MATTERS_VIEW), _(say("Matters")), say("Nobody has sued for it yet.")
    found = queries.matters_of_account(about.session, about.actor, about.account.id) if seen else []
    if not found:
        return Part(title, words=[about.none(none, seen=seen)])
    sheets = [sheet for matter in reversed(found) for sheet in _of_matter(about, matter)]
    return Part(title, sheets=sheets, words=about.in_part())


def _of_matter(about: About, matter: Matter) -> list[Sheet]:
    session, who, name = about.session, about.actor, f"{matter.number} · {matter.organisation.name} · "
    course = [
        (day(row.happened_on), _step(row), f"{row.court} {row.case_no}", _awarded(row, matter.currency), row.note)
        for row in queries.course_of(queries.steps_of(session, who, matter.id))
    ]
    heard = [
        (
            instant(row.starts_at),
            str(HEARING_KINDS[row.kind]),
            row.court,
            row.room,
            str(HEARING_STATES[row.state].label),
        )
        for row in reversed(queries.hearings_of(session, who, matter.id))
    ]
    asked = queries.costs_of(session, who, matter.id)
    paid = queries.paid_for(session, who, asked)
    costs = [
        (
            day(row.asked_at), str(COST_KINDS[row.kind]), row.reason, money(row.amount_minor, row.currency),
            _paid(paid.get(row.id)), str(cost_tag(row).label),
        )
        for row in reversed(asked)
    ]  # fmt: skip
    none = _(say("none"))
    return [
        Sheet(_heads(say("On"), say("Stage"), say("Court"), say("Awarded"), say("Note")), course, name + _(say("Course")), none),
        Sheet(_heads(say("When"), say("Kind"), say("Court"), say("Court room"), say("State")), heard, name + _(say("Hearings")), none),
        Sheet(_heads(say("Asked"), say("Kind"), say("What for"), say("Amount asked for"), say("Amount paid"), say("State"), figures=(3, 4)), costs, name + _(say("Costs")), none),
    ]  # fmt: skip


def _paid(charge: Charge | None) -> str:
    return money(charge.amount_minor, charge.currency) if charge else "–"


def _step(row: Any) -> str:
    end = f" ({ENDS[row.outcome].label})" if row.outcome else ""
    return f"{STAGES[row.stage].label}{end}"


def _awarded(row: Any, currency: str) -> str:
    if row.awarded_principal_minor is None:
        return ""
    parts = (row.awarded_principal_minor, row.awarded_interest_minor, row.awarded_fees_minor, row.awarded_costs_minor)
    labels = (say("Principal"), say("Interest"), say("Fees"), say("Costs of the suit"))
    return "; ".join(f"{_(label)} {money(minor, currency)}" for label, minor in zip(labels, parts, strict=True))


PARTS: tuple[Callable[[About], Part], ...] = (
    claim, balances, placements, contacts, promises, payments, letters_sent, suits,
)  # fmt: skip
