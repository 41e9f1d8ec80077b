"""The command line `portal`: one group, with each room's commands registered on it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from portal.foundation.declaring import undeclared_commands

# name: module and attribute, in the order in which they are shown
COMMANDS = {
    "init": ("portal.identity.commands", "init"),
    "demo": ("portal.demo.commands", "demo"),
    "serve": ("portal.serving", "serve"),
    "worker": ("portal.serving", "worker"),
    "daily": ("portal.foundation.daily_command", "daily"),
    "import": ("portal.legal.dispatch.commands", "import_group"),  # the lowest room that adds to the group
    "allocate": ("portal.placement.plan_command", "allocate_group"),
    "conduct": ("portal.contact.rules.command", "conduct_group"),
    "commission": ("portal.commission.command", "commission_group"),
    "messages": ("portal.contact.messages.commands", "messages_group"),
    "mapping": ("portal.portfolio.mapping_commands", "mapping_group"),
    "letters": ("letters.command", "letters"),
    "audit": ("portal.foundation.audit_command", "audit"),
    "bench": ("portal.bench.commands", "bench"),
}


class Portal(click.Group):
    """Loads a room only when one of its commands is asked for, so that pure commands need no database."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name]
        command: click.Command = getattr(import_module(module), attribute)
        silent = undeclared_commands(command, f"portal {name}")
        if silent:
            raise RuntimeError(f"commands without a permission: {', '.join(silent)}")
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; a database or storage that does not answer, or not to this user, is told in a sentence."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            said = _storage_trouble(error) or _database_trouble(error)
            if said is None:
                raise
            raise click.ClickException(said) from error


def _storage_trouble(error: Exception) -> str | None:
    """What is wrong where a stored file cannot be read or kept; else None. Asked by name, as below."""
    if any(kind.__name__ == "StorageError" for kind in type(error).__mro__):
        return f"The storage (PORTAL_STORAGE_URL): {error}"
    return None


def _database_trouble(error: Exception) -> str | None:
    """What an operator has to look at, where the trouble is the connection or the user's rights; else None.

    Asked by names, so that pure commands need not load what talks to databases.
    """
    cause = getattr(error, "orig", None)  # the driver's own error, which SQLAlchemy wraps
    if cause is None:
        return None
    first = (str(cause).strip().splitlines() or [""])[0]
    if type(cause).__name__ == "InsufficientPrivilege":
        return (
            f"The database's user may not do this: {first}. "
            "Creating and migrating take PORTAL_DATABASE_OWNER_URL where the application's user owns nothing."
        )
    if type(cause).__name__ == "OperationalError" and getattr(error, "statement", None) is None:
        return f"The database cannot be reached (PORTAL_DATABASE_URL, PORTAL_DATABASE_OWNER_URL): {first}"
    return None


@click.group(cls=Portal, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """The agency collaboration portal."""
