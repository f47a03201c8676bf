"""events without min_improvement, which nothing read

Revision ID: 0007
Revises: 0006
Create Date: 2026-11-22 21:09:00
"""

import databoard  # noqa: F401
import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table('events') as batch_op:
        batch_op.drop_column('min_improvement')


def downgrade():
    with op.batch_alter_table('events') as batch_op:
        batch_op.add_column(
            sa.Column(
                'min_improvement', sa.Float(precision=53), nullable=False, server_default='0'
            )
        )
    with op.batch_alter_table('events') as batch_op:
        batch_op.alter_column('min_improvement', server_default=None)
