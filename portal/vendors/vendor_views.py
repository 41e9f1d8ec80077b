"""Pages of vendors: who they are, how they stand, their papers and contacts, and what the bank requires of all."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from flask import Response, abort, redirect, render_template, request, url_for

from portal.foundation.access import OrganisationKind, Permission
from portal.foundation.database import db
from portal.foundation.downloads import uploaded_file
from portal.foundation.errors import DomainError
from portal.foundation.forms import options, show_error
from portal.foundation.language import _l, say
from portal.foundation.services import services
from portal.foundation.table_pages import table_response
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.foundation.values import parse_date
from portal.foundation.web import actor, requires, say_flash
from portal.identity.labels import KIND_LABELS as ORGANISATION_KINDS
from portal.identity.models import Organisation
from portal.portfolio.region_names import region_name
from portal.vendors import knowing, labels, master, queries
from portal.vendors.blueprint import blueprint
from portal.vendors.entering import STAFF_ITEMS
from portal.vendors.labels import name_of
from portal.vendors.models import Item, Tier, Vendor
from portal.vendors.proofs import type_of
from portal.vendors.vendor_forms import ContactForm, PaperForm, VendorForm

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.foundation.states import StateTag
    from portal.vendors.models import Credential

WORKERS = (OrganisationKind.AGENCY, OrganisationKind.LAW_FIRM)


# --- the list -----------------------------------------------------------------------------------------------------------


@blueprint.get("/vendors")
@requires(Permission.VENDORS_VIEW)
def vendors() -> Any:
    """Agencies and law firms, how they stand, what they hold and what ends next."""
    return table_response(_table(actor()), "vendors/vendors.html")


@blueprint.get("/our-organisation")
@requires(Permission.VENDORS_VIEW)
def own() -> Any:
    """One's own organisation; at the bank the list of the others."""
    who = actor()
    return vendors() if who.is_bank else _page(who.organisation_id or 0)


def _table(who: Actor) -> Table:
    session, today = db.session(), services().clock.today()
    ids = [row[0].id for row in session.execute(knowing.vendor_rows(who))]
    standings = queries.standing_of(session, who, ids, today)
    held, rooms = knowing.held_by(session, who, ids), knowing.rooms_of(session, who, today, ids)

    def room(row: Any) -> int | None:
        left = [r.left for r in rooms.get(row.Organisation.id, [])]
        return None if not left or None in left else sum(n for n in left if n is not None)

    return Table(
        name="vendors",
        statement=knowing.vendor_rows(who),
        key=Organisation.id,
        default_sort="code",
        columns=[
            Column("name", _l("Organisation"), value=lambda row: name_of(row.Organisation)),
            Column("code", _l("Code"), value="Organisation.code", expression=Organisation.code, sortable=True),
            Column("kind", _l("Kind"), value=lambda row: ORGANISATION_KINDS[row.Organisation.kind]),
            Column("tier", _l("Tier"), "state", value=_tier),
            Column(
                "standing", _l("Standing"), "state",
                value=lambda row: labels.standing_state(standings[row.Organisation.id], today),
                title=lambda row: _why(standings[row.Organisation.id]),
            ),
            Column("held", _l("Holds now"), "number", value=lambda row: held.get(row.Organisation.id, 0)),
            Column("room", _l("Room"), "number", value=room, title=lambda _row: _l("A dash: no limit, or no contract.")),
            Column("next", _l("Ends next"), "day", value=lambda row: standings[row.Organisation.id].valid_until),
        ],
        filters=[
            Filter(
                "kind", _l("Kind"), "choice", lambda s, v: s.where(Organisation.kind == OrganisationKind(v)),
                choices=[(kind.value, ORGANISATION_KINDS[kind]) for kind in WORKERS],
            ),
            Filter(
                "tier", _l("Tier"), "choice", lambda s, v: s.where(Vendor.tier == Tier(v)),
                choices=[(tier.value, label) for tier, label in labels.TIER_LABELS.items()],
            ),
        ],
        row_url=lambda row: url_for("vendors.vendor", organisation_id=row.Organisation.id),
        empty=_nobody(who),
        caption=_l("Agencies and law firms"),
    )  # fmt: skip


def _tier(row: Any) -> StateTag | None:
    return labels.TIER_TAGS[row.Vendor.tier] if row.Vendor and row.Vendor.tier else None


def _why(standing: Any) -> Any:
    said = [*(reason.words for reason in standing.reasons), *standing.warnings]
    return said[0] if said else None


