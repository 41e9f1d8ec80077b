"""The plan on the page of new terms: what its fields say, what is wrong with them, and what the plan does to examples."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from portal.commission.plan import Plan, PlanError, faults_of, read_plan
from portal.commission.plan.curve import curve_of
from portal.commission.plan.holes import holes_of
from portal.commission.plan.trying import Tried, example_of, tried
from portal.foundation.errors import DomainError, errors_in
from portal.foundation.language import Message, say, translate
from portal.foundation.money import Money
from portal.vendors.plans.chart import Chart, chart_of
from portal.vendors.plans.entries import MOST_ROWS, Written, count_of, entries_of, notation_of, with_step
from portal.vendors.plans.examples import (
    BEGINS,
    ExampleForm,
    default_of,
    example_from,
    is_of_example,
    signature,
)
from portal.vendors.plans.faults import SENTENCES, sentence_of
from portal.vendors.plans.words import REASONS, Clause, clauses_of, rate_words, row_words, warning_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from portal.commission.plan import Line
    from portal.commission.plan.trying import Example

__all__ = ["PlanPart", "entered", "picture_of", "shown"]

LONGEST_NOTATION = 20_000
SEEN = "holes_seen"  # the box beside what earns nothing


@dataclass(frozen=True)
class Earning:
    """A line of the example in words. `so_far`: what all payments up to this one earn, if the period ended with it."""

    line: Line
    amount: Money
    commission: Money
    rate: str
    words: Message
    so_far: Money


@dataclass(frozen=True)
class Effect:
    """What a plan does: its words, what is to be pointed out, the example's lines, and its curve."""

    clauses: list[Clause]
    warnings: list[Message]
    earnings: list[Earning] = field(default_factory=list)
    tried: Tried | None = None
    effective: str = ""
    chart: Chart | None = None
    refusal: Message | None = None  # why there is no line


@dataclass
class PlanPart:
    """All that the page shows of a plan. `errors`: sentences by the field they belong to."""

    currency: str
    values: dict[str, str]
    written: Written
    errors: dict[str, list[Message]]
    plan: Plan | None
    example: ExampleForm
    effect: Effect | None
    notation: str

    @property
    def data(self) -> dict[str, Any]:
        """The plan in the notation, as it would be kept."""
        return self.written.data

    def count(self, name: str) -> int:
        """How many rows of a list are shown."""
        return count_of(self.values, name)

    @property
    def holes_digest(self) -> str:
        """Of what the plan's warnings say: what was seen of one plan is not what another says. Empty without a warning."""
        warnings = self.effect.warnings if self.effect else []
        return digest(_text({str(n): translate(words) for n, words in enumerate(warnings)})) if warnings else ""

    @property
    def holes_seen(self) -> bool:
        """Whether the box beside the warnings is ticked, for these warnings."""
        return self.values.get(SEEN) == self.holes_digest

    @property
    def may_be_kept(self) -> bool:
        """Whether there is a plan to keep, and what earns nothing under it was seen."""
        return self.plan is not None and (not self.holes_digest or self.holes_seen)

    @property
    def notation_digest(self) -> str:
        """Of the notation that the fields mean."""
        return digest(_text(self.data))

    @property
    def signature(self) -> str:
        """Of the example as it is shown."""
        return signature(self.example.values)


def shown(base: Mapping[str, Any] | None, currency: str, today: date) -> PlanPart:
    """The part for a page that is opened: with the plan that holds so far, or empty."""
    if base is None:
        return _part({}, currency, today)
    if faults_of(base):  # as it was kept; the form cannot show it, its notation can
        return _part({}, currency, today, notation=_text(base))
    return _part(entries_of(base), currency, today)


def entered(values: Mapping[str, str], currency: str, today: date, step: str = "") -> PlanPart:
    """The part for a form that was sent; `step`: the button, where it was not the one that saves."""
    changed = with_step(values, step)
    if step.endswith("-pay") or step.startswith("drop-pay-"):
        changed["x-own"] = "1"
    if step == "read":
        return _from_notation(changed, currency, today)
    part = _entered(changed, values, currency, today, step)
    if not step and part.plan is not None and not part.may_be_kept:
        part.errors[SEEN] = [say("Say that you have seen what earns nothing under this plan, or give it a rate.")]
    return part


def _entered(changed: dict[str, str], values: Mapping[str, str], currency: str, today: date, step: str) -> PlanPart:
    if step == "example":
        changed = {name: value for name, value in changed.items() if not is_of_example(name)} | {"x-own": ""}
    pasted = values.get("p-notation", "")
    if "p-was" not in values or values["p-was"] == digest(pasted):
        return _part(changed, currency, today)
    part = _part(changed, currency, today, notation=pasted)
    part.errors["p-notation"] = [say("This was changed by hand: fill the fields from it, or put it back as it was.")]
    if not step:
        part.plan = None  # what is kept is what the fields say, and that was not meant
    return part


def digest(notation: str) -> str:
    """Of a notation as a page shows it: whether somebody changed it."""
    return sha256(notation.replace("\r\n", "\n").strip().encode()).hexdigest()[:16]


def _from_notation(values: dict[str, str], currency: str, today: date) -> PlanPart:
    """Fills the form from a plan that was pasted; where it is none, says so and leaves the form as it was."""
    text = values.get("p-notation", "")
    try:
        data = _parsed(text, currency)
    except DomainError as error:
        part = _part(values, currency, today, notation=text)
        part.errors["p-notation"] = [each.message for each in errors_in(error)]
        return part
    kept = {name: value for name, value in values.items() if not name.startswith("p-") or is_of_example(name)}
    return _part(kept | entries_of(data), currency, today)


