"""an index along the last scores of each team

Revision ID: 0010
Revises: 0009
Create Date: 2026-11-22 22:55:00
"""

import databoard  # noqa: F401
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

COLUMNS = ['event_team_id', 'board', 'submitted_at', 'key', 'submission_id']


def upgrade():
    op.create_index('ix_standings_trend', 'standings', COLUMNS)
    # What it was for, the new one serves as well.
    op.drop_index('ix_standings_event_team_id', 'standings')


def downgrade():
    op.create_index('ix_standings_event_team_id', 'standings', ['event_team_id'])
    op.drop_index('ix_standings_trend', 'standings')
