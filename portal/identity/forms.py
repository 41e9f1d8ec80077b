"""Forms of sign-in, one's own account, people and organisations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from portal.foundation.access import ROLES_OF, OrganisationKind, Role
from portal.foundation.forms import options
from portal.foundation.frame import LANGUAGES
from portal.foundation.language import _l, say
from portal.identity.labels import KIND_LABELS, LAW_LABELS, ROLE_LABELS
from portal.identity.models import LetterLaw
from portal.identity.operations import OrganisationDetails, PersonDetails
from portal.identity.passwords import LONGEST, SHORTEST

if TYPE_CHECKING:
    from wtforms import Field

    from portal.identity.models import Organisation, User

__all__ = [
    "ChangePasswordForm", "CodeForm", "FirstPasswordForm", "InitialPasswordForm", "LanguageForm", "NewOrganisationForm",
    "NewUserForm", "OrganisationForm", "PasswordOnceMoreForm", "SignInForm", "UserForm",
]  # fmt: skip

_needed = InputRequired(_l("Fill this in."))
_LANGUAGES = options((code, name) for code, _tag, name in LANGUAGES)
_NEW = {"autocomplete": "new-password", "minlength": SHORTEST, "maxlength": LONGEST}
_PRESENT = {"autocomplete": "current-password", "maxlength": LONGEST}
_RULES: Any = say("At least %(n)s characters. Several words are easier to keep in mind than signs.", n=SHORTEST)
_INITIAL_RULES: Any = say("At least %(n)s characters. The person must change it at the next sign-in.", n=SHORTEST)
_DIFFERS: Any = say("This differs from the first one.")


class SignInForm(FlaskForm):
    """Name and password."""

    user_name = StringField(
        _l("User name"), [_needed, Length(max=64)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "autofocus": True},
    )  # fmt: skip
    password = PasswordField(_l("Password"), [_needed, Length(max=1000)], render_kw=_PRESENT)


class CodeForm(FlaskForm):
    """A one-time code."""

    code = StringField(
        _l("One-time code"), [_needed, Length(max=16)],
        description=_l("The six digits that your authenticator shows now."),
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True},
    )  # fmt: skip


class _TwiceForm(FlaskForm):
    """A password that is typed twice, since nobody sees it."""

    def validate(self, extra_validators: Any = None) -> bool:
        """The ordinary checks, and whether both say the same."""
        right: bool = super().validate(extra_validators)
        first, again = self._twice()
        if right and first.data != again.data:
            again.errors = [_DIFFERS]
            return False
        return right

    def _twice(self) -> tuple[Field, Field]:
        return self["new"], self["again"]


class FirstPasswordForm(_TwiceForm):
    """The first password, by an invitation or in place of an initial one."""

    new = PasswordField(_l("New password"), [_needed, Length(max=1000)], description=_RULES, render_kw=_NEW)
    again = PasswordField(_l("New password once more"), [_needed, Length(max=1000)], render_kw=_NEW)


class ChangePasswordForm(_TwiceForm):
    """A new password in place of the old one."""

    old = PasswordField(_l("Present password"), [_needed, Length(max=1000)], render_kw=_PRESENT)
    new = PasswordField(_l("New password"), [_needed, Length(max=1000)], description=_RULES, render_kw=_NEW)
    again = PasswordField(_l("New password once more"), [_needed, Length(max=1000)], render_kw=_NEW)


class PasswordOnceMoreForm(FlaskForm):
    """One's password, before something is made less safe."""

    password = PasswordField(_l("Present password"), [_needed, Length(max=1000)], render_kw=_PRESENT)


class InitialPasswordForm(FlaskForm):
    """A password that an administrator sets for somebody else, in sight, since it is told and then changed."""

    password = StringField(
        _l("Initial password"), [_needed, Length(max=LONGEST)],
        description=_INITIAL_RULES,
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )  # fmt: skip


class LanguageForm(FlaskForm):
    """The language of pages and files."""

    locale = SelectField(_l("Language"), [_needed], choices=_LANGUAGES)


