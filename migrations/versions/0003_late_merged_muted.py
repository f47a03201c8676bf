"""late submissions, merged teams, news that a user does not want

Revision ID: 0003
Revises: 0002
Create Date: 2026-11-22 19:30:00
"""

import databoard  # noqa: F401
import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade():
    # Plain additions: no table is copied, so the indexes of 0002 stay.
    op.add_column('users', sa.Column('news_choices', sa.String(length=200), server_default=sa.text("''"), nullable=False))
    op.add_column('events', sa.Column('late_s', sa.Integer(), server_default='0', nullable=False))
    op.add_column('events', sa.Column('merging_ends_at', sa.DateTime(timezone=True), nullable=True))
    op.create_table('team_merges',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.Integer(), nullable=False),
    sa.Column('asking_id', sa.Integer(), nullable=False),
    sa.Column('asked_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('proposed_by_id', sa.Integer(), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('is_accepted', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['asked_id'], ['event_teams.id'], name=op.f('fk_team_merges_asked_id_event_teams'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['asking_id'], ['event_teams.id'], name=op.f('fk_team_merges_asking_id_event_teams'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_team_merges_event_id_events'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['proposed_by_id'], ['users.id'], name=op.f('fk_team_merges_proposed_by_id_users'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_team_merges'))
    )
    op.create_index(op.f('ix_team_merges_event_id'), 'team_merges', ['event_id'])
    op.create_index(op.f('ix_team_merges_asking_id'), 'team_merges', ['asking_id'])
    op.create_index(op.f('ix_team_merges_asked_id_team_merges_answered_at'), 'team_merges', ['asked_id', 'answered_at'])


def downgrade():
    op.drop_table('team_merges')
    op.drop_column('events', 'merging_ends_at')
    op.drop_column('events', 'late_s')
    op.drop_column('users', 'news_choices')
