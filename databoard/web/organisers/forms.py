"""What organisers may change of an event; times are typed in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import (  # type: ignore[attr-defined] # SelectChoice came with 3.3
    BooleanField,
    DateTimeLocalField,
    IntegerField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from databoard.services.events import LIMITS
from databoard.web.forms import Form
from databoard.web.language import lazy_gettext as _

#: How a browser writes a moment, the way that we write it first.
MOMENTS = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"]


class UTCField(DateTimeLocalField):
    """A moment, shown and typed in UTC; empty is never."""

    def __init__(self, label: str, **options: Any) -> None:
        super().__init__(label, [Optional()], format=MOMENTS, **options)

    def process_data(self, value: datetime | None) -> None:
        """Show an aware time in UTC."""
        super().process_data(value.astimezone(UTC) if value else None)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Give the zone to what was typed."""
        super().process_formdata(valuelist)
        if self.data is not None:
            self.data = self.data.replace(tzinfo=UTC)


def _count(label: str, minimum: int, maximum: int, description: str = "") -> IntegerField:
    bounds = NumberRange(
        minimum,
        maximum,
        _("Enter %(minimum)s to %(maximum)s.", minimum=f"{minimum:,}", maximum=f"{maximum:,}"),
    )
    return IntegerField(
        label,
        [InputRequired(_("Please enter a number.")), bounds],
        description=description,
        render_kw={"min": str(minimum), "max": str(maximum)},
    )


def _limit(label: str, description: str = "") -> IntegerField:
    bounds = NumberRange(1, 1_000_000, _("Enter at least 1, or nothing for no limit."))
    return IntegerField(
        label,
        [Optional(), bounds],
        description=description or _("Empty: no limit."),
        render_kw={"min": "1"},
    )


def _event_name() -> StringField:
    return StringField(
        _("Name"),
        [DataRequired(_("Please enter a name.")), Length(max=80)],
        description=_("Part of its address: lower-case letters, digits and _, such as iris_2027."),
    )


def _public_opening() -> UTCField:
    return UTCField(
        _("Code becomes public (UTC)"),
        description=_(
            "From then to the closing, participants read each other's code. Empty: never."
        ),
    )


def _title() -> StringField:
    return StringField(_("Title"), [DataRequired(_("Please enter a title.")), Length(max=200)])


class EventForm(Form):
    """Title, dates, who may join, how often, and the limits of a fold."""

    title = _title()

    opening_at = UTCField(_("Opens (UTC)"), description=_("Empty: open from the beginning."))
    public_opening_at = _public_opening()
    closing_at = UTCField(
        _("Closes (UTC)"),
        description=_("Then the private leaderboard opens to everybody. Empty: never."),
    )

    late_s = _count(
        _("How long after the closing submissions are taken without a rank, in seconds"),
        0,
        30 * 86400,
    )

    description_html = TextAreaField(
        _("Description"),
        [Length(max=100_000)],
        description=_("Markdown or HTML; scripts and styles are taken out."),
        render_kw={"rows": "6"},
    )
    rules_html = TextAreaField(
        _("Rules"),
        [Length(max=100_000)],
        description=_("Markdown or HTML; scripts and styles are taken out."),
        render_kw={"rows": "6"},
    )

    is_public = BooleanField(_("Everybody may see that this event exists"))
    can_merge_teams = BooleanField(_("Two teams may go on as one"))
    merging_ends_at = UTCField(
        _("Teams merge until (UTC)"),
        description=_("Empty: until the closing."),
    )
    is_controlled_signup = BooleanField(_("An organiser lets each team in"))
    is_anonymous = BooleanField(_("Teams are anonymous on the leaderboard until the closing"))
    max_members_per_team = _count(_("Members of a team, at most"), 1, 1000)
    allowed_emails = TextAreaField(
        _("Addresses that may join"),
        [Length(max=20_000)],
        description=_("Ends of e-mail addresses, such as @example.org; empty: all."),
        render_kw={"rows": "2"},
    )

    pause_s = _count(_("Pause between two submissions, in seconds"), 0, 30 * 86400)
    max_per_day = _limit(_("Submissions per day"))
    max_submissions = _limit(_("Submissions in all"))
    max_pending = _limit(_("Submissions in the queue at once"))
    is_paused = BooleanField(_("Pause: take and train no submissions for now"))
    pause_reason = StringField(_("Why it is paused"), [Length(max=500)])

    fold_seconds = _count(_("Seconds per fold"), 1, 7 * 86400)
    fold_memory_mb = _count(_("Memory per fold, in MB"), 64, 1_000_000)
    fold_cores = _count(_("Cores per fold"), 1, 1024)
    fold_disk_mb = _count(_("Files that a fold may write, in MB"), 1, 1_000_000)
    fold_output_kb = _count(_("What a fold may print, in kB"), 1, 100_000)
    is_strict = BooleanField(_("Strict: a fold that learns nothing of the others, rows shuffled"))
    can_reuse_results = BooleanField(_("Identical submissions take over each other's results"))
    max_upload_kb = _count(_("Size of a submission's file, in kB"), 1, 65_536)
    log_policy = SelectField(
        _("Logs that teams see"),
        choices=[
            SelectChoice("limited", _("Limited: their own error and a little output")),
            SelectChoice("full", _("All")),
        ],
        description=_("What a submission prints may carry private data out."),
    )

    max_n_ensemble = _count(_("Submissions in the blend of all teams, at most"), 1, 10_000)
    sends_submitted_mails = BooleanField(_("Write to the organisers when a team submits"))
    sends_trained_mails = BooleanField(_("Write to the team when a submission has ended"))


