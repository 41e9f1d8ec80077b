"""What can come of an attempt: the codes of reference/files.md with their flags, and what follows from each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from portal.contact.conduct import DEBTORS
from portal.contact.models import Channel, Direction
from portal.foundation.language import _l
from portal.portfolio.models import HoldFlag

__all__ = [
    "MESSAGES",
    "NEXT_ACTIONS",
    "OUTCOMES",
    "PARTIES",
    "REASONS_BEHIND",
    "Outcome",
    "counts_as",
    "fits",
    "reached_debtor",
]

MESSAGES: Final = frozenset({Channel.SMS, Channel.EMAIL, Channel.WECOM, Channel.LETTER})
_UNANSWERED: Final = frozenset({"no_answer", "busy", "rejected", "voicemail"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """One code. `connected`: the call reached the number. `contact`: a person answered. `right_party`: the debtor did;
    None: as the party says.

    `form`: what kind of attempt ends so: `talk` (any, a message answered included), `line` (a call that nobody took),
    `message`, `visit`. `group`: where it stands in the list of the page. `key`: what chooses it there, one
    of its own among those that go with the same way of contact; `c` is the next way, digits are numbers. With a call every
    letter is taken, so that one outcome has a sign that no amount and no day has.
    `rest_days`: after how many days the account's turn comes again where no date was agreed; ours, no rule's.
    `hold`: the hold that it raises; on the person, or on the account alone.
    """

    code: str
    name: str
    label: Any
    connected: bool | None
    contact: bool | None
    right_party: bool | None
    form: str
    group: str
    key: str
    rest_days: int = 1
    hold: HoldFlag | None = None
    on_person: bool = True


_ALL: tuple[Outcome, ...] = (
    # code, 中文, label, connected, contact, right party, form, group
    Outcome("promise", "承诺还款", _l("Promise to pay"), True, True, True, "talk", "reached", "p"),
    Outcome("negotiating", "协商跟进", _l("Negotiating"), True, True, True, "talk", "reached", "e", rest_days=2),
    Outcome("refuses", "拒绝还款", _l("Refuses to pay"), True, True, True, "talk", "reached", "f", rest_days=3),
    Outcome("says_paid", "自称已还款", _l("Says it is paid"), True, True, True, "talk", "reached", "y", rest_days=3),
    Outcome("callback_requested", "约定回电", _l("Call back agreed"), True, True, True, "talk", "reached", "b"),
    Outcome("hung_up", "接通即挂", _l("Hung up"), True, True, None, "talk", "reached", "u"),
    Outcome("hardship", "经济困难", _l("Hardship"), True, True, True, "talk", "reached", "h", rest_days=3),
    Outcome(
        "disputes", "提出异议", _l("Disputes the debt"), True, True, True, "talk", "stops", "d",
        rest_days=7, hold=HoldFlag.DISPUTE, on_person=False,
    ),
    Outcome("third_party_message", "第三人转告", _l("Third person will pass it on"), True, True, False, "talk", "third", "t"),
    Outcome(
        "third_party_refuses", "第三人拒绝联系", _l("Third person refuses"), True, True, False, "talk", "third", "i",
        rest_days=3,
    ),
    Outcome("no_answer", "无人接听", _l("No answer"), True, False, False, "line", "unreached", "n"),
    Outcome("rejected", "拒接", _l("Call rejected"), True, False, False, "line", "unreached", "r"),
    Outcome("busy", "占线", _l("Busy"), False, False, False, "line", "unreached", "z"),
    Outcome("voicemail", "语音留言", _l("Voicemail"), True, False, False, "line", "unreached", "v"),
    Outcome("switched_off", "关机", _l("Switched off"), False, False, False, "line", "unreached", "o"),
    Outcome("suspended_line", "停机", _l("Line suspended"), False, False, False, "line", "unreached", "s", rest_days=3),
    Outcome("dead_number", "空号", _l("Number does not exist"), False, False, False, "line", "unreached", "x"),
    Outcome("wrong_number", "号码错误", _l("Wrong number"), True, False, False, "line", "unreached", "w"),
    Outcome("answered_then_dropped", "接通后中断", _l("Answered, then cut off"), True, False, False, "line", "unreached", "a"),
    Outcome("sent", "已发送", _l("Message sent"), None, False, False, "message", "message", "s"),
    Outcome("delivered", "已送达", _l("Message delivered"), None, False, False, "message", "message", "a"),
    Outcome("undelivered", "未送达", _l("Message not delivered"), None, False, False, "message", "message", "x"),
    Outcome("read", "已读", _l("Message read"), None, False, False, "message", "message", "r"),
    Outcome("visit_met", "外访见面", _l("Met at a visit"), None, True, None, "visit", "visit", "v", rest_days=3),
    Outcome("visit_absent", "外访未遇", _l("Nobody met at a visit"), None, False, False, "visit", "visit", "a", rest_days=3),
    Outcome("deceased", "死亡", _l("Deceased"), True, True, None, "talk", "stops", "=", hold=HoldFlag.DECEASED),
    Outcome("imprisoned", "服刑", _l("Imprisoned"), True, True, None, "talk", "stops", "j", hold=HoldFlag.IMPRISONED),
    Outcome(
        "fraud_claimed", "盗办", _l("Claims fraud"), True, True, None, "talk", "stops", "m",
        hold=HoldFlag.FRAUD_CLAIMED, on_person=False,
    ),
    Outcome("represented", "有代理律师", _l("Has a lawyer"), True, True, None, "talk", "stops", "l", hold=HoldFlag.REPRESENTED),
    Outcome("bankrupt", "破产", _l("Bankrupt"), True, True, None, "talk", "stops", "k", hold=HoldFlag.BANKRUPT),
    Outcome(
        "cease_requested", "要求停催", _l("Asks to stop contact"), True, True, None, "talk", "stops", "q",
        hold=HoldFlag.DO_NOT_CONTACT,
    ),
    Outcome("other", "其他", _l("Another outcome"), True, False, False, "talk", "other", "g"),
)  # fmt: skip

OUTCOMES: Final[dict[str, Outcome]] = {outcome.code: outcome for outcome in _ALL}

PARTIES: Final[dict[str, Any]] = {
    "self": _l("the debtor"), "co_debtor": _l("co-debtor"), "guarantor": _l("guarantor"), "spouse": _l("spouse"),
    "parent": _l("parent"), "child": _l("child"), "relative": _l("relative"), "colleague": _l("colleague"),
    "friend": _l("friend"), "employer": _l("employer"), "neighbour": _l("neighbour"), "lawyer": _l("lawyer"),
    "other": _l("somebody else"),
}  # fmt: skip

REASONS_BEHIND: Final[dict[str, Any]] = {
    "lost_income": _l("lost income"), "illness": _l("illness"), "forgot": _l("forgot"),
    "dispute": _l("disputes a charge"), "over_indebted": _l("over-indebted"), "abroad": _l("abroad"),
    "unreachable": _l("cannot be found"), "other": _l("another reason"),
}  # fmt: skip

# What the collector means to do next.
NEXT_ACTIONS: Final[dict[str, Any]] = {
    "call": _l("call again"), "sms": _l("send a message"), "visit": _l("visit"), "letter": _l("send a letter"),
    "wait": _l("wait for the payment"), "bank": _l("ask the bank"),
}  # fmt: skip


def fits(outcome: Outcome, channel: Channel) -> bool:
    """Whether an attempt by the channel can end so: a call is not delivered, a visit is not busy."""
    if outcome.form == "talk":
        return not (outcome.code == "hung_up" and channel is not Channel.CALL)
    if outcome.form == "line":
        return channel is Channel.CALL
    return (channel in MESSAGES) if outcome.form == "message" else channel is Channel.VISIT


def counts_as(channel: Channel, direction: Direction, outcome: Outcome, party: str) -> str:
    """What the daily caps count an attempt as: `conversation`, `unanswered`, `visit` or nothing.

    A conversation is a call with contact with the right party; dials that nobody took are no_answer, rejected, busy and
    voicemail (reference/files.md). Only what the collector began counts: the caps speak of 主动 calls (GB/T 45251).
    """
    if direction is Direction.INBOUND:
        return ""
    if channel is Channel.VISIT:
        return "visit"
    if channel is not Channel.CALL:
        return ""
    if outcome.code in _UNANSWERED:
        return "unanswered"
    return "conversation" if reached_debtor(outcome, party) else ""


def reached_debtor(outcome: Outcome, party: str) -> bool:
    """Whether the debtor, a co-debtor or a guarantor was spoken to."""
    right_party = party in DEBTORS if outcome.right_party is None else outcome.right_party
    return bool(outcome.contact and right_party)
