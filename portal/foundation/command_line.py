"""What every command of `portal` shares: an application, an actor, refusals in words, a sealed trail at the end."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any, TypeVar

import click
import structlog
from flask import Flask

from portal.foundation.collector import standing_aside
from portal.foundation.declaring import PUBLIC, REFUSED, access, undeclared_commands
from portal.foundation.errors import DomainError
from portal.foundation.language import translate

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PUBLIC", "REFUSED", "access", "application", "in_application", "undeclared_commands"]

Command = TypeVar("Command", bound="Callable[..., Any]")


def application() -> Flask:
    """The application of this command, made once; a wrong setting ends the command with its sentence."""
    from portal import create_app
    from portal.config import ConfigurationError

    context = click.get_current_context()
    found = context.find_object(Flask)
    if found is None:
        # what a command prints on stdout is its answer, often read by a program
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=sys.stderr))
        try:
            found = create_app()
        except ConfigurationError as error:
            raise click.ClickException(str(error)) from error
        context.find_root().obj = found
    return found


def in_application(command: Command) -> Command:
    """Runs a command inside the application; a DomainError becomes its sentence and exit code 3, and the audit trail is
    sealed before the command exits."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        app = application()
        try:
            with app.app_context(), standing_aside():
                return command(*args, **kwargs)
        except DomainError as error:
            with app.app_context():
                click.echo(translate(error.message), err=True)
            sys.exit(REFUSED)
        finally:
            _seal(app)

    return run  # type: ignore[return-value]


def _seal(app: Flask) -> None:
    from portal.foundation.migrating import is_current
    from portal.foundation.sealing import seal

    if is_current(app):
        seal(app)
