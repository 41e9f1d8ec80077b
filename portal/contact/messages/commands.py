"""`portal messages`: the outbox as a file, and what the rules of wording say of a text."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from portal.foundation.access import Permission
from portal.foundation.command_line import PUBLIC, REFUSED, access, application, in_application

__all__ = ["messages_group"]

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
TARGET = click.Path(dir_okay=False, writable=True, path_type=Path)
_CHANNELS = ("sms", "email", "call", "letter")


@click.group("messages", help="Words to debtors: the outbox, and the rules of wording.")
def messages_group() -> None:
    """The commands of messages."""


@messages_group.command("export")
@click.option("--as", "user_name", metavar="USER", required=True, help="Who takes the outbox away.")
@click.option("--out", type=TARGET, required=True, help="The file to write, .csv or .xlsx.")
@access(Permission.MESSAGES_EXPORT)
@in_application
def export(user_name: str, out: Path) -> None:
    """Export the outbox to a file; prints a JSON summary. Every message is exported once. Exit 3 where nothing waits."""
    from portal.contact.messages.dispatch import EXPORT, ask_export, record_download
    from portal.contact.messages.queries import export_for
    from portal.foundation.errors import DomainError
    from portal.foundation.jobs import run_to_end
    from portal.foundation.jobs.queries import job_about
    from portal.foundation.language import say
    from portal.foundation.services import services
    from portal.foundation.work import reading
    from portal.identity.people import command_actor

    name = f"messages{out.suffix.lower()}"
    if name not in ("messages.csv", "messages.xlsx"):
        raise DomainError("export.format", say("The file’s name ends in .csv or .xlsx."))
    actor = command_actor(user_name, Permission.MESSAGES_EXPORT)
    export_id = ask_export(actor)
    with reading(actor) as session:
        job = job_about(session, actor, EXPORT, str(export_id))
    if job is not None:
        run_to_end(application(), job.id)
    with reading(actor) as session:
        done = export_for(session, actor, export_id)
    summary = {
        "export": done.number, "messages": done.message_count, "held_back": done.held_back, "dropped": done.dropped,
        "file": None,
    }  # fmt: skip
    if done.csv_digest is not None:
        taken = record_download(actor, export_id, name)
        with out.open("wb") as target:
            for piece in services().storage.chunks(taken.digest):
                target.write(piece)
        summary["file"] = str(out)
    click.echo(json.dumps(summary, ensure_ascii=False))


@messages_group.command("check")
@click.argument("file", type=FILE)
@click.option("--rules", "rules_name", default="cn", show_default=True, metavar="NAME", help="cn, us or uk.")
@click.option("--purpose", default="demand", show_default=True, help="opening, contact, demand, reminder or notice.")
@click.option("--channel", default="sms", show_default=True, type=click.Choice(_CHANNELS))
@click.option("--subject", default="", help="Of an e-mail.")
@click.option("--bank", "of_bank", is_flag=True, help="The bank says it in its own name.")
@access(PUBLIC)
def check(file: Path, rules_name: str, purpose: str, channel: str, subject: str, of_bank: bool) -> None:
    """What the rules of wording have against the text of FILE (UTF-8): one JSON object a finding, and last its length.

    Changes nothing. Exit 0; 3 where the rules forbid the text, or it cannot be read.
    """
    from portal.contact.messages.wording_packs import wording_named, wording_names
    from portal.contact.wording import Purpose, WordingError, Written, check_fields, is_blocked, measure
    from portal.contact.wording import check as ask

    if rules_name not in wording_names() or purpose not in {p.value for p in Purpose}:
        raise click.UsageError(f"--rules takes {', '.join(wording_names())}; --purpose {', '.join(Purpose)}")
    try:
        text = file.read_text(encoding="utf-8-sig").strip()
        check_fields(f"{subject}{text}", Purpose(purpose))
    except UnicodeDecodeError:
        click.echo(f"{file.name} is no text in UTF-8.", err=True)
        sys.exit(REFUSED)
    except WordingError as error:
        click.echo(f"{error.code}: {error.what}", err=True)
        sys.exit(REFUSED)
    findings = ask(wording_named(rules_name), Written(text, subject, channel, Purpose(purpose), of_bank))
    for found in findings:
        said = {
            "rule": found.rule, "code": found.code, "weight": found.weight, "phrase": found.phrase, "part": found.part,
            "start": found.start, "wanted": found.wanted, "sources": [f"{s.title} {s.ref}".strip() for s in found.sources],
        }  # fmt: skip
        click.echo(json.dumps(said, ensure_ascii=False))
    length = measure(text)
    click.echo(json.dumps({"coding": length.coding, "units": length.units, "parts": length.parts}))
    if is_blocked(findings):
        sys.exit(REFUSED)