def _nobody(who: Actor) -> Empty:
    may = who.can(Permission.ORGANISATIONS_MANAGE)
    return Empty(
        say("No agency or law firm has been added yet."),
        say("Add an organisation") if may else None,
        url_for("identity.new_organisation") if may else None,
    )


# --- one vendor ---------------------------------------------------------------------------------------------------------


@blueprint.get("/vendors/<int:organisation_id>")
@requires(Permission.VENDORS_VIEW)
def vendor(organisation_id: int) -> str:
    """One agency or law firm: how it stands, then what is known of it."""
    return _page(organisation_id)


def _page(organisation_id: int) -> str:
    session, who, today = db.session(), actor(), services().clock.today()
    organisation = queries.organisation_for(session, who, organisation_id)
    standing = queries.standing_of(session, who, [organisation.id], today)[organisation.id]
    return render_template(
        "vendors/vendor.html",
        organisation=organisation,
        name=name_of(organisation),
        kind=ORGANISATION_KINDS[organisation.kind],
        vendor=knowing.vendor_of(session, organisation.id),
        tiers=labels.TIER_LABELS,
        standing=standing,
        state=labels.standing_state(standing, today),
        papers=knowing.papers_held(session, organisation.id, today),
        paper_labels=labels.PAPER_LABELS,
        paper_state=lambda held: labels.paper_state(held.paper, today, ends_soon=held.ends_soon),
        contacts=knowing.contacts_of(session, organisation.id),
        staff=knowing.staff_of(session, who, organisation.id, today),
        rooms=knowing.rooms_of(session, who, today, [organisation.id]).get(organisation.id, []),
        held=knowing.held_by(session, who, [organisation.id]).get(organisation.id, 0),
        waiting=knowing.waiting_for(session, who, organisation.id),
        kinds=labels.KIND_LABELS,
        region_name=region_name,
        manages=who.can(Permission.VENDORS_MANAGE),
    )


@blueprint.route("/vendors/<int:organisation_id>/edit", methods=["GET", "POST"])
@requires(Permission.VENDORS_MANAGE)
def edit_vendor(organisation_id: int) -> Any:
    """Rank, dates and limits."""
    organisation = queries.organisation_for(db.session(), actor(), organisation_id)
    form = VendorForm(knowing.vendor_of(db.session(), organisation.id))
    if form.validate_on_submit():
        try:
            master.edit_vendor(actor(), organisation.id, form.details())
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(say("Saved."))
            return redirect(url_for("vendors.vendor", organisation_id=organisation.id))
    return _form_page(form, organisation, _l("Master data"), _l("Save"))


# --- contacts -----------------------------------------------------------------------------------------------------------


@blueprint.route("/vendors/<int:organisation_id>/contacts/new", methods=["GET", "POST"])
@requires(Permission.VENDORS_MANAGE)
def new_contact(organisation_id: int) -> Any:
    """One more person to ask."""
    organisation = queries.organisation_for(db.session(), actor(), organisation_id)
    form = ContactForm()
    if form.validate_on_submit():
        try:
            master.add_contact(actor(), organisation.id, form.details())
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(say("The contact is added."))
            return redirect(url_for("vendors.vendor", organisation_id=organisation.id))
    return _form_page(form, organisation, _l("New contact"), _l("Add the contact"))


@blueprint.route("/vendors/contacts/<int:contact_id>/edit", methods=["GET", "POST"])
@requires(Permission.VENDORS_MANAGE)
def edit_contact(contact_id: int) -> Any:
    """Another name, duty or way to reach somebody."""
    found = knowing.contact_for(db.session(), actor(), contact_id)
    organisation = queries.organisation_for(db.session(), actor(), found.organisation_id)
    form = ContactForm(obj=found)
    if form.validate_on_submit():
        try:
            master.edit_contact(actor(), found.id, form.details())
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(say("Saved."))
            return redirect(url_for("vendors.vendor", organisation_id=organisation.id))
    return _form_page(form, organisation, _l("Edit the contact"), _l("Save"))


@blueprint.post("/vendors/contacts/<int:contact_id>/remove")
@requires(Permission.VENDORS_MANAGE)
def remove_contact(contact_id: int) -> Any:
    """Somebody who is not asked any more."""
    found = knowing.contact_for(db.session(), actor(), contact_id)
    master.remove_contact(actor(), found.id)
    say_flash(say("The contact is removed."))
    return redirect(url_for("vendors.vendor", organisation_id=found.organisation_id))


# --- papers -------------------------------------------------------------------------------------------------------------


