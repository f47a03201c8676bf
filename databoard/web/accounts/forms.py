"""What is typed on the pages of accounts; the rules are the services'."""

from __future__ import annotations

from wtforms import (  # type: ignore[attr-defined] # SelectChoice came with 3.3
    PasswordField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, EqualTo, Length

from databoard.domain.rules import MAX_PASSWORD, MIN_PASSWORD
from databoard.web.forms import Form

_NEW = {"autocomplete": "new-password", "minlength": str(MIN_PASSWORD)}
_CURRENT = {"autocomplete": "current-password"}
_PLAIN = {"autocapitalize": "none", "spellcheck": "false"}


def _required(what: str) -> DataRequired:
    return DataRequired(f"Please enter {what}.")


class SignUpForm(Form):
    """A new account."""

    name = StringField(
        "User name",
        [_required("a user name"), Length(max=40)],
        description="2 to 40 letters, digits, _ - and . ; everybody sees it on the leaderboards.",
        render_kw={"autocomplete": "username", **_PLAIN},
    )
    email = StringField(
        "E-mail address",
        [_required("your e-mail address"), Length(max=254)],
        description="We send a link there to confirm it. Only the organisers see it.",
        render_kw={"type": "email", "autocomplete": "email", **_PLAIN},
    )
    password = PasswordField(
        "Password",
        [_required("a password"), Length(max=MAX_PASSWORD)],
        description=f"At least {MIN_PASSWORD} characters; a few words are good.",
        render_kw=_NEW,
    )
    firstname = StringField(
        "First name", [Length(max=80)], render_kw={"autocomplete": "given-name"}
    )
    lastname = StringField("Last name", [Length(max=80)], render_kw={"autocomplete": "family-name"})
    affiliation = StringField(
        "University or company", [Length(max=200)], render_kw={"autocomplete": "organization"}
    )


class LoginForm(Form):
    """A name and a password."""

    login = StringField(
        "User name or e-mail address",
        [_required("your user name or e-mail address"), Length(max=254)],
        render_kw={"autocomplete": "username", **_PLAIN},
    )
    password = PasswordField("Password", [_required("your password")], render_kw=_CURRENT)


class AddressForm(Form):
    """An e-mail address that a link is sent to."""

    email = StringField(
        "E-mail address",
        [_required("your e-mail address"), Length(max=254)],
        render_kw={"type": "email", "autocomplete": "email", **_PLAIN},
    )


class NewPasswordForm(Form):
    """A new password, typed twice."""

    password = PasswordField(
        "New password",
        [_required("a new password"), Length(max=MAX_PASSWORD)],
        description=f"At least {MIN_PASSWORD} characters; a few words are good.",
        render_kw=_NEW,
    )
    again = PasswordField(
        "New password again",
        [
            _required("the new password once more"),
            EqualTo("password", "The two new passwords differ."),
        ],
        render_kw=_NEW,
    )


class ChangePasswordForm(NewPasswordForm):
    """The old password, and a new one twice."""

    old = PasswordField(
        "Current password", [_required("your current password")], render_kw=_CURRENT
    )


class ProfileForm(Form):
    """What a user says of himself."""

    firstname = StringField(
        "First name", [Length(max=80)], render_kw={"autocomplete": "given-name"}
    )
    lastname = StringField("Last name", [Length(max=80)], render_kw={"autocomplete": "family-name"})
    affiliation = StringField(
        "University or company", [Length(max=200)], render_kw={"autocomplete": "organization"}
    )
    url = StringField(
        "Web page", [Length(max=200)], render_kw={"type": "url", "autocomplete": "url"}
    )
    bio = TextAreaField("About you", [Length(max=2000)], render_kw={"rows": "4"})


class TokenForm(Form):
    """A new personal token."""

    name = StringField(
        "What for",
        [_required("a name, so that you know it again")],
        description="For instance: notebook on my laptop.",
    )
    scope = SelectField(
        "What it may do",
        choices=[
            SelectChoice("read", "Read what I may see"),
            SelectChoice("read submit", "Read and submit"),
        ],
    )
    days = SelectField(
        "Ends after",
        choices=[
            SelectChoice("30", "30 days"),
            SelectChoice("90", "90 days"),
            SelectChoice("365", "1 year"),
            SelectChoice("", "Never"),
        ],
        default="90",
    )


class DeleteForm(Form):
    """The password once more, before an account is closed."""

    password = PasswordField("Your password", [_required("your password")], render_kw=_CURRENT)


class TeamForm(Form):
    """A new team."""

    name = StringField(
        "Name of the team",
        [_required("a name"), Length(max=40)],
        description="2 to 40 letters, digits, _ - and . ; it stands on the leaderboards.",
        render_kw={"autocomplete": "off", **_PLAIN},
    )


class MergeForm(Form):
    """Another team to go on with."""

    event = SelectField("Event")
    team = StringField(
        "Name of the other team",
        [_required("the name of a team"), Length(max=40)],
        render_kw={"autocomplete": "off", **_PLAIN},
    )
    name = StringField(
        "Name of the new team",
        [_required("a name"), Length(max=40)],
        description="2 to 40 letters, digits, _ - and . ; nobody may have it yet.",
        render_kw={"autocomplete": "off", **_PLAIN},
    )


class InviteForm(Form):
    """Somebody to invite."""

    name = StringField(
        "User name",
        [_required("a user name"), Length(max=40)],
        render_kw={"autocomplete": "off", **_PLAIN},
    )
