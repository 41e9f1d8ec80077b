"""Commands say what they ask of their actor, or that anybody on the machine may run them. Loads no Flask."""

from __future__ import annotations

import click

__all__ = ["PUBLIC", "undeclared_commands"]

PUBLIC = "public"


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