@blueprint.route("/vendors/<int:organisation_id>/papers/new", methods=["GET", "POST"])
@requires(Permission.VENDORS_MANAGE)
def new_paper(organisation_id: int) -> Any:
    """A licence, insurance or certificate, or the one that follows or corrects another."""
    organisation = queries.organisation_for(db.session(), actor(), organisation_id)
    followed = _followed(organisation.id)
    form = PaperForm()
    if followed is not None:
        _prefill(form, followed)
    if form.validate_on_submit():
        try:
            master.add_paper(
                actor(), organisation.id, form.details(), supersedes_id=followed.id if followed else None,
                proof=form.upload(),
            )  # fmt: skip
        except DomainError as error:
            if error.status == 404:
                raise
            show_error(form, error)
        else:
            say_flash(say("The paper is on file."))
            return redirect(url_for("vendors.vendor", organisation_id=organisation.id))
    title = _l("Renew or correct a paper") if followed else _l("New licence, insurance or certificate")
    return _form_page(form, organisation, title, _l("Put it on file"), followed)


def _followed(organisation_id: int) -> Credential | None:
    """The paper of this organisation that the address names."""
    wanted = request.args.get("supersedes", type=int)
    if wanted is None:
        return None
    found = knowing.paper_for(db.session(), actor(), wanted)
    if found.organisation_id != organisation_id:
        abort(404)
    return found


def _prefill(form: PaperForm, followed: Credential) -> None:
    """A renewal keeps kind and issuer; what else is new, is to be read from the new paper."""
    form.kind.choices = options([(followed.kind.value, labels.PAPER_LABELS[followed.kind])])
    if request.method == "GET":
        form.issuer.data, form.currency.data = followed.issuer, followed.currency
        form.number.data = followed.number


@blueprint.get("/vendors/papers/<int:paper_id>/proof")
@requires(Permission.VENDORS_VIEW)
def proof(paper_id: int) -> Response:
    """The scan of a paper, as a file to be kept: nothing that was uploaded is opened in the portal's own pages."""
    found = knowing.paper_for(db.session(), actor(), paper_id)
    if not found.proof_digest:
        abort(404)
    content = services().storage.chunks(found.proof_digest)
    return uploaded_file(content, type_of(found.proof_name), found.proof_name)


# --- what is required ---------------------------------------------------------------------------------------------------


@blueprint.route("/vendors/requirements", methods=["GET", "POST"])
@requires(Permission.VENDORS_MANAGE)
def requirements() -> Any:
    """What the bank requires of agencies and of law firms, each from a day on."""
    known = knowing.requirements(db.session())
    written = {(kind, item): request.form.get(f"{kind.value}.{item.value}", "") for kind in WORKERS for item in Item}
    wrong: list[str] = []
    if request.method == "POST":
        days, wrong = _days(written)
        if not wrong:
            for (kind, item), from_on in days.items():
                if known.get((kind, item)) != from_on:
                    master.require(actor(), kind, item, from_on)
            say_flash(say("Saved."))
            return redirect(url_for("vendors.requirements"))
    else:
        written = {about: day.isoformat() for about, day in known.items()}
    page = render_template(
        "vendors/requirements.html",
        kinds=[(kind, ORGANISATION_KINDS[kind]) for kind in WORKERS],
        parts_of_it=[
            (_l("Before anything is placed with it"), [i for i in Item if i not in STAFF_ITEMS]),
            (_l("Before its people may sign in"), [i for i in Item if i in STAFF_ITEMS]),
        ],
        labels=labels.ITEM_LABELS,
        written=written,
        wrong=wrong,
    )
    return page, 422 if wrong else 200


def _days(
    written: dict[tuple[OrganisationKind, Item], str],
) -> tuple[dict[tuple[OrganisationKind, Item], date | None], list[str]]:
    days: dict[tuple[OrganisationKind, Item], date | None] = {}
    wrong = []
    for (kind, item), text in written.items():
        try:
            days[kind, item] = parse_date(text) if text.strip() else None
        except ValueError:
            wrong.append(f"{kind.value}.{item.value}")
    return days, wrong


def _form_page(
    form: Any, organisation: Organisation, title: Any, submit: Any, followed: Credential | None = None
) -> Any:
    page = render_template(
        "vendors/vendor_form.html",
        form=form,
        organisation=organisation,
        name=name_of(organisation),
        title=title,
        submit=submit,
        followed=followed,
    )
    return page, 422 if form.errors or form.form_errors else 200