class UserForm(FlaskForm):
    """What may be changed about a person."""

    name = StringField(_l("Name"), [_needed, Length(max=120)])
    role = SelectField(_l("Role"), [_needed])
    locale = SelectField(_l("Language"), [_needed], choices=_LANGUAGES)
    lawyer_licence_no = StringField(_l("Lawyer's licence number"), [Optional(), Length(max=64)])
    lawyer_licence_until = DateField(_l("Lawyer's licence valid until"), [Optional()])

    def __init__(self, organisation: Organisation, user: User | None = None, **kwargs: Any) -> None:
        super().__init__(obj=user, **kwargs)
        self.role.choices = options((role.value, ROLE_LABELS[role]) for role in ROLES_OF[organisation.kind])
        if organisation.kind is not OrganisationKind.LAW_FIRM:
            del self.lawyer_licence_no, self.lawyer_licence_until

    def details(self) -> PersonDetails:
        """The person as entered."""
        licence = self._fields.get("lawyer_licence_no")
        until = self._fields.get("lawyer_licence_until")
        return PersonDetails(
            name=(self.name.data or "").strip(),
            role=Role(self.role.data),
            locale=self.locale.data,
            lawyer_licence_no=(licence.data or "").strip() if licence else "",
            lawyer_licence_until=until.data if until else None,
        )


class NewUserForm(UserForm):
    """A person who is to be invited."""

    user_name = StringField(
        _l("User name"), [_needed, Length(max=64)],
        description=_l("What is typed to sign in. It cannot be changed later."),
        render_kw={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"},
    )  # fmt: skip

    def __init__(self, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(organisation, **kwargs)
        roles: list[Any] = list(self.role.choices or ())
        if len(roles) > 1:  # nobody becomes an administrator because the choice was passed over
            self.role.choices = [*options([("", _l("choose"))]), *roles]


class OrganisationForm(FlaskForm):
    """What may be changed about an organisation."""

    name = StringField(_l("Full name"), [_needed, Length(max=200)])
    name_en = StringField(_l("English name"), [Optional(), Length(max=200)])
    address = StringField(_l("Address"), [Optional(), Length(max=400)])
    phone = StringField(_l("Telephone"), [Optional(), Length(max=64)])
    letter_mark = StringField(
        _l("Mark of letter numbers"), [Optional(), Length(max=32)],
        description=_l("Law firms only: the word before the number on their letters, for example 沪衡律函字."),
    )  # fmt: skip
    letter_law = SelectField(
        _l("Law of its letters"), [_needed], default=LetterLaw.CHINA.value,
        choices=options(LAW_LABELS.items()),
        description=_l("Law firms only: packs are built with the templates of this law. Packs that are there keep theirs."),
    )  # fmt: skip
    time_zone = StringField(_l("Time zone"), [_needed, Length(max=64)], default="Asia/Shanghai")
    active = BooleanField(_l("Active: its people may sign in"), default=True)

    def details(self) -> OrganisationDetails:
        """The organisation as entered."""
        texts = ("name", "name_en", "address", "phone", "letter_mark", "time_zone")
        entered = {name: (self[name].data or "").strip() for name in texts if name in self}
        law = LetterLaw(self.letter_law.data) if "letter_law" in self else LetterLaw.CHINA
        active = bool(self.active.data) if "active" in self else True
        return OrganisationDetails(**entered, letter_law=law, active=active)


class NewOrganisationForm(OrganisationForm):
    """An agency or a law firm to be added."""

    kind = SelectField(
        _l("Kind"), [_needed],
        choices=options((k.value, KIND_LABELS[k]) for k in (OrganisationKind.AGENCY, OrganisationKind.LAW_FIRM)),
    )  # fmt: skip
    code = StringField(
        _l("Code"), [_needed, Length(max=32)],
        description=_l("Short, in batch and letter numbers, for example HENGTONG. It cannot be changed later."),
        render_kw={"autocapitalize": "characters", "spellcheck": "false"},
    )  # fmt: skip
