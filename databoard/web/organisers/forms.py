"""What organisers may change of an event; times are typed in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask_wtf import FlaskForm
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
    bounds = NumberRange(minimum, maximum, f"Enter {minimum:,} to {maximum:,}.")
    return IntegerField(
        label,
        [InputRequired("Please enter a number."), bounds],
        description=description,
        render_kw={"min": str(minimum), "max": str(maximum)},
    )


def _limit(label: str, description: str = "") -> IntegerField:
    bounds = NumberRange(1, 1_000_000, "Enter at least 1, or nothing for no limit.")
    return IntegerField(
        label,
        [Optional(), bounds],
        description=description or "Empty: no limit.",
        render_kw={"min": "1"},
    )


class EventForm(FlaskForm):
    """Title, dates, who may join, how often, and the limits of a fold."""

    title = StringField("Title", [DataRequired("Please enter a title."), Length(max=200)])

    opening_at = UTCField("Opens (UTC)", description="Empty: open from the beginning.")
    public_opening_at = UTCField(
        "Code becomes public (UTC)",
        description="From then to the closing, participants read each other's code. Empty: never.",
    )
    closing_at = UTCField(
        "Closes (UTC)",
        description="Then the private leaderboard opens to everybody. Empty: never.",
    )

    late_s = _count(
        "How long after the closing submissions are taken without a rank, in seconds",
        0,
        30 * 86400,
    )

    description_html = TextAreaField(
        "Description",
        [Length(max=100_000)],
        description="Markdown or HTML; scripts and styles are taken out.",
        render_kw={"rows": "6"},
    )
    rules_html = TextAreaField(
        "Rules",
        [Length(max=100_000)],
        description="Markdown or HTML; scripts and styles are taken out.",
        render_kw={"rows": "6"},
    )

    is_public = BooleanField("Everybody may see that this event exists")
    can_merge_teams = BooleanField("Two teams may go on as one")
    merging_ends_at = UTCField("Teams merge until (UTC)", description="Empty: until the closing.")
    is_controlled_signup = BooleanField("An organiser lets each team in")
    is_anonymous = BooleanField("Teams are anonymous on the leaderboard until the closing")
    max_members_per_team = _count("Members of a team, at most", 1, 1000)
    allowed_emails = TextAreaField(
        "Addresses that may join",
        [Length(max=20_000)],
        description="Ends of e-mail addresses, such as @example.org; empty: all.",
        render_kw={"rows": "2"},
    )

    pause_s = _count("Pause between two submissions, in seconds", 0, 30 * 86400)
    max_per_day = _limit("Submissions per day")
    max_submissions = _limit("Submissions in all")
    max_pending = _limit("Submissions in the queue at once")
    is_paused = BooleanField("Pause: take and train no submissions for now")
    pause_reason = StringField("Why it is paused", [Length(max=500)])

    fold_seconds = _count("Seconds per fold", 1, 7 * 86400)
    fold_memory_mb = _count("Memory per fold, in MB", 64, 1_000_000)
    fold_cores = _count("Cores per fold", 1, 1024)
    fold_disk_mb = _count("Files that a fold may write, in MB", 1, 1_000_000)
    fold_output_kb = _count("What a fold may print, in kB", 1, 100_000)
    is_strict = BooleanField("Strict: a fold that learns nothing of the others, rows shuffled")
    can_reuse_results = BooleanField("Identical submissions take over each other's results")
    max_upload_kb = _count("Size of a submission's file, in kB", 1, 65_536)
    log_policy = SelectField(
        "Logs that teams see",
        choices=[
            SelectChoice("limited", "Limited: their own error and a little output"),
            SelectChoice("full", "All"),
        ],
        description="What a submission prints may carry private data out.",
    )

    sends_submitted_mails = BooleanField("Write to the organisers when a team submits")
    sends_trained_mails = BooleanField("Write to the team when a submission has ended")


#: The form's fields in their groups, as the page shows them.
GROUPS = (
    ("Title and dates", ("title", "opening_at", "public_opening_at", "closing_at", "late_s")),
    ("Texts", ("description_html", "rules_html")),
    (
        "Who takes part",
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
        "How often teams submit",
        ("pause_s", "max_per_day", "max_submissions", "max_pending", "is_paused", "pause_reason"),
    ),
    (
        "Limits of a fold",
        (
            "fold_seconds",
            "fold_memory_mb",
            "fold_cores",
            "fold_disk_mb",
            "fold_output_kb",
            "max_upload_kb",
            "log_policy",
            "is_strict",
            "can_reuse_results",
        ),
    ),
    ("Letters", ("sends_submitted_mails", "sends_trained_mails")),
)
FIELDS = tuple(name for _, names in GROUPS for name in names)


class NewEventForm(FlaskForm):
    """A first event on a problem."""

    problem = SelectField("Problem")
    name = StringField(
        "Name",
        [DataRequired("Please enter a name."), Length(max=80)],
        description="Part of its address: lower-case letters, digits and _, such as iris_2027.",
    )
    title = StringField("Title", [DataRequired("Please enter a title."), Length(max=200)])
    opening_at = UTCField("Opens (UTC)", description="Empty: open at once.")
    closing_at = UTCField("Closes (UTC)", description="Empty: never.")
    is_public = BooleanField("Everybody may see that this event exists")


class RefusalForm(FlaskForm):
    """Why an account is refused."""

    reason = TextAreaField(
        "Reason",
        [DataRequired("Please give the reason: the person reads it."), Length(max=500)],
        description="It goes to the person by letter.",
        render_kw={"rows": "3"},
    )


class CloneForm(FlaskForm):
    """A new edition of an event."""

    name = StringField(
        "Name",
        [DataRequired("Please enter a name."), Length(max=80)],
        description="Part of its address: lower-case letters, digits and _, such as iris_2027.",
    )
    title = StringField("Title", [DataRequired("Please enter a title."), Length(max=200)])
    opening_at = UTCField("Opens (UTC)", description="Empty: open at once.")
    closing_at = UTCField("Closes (UTC)", description="Empty: never.")


class ExtensionForm(FlaskForm):
    """More time and more submissions for one team."""

    closing_at = UTCField("Its own closing (UTC)", description="Empty: as for all teams.")
    per_day = IntegerField(
        "Further submissions per day",
        [Optional(), NumberRange(0, 1000, "Enter 0 to 1000.")],
        description="Beside the event's own number. Empty: none.",
        render_kw={"min": "0", "max": "1000"},
    )


class RosterForm(FlaskForm):
    """A class list."""

    file = FileField(
        "Class list (CSV)",
        [FileRequired("Please choose a file.")],
        description="Columns: email, and maybe name, firstname, lastname, team.",
        render_kw={"accept": ".csv,text/csv"},
    )


class MergeForm(FlaskForm):
    """Two teams, and the name of the one that goes on."""

    first = SelectField("Team (its draft is kept)")
    second = SelectField("Team that joins it")
    name = StringField(
        "Name of the new team",
        [DataRequired("Please enter a name."), Length(max=40)],
        description="2 to 40 letters, digits, _ - and . ; nobody may have it yet.",
    )


class AnnouncementForm(FlaskForm):
    """A banner, and maybe a letter."""

    event = SelectField("Where")
    text = TextAreaField(
        "Announcement",
        [DataRequired("Please enter what you announce."), Length(max=1000)],
        render_kw={"rows": "3"},
    )
    level = SelectField(
        "Kind", choices=[SelectChoice("info", "News"), SelectChoice("warning", "Warning")]
    )
    until = UTCField("Shown until (UTC)", description="Empty: until you take it down.")
    by_mail = BooleanField("Write it to the participants too")