#: The form's fields in their groups, as the page shows them.
GROUPS = (
    (
        _("Title and dates"),
        ("title", "opening_at", "public_opening_at", "closing_at", "late_s"),
    ),
    (_("Texts"), ("description_html", "rules_html")),
    (
        _("Who takes part"),
        (
            "is_public",
            "is_controlled_signup",
            "is_anonymous",
            "max_members_per_team",
            "can_merge_teams",
            "merging_ends_at",
            "allowed_emails",
        ),
    ),
    (
        _("How often teams submit"),
        ("pause_s", "max_per_day", "max_submissions", "max_pending", "is_paused", "pause_reason"),
    ),
    (
        _("Limits of a fold"),
        LIMITS,
    ),
    (_("Blend"), ("max_n_ensemble",)),
    (_("Letters"), ("sends_submitted_mails", "sends_trained_mails")),
)
FIELDS = tuple(name for _, names in GROUPS for name in names)


class NewEventForm(Form):
    """A first event on a problem."""

    problem = SelectField(_("Problem"))
    name = _event_name()
    title = _title()
    opening_at = UTCField(_("Opens (UTC)"), description=_("Empty: open at once."))
    closing_at = UTCField(_("Closes (UTC)"), description=_("Empty: never."))
    is_public = BooleanField(_("Everybody may see that this event exists"))


def _reason(if_missing: str, description: str) -> TextAreaField:
    return TextAreaField(
        _("Reason"),
        [DataRequired(if_missing), Length(max=500)],
        description=description,
        render_kw={"rows": "3"},
    )


class RefusalForm(Form):
    """Why an account is refused."""

    reason = _reason(
        _("Please give the reason: the person reads it."), _("It goes to the person by letter.")
    )


class CloneForm(Form):
    """A new edition of an event."""

    name = _event_name()
    title = _title()
    opening_at = UTCField(_("Opens (UTC)"), description=_("Empty: open at once."))
    public_opening_at = _public_opening()
    closing_at = UTCField(_("Closes (UTC)"), description=_("Empty: never."))


class WithdrawalForm(Form):
    """Why a submission is withdrawn."""

    reason = _reason(
        _("Please give the reason: the team reads it."),
        _("It goes to the team, and stands on the page of the submission."),
    )


class ExtensionForm(Form):
    """More time and more submissions for one team."""

    closing_at = UTCField(_("Its own closing (UTC)"), description=_("Empty: as for all teams."))
    per_day = IntegerField(
        _("Further submissions per day"),
        [Optional(), NumberRange(0, 1000, _("Enter 0 to 1000."))],
        description=_("Beside the event's own number. Empty: none."),
        render_kw={"min": "0", "max": "1000"},
    )


class RosterForm(Form):
    """A class list."""

    file = FileField(
        _("Class list (CSV)"),
        [FileRequired(_("Please choose a file."))],
        description=_("Columns: email, and maybe name, firstname, lastname, team."),
        render_kw={"accept": ".csv,text/csv"},
    )


class MergeForm(Form):
    """Two teams, and the name of the one that goes on."""

    first = SelectField(_("Team (its draft is kept)"))
    second = SelectField(_("Team that joins it"))
    name = StringField(
        _("Name of the new team"),
        [DataRequired(_("Please enter a name.")), Length(max=40)],
        description=_("2 to 40 letters, digits, _ - and . ; nobody may have it yet."),
    )


class AnnouncementForm(Form):
    """A banner, and maybe a letter."""

    event = SelectField(_("Where"))
    text = TextAreaField(
        _("Announcement"),
        [DataRequired(_("Please enter what you announce.")), Length(max=1000)],
        render_kw={"rows": "3"},
    )
    level = SelectField(
        _("Kind"),
        choices=[
            SelectChoice("info", _("News")),
            SelectChoice("warning", _("Warning")),
        ],
    )
    until = UTCField(
        _("Shown until (UTC)"),
        description=_("Empty: until you take it down."),
    )
    by_mail = BooleanField(_("Write it to the participants too"))
