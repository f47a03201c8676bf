"""who left which team, so that nobody's further team gets further submissions unseen

Revision ID: 0012
Revises: 0011
Create Date: 2026-11-30 12:55:00
"""

import databoard  # noqa: F401
import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        'former_members',
        sa.Column('team_id', sa.Integer(), nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('left_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['team_id'], ['teams.id'], name=op.f('fk_former_members_team_id_teams'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_former_members_user_id_users'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('team_id', 'user_id', name=op.f('pk_former_members')),
    )
    op.create_index(op.f('ix_former_members_user_id'), 'former_members', ['user_id'])
    op.add_column('event_teams', sa.Column('remark', sa.Text(), server_default=sa.text("''"), nullable=False))


def downgrade():
    op.drop_column('event_teams', 'remark')
    op.drop_table('former_members')
