"""Commands say what they ask of their actor, or that anybody on the machine may run them. Loads no Flask."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from portal.foundation.access import Permission

__all__ = ["PUBLIC", "REFUSED", "access", "undeclared_commands"]

PUBLIC = "public"
REFUSED = 3  # the exit code of a command that understood and declined; 2 is click's usage error
Command = TypeVar("Command", bound="Callable[..., Any]")


def access(permission: Permission | str) -> Callable[[Command], Command]:
    """Names what a command needs of its actor, or `public` for what anybody on the machine may run."""

    def mark(command: Command) -> Command:
        command.__access__ = permission  # type: ignore[attr-defined]
        return command

    return mark


def undeclared_commands(command: click.Command, path: str = "portal") -> list[str]:
    """Commands of a group, or the command itself, that say neither a permission nor `public`."""
    if not isinstance(command, click.Group):
        return [] if hasattr(command.callback, "__access__") else [path]
    context = click.Context(command)
    found = []
    for name in command.list_commands(context):  # asked rather than looked up: a group may load its commands late
        member = command.get_command(context, name)
        if member is not None:
            found += undeclared_commands(member, f"{path} {name}")
    return found
