"""What the conduct rules are asked, from what the tables know (`history.py`). What is kept of their answer: `evidence.py`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from portal.contact.conduct import Decision, Question, check
from portal.contact.conduct.events import PersonWrote, Replied
from portal.contact.evidence import decision_data
from portal.contact.history import Debtor, History, Known

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.contact.models import ContactAttempt
    from portal.foundation.access import Actor

__all__ = ["Checked", "check_contact", "decision_data", "facts_of"]


@dataclass(frozen=True, slots=True)
class Checked:
    """A decision with what it was asked and what it rested on."""

    question: Question
    facts: Known
    decision: Decision


def check_contact(facts: Known, question: Question) -> Checked:
    """Ask the rules that hold for the debtor, about the debtor's debt unless the question names one."""
    question = _with_what_is_known(question, facts)
    return Checked(question, facts, check(facts.pack, question, facts))


def _with_what_is_known(question: Question, facts: Known) -> Question:
    """The question with the debt, the place that the number reaches, and whether it answers what the person wrote last by the
    same way: whoever is written to answers there, and the rules let each message be answered once."""
    return replace(
        question,
        debt=question.debt or facts.debt,
        place=question.place or _place_of(question, facts),
        reply=question.reply or _is_answer(question, facts),
    )


def _place_of(question: Question, facts: Known) -> str:
    return facts.point_places.get(question.point, "") if isinstance(question.point, int) else ""


def _is_answer(question: Question, facts: Known) -> bool:
    said = [
        event
        for event in facts.log or ()
        if isinstance(event, PersonWrote | Replied) and event.channel == question.channel and event.at <= question.at
    ]
    return question.direction == "outbound" and bool(said) and isinstance(said[-1], PersonWrote)


def facts_of(
    session: Session,
    actor: Actor,
    debtors: Iterable[Debtor],
    at: datetime,
    *,
    log: bool = False,
    but: ContactAttempt | None = None,
) -> dict[int, Known]:
    """The facts of each account at an instant, by account id; `log` and `but` as of `History`."""
    debtors = list(debtors)
    history = History(session, actor, debtors, at, log=log)
    return {debtor.account_id: history.facts(debtor, at, but=but) for debtor in debtors}