def _parsed(text: str, currency: str) -> dict[str, Any]:
    if len(text) > LONGEST_NOTATION:
        raise DomainError("plan.notation", say("This notation is too long."), field="p-notation")
    try:
        data = json.loads(text, parse_float=Decimal)
    except json.JSONDecodeError as error:
        words = say("This is no JSON from line %(line)s, place %(place)s on.", line=error.lineno, place=error.colno)
        raise DomainError("plan.notation", words, field="p-notation") from error
    except (RecursionError, ValueError) as error:
        raise DomainError("plan.notation", say("This is no JSON."), field="p-notation") from error
    if isinstance(data, dict):
        data.setdefault("currency", currency)
    faults = faults_of(data)
    if faults:
        words = say("%(key)s: %(what)s", key=_place(faults[0]), what=sentence_of(faults[0]))
        if len(faults) > 1:
            rest = [say("%(key)s: %(what)s", key=_place(fault), what=sentence_of(fault)) for fault in faults[1:]]
            words = _lines([words, *rest])
        raise DomainError("plan.notation", words, field="p-notation")
    if any(len(rows) > MOST_ROWS for rows in (data.get("bands", {}).get("rows", ()), *data.values()) if _is_many(rows)):
        words = say("A list of this plan has more than %(most)s rows.", most=MOST_ROWS)
        raise DomainError("plan.notation", words, field="p-notation")
    if data["currency"] != currency:
        words = say("This contract is in %(currency)s; the plan says another currency.", currency=currency)
        raise DomainError("plan.notation", words, field="p-notation")
    return dict(data)


def _is_many(value: Any) -> bool:
    return isinstance(value, list | dict)


def _place(fault: PlanError) -> str:
    return fault.key if fault.row is None else f"{fault.key} [{fault.row + 1}]"


def _lines(parts: list[Message]) -> Message:
    whole = parts[-1]
    for part in reversed(parts[:-1]):
        whole = say("%(first)s %(second)s", first=part, second=whole)
    return whole


# --- what the fields say ------------------------------------------------------------------------------------------------


def _part(values: Mapping[str, str], currency: str, today: date, notation: str | None = None) -> PlanPart:
    written = notation_of(values, currency)
    faults = faults_of(written.data)
    errors: dict[str, list[Message]] = {}
    for fault in faults:
        place = errors.setdefault(written.field_of(fault.key, fault.row), [])
        if (words := sentence_of(fault)) not in place:
            place.append(words)
    for name in written.twice:
        errors.setdefault(name, []).append(SENTENCES["twice"])
    plan = None if errors else read_plan(written.data)
    example = _example(values, plan, today)
    effect = None
    if plan is not None:
        effect, of_example = _effect(plan, example, today)
        errors |= of_example
    text = _text(written.data) if notation is None else notation
    return PlanPart(currency, dict(values), written, errors, plan, example, effect, text)


def _example(values: Mapping[str, str], plan: Plan | None, today: date) -> ExampleForm:
    """As somebody changed it; else the one that the plan's limits make."""
    sent = {name: value for name, value in values.items() if is_of_example(name)}
    own = values.get("x-own") == "1" or (bool(sent) and signature(sent) != values.get("x-was"))
    if sent and (own or plan is None):
        return ExampleForm(sent, own, count_of(values, "pay"))
    return default_of(plan, today) if plan is not None else ExampleForm({}, False, 0)


def _effect(plan: Plan, form: ExampleForm, today: date) -> tuple[Effect, dict[str, list[Message]]]:
    """What the plan does, and what cannot be read of the example."""
    effect = Effect(clauses_of(plan), [warning_of(hole, plan.currency) for hole in holes_of(plan)])
    try:
        example = example_from(form, plan)
    except DomainError as error:
        found: dict[str, list[Message]] = {}
        for each in errors_in(error):
            found.setdefault(each.field or "x-total", []).append(each.message)
        return replace(effect, refusal=say("The example cannot be read yet.")), found
    try:
        done = tried(plan, example)
        chart = chart_of(curve_of(plan, example), plan.currency)
    except PlanError as error:
        words = say(
            "The example lacks what this plan asks for (%(key)s): %(what)s", key=error.key, what=sentence_of(error)
        )
        return replace(effect, refusal=words), {}
    effective = "" if done.effective is None else rate_words(round(done.effective, 6))
    earnings = list(_earnings(plan, example, done))
    return replace(effect, earnings=earnings, tried=done, effective=effective, chart=chart), {}


def _earnings(plan: Plan, example: Example, done: Tried) -> Iterable[Earning]:
    ordered = [line.payment for line in done.lines]
    for number, line in enumerate(done.lines, 1):
        words = REASONS[line.reason]
        if line.row is not None:
            row = row_words(plan, line.row)
            words = row if line.reason == "rate" else say("%(row)s, %(reason)s", row=row, reason=words)
        elif line.rate is None and line.reason == "rate":
            words = say("in several bands, each part at its own rate")
        so_far = tried(plan, replace(example, payments=tuple(ordered[:number]))).total
        yield Earning(
            line, Money(line.payment.amount, plan.currency), Money(line.commission, plan.currency),
            "" if line.rate is None else rate_words(line.rate), words, Money(so_far, plan.currency),
        )  # fmt: skip


def picture_of(data: Mapping[str, Any], today: date) -> Chart | None:
    """The curve of a plan that is kept, on the example that its limits make; None where there is none to draw."""
    if faults_of(data):
        return None
    plan = read_plan(data)
    try:
        curve = curve_of(plan, example_of(plan, today - BEGINS))
    except PlanError:
        return None
    earns = any(point.commission for point in curve.points)  # a contract for letters may pay nothing else
    return chart_of(curve, plan.currency) if earns else None


def _text(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1, default=str)
