"""Who plays in the demo: the bank, six agencies, four law firms (two of China, one of New York, one of England), their people
and their contracts. All of it is made up."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from portal.foundation.access import OrganisationKind, Role
from portal.identity.models import LetterLaw
from portal.vendors.models import Tier

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ADMINISTRATOR", "BANK", "HOUSES", "PASSWORD", "Agreement", "House", "Person", "everybody"]

PASSWORD: Final = "demo-portal-2026"  # noqa: S105 - printed with every sign-in; the demo refuses production


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in. `licence`: a lawyer's practice licence number; empty for who has none. `certificate_days`: how
    long the certificate of who collects still counts at the business date."""

    user_name: str
    name: str
    role: Role
    licence: str = ""
    certificate_days: int = 400


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a contract says: the rate of its flat plan, or a whole `plan` in the notation (without its currency); `fee_minor`
    for a letter, in minor units of `currency`; `success`: of a letter contract, the rate is earned on what another recovers
    meanwhile; within `answer_hours` a batch is answered; `suits`: of a law firm, it is about suing."""

    currency: str
    rate: str | None
    term_days: int = 150
    capacity: int | None = None
    fee_minor: int = 0
    plan: Mapping[str, Any] | None = None
    success: bool = False
    answer_hours: int = 48
    suits: bool = False

    @property
    def exact_rate(self) -> Decimal | None:
        """The rate as the plan takes it; None where a whole plan says it."""
        return None if self.rate is None else Decimal(self.rate)


@dataclass(frozen=True, slots=True)
class House:
    """An organisation with its people. `licence_days`, `insurance_days`: how long its licence and its liability insurance
    still run at the business date; `insured`: for how much, in whole units of its country's currency. `others`: who works for
    the bank's accounts without a sign-in. `law`: where it is, and of a law firm, under which law its letters stand."""

    kind: OrganisationKind
    code: str
    name: str
    name_en: str
    address: str
    phone: str
    people: tuple[Person, ...]
    agreements: tuple[Agreement, ...] = ()
    licence_no: str = ""
    licence_days: int = 900
    letter_mark: str = ""
    insurance_days: int = 300
    insured: int = 20_000_000
    tier: Tier = Tier.SECOND
    regions: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    law: LetterLaw = LetterLaw.CHINA
    time_zone: str = "Asia/Shanghai"

    @property
    def is_abroad(self) -> bool:
        """Whether it is outside of the bank's country."""
        return self.law is not LetterLaw.CHINA

    @property
    def locale(self) -> str:
        """The language in which its people read the portal."""
        return "en" if self.is_abroad else "zh_Hans"

    @property
    def leader(self) -> Person:
        """Who speaks for the house: an agency's leader, a firm's first lawyer."""
        return self.people[0]

    @property
    def collectors(self) -> tuple[Person, ...]:
        """An agency's staff."""
        return tuple(person for person in self.people if person.role is Role.AGENCY_STAFF)


ADMINISTRATOR: Final = Person("admin", "周立群", Role.ADMINISTRATOR)

BANK: Final = House(
    OrganisationKind.BANK, "BANK", "海岳银行信用卡中心", "Haiyue Bank Card Centre", "上海市浦东新区滨江大道1200号", "+86 21 5550 0100",
    (
        ADMINISTRATOR,
        Person("vendor1", "林静怡", Role.VENDOR_MANAGER),
        Person("vendor2", "陈志远", Role.VENDOR_MANAGER),
        Person("finance1", "黄雅雯", Role.FINANCE),
        Person("finance2", "吴建平", Role.FINANCE),
        Person("compliance", "沈若兰", Role.COMPLIANCE),
        Person("compliance2", "陆思远", Role.COMPLIANCE),
    ),
)  # fmt: skip


