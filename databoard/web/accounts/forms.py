"""What is typed on the pages of accounts; the rules are the services'."""

from __future__ import annotations

from typing import Any

from wtforms import (  # type: ignore[attr-defined] # SelectChoice came with 3.3
    PasswordField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, EqualTo, Length

from databoard.domain.rules import MAX_PASSWORD, MIN_PASSWORD
from databoard.languages import FIRST, LANGUAGES
from databoard.web.forms import Form
from databoard.web.language import lazy_gettext

_NEW = {"autocomplete": "new-password", "minlength": str(MIN_PASSWORD)}
_CURRENT = {"autocomplete": "current-password"}
_PLAIN = {"autocapitalize": "none", "spellcheck": "false"}


def _required(message: Any) -> DataRequired:
    return DataRequired(message)


class SignUpForm(Form):
    """A new account."""

    name = StringField(
        lazy_gettext("User name"),
        [_required(lazy_gettext("Please enter a user name.")), Length(max=40)],
        description=lazy_gettext(
            "2 to 40 letters, digits, _ - and . ; everybody sees it on the leaderboards."
        ),
        render_kw={"autocomplete": "username", **_PLAIN},
    )
    email = StringField(
        lazy_gettext("E-mail address"),
        [_required(lazy_gettext("Please enter your e-mail address.")), Length(max=254)],
        description=lazy_gettext("We send a link there to confirm it. Only the organisers see it."),
        render_kw={"type": "email", "autocomplete": "email", **_PLAIN},
    )
    password = PasswordField(
        lazy_gettext("Password"),
        [_required(lazy_gettext("Please enter a password.")), Length(max=MAX_PASSWORD)],
        description=lazy_gettext(
            "At least %(n)s characters; a few words are good.", n=MIN_PASSWORD
        ),
        render_kw=_NEW,
    )
    firstname = StringField(
        lazy_gettext("First name"), [Length(max=80)], render_kw={"autocomplete": "given-name"}
    )
    lastname = StringField(
        lazy_gettext("Last name"), [Length(max=80)], render_kw={"autocomplete": "family-name"}
    )
    affiliation = StringField(
        lazy_gettext("University or company"),
        [Length(max=200)],
        render_kw={"autocomplete": "organization"},
    )


class LoginForm(Form):
    """A name and a password."""

    login = StringField(
        lazy_gettext("User name or e-mail address"),
        [
            _required(lazy_gettext("Please enter your user name or e-mail address.")),
            Length(max=254),
        ],
        render_kw={"autocomplete": "username", **_PLAIN},
    )
    password = PasswordField(
        lazy_gettext("Password"),
        [_required(lazy_gettext("Please enter your password."))],
        render_kw=_CURRENT,
    )


class AddressForm(Form):
    """An e-mail address that a link is sent to."""

    email = StringField(
        lazy_gettext("E-mail address"),
        [_required(lazy_gettext("Please enter your e-mail address.")), Length(max=254)],
        render_kw={"type": "email", "autocomplete": "email", **_PLAIN},
    )


class NewPasswordForm(Form):
    """A new password, typed twice."""

    password = PasswordField(
        lazy_gettext("New password"),
        [_required(lazy_gettext("Please enter a new password.")), Length(max=MAX_PASSWORD)],
        description=lazy_gettext(
            "At least %(n)s characters; a few words are good.", n=MIN_PASSWORD
        ),
        render_kw=_NEW,
    )
    again = PasswordField(
        lazy_gettext("New password again"),
        [
            _required(lazy_gettext("Please enter the new password once more.")),
            EqualTo("password", lazy_gettext("The two new passwords differ.")),
        ],
        render_kw=_NEW,
    )


class ChangePasswordForm(NewPasswordForm):
    """The old password, and a new one twice."""

    old = PasswordField(
        lazy_gettext("Current password"),
        [_required(lazy_gettext("Please enter your current password."))],
        render_kw=_CURRENT,
    )


class ProfileForm(Form):
    """What a user says of himself."""

    firstname = StringField(
        lazy_gettext("First name"), [Length(max=80)], render_kw={"autocomplete": "given-name"}
    )
    lastname = StringField(
        lazy_gettext("Last name"), [Length(max=80)], render_kw={"autocomplete": "family-name"}
    )
    affiliation = StringField(
        lazy_gettext("University or company"),
        [Length(max=200)],
        render_kw={"autocomplete": "organization"},
    )
    url = StringField(
        lazy_gettext("Web page"),
        [Length(max=200)],
        render_kw={"type": "url", "autocomplete": "url"},
    )
    bio = TextAreaField(
        lazy_gettext("About you"),
        [Length(max=2000)],
        filters=[lambda text: text and text.replace("\r\n", "\n")],  # as browsers count
        render_kw={"rows": "4"},
    )
    locale = SelectField(
        lazy_gettext("Language of letters to you"),
        choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()],
        coerce=lambda code: code or FIRST,
    )


class TokenForm(Form):
    """A new personal token."""

    name = StringField(
        lazy_gettext("What for"),
        [_required(lazy_gettext("Please enter a name, so that you know it again."))],
        description=lazy_gettext("For instance: notebook on my laptop."),
    )
    scope = SelectField(
        lazy_gettext("What it may do"),
        choices=[
            SelectChoice("read", lazy_gettext("Read what I may see")),
            SelectChoice("read submit", lazy_gettext("Read and submit")),
        ],
    )
    days = SelectField(
        lazy_gettext("Ends after"),
        choices=[
            SelectChoice("30", lazy_gettext("30 days")),
            SelectChoice("90", lazy_gettext("90 days")),
            SelectChoice("365", lazy_gettext("1 year")),
            SelectChoice("", lazy_gettext("Never")),
        ],
        default="90",
    )


class DeleteForm(Form):
    """The password once more, before an account is closed."""

    password = PasswordField(
        lazy_gettext("Your password"),
        [_required(lazy_gettext("Please enter your password."))],
        render_kw=_CURRENT,
    )


class TeamForm(Form):
    """A new team."""

    name = StringField(
        lazy_gettext("Name of the team"),
        [_required(lazy_gettext("Please enter a name.")), Length(max=40)],
        description=lazy_gettext(
            "2 to 40 letters, digits, _ - and . ; it stands on the leaderboards."
        ),
        render_kw={"autocomplete": "off", **_PLAIN},
    )


class MergeForm(Form):
    """Another team to go on with."""

    event = SelectField(lazy_gettext("Event"))
    team = StringField(
        lazy_gettext("Name of the other team"),
        [_required(lazy_gettext("Please enter the name of a team.")), Length(max=40)],
        render_kw={"autocomplete": "off", **_PLAIN},
    )
    name = StringField(
        lazy_gettext("Name of the new team"),
        [_required(lazy_gettext("Please enter a name.")), Length(max=40)],
        description=lazy_gettext("2 to 40 letters, digits, _ - and . ; nobody may have it yet."),
        render_kw={"autocomplete": "off", **_PLAIN},
    )


class InviteForm(Form):
    """Somebody to invite."""

    name = StringField(
        lazy_gettext("User name"),
        [_required(lazy_gettext("Please enter a user name.")), Length(max=40)],
        render_kw={"autocomplete": "off", **_PLAIN},
    )
