"""How fast and how small: a call per letter against the print file, in one run, on made-up letters."""

from __future__ import annotations

import random
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from weasyprint import HTML

from letters.assets import BASE, OwnAssets
from letters.context import letter_context
from letters.fonts import font_set
from letters.render import LETTERS_A_PART, render_print_file
from letters.template import Template, load_template

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国文辉力志宏丹宁云飞雪梅琳晨曦浩然子轩梓涵"
_PLACES = ("北京市朝阳区", "上海市浦东新区", "广东省深圳市福田区", "浙江省杭州市西湖区", "四川省成都市武侯区", "湖北省武汉市洪山区", "陕西省西安市雁塔区", "新疆维吾尔自治区乌鲁木齐市天山区")  # fmt: skip
_ROADS = "建国人民解放中山长江黄河文化科技和平胜利光明幸福东风新华友谊学院"


def made_up_letters(count: int, seed: int = 20261122) -> list[dict[str, Any]]:
    """Letters of ordinary names and addresses with five to seven items, the same for a seed."""
    chance = random.Random(seed)
    return [_letter(chance, number) for number in range(1, count + 1)]


def _letter(chance: random.Random, number: int) -> dict[str, Any]:
    items = [
        (f"2026年{month}月账单", chance.randrange(10_000, 900_000), chance.randrange(100, 90_000))
        for month in range(1, chance.randint(6, 8))
    ]
    principal, interest = sum(item[1] for item in items), sum(item[2] for item in items)
    fees = chance.randrange(0, interest)
    road = "".join(chance.sample(_ROADS, 2))
    return {
        "letter_no": f"(2026)京示律函字第{number:06d}号",
        "debtor_name": chance.choice(_SURNAMES) + "".join(chance.sample(_GIVEN, chance.randint(1, 2))),
        "postcode": f"{chance.randrange(100_000, 899_999)}",
        "address": f"{chance.choice(_PLACES)}{road}路{chance.randint(1, 999)}号{chance.randint(1, 40)}栋{chance.randint(1, 6)}单元{chance.randint(101, 3299)}室",
        "card_last4": f"{chance.randrange(10_000):04d}",
        "currency": "CNY",
        "principal": _yuan(principal),
        "interest": _yuan(interest - fees),
        "fees": _yuan(fees),
        "total": _yuan(principal + interest),
        "as_of": "2026-11-20",
        "days_past_due": chance.randint(31, 900),
        "items": [{"label": label, "principal": _yuan(p), "interest_and_fees": _yuan(i)} for label, p, i in items],
        "verify_code": "-".join(f"{chance.randrange(16**4):04X}" for _ in range(3)),
    }


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def bench(letters: int = 300, calls: int = 12, workers: int = 1) -> dict[str, Any]:
    """Time and size a letter of both ways and their ratio (first stage of DESIGN section 9).

    The yardstick is one WeasyPrint call per letter with the system's font and the style sheet parsed each
    time. With one worker both ways take turns, a part of the letters at a time, so that a machine that slows
    down favours neither. Times are of the processor (this process and its workers), since other work on the machine
    distorts the clock; `wall_ms_a_letter` is the clock's.
    """
    template = load_template("lawyer-letter-zh")
    head = {key: value for key, value in template.sample.items() if key not in ("letters", "template")}
    data = made_up_letters(letters)
    step = LETTERS_A_PART if workers == 1 else letters
    rounds = [data[start : start + step] for start in range(0, letters, step)]
    calls_a_round = max(2, calls // len(rounds))
    _call_per_letter(template, head, data[0])
    plain, batch = _Tally(), _Tally()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "bench.pdf"
        for some in rounds:
            for letter in some[:calls_a_round]:
                plain.add(1, partial(_call_per_letter, template, head, letter))
            batch.add(len(some), partial(_print_file_size, template, head, some, out, workers))
    return {
        "letters": letters,
        "workers": workers,
        "plain_ms_a_letter": round(plain.seconds * 1000 / plain.letters, 1),
        "plain_kb_a_letter": round(plain.size / plain.letters / 1024, 1),
        "batch_ms_a_letter": round(batch.seconds * 1000 / batch.letters, 1),
        "batch_kb_a_letter": round(batch.size / batch.letters / 1024, 2),
        "wall_ms_a_letter": round(batch.wall * 1000 / batch.letters, 1),
        "letters_a_second": round(batch.letters / batch.wall, 1),
        "peak_mb": _peak_mb(),
        "ratio": round(plain.seconds / plain.letters / (batch.seconds / batch.letters), 2),
    }


@dataclass
class _Tally:
    """Letters made one way: processor seconds, seconds of the clock, bytes."""

    letters: int = 0
    seconds: float = 0.0
    wall: float = 0.0
    size: int = 0

    def add(self, letters: int, make: Callable[[], int]) -> None:
        """Run `make`, which returns the bytes it made, and count it in."""
        clock, processor = time.perf_counter(), _processor_seconds()
        self.size += make()
        self.wall += time.perf_counter() - clock
        self.seconds += _processor_seconds() - processor
        self.letters += letters


def _print_file_size(
    template: Template, head: dict[str, Any], data: list[dict[str, Any]], out: Path, workers: int
) -> int:
    """The size of the print file of these letters."""
    render_print_file(template, head, data, out, workers)
    return out.stat().st_size


def _call_per_letter(template: Template, head: dict[str, Any], letter: dict[str, Any]) -> int:
    """The size of one letter made the ordinary way: everything anew, Noto Serif CJK as installed."""
    fetcher = OwnAssets(template, font_set(), head)
    family = '"Noto Serif CJK SC"'
    markup = template.markup(letter_context(template, head, letter))
    style = f"<style>html{{font-family:{family}}}{template.style}</style></head>"
    return len(HTML(string=markup.replace("</head>", style), base_url=BASE, url_fetcher=fetcher).write_pdf())


def _processor_seconds() -> float:
    """Processor time of this process and of workers that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _peak_mb() -> int:
    """Largest memory of this process or of a worker, in MB (the kernel counts in KB)."""
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) // 1024
