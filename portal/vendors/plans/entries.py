"""A plan as the fields of a form, and back: what people write, and the notation that it means. Pure.

`notation_of` judges nothing: what cannot be read goes into the notation as it was written, and the notation's own reader says
what is wrong with it (`places` tells the field of each key and row). Names of fields begin with `p-`, but for those of the
terms' own form (`rate`, `tail_length`, `tail_unit`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

__all__ = ["LISTS", "MOST_ROWS", "Written", "count_of", "entries_of", "notation_of", "with_step"]

LISTS: dict[str, tuple[str, ...]] = {
    "bands": ("kind", "value", "rate"),
    "stages": ("stage", "rate"),
    "surcharges": ("by", "kind", "value", "how", "size"),
    "small": ("by", "upto", "how", "size"),
    "kpi": ("kind", "value", "factor"),
    "limits": ("round", "rate"),
    "pay": ("day", "amount", "part", "by", "stage"),  # of the example
}
CHOSEN = {"by", "kind", "how"}  # parts of a row that always say something
KINDS = ("from", "above", "is")
MOST_ROWS = 60
BETWEEN = re.compile(r"[\s,;，；、]+")


@dataclass(slots=True)
class Written:
    """The notation that a form means, and the field of each key, by key and row (None: of the key as a whole)."""

    data: dict[str, Any] = field(default_factory=dict)
    places: dict[tuple[str, int | None], str] = field(default_factory=dict)
    twice: list[str] = field(default_factory=list)  # fields that say once more what the notation can hold once

    def field_of(self, key: str, row: int | None) -> str:
        """Where a fault belongs: its own field, or the first of what it is about."""
        for wanted in (key, key.rpartition(".")[0], key.partition(".")[0]):
            for where in ((wanted, row), (wanted, None)):
                if where in self.places:
                    return self.places[where]
        return "rate"


def count_of(values: Mapping[str, str], name: str) -> int:
    """Rows of a list that a form shows, empty ones included; at least one."""
    numbers = [int(found[1]) for key in values if (found := re.fullmatch(rf"p-{name}-(\d{{1,2}})-\w+", key))]
    return min(max(numbers, default=0) + 1, MOST_ROWS)


# --- from the form to the notation -------------------------------------------------------------------------------------


def notation_of(values: Mapping[str, str], currency: str) -> Written:
    """What a form says, in the notation."""
    written = Written({"currency": currency}, dict(_PLACES))
    data = written.data
    if rate := _said(values, "rate"):
        data["rate"] = _share(rate)
    _bands(values, written)
    _stages(values, written)
    _surcharges(values, written)
    _small(values, written)
    _limited(values, data)
    _days(values, data)
    for key in ("basis", "remittance"):
        if (said := _said(values, f"p-{key}")) and said not in ("total", "gross"):
            data[key] = said
    _kpi(values, written)
    limits = [
        {"round": _whole(_said(row, "round")), "max_rate": _share(_said(row, "rate"))}
        for _, row in _rows(values, "limits", written, "limits")
    ]
    if limits:
        data["limits"] = limits
    if started := _said(values, "p-contract_started_on"):
        data["contract_started_on"] = started
    return written


_PLACES: dict[tuple[str, int | None], str] = {
    (key, None): name
    for key, name in {
        "rate": "rate", "currency": "p-notation", "bands": "p-bands_by", "bands.by": "p-bands_by",
        "bands.mode": "p-bands_mode", "bands.rows": "p-bands-0-value", "stage_rates": "p-stages-0-rate",
        "surcharges": "p-surcharges-0-value", "small_balance": "p-small-0-upto", "minimum": "p-minimum",
        "cap": "p-cap_amount", "cap.per": "p-cap_per", "cap.share": "p-cap_share", "free_days": "p-free_bank",
        "tail": "tail_length", "basis": "p-basis", "remittance": "p-remittance", "kpi": "p-kpi_by",
        "kpi.rows": "p-kpi-0-value", "kpi.floor": "p-kpi_floor", "kpi.ceiling": "p-kpi_ceiling",
        "limits": "p-limits-0-rate", "contract_started_on": "p-contract_started_on",
    }.items()
}  # fmt: skip
_ROW_PLACES: dict[str, dict[str, str]] = {
    "bands.rows": {"": "value", "is": "value", "rate": "rate"},
    "stage_rates": {"": "rate", "stage": "stage"},
    "surcharges": {"": "value", "by": "by", "add": "size", "multiply": "size"},
    "small_balance": {"": "size", "by": "by", "upto": "upto", "rate": "size", "minimum": "size"},
    "kpi.rows": {"": "value", "factor": "factor"},
    "limits": {"": "rate", "round": "round", "max_rate": "rate"},
}


def _rows(values: Mapping[str, str], name: str, written: Written, key: str) -> Iterable[tuple[int, dict[str, str]]]:
    """The rows of a list that say something, in their order; where each stands on the form is remembered."""
    found: list[tuple[int, dict[str, str]]] = []
    for number in range(count_of(values, name)):
        row = {part: _said(values, f"p-{name}-{number}-{part}") for part in LISTS[name]}
        if any(text for part, text in row.items() if part not in CHOSEN):
            for part, of_row in _ROW_PLACES[key].items():
                written.places[f"{key}.{part}".rstrip("."), len(found)] = f"p-{name}-{number}-{of_row}"
            found.append((number, row))
    return found


def _bands(values: Mapping[str, str], written: Written) -> None:
    by, mode = _said(values, "p-bands_by"), _said(values, "p-bands_mode")
    rows = [
        _condition(row, by) | ({"rate": _share(row["rate"])} if row["rate"] else {})
        for _, row in _rows(values, "bands", written, "bands.rows")
    ]
    if by or rows:
        written.data["bands"] = {"by": by} | ({"mode": mode} if mode else {}) | {"rows": rows}


def _stages(values: Mapping[str, str], written: Written) -> None:
    stages: dict[str, str] = {}
    for number, row in _rows(values, "stages", written, "stage_rates"):
        if row["stage"] in stages:
            written.twice.append(f"p-stages-{number}-stage")
        stages[row["stage"]] = _share(row["rate"])
    if stages:
        written.data["stage_rates"] = stages


def _condition(row: Mapping[str, str], by: str) -> dict[str, Any]:
    if not row["value"]:
        return {}
    if row["kind"] == "is":
        return {"is": [value for value in BETWEEN.split(row["value"]) if value]}
    return {row["kind"]: _bound(row["value"], by)}


def _surcharges(values: Mapping[str, str], written: Written) -> None:
    found = []
    for _, row in _rows(values, "surcharges", written, "surcharges"):
        size = {row["how"]: _share(row["size"]) if row["how"] == "add" else _figure(row["size"])} if row["size"] else {}
        found.append({"by": row["by"]} | _condition(row, row["by"]) | size)
    if found:
        written.data["surcharges"] = found


def _small(values: Mapping[str, str], written: Written) -> None:
    found = []
    for _, row in _rows(values, "small", written, "small_balance"):
        size = (
            {row["how"]: _share(row["size"]) if row["how"] == "rate" else _figure(row["size"])} if row["size"] else {}
        )
        by = {"by": row["by"]} if row["by"] not in ("", "placed_balance") else {}
        found.append(by | ({"upto": _figure(row["upto"])} if row["upto"] else {}) | size)
    if found:
        written.data["small_balance"] = found


def _limited(values: Mapping[str, str], data: dict[str, Any]) -> None:
    if minimum := _said(values, "p-minimum"):
        data["minimum"] = {"per": "payment", "amount": _figure(minimum)}
    amount, share = _said(values, "p-cap_amount"), _said(values, "p-cap_share")
    if amount or share:
        data["cap"] = {"per": _said(values, "p-cap_per") or "contract"}
        data["cap"] |= {"amount": _figure(amount)} if amount else {}
        data["cap"] |= {"share": _share(share)} if share else {}


def _days(values: Mapping[str, str], data: dict[str, Any]) -> None:
    bank, agency = _said(values, "p-free_bank"), _said(values, "p-free_agency")
    if bank and bank == agency:
        data["free_days"] = _whole(bank)
    elif bank or agency:
        data["free_days"] = {who: _whole(n) for who, n in (("bank", bank), ("agency", agency)) if n}
    if length := _said(values, "tail_length"):
        data["tail"] = {_said(values, "tail_unit") or "days": _whole(length)}


def _kpi(values: Mapping[str, str], written: Written) -> None:
    rows = [
        _condition(row, "") | ({"factor": _figure(row["factor"])} if row["factor"] else {})
        for _, row in _rows(values, "kpi", written, "kpi.rows")
    ]
    ends = {end: _figure(said) for end in ("floor", "ceiling") if (said := _said(values, f"p-kpi_{end}"))}
    if rows or ends:
        written.data["kpi"] = {"by": _said(values, "p-kpi_by") or "rank", "rows": rows} | ends


def _said(values: Mapping[str, str], name: str) -> str:
    return (values.get(name) or "").strip()


def _figure(text: str) -> str:
    """A number without what people write between its digits."""
    return text.replace(",", "").replace("，", "").replace(" ", "")


def _share(text: str) -> str:
    """A rate as decimal, where it was written in per cent."""
    plain = _figure(text).replace("％", "%")
    if not plain.endswith("%"):
        return plain
    try:
        return format((Decimal(plain[:-1]) / 100).normalize(), "f") if len(plain) < 20 else plain
    except InvalidOperation:
        return plain


def _bound(text: str, by: str) -> str:
    return _share(text) if by == "recovery_rate" else _figure(text)


def _whole(text: str) -> int | str:
    plain = _figure(text)
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 7 else plain


# --- from the notation to the form -------------------------------------------------------------------------------------


def entries_of(data: Mapping[str, Any]) -> dict[str, str]:
    """The fields of a plan that can be read, as somebody would have filled them in."""
    values: dict[str, str] = {"rate": _percent(data["rate"]) if "rate" in data else ""}
    bands = data.get("bands") or {}
    values |= {"p-bands_by": str(bands.get("by", "")), "p-bands_mode": str(bands.get("mode", ""))}
    for n, row in enumerate(bands.get("rows", ())):
        values |= _of_condition("bands", n, row, str(bands["by"])) | {f"p-bands-{n}-rate": _percent(row["rate"])}
    for n, (stage, rate) in enumerate((data.get("stage_rates") or {}).items()):
        values |= {f"p-stages-{n}-stage": str(stage), f"p-stages-{n}-rate": _percent(rate)}
    for n, row in enumerate(data.get("surcharges", ())):
        how = "add" if "add" in row else "multiply"
        size = _percent(row["add"]) if how == "add" else str(row["multiply"])
        values |= _of_condition("surcharges", n, row, row["by"])
        values |= {f"p-surcharges-{n}-by": row["by"], f"p-surcharges-{n}-how": how, f"p-surcharges-{n}-size": size}
    for n, row in enumerate(data.get("small_balance", ())):
        how = "rate" if "rate" in row else "minimum"
        size = _percent(row["rate"]) if how == "rate" else str(row["minimum"])
        by = row.get("by", "placed_balance")
        values |= {f"p-small-{n}-by": by, f"p-small-{n}-upto": str(row["upto"]), f"p-small-{n}-how": how}
        values[f"p-small-{n}-size"] = size
    return values | _of_limits(data) | _of_days(data) | _of_kpi(data)


def _of_limits(data: Mapping[str, Any]) -> dict[str, str]:
    cap, minimum = data.get("cap") or {}, data.get("minimum") or {}
    values = {
        "p-minimum": str(minimum.get("amount", "")), "p-cap_per": str(cap.get("per", "")),
        "p-cap_amount": str(cap.get("amount", "")), "p-cap_share": _percent(cap["share"]) if "share" in cap else "",
        "p-contract_started_on": str(data.get("contract_started_on", "")),
    }  # fmt: skip
    for n, row in enumerate(data.get("limits", ())):
        values |= {f"p-limits-{n}-round": str(row["round"]), f"p-limits-{n}-rate": _percent(row["max_rate"])}
    return values


def _of_days(data: Mapping[str, Any]) -> dict[str, str]:
    free, tail = data.get("free_days", {}), data.get("tail") or {}
    free = free if isinstance(free, Mapping) else {"bank": free, "agency": free}
    unit = next(iter(tail), "days")
    return {
        "p-free_bank": str(free.get("bank", "") or ""), "p-free_agency": str(free.get("agency", "") or ""),
        "tail_length": str(tail.get(unit, "") or ""), "tail_unit": unit,
        "p-basis": str(data.get("basis", "total")), "p-remittance": str(data.get("remittance", "gross")),
    }  # fmt: skip


def _of_kpi(data: Mapping[str, Any]) -> dict[str, str]:
    kpi = data.get("kpi") or {}
    values = {"p-kpi_by": str(kpi.get("by", "rank"))}
    values |= {f"p-kpi_{end}": str(kpi.get(end, "")) for end in ("floor", "ceiling")}
    for n, row in enumerate(kpi.get("rows", ())):
        values |= _of_condition("kpi", n, row, "") | {f"p-kpi-{n}-factor": str(row["factor"])}
    return values


def _of_condition(name: str, n: int, row: Mapping[str, Any], by: str) -> dict[str, str]:
    kind = next(kind for kind in KINDS if kind in row)
    given = row[kind]
    if kind == "is":
        text = ", ".join(str(value) for value in (given if isinstance(given, list) else [given]))
    else:
        text = _percent(given) if by == "recovery_rate" else str(given)
    return {f"p-{name}-{n}-kind": kind, f"p-{name}-{n}-value": text}


def _percent(rate: Any) -> str:
    return format((Decimal(str(rate)) * 100).normalize(), "f") + "%"


# --- rows come and go ---------------------------------------------------------------------------------------------------


def with_step(values: Mapping[str, str], step: str) -> dict[str, str]:
    """The form after a button: `add-NAME` shows one more row, `drop-NAME-2` takes the third away."""
    changed = dict(values)
    if found := re.fullmatch(r"add-(\w+)", step):
        name = found[1]
        count = count_of(values, name)
        if name in LISTS and count < MOST_ROWS:
            changed |= dict.fromkeys((f"p-{name}-{count}-{part}" for part in LISTS[name]), "")
    elif (found := re.fullmatch(r"drop-(\w+)-(\d+)", step)) and found[1] in LISTS:
        name, dropped, count = found[1], int(found[2]), count_of(values, found[1])
        for part in LISTS[name]:
            for n in range(dropped, count):
                following = changed.pop(f"p-{name}-{n + 1}-{part}", None)
                if following is None:
                    changed.pop(f"p-{name}-{n}-{part}", None)
                else:
                    changed[f"p-{name}-{n}-{part}"] = following
    return changed
