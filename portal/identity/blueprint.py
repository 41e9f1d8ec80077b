"""The room's blueprint, on which its pages register."""

from __future__ import annotations

from flask import Blueprint

from portal.identity.labels import browser_name

blueprint = Blueprint("identity", __name__)
blueprint.add_app_template_filter(browser_name, "browser_name")
