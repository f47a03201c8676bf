"""why an organiser withdrew a submission; events without is_demo, which nothing read

Revision ID: 0008
Revises: 0007
Create Date: 2026-11-22 22:40:00
"""

import databoard  # noqa: F401
import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade():
    # Neither copies a table, so the indexes of 0002 stay.
    op.add_column('submissions', sa.Column('withdrawal', sa.Text(), server_default=sa.text("''"), nullable=False))
    op.drop_column('events', 'is_demo')


def downgrade():
    op.add_column('events', sa.Column('is_demo', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.drop_column('submissions', 'withdrawal')
