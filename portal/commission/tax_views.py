"""The page of taxes on statements."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import redirect, url_for

from portal.commission.blueprint import blueprint
from portal.commission.life_forms import TaxForm
from portal.commission.life_models import TaxRule
from portal.commission.life_queries import tax_rules
from portal.commission.tax_setting import set_tax, taxed_organisations
from portal.foundation.access import Actor, Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError
from portal.foundation.forms import show_error
from portal.foundation.language import _l, say
from portal.foundation.table_pages import table_response
from portal.foundation.tables import Column, Empty, Table
from portal.foundation.web import actor, requires, say_flash
from portal.vendors.labels import exact_percent, name_of

__all__ = ["taxes"]


@blueprint.route("/statements/taxes", methods=["GET", "POST"])
@requires(Permission.STATEMENTS_SETTLE)
def taxes() -> Any:
    """What was set, and the next setting."""
    who = actor()
    form = TaxForm([(each.id, name_of(each)) for each in taxed_organisations(db.session(), who)])
    if form.validate_on_submit() and form.effective_from.data is not None:
        try:
            set_tax(
                who, int(form.organisation_id.data or 0), form.share(), form.included.data == "yes",
                form.effective_from.data,
            )  # fmt: skip
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(say("The tax is set. Statements that are drawn up already keep theirs."))
            return redirect(url_for("commission.taxes"))
    answer = table_response(_table(who), "commission/taxes.html", form=form)
    return (answer, 422) if form.errors or form.form_errors else answer


def _table(who: Actor) -> Table:
    return Table(
        name="taxes",
        statement=tax_rules(who),
        key=TaxRule.id,
        columns=[
            Column("organisation", _l("Organisation"), value=lambda rule: name_of(rule.organisation)),
            Column(
                "from", _l("Valid from"), "day", expression=TaxRule.effective_from, sortable=True, value="effective_from"
            ),
            Column("rate", _l("Rate"), value=lambda rule: exact_percent(Decimal(rule.rate))),
            Column(
                "included", _l("The tax is"),
                value=lambda rule: _l("within the amounts of the lines") if rule.included else _l("on top of the amounts of the lines"),
            ),
            Column("by", _l("Set by"), value="by_name"),
            Column("at", _l("Set at"), "instant", value="at"),
        ],
        default_sort="-from",
        empty=Empty(say("No tax has been set. Statements are without tax.")),
    )  # fmt: skip
