"""What the bank has on file of every house when the history begins: rank, papers with their scans, contacts, the register of
its staff with training, tests and certificates; and what it requires."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import sqlalchemy as sa

from portal.foundation.access import OrganisationKind, Role
from portal.foundation.work import reading
from portal.identity.models import LetterLaw, User
from portal.vendors import master, register
from portal.vendors.models import CredentialKind, Item, RecordKind
from portal.vendors.proofs import Proof

if TYPE_CHECKING:
    from portal.demo.cast import House
    from portal.demo.stage import Stage
    from portal.foundation.access import Actor

__all__ = ["require", "vouch"]

REQUIRED = {
    OrganisationKind.AGENCY: (
        Item.LISTED, Item.LICENCE, Item.LIABILITY_INSURANCE, Item.REGISTER, Item.TRAINING, Item.TEST, Item.CERTIFICATE,
    ),
    OrganisationKind.LAW_FIRM: (Item.LISTED, Item.LICENCE, Item.LIABILITY_INSURANCE),
}  # fmt: skip


class Tongue(NamedTuple):
    """What papers and entries of houses under a law say, and in which currency they are insured. `duties`: of those who are
    called, how they are named after their leader, what for, and their mail box."""

    licensed_by: dict[OrganisationKind, str]
    insurer: str
    currency: str
    duties: tuple[tuple[str, str, str], ...]
    positions: dict[Role, str]
    training: str
    test: str
    certificate: str


_CHINESE: Final = Tongue(
    {OrganisationKind.AGENCY: "市场监督管理局", OrganisationKind.LAW_FIRM: "上海市司法局"}, "东海财产保险股份有限公司", "CNY",
    (("{0:.1}主管", "日常联系", "service"), ("{0:.1}合规专员", "投诉与数据保护", "compliance")),
    {Role.AGENCY_LEADER: "主管", Role.AGENCY_STAFF: "催收员", Role.LEGAL_PARTNER: "律师"},
    "催收行为规范与个人信息保护", "从业人员合规考试", "从业人员资格证书",
)  # fmt: skip


def _english(licensed_by: str, currency: str, lawyer: str) -> Tongue:
    return Tongue(
        {OrganisationKind.LAW_FIRM: licensed_by}, "Farflung Mutual Insurance", currency,
        (("{0}", "day to day", "service"), ("{0}", "complaints and data protection", "compliance")),
        {Role.LEGAL_PARTNER: lawyer}, "Fair treatment of debtors and personal data", "Compliance test", "Practising certificate",
    )  # fmt: skip


TONGUES: Final = {
    LetterLaw.CHINA: _CHINESE,
    LetterLaw.STATES: _english("New York State Unified Court System", "USD", "Legal staff"),
    LetterLaw.KINGDOM: _english("Solicitors Regulation Authority", "GBP", "Legal staff"),
}
SCAN = """%%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F 4 0 R>>>>/Contents 5 0 R>>endobj
4 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
5 0 obj<</Length %(length)d>>stream
%(words)s
endstream endobj
trailer<</Root 1 0 R>>
%%%%EOF
"""


def require(stage: Stage) -> None:
    """From the first day of the history on the bank requires what Chinese practice asks of those that collect for it."""
    for kind, items in REQUIRED.items():
        for item in items:
            master.require(stage.actor("vendor1"), kind, item, stage.begins)


def vouch(stage: Stage, house: House, house_id: int) -> None:
    """Everything that is on file of one house."""
    manager = stage.actor("vendor1")
    began = stage.begins - timedelta(days=400)
    details = master.VendorDetails(house.tier, listed=True, started_on=began, regions=house.regions)
    master.edit_vendor(manager, house_id, details)
    for title, duty, box in TONGUES[house.law].duties:
        contact = master.ContactDetails(
            title.format(house.leader.name), duty, house.phone, f"{box}@{house.code.lower()}.example"
        )
        master.add_contact(manager, house_id, contact)
    _papers(stage, house, house_id, manager)
    _register(stage, house, house_id, manager)


def _papers(stage: Stage, house: House, house_id: int, manager: Actor) -> None:
    tongue, until = TONGUES[house.law], stage.today + timedelta(days=house.licence_days)
    licence = master.PaperDetails(
        CredentialKind.LICENCE, house.licence_no, until - timedelta(days=1_825), until,
        tongue.licensed_by[house.kind],
    )  # fmt: skip
    master.add_paper(
        manager,
        house_id,
        licence,
        proof=made_up_scan(f"{house.code}-licence", f"{house.name_en}: licence {house.licence_no}"),
    )
    ends = stage.today + timedelta(days=house.insurance_days)
    insurance = master.PaperDetails(
        CredentialKind.LIABILITY_INSURANCE, f"PLI-{house.code}-{ends:%Y}", ends - timedelta(days=364), ends,
        tongue.insurer, house.insured * 100, tongue.currency,
    )  # fmt: skip
    earlier = master.PaperDetails(
        CredentialKind.LIABILITY_INSURANCE, f"PLI-{house.code}-{insurance.valid_from:%Y}",
        insurance.valid_from - timedelta(days=365), insurance.valid_from - timedelta(days=1),
        insurance.issuer, insurance.insured_minor, insurance.currency,
    )  # fmt: skip
    before = master.add_paper(manager, house_id, earlier)
    scan = made_up_scan(f"{house.code}-insurance", f"{house.name_en}: insurance {insurance.number}")
    master.add_paper(manager, house_id, insurance, supersedes_id=before, proof=scan)


def made_up_scan(name: str, words: str) -> Proof:
    """A page that names what it stands for, in Latin letters."""
    shown = f"BT /F 20 Tf 60 760 Td ({words}) Tj ET"
    return Proof((SCAN % {"length": len(shown), "words": shown}).encode(), f"{name}.pdf")


def _register(stage: Stage, house: House, house_id: int, manager: Actor) -> None:
    began = stage.begins - timedelta(days=300)
    sign_ins = _sign_ins(manager, house_id)
    for number, person in enumerate(house.people, 1):
        position = TONGUES[house.law].positions[person.role]
        entry = register.MemberDetails(
            person.name, began, f"{house.code}{number:03d}", position, user_id=sign_ins[person.user_name]
        )
        member_id = register.add_member(manager, house_id, entry)
        _records(stage, manager, member_id, house, number, person.certificate_days)
    for number, name in enumerate(house.others, len(house.people) + 1):
        entry = register.MemberDetails(name, began, f"{house.code}{number:03d}", "质检员")
        member_id = register.add_member(manager, house_id, entry)
        _records(stage, manager, member_id, house, number)


def _sign_ins(manager: Actor, house_id: int) -> dict[str, int]:
    with reading(manager) as session:
        wanted = sa.select(User.user_name, User.id).where(User.organisation_id == house_id)
        return dict(session.execute(wanted).tuples().all())


def _records(
    stage: Stage, manager: Actor, member_id: int, house: House, number: int, certificate_days: int = 400
) -> None:
    taken_on = stage.begins - timedelta(days=60)
    tongue, until = TONGUES[house.law], stage.today + timedelta(days=certificate_days)
    records = (
        register.RecordDetails(RecordKind.TRAINING, tongue.training, taken_on, stage.today + timedelta(days=250)),
        register.RecordDetails(RecordKind.TEST, tongue.test, taken_on, score=84 + 3 * number),
        register.RecordDetails(
            RecordKind.CERTIFICATE, tongue.certificate, taken_on, until, f"CC-{house.code}-{1_000 + number}"
        ),
    )
    for record in records:
        register.add_record(manager, member_id, record)