def _agency(
    code: str, names: tuple[str, str], address: str, people: tuple[str, str, str], nicks: tuple[str, str],
    agreements: tuple[Agreement, ...], licence_days: int = 900, *, insurance_days: int = 300, tier: Tier = Tier.SECOND,
    others: tuple[str, ...] = (), certificate_days: int = 400,
) -> House:  # fmt: skip
    short = code.lower()
    staff = tuple(
        Person(f"{short}.{nick}", name, Role.AGENCY_STAFF, certificate_days=certificate_days)
        for nick, name in zip(nicks, people[1:], strict=True)
    )
    leader = Person(f"{short}.leader", people[0], Role.AGENCY_LEADER)
    return House(
        OrganisationKind.AGENCY, code, *names, address, f"400-555-{1000 + sum(map(ord, code))}", (leader, *staff),
        agreements, f"AMC-{code}-0417", licence_days, insurance_days=insurance_days, tier=tier, others=others,
    )  # fmt: skip


# Structures of published tenders and awards (reference/commission.md): caps by recovery rate, the same in slices, and a ladder by
# age up to 24 % with free days and a cap. Days past due stand for the age: they are what the bank's file says. The first also
# has the bonus by rank of an assessment scheme: the first three of the panel get 5 %, 3 % and 1 % on top.
BY_RECOVERY_RATE: Final[Mapping[str, Any]] = {
    "bands": {
        "by": "recovery_rate", "mode": "whole",
        "rows": [{"from": "0", "rate": "0.02"}, {"from": "0.15", "rate": "0.03"}, {"above": "0.30", "rate": "0.05"}],
    },
    "kpi": {
        "by": "rank",
        "rows": [{"is": [1], "factor": "1.05"}, {"is": [2], "factor": "1.03"}, {"is": [3], "factor": "1.01"}],
        "floor": "0.95", "ceiling": "1.05",
    },
}  # fmt: skip
IN_SLICES: Final[Mapping[str, Any]] = {
    "bands": {
        "by": "recovery_rate", "mode": "marginal",
        "rows": [{"from": "0", "rate": "0.15"}, {"from": "0.05", "rate": "0.22"}, {"from": "0.15", "rate": "0.30"}],
    },
}  # fmt: skip
BY_AGE: Final[Mapping[str, Any]] = {
    "bands": {
        "by": "days_past_due",
        "rows": [{"from": "1", "rate": "0.05"}, {"from": "91", "rate": "0.12"}, {"from": "181", "rate": "0.24"}],
    },
    "free_days": {"bank": 3},
    "cap": {"per": "placement", "amount": "20000", "share": "0.35"},
}  # fmt: skip

