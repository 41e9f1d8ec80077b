"""The command line of the letter engine: `letters render` and `letters check`. The portal's own command registers the group."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import click

from letters.errors import LettersError, NothingToPrint
from letters.inspection import check_template
from letters.jobfile import read_job
from letters.manifest import ManifestRow, write_manifest_csv
from letters.options import PrintOptions, in_postal_order
from letters.render import render_print_file
from letters.template import load_template

REFUSED = 3
"""Exit code of a job that wrote no file (2 stays click's usage error)."""

HELD_SHOWN = 50
"""How many held letters are named on the terminal; the manifest names all."""


@click.group()
def letters() -> None:
    """Letters: render print files from data, check templates."""


def _public(command: Callable[..., None]) -> Callable[..., None]:
    """Says to the portal's command line that this needs no actor: it reads and writes files of whoever runs it."""
    command.__access__ = "public"  # type: ignore[attr-defined]
    return command


@letters.command()
@_public
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Print file to write.")
@click.option("--strict", is_flag=True, help="Write nothing if any letter is held.")
@click.option("--split", type=click.Path(file_okay=False, path_type=Path), help="Folder for one PDF per letter.")
@click.option("--archive", is_flag=True, help="Write the letters of --split as PDF/A-3u.")
@click.option("--duplex", is_flag=True, help="Begin each letter on the front of a sheet.")
@click.option("--postal", is_flag=True, help="Print in postal order (by postcode) instead of the data's order.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Worker processes.")
def render(
    data: Path, out: Path, strict: bool, split: Path | None, archive: bool, duplex: bool, postal: bool, workers: int
) -> None:
    """Render the letters of DATA (JSON) to one PDF and OUT.manifest.csv.

    A letter that cannot be printed is held, with its reason in the manifest. Prints a JSON summary.
    Exit 0 if a file was written, 3 if not.
    """
    if archive and split is None:
        raise click.UsageError("--archive is for single letters: name their folder with --split.")
    try:
        name, head, rows = read_job(data)
        template = load_template(name)
        if not out.parent.is_dir():
            raise click.UsageError(f"The folder {out.parent} does not exist.")
        if postal:
            rows = [rows[place] for place in in_postal_order(rows)]
        options = PrintOptions(duplex=duplex, split=split, strict=strict, archive=archive)
        done = render_print_file(template, head, rows, out, workers, options=options)
        manifest = out.with_name(out.name + ".manifest.csv")
        _write_manifest(done, out, manifest)
    except NothingToPrint as refusal:
        _tell_held(refusal.rows)
        _refuse(refusal.message_en)
    except LettersError as refusal:
        _refuse(refusal.message_en)
    except OSError as error:
        _refuse(f"The file cannot be written: {error.strerror}.")
    else:
        _tell_held(done)
        click.echo(json.dumps(_summary(done, out, manifest), ensure_ascii=False))


@letters.command()
@_public
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--allow", multiple=True, metavar="ID", help="Rule on wording to let pass, where the rule says it may be."
)
def check(folder: Path, allow: tuple[str, ...]) -> None:
    """Say everything that keeps the template in FOLDER from being published, a line each with its place.

    Exit 0 if nothing does, 3 if something does.
    """
    try:
        found = check_template(folder, allowed=allow)
    except LettersError as refusal:
        _refuse(refusal.message_en)
    for problem in found:
        click.echo(_sayable(problem.message_en), err=True)
    if found:
        sys.exit(REFUSED)
    click.echo(f"{folder.name}: nothing found")


def _write_manifest(rows: list[ManifestRow], out: Path, manifest: Path) -> None:
    """The manifest whole or not at all; a print file without its manifest is taken back."""
    unfinished = manifest.with_name(f".{manifest.name}.part")
    try:
        write_manifest_csv(rows, unfinished)
        unfinished.replace(manifest)
    except OSError:
        unfinished.unlink(missing_ok=True)
        out.unlink(missing_ok=True)
        raise


def _summary(rows: list[ManifestRow], out: Path, manifest: Path) -> dict[str, object]:
    printed = [row for row in rows if row.status == "printed"]
    return {
        "printed": len(printed),
        "held": len(rows) - len(printed),
        "pages": sum(row.pages or 0 for row in printed),
        "file": str(out),
        "manifest": str(manifest),
    }


def _tell_held(rows: list[ManifestRow]) -> None:
    held = [row for row in rows if row.status == "held"]
    for row in held[:HELD_SHOWN]:
        click.echo(_sayable(f"held: {row.reason()}"), err=True)
    if len(held) > HELD_SHOWN:
        click.echo(f"held: {len(held) - HELD_SHOWN} more", err=True)


def _refuse(message: str) -> NoReturn:
    click.echo(_sayable(message), err=True)
    sys.exit(REFUSED)


def _sayable(text: str) -> str:
    """Text a terminal of any encoding can take."""
    encoding = sys.stderr.encoding or "ascii"
    return text.encode(encoding, "backslashreplace").decode(encoding)
