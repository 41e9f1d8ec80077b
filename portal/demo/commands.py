"""`portal demo`: a complete bank in motion, usable at once."""

from __future__ import annotations

import logging
import unicodedata
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click
import structlog

from portal.demo.cast import PASSWORD, everybody
from portal.foundation.command_line import PUBLIC, access, application, in_application
from portal.foundation.migrating import is_current, upgrade
from portal.foundation.services import services

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from portal.demo.cast import House

__all__ = ["demo"]

SEED = "2026"
SIGN_IN_HEAD = ("user name", "password", "role", "organisation")


@click.command()
@click.option("--accounts", "count", default=5_000, show_default=True, type=click.IntRange(0, 100_000))
@click.option(
    "--from", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Import this file instead."
)
@access(PUBLIC)
@in_application
def demo(count: int, file: Path | None) -> None:
    """Fill an empty database with a bank, its agencies and three months of work; print the sign-ins.

    Asked again, it prints the sign-ins and changes nothing. It refuses production and a database that holds another bank.
    """
    from portal.demo.filling import fill, state_of_database

    app = application()
    if services().settings.env == "production":
        raise click.ClickException("The demo is not made for production: its passwords are known. Use “portal init”.")
    if not is_current(app):
        upgrade(app)
    state = state_of_database()
    if state == "other":
        raise click.ClickException("This database holds a bank of your own. Name another PORTAL_HOME for the demo.")
    if state == "begun":
        raise click.ClickException(
            "An earlier filling was cut off. Remove the folder that PORTAL_HOME names (or the database) and begin anew."
        )
    if state == "empty":
        structlog.configure(
            wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING)
        )  # jobs end by the dozen
        fill(app, count, file, SEED, _teller())
    for line in _aligned([SIGN_IN_HEAD, *_sign_ins()]):
        click.echo(line)


def _teller() -> Callable[[date], None]:
    """Says on stderr which month is being played, once each."""
    told: set[str] = set()

    def tell(day: date) -> None:
        if f"{day:%Y-%m}" not in told:
            told.add(f"{day:%Y-%m}")
            click.echo(f"demo: {day:%Y-%m}", err=True)

    return tell


def _sign_ins() -> list[tuple[str, ...]]:
    return [
        (person.user_name, PASSWORD, person.role.value.replace("_", " "), _both_names(house))
        for person, house in everybody()
    ]


def _both_names(house: House) -> str:
    return " ".join(dict.fromkeys((house.name_en, house.name)))


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as columns on a terminal, where Chinese characters are twice as wide."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
