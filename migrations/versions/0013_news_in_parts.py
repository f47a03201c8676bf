"""news with its values apart, so that pages say it in the reader's language

Revision ID: 0013
Revises: 0012
Create Date: 2026-11-30 16:35:00
"""

import databoard  # noqa: F401
import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('notifications', sa.Column('parts', sa.JSON(none_as_null=True), nullable=True))


def downgrade():
    op.drop_column('notifications', 'parts')
