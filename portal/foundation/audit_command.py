"""`portal audit verify`."""

from __future__ import annotations

import click

from portal.foundation.command_line import PUBLIC, access, application
from portal.foundation.language import translate
from portal.foundation.sealing import seal
from portal.foundation.verifying import VerifyResult, verify

__all__ = ["audit"]


@click.group("audit", help="The audit trail.")
def audit() -> None:
    """The audit trail's commands."""


@audit.command("verify", help="Compute the chain anew and compare it with its anchors; exit 1 at the first break.")
@access(PUBLIC)
@click.pass_context
def verify_command(context: click.Context) -> None:
    """Exit 0 where the chain is whole, 1 at the first break, which is named."""
    app = application()
    result = verify(app)
    if result.is_whole:
        seal(app)  # commands leave nothing unsealed; after the check, so that a break is not sealed over
    with app.app_context():
        click.echo(_said(result))
    context.exit(0 if result.is_whole else 1)


def _said(result: VerifyResult) -> str:
    broken = result.broken
    if broken is None:
        first = f"The chain is whole: {result.links} links, {result.anchors} anchors."
    else:
        first = f"The chain breaks at link {broken.sequence}: {translate(broken.reason)}."
    return f"{first}\nEvents that were not sealed yet: {result.unsealed}."
