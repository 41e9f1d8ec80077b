"""What to offer a debtor, by why they are behind, or by hardship alone: a small table that leads the workbench. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from portal.foundation.language import Message, say

__all__ = ["ADVICE", "HARDSHIP", "Advice", "Step"]


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do next. `page`: `income`, or the kind of arrangement that is drawn up; the workbench knows the addresses."""

    words: Message
    page: str


@dataclass(frozen=True, slots=True)
class Advice:
    """The sentence that leads the page, and the steps that fit, the first of them first."""

    words: Message
    steps: tuple[Step, ...] = ()


_INCOME = Step(say("Take down income and outgoings"), "income")
_PLAN = Step(say("Draw up an instalment plan"), "instalments")
_SETTLEMENT = Step(say("Draw up a settlement"), "settlement")
_WAIVER = Step(say("Draw up a waiver"), "waiver")

HARDSHIP = "hardship"  # the outcome, where no reason for it was given

ADVICE: dict[str, Advice] = {
    HARDSHIP: Advice(
        say("Hardship: ask why, and see what the debtor can live on first; then a plan with parts that fit."),
        (_INCOME, _PLAN),
    ),
    "lost_income": Advice(
        say("Lost income: see what the debtor can live on first, then a plan with small parts that grow."),
        (_INCOME, _PLAN),
    ),
    "illness": Advice(
        say("Illness: ask for the proof, press for nothing, and offer a plan that begins once income is back."),
        (_INCOME, _PLAN),
    ),
    "forgot": Advice(
        say("Forgot: no plan is needed. A promise for one day close by, and a waiver of the fee if it is the first time."),
        (_WAIVER,),
    ),
    "dispute": Advice(
        say("Disputes a charge: log “disputes the debt”, which holds the account until the bank has looked into it."),
    ),
    "over_indebted": Advice(
        say(
            "Over-indebted: all debts belong on one sheet. A long plan or a settlement needs the statement of income and "
            "outgoings."
        ),
        (_INCOME, _PLAN, _SETTLEMENT),
    ),
    "abroad": Advice(
        say("Abroad: agree how and in which currency it is paid. One settlement is easier to keep than many parts."),
        (_SETTLEMENT, _PLAN),
    ),
    "unreachable": Advice(
        say("Cannot be found: nothing can be agreed. Look for other numbers, or give the account back with the reason."),
    ),
}  # fmt: skip
