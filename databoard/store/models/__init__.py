"""All tables; importing this package is enough to know the whole schema."""

from databoard.store import placing  # noqa: F401 - follows every change
from databoard.store.models.accounts import ApiToken, LoginAttempt, User, UserSession
from databoard.store.models.activity import (
    Announcement,
    AuditEntry,
    Comment,
    Credit,
    Interaction,
    Notification,
    TaskRun,
)
from databoard.store.models.blends import BlendQuestion
from databoard.store.models.environments import Environment, ProblemEnvironment
from databoard.store.models.events import (
    Event,
    EventAdmin,
    EventScoreType,
    EventTeam,
    Fold,
    SandboxFile,
    TeamMerge,
)
from databoard.store.models.jobs import Job, Trainer
from databoard.store.models.outbox import OutgoingMail
from databoard.store.models.problems import (
    Keyword,
    Problem,
    ProblemKeyword,
    ScoreType,
    Workflow,
    WorkflowElement,
    WorkflowElementType,
)
from databoard.store.models.standings import Standing
from databoard.store.models.submissions import (
    BaggedScore,
    FoldRun,
    FoldScore,
    Submission,
    SubmissionFile,
    SubmissionScore,
)
from databoard.store.models.teams import FormerMember, Team, TeamInvitation, TeamMember

__all__ = [
    "Announcement",
    "ApiToken",
    "AuditEntry",
    "BaggedScore",
    "BlendQuestion",
    "Comment",
    "Credit",
    "Environment",
    "Event",
    "EventAdmin",
    "EventScoreType",
    "EventTeam",
    "Fold",
    "FoldRun",
    "FoldScore",
    "FormerMember",
    "Interaction",
    "Job",
    "Keyword",
    "LoginAttempt",
    "Notification",
    "OutgoingMail",
    "Problem",
    "ProblemEnvironment",
    "ProblemKeyword",
    "SandboxFile",
    "ScoreType",
    "Standing",
    "Submission",
    "SubmissionFile",
    "SubmissionScore",
    "TaskRun",
    "Team",
    "TeamInvitation",
    "TeamMember",
    "TeamMerge",
    "Trainer",
    "User",
    "UserSession",
    "Workflow",
    "WorkflowElement",
    "WorkflowElementType",
]
