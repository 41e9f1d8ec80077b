"""People who do not exist, the same ones for the same seed and reference: for data whose holders are anonymous.

Pure and without `random`: everything is read off one hash of (seed, reference), so a person stays who they are
whatever else is made up before or after.

Telephone numbers must ring nowhere. China reserves none for fiction: numbers here begin with 154, a mobile block that
the MIIT's numbering plan has never given out. Taiwan: 0999, outside the mobile blocks given out by the NCC. Britain:
07700 900000-900999, which Ofcom keeps for drama. America: 555-0100 to 555-0199, kept for fiction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import blake2b
from typing import Final

from portal.foundation.values import identity_check_digit

__all__ = ["STYLES", "MadeUpPerson", "invent"]

STYLES: Final = ("cn", "tw", "gb", "us")

# One in so many Chinese people has a name or an address that breaks careless software.
_HOSTILE_ONE_IN: Final = 40


@dataclass(frozen=True, slots=True)
class MadeUpPerson:
    """An invented holder. `phone` in national form, `id_no` only in the Chinese style (right check digit)."""

    name: str
    id_no: str
    phone: str
    email: str
    address: str
    postcode: str
    region: str
    card_last4: str


class _Dice:
    """Choices read off a hash, one after the other."""

    def __init__(self, seed: str, ref: str) -> None:
        self._left = int.from_bytes(blake2b(f"{seed}\0{ref}".encode(), digest_size=40).digest(), "big")

    def below(self, bound: int) -> int:
        self._left, chosen = divmod(self._left, bound)
        return chosen

    def pick(self, among: Sequence[str]) -> str:
        return among[self.below(len(among))]


def invent(seed: str, ref: str, style: str = "cn") -> MadeUpPerson:
    """The person that stands behind a reference, in the style of a place: cn, tw, gb or us. ValueError for another."""
    dice = _Dice(f"{style}:{seed}", ref)
    if style == "cn":
        return _mainland(dice)
    if style == "tw":
        return _taiwanese(dice)
    if style in STYLES:
        return _english(dice, style)
    raise ValueError(f"unknown style {style!r}")


_SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆"
)
_DOUBLE_SURNAMES: Final = ("欧阳", "司马", "上官", "诸葛", "东方", "慕容")
_GIVEN: Final = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰红建文辉斌鑫宇浩然子轩梓涵雨欣怡佳琪思远志国海燕春梅晓东雪婷"
)
_HOSTILE_NAMES: Final = (
    "阿卜杜热西提·买买提艾力",
    "古丽米热·阿布都热合曼",
    "𠮷田㛃",
    "㛃晓明",
    "𠮷丽",
    "䶮建国",
    "爨梓涵",
    "O'Brien 建华",
    "艾孜买提江·吾布力卡斯木·托合提",
)
# Province, city, district, area number of identity numbers (GB/T 2260), postcode.
_PLACES: Final = (
    ("CN-BJ", "北京市朝阳区", "110105", "100020"),
    ("CN-SH", "上海市浦东新区", "310115", "200120"),
    ("CN-GD", "广东省深圳市南山区", "440305", "518052"),
    ("CN-GD", "广东省广州市天河区", "440106", "510630"),
    ("CN-ZJ", "浙江省杭州市西湖区", "330106", "310013"),
    ("CN-JS", "江苏省苏州市吴中区", "320506", "215128"),
    ("CN-SC", "四川省成都市武侯区", "510107", "610041"),
    ("CN-HB", "湖北省武汉市洪山区", "420111", "430070"),
    ("CN-SN", "陕西省西安市雁塔区", "610113", "710061"),
    ("CN-SD", "山东省青岛市市南区", "370202", "266071"),
    ("CN-HA", "河南省郑州市金水区", "410105", "450003"),
    ("CN-FJ", "福建省厦门市思明区", "350203", "361001"),
    ("CN-GS", "甘肃省兰州市城关区", "620102", "730030"),
    ("CN-XJ", "新疆维吾尔自治区乌鲁木齐市天山区", "650102", "830002"),
)
_STREETS: Final = (
    "人民路",
    "解放大道",
    "中山路",
    "建设街",
    "和平里",
    "文化西路",
    "长江路",
    "新华街",
    "学府路",
    "友谊大街",
)
_FIRST_BIRTHDAY: Final = date(1955, 1, 1)
_BIRTHDAYS: Final = (date(2002, 12, 31) - _FIRST_BIRTHDAY).days


def _mainland(dice: _Dice) -> MadeUpPerson:
    region, place, area, postcode = _PLACES[dice.below(len(_PLACES))]
    surname = dice.pick(_DOUBLE_SURNAMES) if dice.below(60) == 0 else dice.pick(_SURNAMES)
    name = surname + dice.pick(_GIVEN) + (dice.pick(_GIVEN) if dice.below(5) else "")
    address = f"{place}{dice.pick(_STREETS)}{dice.below(990) + 1}号{dice.below(40) + 1}栋{dice.below(33) + 1}0{dice.below(6) + 1}室"
    if dice.below(_HOSTILE_ONE_IN) == 0:
        name = dice.pick(_HOSTILE_NAMES)
        address += "(原国营第二棉纺织厂家属院东门进去左转第三排红砖楼西单元,门牌脱落,邮件请放一楼小卖部代收)"
    born = _FIRST_BIRTHDAY + timedelta(days=dice.below(_BIRTHDAYS))
    first_seventeen = f"{area}{born:%Y%m%d}{dice.below(999) + 1:03d}"
    return MadeUpPerson(
        name=name,
        id_no=first_seventeen + identity_check_digit(first_seventeen),
        phone=f"154{dice.below(10**8):08d}",
        email=f"u{dice.below(10**8):08d}@example.com",
        address=address,
        postcode=postcode,
        region=region,
        card_last4=f"{dice.below(10_000):04d}",
    )


_TW_SURNAMES: Final = "陳林黃張李王吳劉蔡楊許鄭謝洪郭邱曾廖賴徐周葉蘇莊呂江何蕭羅高潘簡朱鍾游彭詹胡施沈"
_TW_GIVEN: Final = "志明淑芬俊傑雅婷美玲建宏家豪怡君承翰宗翰心怡佩珊欣彥廷詩涵冠宇柏翰惠雯文雄麗華秀英國榮金龍玉蘭"
_TW_PLACES: Final = (
    ("臺北市大安區", "106"),
    ("臺北市信義區", "110"),
    ("新北市板橋區", "220"),
    ("新北市三重區", "241"),
    ("桃園市中壢區", "320"),
    ("臺中市西屯區", "407"),
    ("臺南市東區", "701"),
    ("高雄市左營區", "813"),
    ("高雄市鳳山區", "830"),
    ("新竹市東區", "300"),
)
_TW_STREETS: Final = (
    "忠孝東路",
    "中正路",
    "民生路",
    "復興南路",
    "和平東路",
    "中山北路",
    "建國路",
    "光復路",
    "成功路",
    "自強路",
)
_TW_HOSTILE: Final = ("張簡𠮷芳", "歐陽㛃", "谷辣斯·尤達卡", "伊斯坦大·貝雅夫·正福")


def _taiwanese(dice: _Dice) -> MadeUpPerson:
    place, postcode = _TW_PLACES[dice.below(len(_TW_PLACES))]
    name = dice.pick(_TW_SURNAMES) + dice.pick(_TW_GIVEN) + dice.pick(_TW_GIVEN)
    if dice.below(_HOSTILE_ONE_IN) == 0:
        name = dice.pick(_TW_HOSTILE)
    section = "一二三四五"[dice.below(5)]
    address = f"{place}{dice.pick(_TW_STREETS)}{section}段{dice.below(400) + 1}號{dice.below(14) + 2}樓"
    return MadeUpPerson(
        name=name,
        id_no="",
        phone=f"0999{dice.below(10**6):06d}",
        email=f"u{dice.below(10**8):08d}@example.com",
        address=address,
        postcode=postcode,
        region="TW",
        card_last4=f"{dice.below(10_000):04d}",
    )


_FIRST_NAMES: Final = (
    "Amelia Oliver Grace Harry Sophie Jack Zoë Noah Maya Liam Priya Arjun Siobhán Marcus Elena Tariq Hannah Daniel"
).split()
_LAST_NAMES: Final = (
    "Smith Jones Taylor Patel Williams Brown O'Neill Evans Thomas Khan Wright Walker-Hughes Green Okafor Novák García"
).split()
_EN_PLACES: Final = {
    "gb": (("Leeds", "LS1 4AP", "GB-LDS"), ("Bristol", "BS1 5TR", "GB-BST"), ("Glasgow", "G2 1DY", "GB-GLG")),
    "us": (("Boston, MA", "02108", "US-MA"), ("Columbus, OH", "43215", "US-OH"), ("Austin, TX", "78701", "US-TX")),
}
_EN_STREETS: Final = ("High Street", "Station Road", "Church Lane", "Maple Avenue", "Mill Road", "Park View")
_US_AREAS: Final = ("617", "614", "512")


def _english(dice: _Dice, style: str) -> MadeUpPerson:
    place = dice.below(len(_EN_PLACES[style]))
    town, postcode, region = _EN_PLACES[style][place]
    phone = f"07700 900{dice.below(1000):03d}"
    if style == "us":
        phone = f"({_US_AREAS[place]}) 555-01{dice.below(100):02d}"
    return MadeUpPerson(
        name=f"{dice.pick(_FIRST_NAMES)} {dice.pick(_LAST_NAMES)}",
        id_no="",
        phone=phone,
        email=f"u{dice.below(10**8):08d}@example.com",
        address=f"{dice.below(300) + 1} {dice.pick(_EN_STREETS)}, {town}",
        postcode=postcode,
        region=region,
        card_last4=f"{dice.below(10_000):04d}",
    )
