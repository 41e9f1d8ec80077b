"""A new pack of letters: chosen by the bank's vendor manager or the law firm from an accepted batch; its data is frozen by a job."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, Refused
from portal.foundation.language import say
from portal.foundation.work import transaction
from portal.identity.models import LetterLaw, Organisation
from portal.legal.choosing import Choice, check_balance_day, count_chosen, latest_day
from portal.legal.models import LetterPack, PackState
from portal.legal.queries import batch_to_pack, packs_of_batch
from portal.legal.templates import template_to_use
from portal.legal.wording import SHORTEST, client, firm_part, head_of, language_of, wording
from portal.placement.models import BatchState
from portal.vendors.queries import organisation_for

if TYPE_CHECKING:
    from datetime import date

    from letters import Template
    from portal.foundation.access import Actor
    from portal.foundation.work import Work
    from portal.legal.wording import Client
    from portal.placement.models import PlacementBatch

__all__ = ["LONGEST", "build_pack", "days_to_pay", "shortest_of"]

LONGEST = 90  # days to pay
LONGEST_INTEREST = 200


def build_pack(actor: Actor, batch_id: int, choice: Choice | None = None) -> int:
    """Ask for a pack of an accepted batch of letters; its id. The letters themselves are frozen by a job.

    Days to pay are counted from the letters' date, which is today's business date. NotFound for a batch that is no firm's letters
    or not the actor's firm's; Refused where it is not accepted, another pack of it is being built, nothing is left to write to, or
    the firm's own particulars are not complete; DomainError naming the field for a template, day or number that cannot be.
    """
    demand(actor, Permission.PACKS_BUILD)
    choice = choice or Choice()
    choice.selection.check()
    bank = client()
    with transaction(actor) as work:
        batch = batch_to_pack(work.session, actor, batch_id)
        if batch.state is not BatchState.ACCEPTED:
            raise Refused("legal.batch_state", say("Only an accepted batch can become a pack."))
        before = packs_of_batch(work.session, batch.id)
        if any(pack.state is PackState.BUILDING for pack in before):
            raise Refused("legal.is_built", say("A pack of this batch is being built. Wait until it is there."))
        firm = organisation_for(work.session, actor, batch.organisation_id)
        template = template_to_use(choice.template, firm.letter_law)
        days = days_to_pay(choice, template)
        if choice.balance_on is not None:
            check_balance_day(choice.balance_on, work.today)
        on = choice.balance_on or latest_day(work.session, actor, batch.id) or work.today
        chosen = count_chosen(work.session, actor, batch.id, template.name, choice.selection)
        if not chosen.accounts:
            raise Refused("legal.nothing_chosen", say("No account is left that this pack could be built of."))
        pack = _new_pack(work, batch, firm, template, bank, days)
        pack.balance_as_of = on
        pack.number = f"{batch.number}-L{len(before) + 1 if before else ''}"
        pack.criteria = choice.selection.as_data() | {"balance_on": on.isoformat()} | _interest(choice, template)
        work.session.add(pack)
        work.session.flush()
        after = {"number": pack.number, "batch": batch.number, "template": f"{template.name} {template.version}"}
        work.audit("legal.pack_asked", pack, after=after | {"criteria": pack.criteria, "accounts": chosen.accounts},
                   deadline=(work.today + timedelta(days=days)).isoformat())  # fmt: skip
        work.request_job("legal.build", str(pack.id), {"pack": pack.id}, total=chosen.accounts)
        return pack.id


def _new_pack(
    work: Work, batch: PlacementBatch, firm: Organisation, template: Template, bank: Client, days: int
) -> LetterPack:
    today: date = work.today
    part = firm_part(work.session, work.actor, firm, today, language_of(template))
    return LetterPack(
        organisation_id=batch.organisation_id, batch_id=batch.id, state=PackState.BUILDING, template=template.name,
        template_version=template.version, jurisdiction=template.jurisdiction,
        head=head_of(template, part, bank, today, days), issued_on=today, pay_within_days=days,
        currency=batch.currency, built_by=work.actor.user_id, built_at=work.now,
    )  # fmt: skip


def shortest_of(template: Template) -> int:
    """The fewest days to pay or reply that letters of a template may give."""
    return dict(template.rules.least).get("pay_within_days", SHORTEST)


def days_to_pay(choice: Choice, template: Template) -> int:
    """How many days letters give. DomainError at `pay_within_days` for too few or too many."""
    least = shortest_of(template)
    days = max(least, wording().pay_within_days) if choice.pay_within_days is None else choice.pay_within_days
    if not least <= days <= LONGEST:
        words = say("The time to pay is %(low)s to %(high)s days.", low=least, high=LONGEST)
        raise DomainError("legal.days", words, field="pay_within_days")
    return days


def _interest(choice: Choice, template: Template) -> dict[str, str]:
    """A UK letter of claim says whether interest goes on (Pre-Action Protocol for Debt Claims, 3.1): nobody may leave that open."""
    if template.jurisdiction != LetterLaw.KINGDOM:
        return {}
    if choice.interest is None or len(choice.interest) > LONGEST_INTEREST:
        words = say(
            "Say how interest goes on, in at most %(most)s characters, or that none does.", most=LONGEST_INTEREST
        )
        raise DomainError("legal.interest", words, field="interest")
    return {"interest": choice.interest}
