"""What the room's codes are called on pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.foundation.access import OrganisationKind
from portal.foundation.frame import ROLE_LABELS
from portal.foundation.language import _l
from portal.foundation.states import StateTag
from portal.identity.models import LetterLaw

if TYPE_CHECKING:
    from portal.identity.models import Organisation, User

__all__ = ["KIND_LABELS", "LAW_LABELS", "ROLE_LABELS", "browser_name", "organisation_state", "user_state"]

KIND_LABELS: dict[OrganisationKind, Any] = {
    OrganisationKind.BANK: _l("Bank"),
    OrganisationKind.AGENCY: _l("Agency"),
    OrganisationKind.LAW_FIRM: _l("Law firm"),
}
LAW_LABELS: dict[str, Any] = {
    LetterLaw.CHINA: _l("China"),
    LetterLaw.STATES: _l("United States"),
    LetterLaw.KINGDOM: _l("United Kingdom"),
}
_USER_STATES = {
    "deactivated": StateTag("deactivated", _l("deactivated")),
    "invited": StateTag("invited", _l("invited"), "wait"),
    "initial": StateTag("initial", _l("initial password"), "wait"),
    "active": StateTag("active", _l("active"), "good"),
}
_ORGANISATION_STATES = {
    True: StateTag("active", _l("active"), "good"),
    False: StateTag("inactive", _l("inactive")),
}


def user_state(user: User) -> StateTag:
    """Whether the person can come in, and if not, what is missing."""
    if not user.active:
        return _USER_STATES["deactivated"]
    if user.password_hash is None:
        return _USER_STATES["invited"]
    return _USER_STATES["initial" if user.must_change_password else "active"]


def organisation_state(organisation: Organisation) -> StateTag:
    """Whether the organisation's people may come in."""
    return _ORGANISATION_STATES[organisation.active]


# Later ones pretend to be earlier ones, so the order decides.
_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrom", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def browser_name(user_agent: str) -> str:
    """What a browser says of itself, in the two words by which people recognise it."""
    browser = next((name for sign, name in _BROWSERS if sign in user_agent), user_agent[:40])
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), "")
    return " · ".join(filter(None, (browser, system)))
