"""Text files that a bank could really send, made from one good row and what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.portfolio.intake.files import CARD, GOOD, accounts_file, csv_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["TEXTS"]

HEAD = list(GOOD)
SPACED_CARD = "6222 0210 0111 6245 702"
DASHED_CARD = "6222-0210-0111-6245-702"
ID_WITH_X = "11010519491231002X"
RTL, ZERO_WIDTH = "\u202e", "\u200b"


def _rows(*changes: dict[str, str]) -> list[list[str]]:
    return [[str({**GOOD, "account_ref": f"A-{n}", "customer_ref": f"C-{n}", **c}[name]) for name in HEAD]
            for n, c in enumerate(changes, 1)]  # fmt: skip


def _text(*changes: dict[str, str], **how: str) -> bytes:
    return csv_bytes([HEAD, *_rows(*changes)], **how)


def _each(field: str, *values: str) -> bytes:
    """One row for each value of a field."""
    return accounts_file(*({field: value} for value in values))


TEXTS: dict[str, Callable[[], bytes]] = {
    # --- encodings and line ends ---
    "gb18030_rare": lambda: _text({"name": "㛃晓明"}, {"name": "䶮建国"}, {"name": "𠮷田"}, encoding="gb18030"),
    "utf8_mark": lambda: _text({}, {}, encoding="utf-8-sig"),
    "utf16_mark": lambda: _text({}, {}, encoding="utf-16"),
    "utf16_no_mark": lambda: _text({}, {}, encoding="utf-16-le"),
    "big5": lambda: _text({"name": "陳志明"}, {"name": "張簡淑芬"}, {"name": "許功蓋"}, encoding="big5"),
    "mixed_line_ends": lambda: (
        b"\r\n".join([",".join(HEAD).encode(), _text({}).split(b"\n")[1]])
        + b"\n" + _text({}, {}).split(b"\n")[2] + b"\r" + _text({}, {}, {}).split(b"\n")[3] + b"\r\n"
    ),
    "returns_alone": lambda: _text({}, {}, line_end="\r"),
    "quoted_line_breaks": lambda: accounts_file({"address": "上海市浦东新区\n世纪大道1号"}, {"address": "二楼\r\n东门"}),
    "nul_bytes": lambda: _text({}, {}).replace("小明".encode(), b"\x00\x00"),
    "no_last_line_end": lambda: _text({}, {}).rstrip(b"\n"),
    "cut_off": lambda: _text({}, {})[:-9],
    "open_quote": lambda: _text({}) + b'"A-2,C-2\n',
    # --- delimiters, header, rows ---
    "semicolons": lambda: _text({"principal": "1000.00"}, {"principal": "2000.00"}).replace(b",", b";"),
    "tabs": lambda: _text({"principal": "1000.00"}, {"principal": "2000.00"}).replace(b",", b"\t"),
    "vertical_bars": lambda: _text({"principal": "1000.00"}, {"principal": "2000.00"}).replace(b",", b"|"),
    "title_above_the_header": lambda: "2026年11月逾期清单,,,,\n".encode() + _text({}),
    "nothing_in_a_databases_words": lambda: accounts_file(
        {"customer_ref": "NULL"}, {"customer_ref": "\\N"}, {"account_ref": "#N/A"}, {"name": "null"}, {"name": "Null Li"}
    ),
    "one_customer_two_identities": lambda: accounts_file(
        {"customer_ref": "C", "id_no": "11010519491231002X"}, {"customer_ref": "C"},
        {"customer_ref": "C", "id_no": "440524188001010014"},
    ),
    "text_tricks": lambda: accounts_file(
        {"account_ref": "A-1\t"}, {"account_ref": "A-1\u200b"}, {"account_ref": "'A-3"}, {"account_ref": "a-1"}
    ),
    "subtotals": lambda: csv_bytes([HEAD, *_rows({}), ["小计", *[""] * (len(HEAD) - 1)], *_rows({"account_ref": "A-9"})]),
    "amounts_with_words": lambda: _each("principal", "1000元", "¥1,000.00", "1.2万", "1,23,456.00", "1000.00-"),
    "end_of_file_mark": lambda: _text({}) + b"\x1a",
    "further_phone_only": lambda: accounts_file({"phone_1": "", "phone_2": "13900139000", "phone_2_relation": "配偶"}, {}),
    "separator_said": lambda: b"sep=,\n" + _text({}),
    "empty_last_column": lambda: csv_bytes([[*HEAD, ""], [*_rows({})[0], ""]]),
    "header_twice": lambda: csv_bytes([[*HEAD, "name"], [*_rows({})[0], "x"]]),
    "header_in_both_languages": lambda: csv_bytes([[*HEAD, "客户姓名"], [*_rows({})[0], "x"]]),
    "header_cell_empty": lambda: csv_bytes([[*HEAD[:3], "", *HEAD[3:]], [*_rows({})[0][:3], "x", *_rows({})[0][3:]]]),
    "header_only": lambda: csv_bytes([HEAD]),
    "nothing": lambda: b"",
    "columns_10000": lambda: csv_bytes([[*HEAD, *(f"c{n}" for n in range(10_000))], _rows({})[0]]),
    "too_many_cells": lambda: csv_bytes([HEAD, [*_rows({})[0], "", "more"], *_rows({}, {})[1:]]),
    "blank_rows": lambda: csv_bytes([HEAD, [], [""] * 7, *_rows({}, {}), [" "] * 7, []]),
    "trailer_right": lambda: accounts_file({}, {"principal": "x"}, {}, trailer=["TRAILER", "3", ""]),
    "trailer_chinese": lambda: accounts_file({}, {}, trailer=["合计", "2", "2,000.00"]),
    "trailer_wrong_count": lambda: accounts_file({}, {}, trailer=["TRAILER", "3", "2000.00"]),
    "trailer_wrong_total": lambda: accounts_file({}, {}, trailer=["TRAILER", "2", "2000.01"]),
    "trailer_with_unreadable_amount": lambda: accounts_file({}, {"principal": "x"}, trailer=["合计", "2", "1000.00"]),
    "trailer_in_the_middle": lambda: csv_bytes([HEAD, *_rows({}), ["合计", "1", "1000.00"], *_rows({}, {})[1:]]),
    # --- what stands in the cells ---
    "rounded_reference": lambda: _each("account_ref", "6.22848E+15", "48291E05", "A-3"),
    "formulas": lambda: _each("name", '=HYPERLINK("x","y")', "+1-2", "-王", "@SUM(1)", "'=1"),
    "full_width": lambda: accounts_file({"account_ref": "Ａ－１", "principal": "１，０００．５０", "days_past_due": "４５"}),
    "amounts": lambda: _each(
        "principal", "1.234,56", "1,234.5O", "1e5", "NaN", "∞", "Infinity", "1000000000000000000", "5%", "12,34.00",
        "1.005", "¥5", "-5.00", "-0.00", "+5.00", "5.",
    ),
    "parts": lambda: accounts_file(
        {"interest": "1.00", "fees": "1.00", "total": "1002.00"}, {"interest": "1.00", "fees": "1.00", "total": "1002.01"},
        {"interest": "", "fees": "", "total": "1000.00"},
    ),
    "card_in_each_field": lambda: accounts_file(
        *({field: f"x{CARD}" if field == "name" else CARD} for field in ("account_ref", "customer_ref", "name", "product")),
        {"address": f"上海市 {CARD} 转交"}, {"email": f"{CARD}@example.com"}, {"card_last4": CARD}, {"memo": CARD},
        {"phone_1": CARD}, {"postcode": "4111111111111111"}, {"region": CARD}, {"flags": CARD},
    ),
    "card_written_apart": lambda: _each(
        "product", SPACED_CARD, DASHED_CARD, "６２２２０２１００１１１６２４５７０２", "no card 6222021001116245703",
    ),
    "card_across_cells": lambda: accounts_file({"product": CARD[:10], "postcode": CARD[10:]}),
    "identity_numbers": lambda: _each(
        "id_no", ID_WITH_X, ID_WITH_X.lower(), "110105194912310021", "110105199902300011", "11010519491231００２X", "A123456789",
    ),
    "phones": lambda: _each("phone_1", "010-87654321转801", "021-55550000 ext. 12", "+8613800138000", "123", "0138-0013-8000"),
    "names": lambda: _each("name", "长" * 500, f"{RTL}明小王", f"王{ZERO_WIDTH}小明", "王😀", "　王小明　", ZERO_WIDTH),
    "twice_first_bad": lambda: accounts_file(
        {"account_ref": "A-9", "principal": "x"}, {"account_ref": "A-9"}, {"account_ref": "Ａ-9", "principal": "7"},
    ),
    "one_customer_two_names": lambda: accounts_file(
        {"customer_ref": "C-9", "name": "王小明"}, {"customer_ref": "C-9", "name": "李四"},
    ),
    "balance_dates": lambda: _each(
        "balance_as_of", "0000-00-00", "2026-02-30", "31/12/2026", "2027-01-01", "2026年11月20日", "20261120", "2026/1/2", "",
    ),
    "optional_dates": lambda: _each("due_date", "0000-00-00", "2026-02-30", "31/12/2026", "9999-12-31", "1899-12-31"),
    "days": lambda: _each("days_past_due", "-1", "30.0", "30.5", "", "1e2", "99999999", "０３", "٣"),
    "flags": lambda: _each("flags", "dispute;hardship", "dispute；hardship", "dispute,hardship", "unknown", " Dispute ; ", "plan|plan"),
    "relations": lambda: _each("phone_1_relation", "本人", "SPOUSE", "情人"),
    "currencies": lambda: _each("currency", "人民币", "cny", "RMB", "USD", "XXZ"),
    "required_missing": lambda: accounts_file({"name": ""}, {"card_last4": "12"}, {"phone_1": ""}, {"customer_ref": "  "}),
    # --- what only looks like a table ---
    "pdf": lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
    "web_page": lambda: b"<html><body><table><tr><td>account_ref</td></tr></table></body></html>",
    "old_workbook": lambda: bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504),
    "picture": lambda: b"\x89PNG\r\n\x1a\n" + bytes(64),
}  # fmt: skip
