"""Pages of the staff register: everybody, one person, and what that person has taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import redirect, render_template, request, url_for

from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError
from portal.foundation.forms import show_error
from portal.foundation.language import _l, say
from portal.foundation.services import services
from portal.foundation.table_pages import table_response
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.foundation.web import actor, requires, say_flash
from portal.identity.models import Organisation
from portal.vendors import knowing, labels, queries, register
from portal.vendors.blueprint import blueprint
from portal.vendors.entering import gaps_of
from portal.vendors.labels import name_of
from portal.vendors.models import StaffMember
from portal.vendors.queries import required_items
from portal.vendors.vendor_forms import MemberForm, RecordForm

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.vendors.entering import Gap


@blueprint.get("/staff")
@requires(Permission.VENDORS_VIEW)
def staff() -> Any:
    """Everybody in the registers that the person may see."""
    who = actor()
    return table_response(_table(who), "vendors/staff.html", of=_whose_register(who))


def _whose_register(who: Actor) -> int | None:
    """The organisation to whose register somebody can be added here: the reader's own, for the bank the one that the list
    is narrowed to; None where there is no such."""
    if not who.is_bank:
        return who.organisation_id
    named = request.args.get("organisation", type=int)
    known = {organisation.id for organisation in queries.work_organisations(db.session(), who)}
    return named if named in known else None


def _table(who: Actor) -> Table:
    session, today = db.session(), services().clock.today()
    required = required_items(session, today)

    def gaps(member: StaffMember) -> list[Gap]:
        return gaps_of(member, member.records, required.get(member.organisation.kind, frozenset()), today)

    columns = [
        Column("name", _l("Name"), expression=StaffMember.name, sortable=True),
        Column("employee_no", _l("Employee number")),
        Column("position", _l("Position")),
        Column("started_on", _l("Works here from"), "day", expression=StaffMember.started_on, sortable=True),
        Column("sign_in", _l("Sign-in"), value=lambda m: say("yes") if m.user_id else say("no")),
        Column("state", _l("State"), "state", value=lambda m: labels.member_state(gaps(m))),
        Column("missing", _l("What is missing"), value=lambda m: next((g.words for g in gaps(m)), None), wraps=True),
        Column("next", _l("Ends next"), "day", value=lambda m: _next_expiry(m, today)),
    ]
    filters = [
        Filter("ends", _l("Ends within 60 days"), "choice", _by_end(today), choices=[("yes", _l("yes"))]),
        Filter(
            "state", _l("State"), "choice", _by_state(today),
            choices=[("here", _l("works here")), ("left", _l("has left")), ("barred", _l("not permitted"))],
        ),
    ]  # fmt: skip
    if who.is_bank:
        columns.insert(1, Column("organisation", _l("Organisation"), value=lambda m: name_of(m.organisation)))
        known = [(str(o.id), name_of(o)) for o in queries.work_organisations(session, who)]
        filters.insert(0, Filter("organisation", _l("Organisation"), "choice", _by_organisation, choices=known))
    return Table(
        name="staff",
        statement=knowing.member_rows(who),
        key=StaffMember.id,
        default_sort="name",
        columns=columns,
        filters=filters,
        row_url=lambda m: url_for("vendors.member", member_id=m.id),
        empty=_nobody(who),
        caption=_l("Staff register"),
    )


def _next_expiry(member: StaffMember, today: Any) -> Any:
    ends = [
        r.valid_until for r in member.records if r.withdrawn_at is None and r.valid_until and r.valid_until >= today
    ]
    return min(ends, default=None)


def _nobody(who: Actor) -> Empty:
    sentence = say("Nobody is in the register yet.")
    if who.is_bank or not who.can(Permission.REGISTER_KEEP):
        return Empty(sentence)
    return Empty(sentence, say("Add a person"), url_for("vendors.new_member", organisation_id=who.organisation_id))


def _by_organisation(statement: Any, value: str) -> Any:
    return statement.where(StaffMember.organisation_id == int(value))


def _by_end(today: Any) -> Any:
    return lambda statement, _value: statement.where(knowing.works(today), knowing.ends_within(today))


def _by_state(today: Any) -> Any:
    conditions = {
        "here": knowing.works(today) & StaffMember.barred_at.is_(None),
        "left": ~knowing.works(today),
        "barred": StaffMember.barred_at.is_not(None),
    }
    return lambda statement, value: statement.where(conditions[value])


# --- one person -----------------------------------------------------------------------------------------------------------


@blueprint.get("/staff/<int:member_id>")
@requires(Permission.VENDORS_VIEW)
def member(member_id: int) -> str:
    """One person: may they work, what they have taken, what ends when."""
    session, who, today = db.session(), actor(), services().clock.today()
    found = knowing.member_for(session, who, member_id)
    gaps = knowing.gaps_today(session, [found], today)[found.id]
    return render_template(
        "vendors/member.html",
        member=found,
        organisation=found.organisation,
        name=name_of(found.organisation),
        gaps=gaps,
        state=labels.member_state(gaps),
        user_name=knowing.user_name_of(session, who, found.user_id),
        record_labels=labels.RECORD_LABELS,
        record_state=lambda record: labels.record_state(record, today),
        keeps=who.can(Permission.REGISTER_KEEP),
        judges=who.can(Permission.VENDORS_MANAGE),
    )


@blueprint.route("/vendors/<int:organisation_id>/staff/new", methods=["GET", "POST"])
@requires(Permission.REGISTER_KEEP)
def new_member(organisation_id: int) -> Any:
    """Write somebody into the register."""
    organisation = queries.organisation_for(db.session(), actor(), organisation_id)
    form = MemberForm(_sign_ins(organisation))
    if form.validate_on_submit():
        try:
            member_id = register.add_member(actor(), organisation.id, form.details())
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(say("The person is in the register. Add trainings, tests and certificates next."))
            return redirect(url_for("vendors.member", member_id=member_id))
    return _form_page(form, organisation, _l("New entry of the register"), _l("Add the person"))


@blueprint.route("/staff/<int:member_id>/edit", methods=["GET", "POST"])
@requires(Permission.REGISTER_KEEP)
def edit_member(member_id: int) -> Any:
    """Change an entry, or write its last day."""
    found = knowing.member_for(db.session(), actor(), member_id)
    form = MemberForm(_sign_ins(found.organisation, found.user_id), obj=found)
    if request.method == "GET":
        form.user_id.data = str(found.user_id or "")
    if form.validate_on_submit():
        try:
            register.edit_member(actor(), found.id, form.details())
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(say("Saved."))
            return redirect(url_for("vendors.member", member_id=found.id))
    return _form_page(form, found.organisation, _l("Edit the entry"), _l("Save"), found)


@blueprint.post("/staff/<int:member_id>/bar")
@requires(Permission.VENDORS_MANAGE)
def bar_member(member_id: int) -> Any:
    """The bank does not permit this person."""
    register.bar_member(actor(), member_id, request.form.get("reason", ""))
    say_flash(say("This person is not permitted any more and cannot work in the portal."))
    return redirect(url_for("vendors.member", member_id=member_id))


@blueprint.post("/staff/<int:member_id>/permit")
@requires(Permission.VENDORS_MANAGE)
def permit_member(member_id: int) -> Any:
    """The bank permits this person again."""
    register.permit_member(actor(), member_id)
    say_flash(say("This person is permitted again."))
    return redirect(url_for("vendors.member", member_id=member_id))


@blueprint.route("/staff/<int:member_id>/records/new", methods=["GET", "POST"])
@requires(Permission.REGISTER_KEEP)
def new_record(member_id: int) -> Any:
    """A training, test or certificate."""
    found = knowing.member_for(db.session(), actor(), member_id)
    form = RecordForm()
    if form.validate_on_submit():
        try:
            register.add_record(actor(), found.id, form.details())
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(say("It is in the register."))
            return redirect(url_for("vendors.member", member_id=found.id))
    title = _l("New training, test or certificate")
    return _form_page(form, found.organisation, title, _l("Add it"), found)


@blueprint.post("/staff/records/<int:record_id>/withdraw")
@requires(Permission.REGISTER_KEEP)
def withdraw_record(record_id: int) -> Any:
    """A record that was wrong does not count any more."""
    member_id = register.withdraw_record(actor(), record_id)
    say_flash(say("It does not count any more."))
    return redirect(url_for("vendors.member", member_id=member_id))


def _sign_ins(organisation: Organisation, besides: int | None = None) -> list[tuple[int, str]]:
    free = knowing.sign_ins_free(db.session(), actor(), organisation.id, besides)
    return [(user.id, f"{user.user_name} · {user.name}") for user in free]


def _form_page(
    form: Any, organisation: Organisation, title: Any, submit: Any, member: StaffMember | None = None
) -> Any:
    page = render_template(
        "vendors/staff_form.html",
        form=form,
        organisation=organisation,
        name=name_of(organisation),
        title=title,
        submit=submit,
        member=member,
    )
    return page, 422 if form.errors or form.form_errors else 200
