"""What people note of a claim's limitation: a suit, an arbitration, an acknowledgement, a letter of before the portal; and that
such a note, or what the portal noted by itself, is not true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.contact.conduct import Ground, Happened, restarts
from portal.contact.limits.keeping import pack_words, reckon, standing_restarts, take_back
from portal.contact.limits.models import LimitationRestart
from portal.contact.proofs import keep_sealed
from portal.contact.rules.shelf import shelf_of
from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.free_text import check_free_text
from portal.foundation.language import say
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.portfolio.models import Account

if TYPE_CHECKING:
    from datetime import date

    from portal.foundation.access import Actor
    from portal.vendors.proofs import Proof

__all__ = ["LONGEST_WORDS", "NOTED", "note_restart", "take_back_restart"]

LONGEST_WORDS = 200
# What the portal does not come to know by itself. Payments come with the bank's files.
NOTED = (
    Ground.LAWSUIT, Ground.ARBITRATION, Ground.ACKNOWLEDGEMENT, Ground.DEBTOR_AGREES, Ground.DEMAND, Ground.AUTODEBIT,
)  # fmt: skip


def note_restart(
    actor: Actor, account_id: int, ground: Ground, happened_on: date, words: str, proof: Proof | None
) -> int:
    """Note what begins an account's limitation anew, with what proves it; the row's id.

    Of a demand it is said that it went in writing to an address that the debtor has given to the bank. NotFound for an
    account that the actor may not see; DomainError naming the field for what is missing, for a day to come, and for what
    begins nothing anew under the rules of the debtor's place.
    """
    demand(actor, Permission.LIMITS_NOTE)
    words = _checked(words, "words")
    if ground not in NOTED:
        raise DomainError("limits.ground", say("Choose one of the list."), field="ground")
    if proof is None:
        raise DomainError("limits.proof", say("Choose the file that proves it."), field="proof")
    kept = keep_sealed(actor, account_id, proof)
    with transaction(actor) as work:
        account = work.session.scalar(visible(Account, actor).where(Account.id == account_id))
        if account is None:
            raise NotFound
        if happened_on > work.today:
            raise DomainError("limits.day", say("The day is still to come."), field="happened_on")
        pack = shelf_of(work.session, actor).pack_for(account.region, happened_on)
        if not restarts(pack, Happened(ground, reserved=True)):
            refused = say("Under the rules of the debtor's place this does not begin the time to sue anew.")
            raise DomainError("limits.no_restart", refused, field="ground")
        row = LimitationRestart(
            account_id=account_id, happened_on=happened_on, ground=ground, pack=pack_words(pack), words=words,
            organisation_id=None if actor.is_bank else actor.organisation_id, proof_digest=kept.digest,
            proof_name=kept.name, noted_by=actor.user_id, noted_at=work.now,
        )  # fmt: skip
        work.session.add(row)
        work.session.flush()
        reckon(work.session, {account_id})
        after = {"account": account_id, "ground": ground.value, "on": happened_on.isoformat(), "proof": kept.digest}
        work.audit("limitation.noted", row, after=after)
        return row.id


def take_back_restart(actor: Actor, restart_id: int, reason: str) -> int:
    """Say that a row is not true; its account's id. The bank says it of any, an organisation of what it has noted itself.

    NotFound for any other and for one that was taken back; DomainError without a reason.
    """
    demand(actor, Permission.LIMITS_NOTE)
    reason = _checked(reason, "reason")
    with transaction(actor) as work:
        wanted = standing_restarts(actor).where(LimitationRestart.id == restart_id)
        if not actor.is_bank:
            wanted = wanted.where(LimitationRestart.organisation_id == actor.organisation_id)
        row = work.session.scalar(wanted)
        if row is None:
            raise NotFound
        take_back(work, row, reason, None if actor.is_bank else actor.organisation_id)
        reckon(work.session, {row.account_id})
        work.audit("limitation.taken_back", row, after={"account": row.account_id}, reason=reason)
        return row.account_id


def _checked(words: str, field: str) -> str:
    words = words.strip()
    if not words:
        raise DomainError("limits.words", say("Fill this in."), field=field)
    check_free_text(words, LONGEST_WORDS, "limits.words", field)
    return words
