"""`portal audit verify`."""

from __future__ import annotations

import sys

import click

from portal.foundation.command_line import PUBLIC, access, application
from portal.foundation.language import translate
from portal.foundation.sealing import seal
from portal.foundation.storage import StorageError
from portal.foundation.verifying import VerifyResult, verify

__all__ = ["audit"]


@click.group("audit", help="The audit trail.")
def audit() -> None:
    """The audit trail's commands."""


@audit.command("verify")
@access(PUBLIC)
def verify_command() -> None:
    """Compute the chain anew and compare it with its anchors; exit 1 at the first break, naming it."""
    app = application()
    try:
        result = verify(app)
    except StorageError as error:
        raise click.ClickException(f"The anchors cannot be read: {error}") from error
    if result.is_whole:
        seal(app)  # after the check, so that what is reported is what was found
    with app.app_context():
        click.echo(_said(result))
    sys.exit(0 if result.is_whole else 1)


def _said(result: VerifyResult) -> str:
    broken = result.broken
    if broken is None:
        first = f"The chain is whole: {result.links} links, {result.anchors} anchors."
    else:
        first = f"The chain breaks at link {broken.sequence}: {translate(broken.reason)}."
    return f"{first}\nEvents that were not sealed yet: {result.unsealed}."
