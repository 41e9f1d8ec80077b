"""The print file: text equals data, held letters by name, the same bytes whoever makes it."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path
from typing import Any

import pytest

from letters import (
    LettersError,
    NothingToPrint,
    PrintOptions,
    Stopped,
    page_pictures,
    render_print_file,
    render_single,
    write_manifest_csv,
    write_manifest_xlsx,
)
from letters import render as render_module
from letters.manifest import COLUMNS
from tests.letters.factories import head, letter, template
from tests.letters.support import assert_sound, bookmarks, pages_text, squeeze

HOSTILE = [
    ("𠮷田 <Anna> & 㛃", '上海市浦东新区世纪大道100号 "B座" 30层'),
    ("阿卜杜拉·买买提", "新疆维吾尔自治区乌鲁木齐市天山区解放北路某某小区12号楼3单元2601室（原某某厂家属院东门进第二栋）"),
    ("䶮䶮", "１２３号４５栋 678 室ＡＢＣabc"),
    ("{{ firm.name }}{% for x in y %}", "<script>alert(1)</script><img src='file:///etc/passwd'>"),
    ("&lt;b&gt;&#65;&nbsp;", "]]><!-- 路 --><style>*{display:none}</style>"),
    ("⼀一〜～", "塚塚龻·‧・•‑-"),
    ("'; DROP TABLE letters; --", "${jndi:ldap://x}路%s%d\\n"),
    ("José Núñez Øre Ğ", "Straße 12, São Paulo"),
]  # fmt: skip


def test_hostile_names_and_addresses_print_exactly_and_are_never_interpreted(tmp_path: Path) -> None:
    data = [letter(n, debtor_name=name, address=address) for n, (name, address) in enumerate(HOSTILE, start=1)]
    rows = render_print_file(template(), head(), data, tmp_path / "a.pdf")
    texts = pages_text(tmp_path / "a.pdf")
    for row, (name, address) in zip(rows, HOSTILE, strict=True):
        assert row.status == "printed", row.reason()
        first_page = texts[(row.first_page or 0) - 1]
        assert squeeze(name) + "（收）" in first_page
        assert squeeze(address) in first_page
    assert_sound(tmp_path / "a.pdf")


def test_a_letter_says_all_that_its_data_says(tmp_path: Path) -> None:
    (row,) = render_print_file(template(), head(), [letter()], tmp_path / "a.pdf")
    text = "".join(pages_text(tmp_path / "a.pdf"))
    expected = [
        "(2026)京示律函字第000001号", "100020", "45,210.55", "6,120.40", "1,508.00", "人民币52,838.95元",
        "人民币伍万贰仟捌佰叁拾捌元玖角伍分", "卡号末四位4417", "截至2026年11月20日", "逾期127天", "2026年7月账单",
        "5,528.30", "2026年11月29日（含当日）前", "示例银行手机银行", "400-000-0000", "11101200010000002",
        "二〇二六年十一月二十二日", "7KQ2-M9TD-41XA", "第六百七十六条", "特此函告", "请忽略本函",
    ]  # fmt: skip
    assert [words for words in expected if words not in text] == []
    assert (row.first_page, row.last_page, row.pages) == (1, 2, 2)
    assert "第1页共2页" in text and "第2页共2页" in text


@pytest.mark.parametrize(
    ("currency", "amounts", "total"),
    [
        ("JPY", ("52838", "0", "0", "52838"), "日元52,838"),
        ("TWD", ("165735247.00", "0.00", "0.00", "165735247.00"), "新台币165,735,247.00元"),
        ("CNY", ("9999999999999999.99", "0", "0", "9999999999999999.99"), "人民币9,999,999,999,999,999.99元"),
    ],
)
def test_amounts_print_in_the_currency_and_capitals_only_in_cny(
    tmp_path: Path, currency: str, amounts: tuple[str, ...], total: str
) -> None:
    figures = dict(zip(("principal", "interest", "fees", "total"), amounts, strict=True))
    render_print_file(template(), head(), [letter(currency=currency, items=[], **figures)], tmp_path / "a.pdf")
    text = "".join(pages_text(tmp_path / "a.pdf"))
    assert total in text
    assert ("大写" in text) == (currency == "CNY")


def test_a_very_long_address_prints_whole(tmp_path: Path) -> None:
    address = "".join(f"第{n}号路口向东" for n in range(1, 39))
    render_print_file(template(), head(), [letter(address=address)], tmp_path / "a.pdf")
    assert address in pages_text(tmp_path / "a.pdf")[0]


def test_a_table_of_many_items_goes_over_pages_with_its_head(tmp_path: Path) -> None:
    items = [{"label": f"第{n}期", "principal": "1.00", "interest_and_fees": "0.00"} for n in range(90)]
    many = letter(principal="90.00", interest="0", fees="0", total="90.00", items=items)
    (row,) = render_print_file(template(), head(), [many], tmp_path / "a.pdf")
    texts = pages_text(tmp_path / "a.pdf")
    assert row.pages == len(texts) > 2
    assert "欠款构成" in texts[0] and "欠款构成" in texts[1]
    assert all(f"第{n}期" in "".join(texts) for n in range(90))


def test_held_letters_stand_in_the_manifest_and_the_rest_goes_on(tmp_path: Path) -> None:
    data: list[Any] = [
        letter(1),
        letter(2, total="1.00"),
        letter(3, debtor_name="王\U0001f600"),
        "no letter",
        letter(5),
        letter(1),
    ]
    rows = render_print_file(template(), head(), data, tmp_path / "a.pdf")
    assert [row.status for row in rows] == ["printed", "held", "held", "held", "printed", "held"]
    assert [(row.first_page, row.last_page) for row in rows if row.status == "printed"] == [(1, 2), (3, 4)]
    assert "letter 2" in rows[1].reason() and "total" in rows[1].reason()
    assert "debtor_name" in rows[2].reason() and "第 3 封" in rows[2].reason("zh")
    assert rows[5].problems[0].code == "letter.number_duplicate"
    assert [words for words, _ in bookmarks(tmp_path / "a.pdf")] == [
        f"{row.letter_no} {row.name}" for row in (rows[0], rows[4])
    ]
    assert [page for _, page in bookmarks(tmp_path / "a.pdf")] == [1, 3]


def test_nothing_left_or_strict_leaves_no_file_and_keeps_an_old_one(tmp_path: Path) -> None:
    out = tmp_path / "a.pdf"
    with pytest.raises(NothingToPrint) as nothing:
        render_print_file(template(), head(), [letter(1, total="1.00")], out)
    assert [row.status for row in nothing.value.rows] == ["held"]
    with pytest.raises(NothingToPrint):
        render_print_file(template(), head(), [], out)
    out.write_bytes(b"old")
    with pytest.raises(NothingToPrint):
        render_print_file(
            template(), head(), [letter(1), letter(2, total="1.00")], out, options=PrintOptions(strict=True)
        )
    assert out.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [out]


def test_a_stop_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        render_print_file(template(), head(), [letter()], tmp_path / "a.pdf", should_stop=lambda: True)
    assert list(tmp_path.iterdir()) == []


def test_two_workers_and_one_write_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render_module, "LETTERS_A_PART", 2)
    data = [letter(n, debtor_name=name) for n, (name, _) in enumerate(HOSTILE[:5], start=1)]
    steps: list[tuple[int, int]] = []
    for name, workers in (("one", 1), ("two", 2)):
        rows = render_print_file(template(), head(), data, tmp_path / name, workers, lambda *step: steps.append(step))
        write_manifest_csv(rows, tmp_path / f"{name}.csv")
        write_manifest_xlsx(rows, tmp_path / f"{name}.xlsx")
    for kind in ("", ".csv", ".xlsx"):
        assert (tmp_path / f"one{kind}").read_bytes() == (tmp_path / f"two{kind}").read_bytes()
    assert steps == [(2, 5), (4, 5), (5, 5)] * 2


def test_the_manifest_has_the_columns_of_the_reference_and_the_data_as_it_is(tmp_path: Path) -> None:
    name, address = HOSTILE[0]
    rows = render_print_file(template(), head(), [letter(debtor_name=name, address=address)], tmp_path / "a.pdf")
    write_manifest_csv(rows, tmp_path / "m.csv")
    with (tmp_path / "m.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        (row,) = reader
    assert tuple(reader.fieldnames or ()) == COLUMNS
    assert (row["name"], row["address"], row["total"], row["pages"], row["status"]) == (
        name,
        address,
        "52838.95",
        "2",
        "printed",
    )
    assert len(row["content_sha256"]) == 64


def test_one_pdf_per_letter_on_demand(tmp_path: Path) -> None:
    data = [letter(1), letter(2, letter_no="../../etc/passwd")]
    render_print_file(template(), head(), data, tmp_path / "a.pdf", options=PrintOptions(split=tmp_path / "single"))
    names = sorted(file.name for file in (tmp_path / "single").iterdir())
    assert names == ["000001-(2026)京示律函字第000001号.pdf", "000002-______etc_passwd.pdf"]
    assert (
        hashlib.sha256((tmp_path / "single" / names[0]).read_bytes()).digest()
        == hashlib.sha256(render_single(template(), head(), data[0])).digest()
    )


def test_a_letter_under_review_says_that_its_number_comes_with_the_approval() -> None:
    pdf = render_single(template(), head(), letter(letter_no=None, verify_code=None))
    assert "待编号" in pages_text(pdf)[0]
    pictures = page_pictures(pdf, dpi=40)
    assert len(pictures) == 2
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)


def test_a_letter_that_cannot_be_printed_is_refused_for_review_too() -> None:
    with pytest.raises(LettersError, match="total"):
        render_single(template(), head(), letter(total="1.00"))


def test_the_seal_lies_over_the_firms_name_if_the_firm_gives_one() -> None:
    firm = head()["firm"]
    without = page_pictures(render_single(template(), head(), letter()))[-1]
    sealed = page_pictures(render_single(template(), head(firm=firm | {"seal": "seal-placeholder.png"}), letter()))[-1]
    assert without != sealed
    with pytest.raises(LettersError, match=r"firm\.seal"):
        render_single(template(), head(firm=firm | {"seal": "/etc/passwd"}), letter())