HOUSES: Final = (
    _agency(
        "HT", ("恒通商务咨询有限公司", "Hengtong"), "江苏省苏州市工业园区星湖街328号", ("马俊峰", "安娜", "方博"),
        ("anna", "bo"), (Agreement("CNY", "0.1413", capacity=8_000), Agreement("TWD", "0.25", capacity=8_000)),
        tier=Tier.FIRST, others=("马丽", "邹凯"),
    ),
    _agency(
        "ZX", ("众信催收服务有限公司", "Zhongxin"), "广东省深圳市福田区深南大道6008号", ("罗海燕", "陈晨", "杜娟"),
        ("chen", "juan"), (Agreement("CNY", None, plan=BY_RECOVERY_RATE), Agreement("TWD", "0.22", capacity=20_000)),
        tier=Tier.FIRST, insurance_days=24, others=("彭程",),
    ),
    _agency(
        "AH", ("安和资产服务有限公司", "Anhe"), "安徽省合肥市蜀山区长江西路130号", ("郑安和", "何芳", "高远"),
        ("fang", "yuan"), (Agreement("CNY", "0.185", 60, capacity=3_100), Agreement("TWD", "0.28", 60, capacity=3_100)),
        licence_days=45,
    ),
    _agency(
        "BL", ("博联信用管理有限公司", "Bolian"), "四川省成都市高新区天府大道1388号", ("唐博", "林婷", "袁磊"),
        ("ting", "lei"), (Agreement("CNY", None, capacity=5_000, plan=IN_SLICES), Agreement("TWD", "0.26")),
        certificate_days=38, others=("宋佳",),
    ),
    _agency(
        "XT", ("信泰商账管理有限公司", "Xintai"), "湖北省武汉市江汉区建设大道568号", ("曹文斌", "许敏", "田涛"),
        ("min", "tao"), (Agreement("CNY", None, term_days=180, plan=BY_AGE),),
    ),
    _agency(
        "YF", ("远方金服外包有限公司", "Yuanfang"), "陕西省西安市雁塔区科技路33号", ("冯远", "谢丽", "韩强"),
        ("li", "qiang"), (Agreement("CNY", "0.28", term_days=180, capacity=1_200, answer_hours=120),),
        tier=Tier.THIRD,
    ),
    House(
        OrganisationKind.LAW_FIRM, "MH", "明衡律师事务所", "Mingheng Law Firm", "上海市静安区南京西路1180号", "021-55500177",
        (
            Person("mh.lawyer", "顾明衡", Role.LEGAL_PARTNER, "13101201510481726"),
            Person("mh.assistant", "苏小曼", Role.LEGAL_PARTNER),
        ),
        (
            Agreement("CNY", "0.03", fee_minor=3_500, success=True), Agreement("TWD", "0", fee_minor=15_000),
            Agreement("CNY", "0.12", term_days=360, suits=True), Agreement("TWD", "0.12", term_days=360, suits=True),
        ),
        "31310000MD0188Q01X", letter_mark="沪明衡",
    ),
    House(
        OrganisationKind.LAW_FIRM, "ZY", "正言律师事务所", "Zhengyan Law Firm", "北京市朝阳区建国路96号", "010-55500188",
        (
            Person("zy.lawyer", "徐正言", Role.LEGAL_PARTNER, "11101201610339482"),
            Person("zy.partner", "潘岳", Role.LEGAL_PARTNER, "11101201911275640"),
        ),
        (Agreement("CNY", "0", fee_minor=4_000), Agreement("TWD", "0", fee_minor=16_000)),
        "31110000MD0199Q02Y", letter_mark="京正言",
    ),
    # Telephone numbers are of those that are kept for fiction (portal/portfolio/madeup.py).
    House(
        OrganisationKind.LAW_FIRM, "FQ", "Fairweather & Quill LLP", "Fairweather & Quill LLP",
        "1 Imaginary Plaza, Suite 400, New York, NY 10000", "(212) 555-0142",
        (
            Person("fq.attorney", "Eleanor Quill", Role.LEGAL_PARTNER, "New York State Bar No. 0000417"),
            Person("fq.paralegal", "Sam Fairweather", Role.LEGAL_PARTNER),
        ),
        (Agreement("USD", "0", fee_minor=4_500),),
        "NY-LLP-000417", letter_mark="FQ", insured=2_000_000, law=LetterLaw.STATES, time_zone="America/New_York",
    ),
    House(
        OrganisationKind.LAW_FIRM, "PT", "Penhallow Thistlewick Solicitors", "Penhallow Thistlewick Solicitors",
        "12 Nowhere Yard, London EC1X 0XX", "020 7946 0417",
        (
            Person("pt.solicitor", "Imogen Thistlewick", Role.LEGAL_PARTNER, "000417"),
            Person("pt.assistant", "Rhys Penhallow", Role.LEGAL_PARTNER),
        ),
        (Agreement("GBP", "0", fee_minor=3_000),),
        "000418", letter_mark="PT", insured=3_000_000, law=LetterLaw.KINGDOM, time_zone="Europe/London",
    ),
)  # fmt: skip


def everybody() -> list[tuple[Person, House]]:
    """All who sign in, the bank's people first."""
    return [(person, house) for house in (BANK, *HOUSES) for person in house.people]
