"""The first steps of a bank that has just been founded: what there is none of yet, for whoever may make the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation.access import OrganisationKind, Permission, Role
from portal.foundation.language import _l, say
from portal.foundation.visibility import visible
from portal.identity.models import Organisation, User
from portal.oversight.tasks import Desk, Task
from portal.placement.models import AllocationRun
from portal.portfolio.models import Account
from portal.vendors.models import Contract

if TYPE_CHECKING:
    from collections.abc import Iterator

    from portal.foundation.language import Message

__all__ = ["first_steps"]

MAKER_AND_CHECKER = 2

# Who may, what there is none of, in words, what to do about it, where.
STEPS: tuple[tuple[Permission, type[Any], tuple[Any, ...], Message, Any, str], ...] = (
    (
        Permission.ORGANISATIONS_MANAGE, Organisation, (Organisation.kind != OrganisationKind.BANK,),
        say("No agency or law firm is here yet"), _l("Enter an organisation"), "identity.new_organisation",
    ),
    (
        Permission.CONTRACTS_MANAGE, Contract, (),
        say("No contract is here yet: nobody can receive accounts"), _l("Enter a contract"), "vendors.new_contract",
    ),
    (
        Permission.ACCOUNTS_IMPORT, Account, (),
        say("No account is here yet"), _l("Import a file"), "portfolio.new_import",
    ),
)  # fmt: skip


def first_steps(desk: Desk) -> Iterator[Task]:
    """One line for each thing of which there is none; nothing once the work has begun."""
    if desk.actor.can(Permission.USERS_MANAGE) and _managers(desk) < MAKER_AND_CHECKER:
        yield Task(
            say("A bank needs two vendor managers: what one asks for, another approves"), _l("Invite a person"),
            "identity.new_user", {"organisation_id": desk.actor.organisation_id},
        )  # fmt: skip
    for permission, model, conditions, words, action, endpoint in STEPS:
        if not desk.actor.can(permission):
            continue
        if not _is_some(desk, model, *conditions):
            yield Task(words, action, endpoint)
    if desk.actor.can(Permission.PLACEMENTS_PROPOSE) and _could_begin(desk):
        yield Task(say("Nothing has been placed yet"), _l("Make the first run"), "placement.new_run")


def _could_begin(desk: Desk) -> bool:
    """Whether everything is there for the first run, and there is none."""
    return not _is_some(desk, AllocationRun) and _is_some(desk, Contract) and _is_some(desk, Account)


def _is_some(desk: Desk, model: type[Any], *conditions: Any) -> bool:
    some = visible(model, desk.actor).where(*conditions).with_only_columns(model.id).limit(1)
    return desk.session.scalar(some) is not None


def _managers(desk: Desk) -> int:
    """Vendor managers of the bank who may sign in, or have been invited to."""
    wanted = visible(User, desk.actor).where(User.role == Role.VENDOR_MANAGER, User.active)
    return desk.session.scalar(sa.select(sa.func.count()).select_from(wanted.subquery())) or 0
