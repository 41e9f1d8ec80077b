"""What contracts, vendors and their papers are called on pages."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from portal.foundation.formats import percent
from portal.foundation.language import Named, _l
from portal.foundation.states import StateTag
from portal.vendors.models import CredentialKind, Item, PlacementKind, RecordKind, Tier
from portal.vendors.standing import WARNING_DAYS
from portal.vendors.terms import AtEnd

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from decimal import Decimal

    from sqlalchemy import Row

    from portal.identity.models import Organisation
    from portal.vendors.entering import Gap
    from portal.vendors.models import StaffRecord
    from portal.vendors.standing import Paper, Standing

__all__ = [
    "AT_END_LABELS", "ITEM_LABELS", "KIND_LABELS", "PAPER_LABELS", "RECORD_LABELS", "TIER_LABELS", "TIER_TAGS",
    "exact_percent", "member_state", "name_of", "paper_state", "record_state", "standing_state",
]  # fmt: skip

KIND_LABELS: dict[PlacementKind, Any] = {
    PlacementKind.COLLECTION: _l("Collection"),
    PlacementKind.LITIGATION: _l("Litigation"),
    PlacementKind.LETTER: _l("Lawyer's letters"),
}
AT_END_LABELS: dict[AtEnd, Any] = {
    AtEnd.RETURN: _l("Returned to the bank"),
    AtEnd.DELETE: _l("Deleted"),
    AtEnd.BOTH: _l("Returned and deleted"),
}
TIER_LABELS: dict[Tier, Any] = {
    Tier.FIRST: _l("First tier"),
    Tier.SECOND: _l("Second tier"),
    Tier.THIRD: _l("Third tier"),
}
TIER_TAGS = {tier: StateTag(tier.value, label) for tier, label in TIER_LABELS.items()}
PAPER_LABELS: dict[CredentialKind, Any] = {
    CredentialKind.LICENCE: _l("Licence"),
    CredentialKind.CALL_CENTRE_LICENCE: _l("Call-centre licence"),
    CredentialKind.LIABILITY_INSURANCE: _l("Liability insurance"),
    CredentialKind.CYBER_INSURANCE: _l("Cyber insurance"),
    CredentialKind.SECURITY_CERTIFICATE: _l("Security certificate"),
}
RECORD_LABELS: dict[RecordKind, Any] = {
    RecordKind.TRAINING: _l("Training"),
    RecordKind.TEST: _l("Test"),
    RecordKind.CERTIFICATE: _l("Certificate of qualification"),
}
ITEM_LABELS: dict[Item, Any] = {
    Item.LISTED: _l("A place on the bank's published list"),
    **{Item(kind.value): label for kind, label in PAPER_LABELS.items()},
    Item.REGISTER: _l("An entry in the staff register"),
    Item.TRAINING: _l("A training that counts today"),
    Item.TEST: _l("A test that was passed"),
    Item.CERTIFICATE: _l("A certificate that counts today"),
}
_STANDINGS = {
    "good": StateTag("good", _l("in good standing"), "good"),
    "ending": StateTag("ending", _l("something ends soon"), "wait"),
    "stopped": StateTag("stopped", _l("nothing may be placed"), "bad"),
}
_PAPERS = {
    "superseded": StateTag("superseded", _l("superseded")),
    "coming": StateTag("coming", _l("to come"), "wait"),
    "ended": StateTag("ended", _l("ended"), "bad"),
    "ending": StateTag("ending", _l("ends soon"), "wait"),
    "valid": StateTag("valid", _l("in force"), "good"),
}
_RECORDS = {
    "withdrawn": StateTag("withdrawn", _l("withdrawn")),
    "failed": StateTag("failed", _l("not passed"), "bad"),
}
_MEMBERS = {
    "barred": StateTag("barred", _l("not permitted"), "bad"),
    "ended": StateTag("ended", _l("has left")),
    "lacking": StateTag("lacking", _l("something is missing"), "wait"),
    "good": StateTag("good", _l("may work"), "good"),
}


def standing_state(standing: Standing, today: date) -> StateTag:
    """How an organisation stands, in a word."""
    if not standing.may_receive:
        return _STANDINGS["stopped"]
    return _STANDINGS["ending" if standing.ends_soon(today) else "good"]


def paper_state(paper: Paper, today: date, *, ends_soon: bool) -> StateTag:
    """Whether a paper counts today; one that another took the place of is told apart from one that ended."""
    if paper.followed_from is not None and paper.last_day < today:
        return _PAPERS["superseded"]
    if paper.valid_from > today:
        return _PAPERS["coming"]
    if paper.last_day < today:
        return _PAPERS["ended"]
    return _PAPERS["ending" if ends_soon else "valid"]


def member_state(gaps: Sequence[Gap]) -> StateTag:
    """Whether somebody may work for the bank's accounts."""
    if not gaps:
        return _MEMBERS["good"]
    return _MEMBERS.get(gaps[0].code, _MEMBERS["lacking"])


def record_state(record: StaffRecord, today: date) -> StateTag:
    """Whether a training, test or certificate counts today."""
    if record.withdrawn_at is not None:
        return _RECORDS["withdrawn"]
    if not record.passed:
        return _RECORDS["failed"]
    if record.valid_until is not None and record.valid_until < today:
        return _PAPERS["ended"]
    soon = record.valid_until is not None and record.valid_until < today + timedelta(days=WARNING_DAYS)
    return _PAPERS["ending" if soon else "valid"]


def name_of(organisation: Organisation | Row[Any]) -> str:
    """An organisation's name in the reader's language, where it has one in it; of the organisation or a row of its names."""
    return Named(organisation.name, organisation.name_en or "").in_words()


def exact_percent(rate: Decimal | None) -> str:
    """A rate with every digit that was agreed: 0.141275 is 14.1275%."""
    if rate is None:
        return percent(None)
    exponent = rate.normalize().as_tuple().exponent
    return percent(rate, max(0, -exponent - 2) if isinstance(exponent, int) else None)
