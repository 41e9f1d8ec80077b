"""Plans in all of the notation, and payments on placements of several batches: what the properties of the engine are tried on."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from portal.commission.plan import Basis, Payment, Placing

__all__ = ["BATCHES", "CURRENCY", "PLACED", "RATES", "bounds", "payments", "plans", "sliced_bands"]

CURRENCY = "CNY"
BEGIN = date(2024, 1, 1)
PLACED = {"one": 1_000_000, "two": 40_000}  # totals of the batches, minor units
BATCHES = st.sampled_from(sorted(PLACED))
STAGES = ("pre_legal", "legal")
BUCKETS = ("M1", "M3", "M7+")
RATES = st.decimals("0", "1", places=4) | st.sampled_from(["0.02", "0.05", "0.1413", "0.25", "0.3333", "0.5"]).map(
    Decimal
)
MONEY = st.decimals("0", "9000", places=2) | st.sampled_from(["0", "100", "300", "1000", "2500"]).map(Decimal)
SHARES = st.decimals("0", "1.5", places=4) | st.sampled_from(["0", "0.05", "0.15", "0.3"]).map(Decimal)
COUNTS = st.integers(0, 40)
AMOUNTS = st.one_of(st.integers(1, 500), st.integers(5_000, 90_000), st.integers(50_000, 900_000))


def bounds(by: str) -> st.SearchStrategy[Any]:
    """Limits of a measure, of the size of what is drawn for it."""
    if by == "recovery_rate":
        return SHARES
    return MONEY if by in ("batch_recovered", "payment_amount", "placed_balance") else COUNTS


@st.composite
def _rows(draw: st.DrawFn, by: str) -> list[dict[str, Any]]:
    if by in ("bucket", "stage"):
        words = draw(st.permutations(BUCKETS if by == "bucket" else STAGES))
        return [{"is": [word], "rate": str(draw(RATES))} for word in words[: draw(st.integers(1, len(words)))]]
    found = sorted(draw(st.sets(bounds(by), min_size=1, max_size=4)))
    return [{draw(st.sampled_from(["from", "above"])): str(bound), "rate": str(draw(RATES))} for bound in found]


SLICED = ("recovery_rate", "batch_recovered", "payment_amount")
OTHERS = ("placed_balance", "age_months", "days_past_due", "bucket", "round", "days_since_placement", "stage")


@st.composite
def sliced_bands(draw: st.DrawFn, measures: tuple[str, ...] = SLICED, rising: bool = False) -> dict[str, Any]:
    """Bands of measures that can be sliced, whole or in slices. `rising`: whole ones pay no lower rate further up."""
    by, mode = draw(st.sampled_from(measures)), draw(st.sampled_from(["whole", "marginal"]))
    rows = draw(_rows(by))
    if rising and mode == "whole":
        rates = sorted(draw(st.lists(RATES, min_size=len(rows), max_size=len(rows))))
        rows = [row | {"rate": str(rate)} for row, rate in zip(rows, rates, strict=True)]
    return {"by": by, "mode": mode, "rows": rows}


@st.composite
def _bands(draw: st.DrawFn) -> dict[str, Any]:
    if draw(st.booleans()):
        return draw(sliced_bands())
    by = draw(st.sampled_from(OTHERS))
    return {"by": by, "rows": draw(_rows(by))}


@st.composite
def _surcharge(draw: st.DrawFn) -> dict[str, Any]:
    by = draw(st.sampled_from([*SLICED, "age_months", "days_since_placement"]))
    found = {"by": by, draw(st.sampled_from(["from", "above"])): str(draw(bounds(by)))}
    return found | draw(st.sampled_from([{"add": "0.05"}, {"multiply": "1.5"}, {"multiply": "0.5"}]))


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any]:
    """Any combination of keys that is a plan."""
    found: dict[str, Any] = {"currency": CURRENCY}
    found |= draw(st.one_of(RATES.map(lambda rate: {"rate": str(rate)}), _bands().map(lambda bands: {"bands": bands})))
    if draw(st.booleans()):
        found["stage_rates"] = {"legal": str(draw(RATES))}
    found["surcharges"] = draw(st.lists(_surcharge(), max_size=2))
    if draw(st.booleans()):
        small: list[dict[str, Any]] = [{"upto": "200.00", "rate": "0.50"}, {"upto": "400.00", "minimum": "30.00"}]
        found["small_balance"] = draw(st.sampled_from([small, small[:1], small[1:]]))
    if draw(st.booleans()):
        found["minimum"] = {"per": "payment", "amount": str(draw(st.decimals("0", "50", places=2)))}
    if draw(st.booleans()):
        cap = draw(st.sampled_from([{"amount": "300.00"}, {"share": "0.22"}, {"amount": "900.00", "share": "0.3"}]))
        found["cap"] = {"per": draw(st.sampled_from(["contract", "contract_year", "placement"]))} | cap
        found["contract_started_on"] = "2023-02-10"
    found["free_days"] = draw(st.sampled_from([0, 0, 5, {"bank": 10, "agency": 2}]))
    found["tail"] = draw(st.sampled_from([{"days": 5}, {"months": 1}]))
    found["basis"] = draw(st.sampled_from(["total", "principal"]))
    return found


@st.composite
def _placing(draw: st.DrawFn, number: int) -> Placing:
    start = BEGIN + timedelta(days=draw(st.integers(0, 20)))
    ended_on = draw(st.sampled_from([None, start + timedelta(days=30), start + timedelta(days=60)]))
    return Placing(
        placed_on=start, ended_on=ended_on, id=f"place-{number}",
        batch=draw(BATCHES), balance=draw(st.integers(1, 900_000)), age_months=draw(COUNTS), days_past_due=draw(COUNTS),
        bucket=draw(st.sampled_from(BUCKETS)), round=draw(st.integers(1, 3)), stage=draw(st.sampled_from(STAGES)),
    )  # fmt: skip


@st.composite
def payments(draw: st.DrawFn, reversals: bool = True) -> list[Payment]:
    """Payments on up to three placements, in no order; some taken back whole, in parts, or beyond what there was."""
    places = [draw(_placing(number)) for number in range(draw(st.integers(1, 3)))]
    found = []
    for number in range(draw(st.integers(1, 6))):
        amount, place = draw(AMOUNTS), draw(st.sampled_from(places))
        day = place.placed_on + timedelta(days=draw(st.integers(-2, 70)))
        by = draw(st.sampled_from(["bank", "agency"]))
        found.append(
            Payment(
                id=f"p{number}", placing=place, amount=amount, paid_on=day, received_by=by,
                stage=draw(st.sampled_from([None, *STAGES])), parts={Basis.PRINCIPAL: draw(st.integers(0, amount))},
            )
        )  # fmt: skip
        for back in draw(st.lists(st.integers(1, amount), max_size=2)) if reversals and draw(st.booleans()) else ():
            found.append(
                Payment(
                    id=f"r{number}-{len(found)}", placing=place, amount=draw(st.sampled_from([-back, -amount])),
                    paid_on=day + timedelta(days=draw(st.integers(-5, 200))), received_by=by, reverses=f"p{number}",
                )
            )  # fmt: skip
    return list(draw(st.permutations(found)))
