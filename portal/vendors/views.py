"""Pages of contracts; those of vendors and their staff stand in files of their own, which register on the blueprint here."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import redirect, render_template, request, url_for

from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.forms import show_error
from portal.foundation.language import _l, say
from portal.foundation.services import services
from portal.foundation.states import StateTag
from portal.foundation.table_pages import table_response
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.foundation.web import actor, requires, say_flash
from portal.vendors import entering, operations, queries, staff_file_views, staff_views, vendor_views
from portal.vendors.blueprint import blueprint
from portal.vendors.forms import ContractForm, VersionForm
from portal.vendors.labels import KIND_LABELS, name_of
from portal.vendors.models import Contract, ContractVersion, PlacementKind
from portal.vendors.plans.choices import choices
from portal.vendors.plans.page import PlanPart, entered, picture_of, shown
from portal.vendors.plans.summary import rates_words
from portal.vendors.reading import lines_of
from portal.vendors.terms import terms_of

__all__ = ["blueprint", "entering", "staff_file_views", "staff_views", "vendor_views"]

_STATES = {
    "coming": StateTag("coming", _l("to come"), "wait"),
    "valid": StateTag("valid", _l("in force"), "good"),
    "ended": StateTag("ended", _l("ended"), "plain"),
}


@blueprint.get("/contracts")
@requires(Permission.CONTRACTS_VIEW)
def contracts() -> Any:
    """All contracts that the person may see."""
    return table_response(_table(), "vendors/contracts.html", organisation=None)


@blueprint.get("/organisations/<int:organisation_id>/contracts")
@requires(Permission.CONTRACTS_VIEW)
def organisation_contracts(organisation_id: int) -> Any:
    """The contracts of one agency or law firm."""
    organisation = queries.organisation_for(db.session(), actor(), organisation_id)
    return table_response(
        _table(organisation.id), "vendors/contracts.html", organisation=organisation, name=name_of(organisation)
    )


@blueprint.get("/contracts/<int:contract_id>")
@requires(Permission.CONTRACTS_VIEW)
def contract(contract_id: int) -> str:
    """One contract: what holds today, and every version."""
    found = queries.contract_for(db.session(), actor(), contract_id)
    versions = queries.versions_of(db.session(), found)
    today = services().clock.today()
    return render_template(
        "vendors/contract.html",
        contract=found,
        name=name_of(found.organisation),
        kind=KIND_LABELS[found.kind],
        state=_state(found, today),
        versions=versions,
        current=(current := next((v for v in versions if v.effective_from <= today), None)),
        lines=lines_of(current, _before(versions, current), found.currency) if current else [],
        standing=queries.standing_of(db.session(), actor(), [found.organisation_id], today).get(found.organisation_id),
        today=today,
        rate_of=lambda version: rates_words(version.plan),
    )


@blueprint.get("/contracts/<int:contract_id>/versions/<int:number>")
@requires(Permission.CONTRACTS_VIEW)
def version(contract_id: int, number: int) -> str:
    """One version in words, and what it changed against the one before."""
    found = queries.contract_for(db.session(), actor(), contract_id)
    versions = queries.versions_of(db.session(), found)
    wanted = next((v for v in versions if v.version == number), None)
    if wanted is None:
        raise NotFound
    before = _before(versions, wanted)
    return render_template(
        "vendors/version.html",
        contract=found,
        name=name_of(found.organisation),
        version=wanted,
        before=before,
        after=next((v for v in reversed(versions) if v.version > number), None),
        lines=lines_of(wanted, before, found.currency),
        chart=picture_of(wanted.plan, services().clock.today()),
    )


def _before(versions: list[ContractVersion], version: ContractVersion) -> ContractVersion | None:
    return next((v for v in versions if v.version < version.version), None)


@blueprint.route("/contracts/new", methods=["GET", "POST"])
@requires(Permission.CONTRACTS_MANAGE)
def new_contract() -> Any:
    """Make a contract with its first terms."""
    known = queries.work_organisations(db.session(), actor())
    form = ContractForm([(o.id, f"{o.code} {name_of(o)}") for o in known])
    if request.method == "GET":
        form.organisation_id.data = request.args.get("organisation", type=int)
        form.started_on.data = services().clock.today()
    part = _plan_part(form, form.currency_or(), None)
    saves = _saves()
    if saves and form.validate_on_submit() and form.readable() and part.may_be_kept:
        try:
            currency = form.code()
            contract_id = operations.create_contract(
                actor(),
                form.organisation_id.data,
                number=form.number.data or "",
                kind=PlacementKind(form.kind.data),
                currency=currency,
                started_on=_given(form.started_on.data),
                ended_on=form.ended_on.data,
                terms=form.terms(currency, part.data),
            )
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(say("The contract is in the book."))
            return redirect(url_for("vendors.contract", contract_id=contract_id))
    return _terms_page("vendors/new_contract.html", form, part, saves=saves)


@blueprint.route("/contracts/<int:contract_id>/versions/new", methods=["GET", "POST"])
@requires(Permission.CONTRACTS_MANAGE)
def new_version(contract_id: int) -> Any:
    """Agree new terms from a date on."""
    found = queries.contract_for(db.session(), actor(), contract_id)
    last = queries.versions_of(db.session(), found)[0]
    form = VersionForm()
    if request.method == "GET":
        form.show(terms_of(last), found.currency)
    part = _plan_part(form, found.currency, last.plan)
    saves = _saves()
    if saves and form.validate_on_submit() and form.figures_readable(found.currency) and part.may_be_kept:
        try:
            terms = form.terms(found.currency, part.data)
            operations.add_version(actor(), found.id, _given(form.effective_from.data), terms)
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(say("The new terms are in the book. Batches that were sent keep theirs."))
            return redirect(url_for("vendors.contract", contract_id=contract_id))
    return _terms_page(
        "vendors/new_version.html", form, part, saves=saves, contract=found, name=name_of(found.organisation), last=last
    )


def _saves() -> bool:
    """Whether the form was sent to be saved; its other buttons only change or show it."""
    return request.method == "POST" and not request.form.get("step")


def _plan_part(form: ContractForm | VersionForm, currency: str, base: dict[str, Any] | None) -> PlanPart:
    """The plan on the form: as it was sent, or as the last version has it."""
    today = services().clock.today()
    if request.method == "GET":
        return shown(base, currency, today)
    return entered(request.form.to_dict(), currency, today, request.form.get("step", ""))


def _terms_page(
    template: str, form: ContractForm | VersionForm, part: PlanPart, *, saves: bool, **known: Any
) -> tuple[str, int]:
    """The form again, with what the plan does. What the terms' own fields say of the plan's is told beside the field."""
    for name in ("rate", "tail_length", "tail_unit"):
        if form[name].errors:
            part.errors[name] = [*form[name].errors]
    unsaved = saves and not part.may_be_kept
    page = render_template(template, form=form, part=part, choices=choices(), unsaved=unsaved, **known)
    return page, 422 if form.errors or unsaved else 200


def _given(value: date | None) -> date:
    """A date that the form has made sure of."""
    if value is None:
        raise DomainError("contract.date", say("Fill this in."))
    return value


def _state(found: Contract, today: date) -> StateTag:
    if found.ended_on is not None and found.ended_on < today:
        return _STATES["ended"]
    return _STATES["coming" if found.started_on > today else "valid"]


def _rate(row: Any) -> Any:
    return rates_words(row.ContractVersion.plan) if row.ContractVersion else None


def _table(organisation_id: int | None = None) -> Table:
    today = services().clock.today()
    who = actor()
    columns = [
        Column("number", _l("Contract number"), expression=Contract.number, sortable=True, value="Contract.number"),
        Column("kind", _l("Kind"), value=lambda row: KIND_LABELS[row.Contract.kind]),
        Column("currency", _l("Currency"), value="Contract.currency"),
        Column("state", _l("State"), "state", value=lambda row: _state(row.Contract, today)),
        Column(
            "started_on", _l("In force from"), "day",
            expression=Contract.started_on, sortable=True, value="Contract.started_on",
        ),
        Column("ended_on", _l("In force until"), "day", value="Contract.ended_on"),
        Column("rate", _l("Commission rate"), value=_rate),
        Column("term_days", _l("Days of a placement"), "number", value=_of_version("term_days")),
        Column("capacity", _l("Capacity, accounts"), "number", value=_of_version("capacity_accounts")),
    ]  # fmt: skip
    if who.is_bank and organisation_id is None:
        columns.insert(1, Column("organisation", _l("Organisation"), value=lambda row: name_of(row.Organisation)))
    manages = who.can(Permission.CONTRACTS_MANAGE)
    return Table(
        name="contracts",
        statement=queries.contract_rows(who, today, organisation_id),
        columns=columns,
        filters=[Filter("kind", _l("Kind"), "choice", _by_kind, [(k.value, v) for k, v in KIND_LABELS.items()])],
        default_sort="-started_on",
        key=Contract.id,
        row_url=lambda row: url_for("vendors.contract", contract_id=row.Contract.id),
        empty=Empty(
            say("There is no contract yet."),
            say("Make the first contract") if manages else None,
            url_for("vendors.new_contract", organisation=organisation_id) if manages else None,
        ),
    )


def _of_version(name: str) -> Any:
    return lambda row: getattr(row.ContractVersion, name) if row.ContractVersion else None


def _by_kind(statement: Any, value: str) -> Any:
    return statement.where(Contract.kind == PlacementKind(value))
