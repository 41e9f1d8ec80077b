"""How the agencies' leaders deal their accounts out, and what some people keep to look at every morning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.contact.team.dealing import By
from portal.contact.team.desks import colleagues
from portal.contact.team.operations import Dealt, Evenly, ask_to_deal, settle_rule
from portal.demo.cast import HOUSES
from portal.foundation.access import OrganisationKind
from portal.foundation.jobs import run_pending
from portal.foundation.saved_filters import Offer, save_filter
from portal.foundation.work import reading

if TYPE_CHECKING:
    from portal.demo.stage import Stage

__all__ = ["deal_out", "keep_filters", "settle_rules"]

OWN_ONLY = ("BL",)  # the agency whose collectors work their own accounts alone


def deal_out(stage: Stage, leaving: tuple[str, ...] = ()) -> None:
    """Each agency's leader deals the pool out evenly by amount; those that are named leave it to whoever comes first."""
    for house in HOUSES:
        if house.kind is not OrganisationKind.AGENCY or house.code in leaving:
            continue
        leader = stage.actor(house.leader.user_name)
        with reading(leader) as session:
            team = colleagues(session, leader, stage.today)
        people = tuple(each.user_id for each in team if each.is_collector and each.may_work)
        if people and not isinstance(ask_to_deal(leader, Evenly(people, By.VALUE)), Dealt):
            run_pending(stage.app)


def settle_rules(stage: Stage) -> None:
    """Most agencies leave the pool open to all; one does not."""
    for house in HOUSES:
        if house.code in OWN_ONLY:
            settle_rule(stage.actor(house.leader.user_name), own_only=True)


def keep_filters(stage: Stage) -> None:
    """What a leader and a collector open first in the morning."""
    leader, collector = stage.actor("ht.leader"), stage.actor("ht.anna")
    save_filter(leader, Offer("team.accounts", "standard=untouched&whose=pool"), "公共池未触达")
    save_filter(leader, Offer("contact.promises", "state=today"), "今日到期承诺")
    save_filter(collector, Offer("contact.queue", "tab=broken&whose=mine"), "我的失约")
