"""`portal mapping`: layouts of files as files, to be carried from one portal to another."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from portal.foundation.access import Permission
from portal.foundation.command_line import access, in_application
from portal.foundation.work import reading
from portal.identity.people import command_actor
from portal.portfolio.commands import FILE
from portal.portfolio.intake import parse_profile, shipped_for
from portal.portfolio.models import ImportKind
from portal.portfolio.profiles import PERMISSIONS, latest_versions, save_profile, text_of

__all__ = ["mapping_group"]

AS: Final = click.option("--as", "user_name", metavar="USER", help="Who acts; the first administrator if left out.")
KIND: Final = click.option(
    "--kind", type=click.Choice([kind.value for kind in ImportKind]), default="accounts", show_default=True
)


@click.group("mapping")
def mapping_group() -> None:
    """Mapping profiles: list them, and keep them in files and take them from there."""


@mapping_group.command("list")
@AS
@access(Permission.ACCOUNTS_IMPORT)
@in_application
def list_mappings(user_name: str | None) -> None:
    """List the profiles that `portal import … --mapping` knows, each with its kind and title."""
    actor = command_actor(user_name, Permission.ACCOUNTS_IMPORT)
    with reading(actor) as session:
        kept = [profile for kind in ImportKind for profile in latest_versions(session, actor, kind)]
    shipped = [profile for kind in ImportKind for profile in shipped_for(kind.value)[1:]]
    for profile in [*kept, *shipped]:
        click.echo(f"{profile.label}\t{profile.kind}\t{profile.title}")


@mapping_group.command("export")
@click.argument("mapping", metavar="NAME[@VERSION]")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; printed if left out.")
@KIND
@AS
@access(Permission.ACCOUNTS_IMPORT)
@in_application
def export_mapping(mapping: str, out: Path | None, kind: str, user_name: str | None) -> None:
    """Write a profile as YAML, as `portal mapping import` and `portal import … --mapping FILE` take it."""
    actor = command_actor(user_name, PERMISSIONS[ImportKind(kind)])
    with reading(actor) as session:
        text = text_of(session, actor, mapping, ImportKind(kind))
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")


@mapping_group.command("import")
@click.argument("file", type=FILE)
@click.option("--name", help="Name to keep it under; the one in the file if left out.")
@click.option("--note", default="", help="What is new in this version.")
@AS
@access(Permission.ACCOUNTS_IMPORT)
@in_application
def import_mapping(file: Path, name: str | None, note: str, user_name: str | None) -> None:
    """Keep a profile from FILE: as a new one, or as the next version of the one that has its name."""
    profile = parse_profile(file.read_bytes())
    kind = ImportKind(profile.kind)
    actor = command_actor(user_name, PERMISSIONS[kind])
    kept = save_profile(actor, kind, name or profile.name, dict(profile.data), note)
    click.echo(kept.label)
