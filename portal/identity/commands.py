"""`portal init`: an empty bank with its first administrator."""

from __future__ import annotations

import click

from portal.foundation.command_line import PUBLIC, access, application, in_application
from portal.foundation.migrating import upgrade
from portal.foundation.services import services
from portal.identity.operations import INVITATION_HOURS, Beginning, create_bank_and_administrator

__all__ = ["init", "invitation_link"]


@click.command()
@click.option("--bank-name", default="银行", show_default=True, help="The bank's name, on pages and letters.")
@click.option("--admin", default="admin", show_default=True, help="What the first administrator types to sign in.")
@click.option("--admin-name", default="管理员", show_default=True, help="The first administrator's name.")
@access(PUBLIC)
@in_application
def init(bank_name: str, admin: str, admin_name: str) -> None:
    """Create or migrate the database, create the bank and its first administrator.

    Asks nothing, and can be run again: what is there stays. Prints an invitation link as long as the administrator has
    never signed in; a new link makes those before it worthless.
    """
    upgrade(application())
    beginning = create_bank_and_administrator(bank_name, admin, admin_name)
    for line in _report(beginning):
        click.echo(line)


def _report(beginning: Beginning) -> list[str]:
    lines = [f"{'Created' if beginning.made_bank else 'Found'} the bank {beginning.bank_name}."]
    made = "Created" if beginning.made_administrator else "Found"
    lines.append(f"{made} the administrator {beginning.administrator}.")
    if beginning.invitation:
        lines.append(f"Open this link within {INVITATION_HOURS} hours to set the password; it works once:")
        lines.append(invitation_link(beginning.invitation))
    else:
        lines.append("The administrator has a password already, so there is no new link.")
    return lines


def invitation_link(token: str) -> str:
    """The address that an invitation's token opens."""
    return f"{services().settings.base_url}/invitation/{token}"
