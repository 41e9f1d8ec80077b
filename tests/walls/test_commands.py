"""Every command says what it asks of its actor, as every view does."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from portal.cli import COMMANDS, main
from portal.foundation.access import Permission
from portal.foundation.command_line import PUBLIC, undeclared_commands


def _leaves(group: click.Group, path: str = "portal") -> list[tuple[str, click.Command]]:
    context = click.Context(group)
    found: list[tuple[str, click.Command]] = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, f"{path} {name} is listed and cannot be had"
        where = f"{path} {name}"
        found += _leaves(command, where) if isinstance(command, click.Group) else [(where, command)]
    return found


def test_every_command_names_a_permission_or_is_public() -> None:
    assert undeclared_commands(main) == []
    commands = _leaves(main)
    assert {where.split()[1] for where, _command in commands} == set(COMMANDS)
    for where, command in commands:
        access = getattr(command.callback, "__access__", None)
        assert access == PUBLIC or access in set(Permission), f"{where} asks for {access!r}"


def test_a_command_that_says_nothing_is_told() -> None:
    @click.command("quiet")
    def quiet() -> None:
        pass

    assert undeclared_commands(click.Group("portal", commands=[quiet])) == ["portal quiet"]


def test_a_command_that_says_nothing_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    group = click.Group("quiet")
    group.add_command(click.Command("deed", callback=lambda: None))
    monkeypatch.setattr("portal.serving.serve", group)
    with pytest.raises(RuntimeError, match="portal serve deed"):
        main.get_command(click.Context(main), "serve")


def test_pure_commands_load_neither_flask_nor_a_database() -> None:
    program = (
        "import sys; from click.testing import CliRunner; from portal.cli import main; "
        "assert CliRunner().invoke(main, ['letters', 'render', '--help']).exit_code == 0; "
        "assert CliRunner().invoke(main, ['allocate', 'plan', '--help']).exit_code == 0; "
        "assert not {'flask', 'sqlalchemy'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_explains_itself(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.help, f"portal {name} says nothing about itself"
