"""The command line `portal`: one group, with each room's commands registered on it."""

from __future__ import annotations

from importlib import import_module

import click

from portal.foundation.declaring import undeclared_commands

# name: module and attribute, in the order in which they are shown
COMMANDS = {
    "init": ("portal.identity.commands", "init"),
    "demo": ("portal.demo.commands", "demo"),
    "serve": ("portal.serving", "serve"),
    "worker": ("portal.serving", "worker"),
    "import": ("portal.recovery.commands", "import_group"),  # the lowest room that adds to the group
    "letters": ("letters.command", "letters"),
    "audit": ("portal.foundation.audit_command", "audit"),
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


@click.group(cls=Portal, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """The agency collaboration portal."""
