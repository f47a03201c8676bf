"""whose name an entry of the audit log carries, by key

Revision ID: 0011
Revises: 0010
Create Date: 2026-11-30 12:45:00
"""

import databoard  # noqa: F401
import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

ABOUT_USERS = """
UPDATE audit_entries
SET about_id = (SELECT users.id FROM users WHERE users.name = audit_entries.object)
WHERE action IN ('approve_user', 'refuse_user', 'set_access')
"""
# Of a team of one, which carries its user's name.
ABOUT_TEAMS = """
UPDATE audit_entries
SET about_id = (
    SELECT teams.admin_id FROM teams
    WHERE teams.name = audit_entries.object AND teams.is_individual
)
WHERE action IN ('approve_team', 'remove_team', 'mark_team', 'extend_team')
"""


def upgrade():
    with op.batch_alter_table('audit_entries') as batch:
        batch.add_column(sa.Column('about_id', sa.Integer(), nullable=True))
        batch.create_foreign_key(
            'fk_audit_entries_about_id_users', 'users', ['about_id'], ['id'], ondelete='SET NULL'
        )
    op.execute(ABOUT_USERS)
    op.execute(ABOUT_TEAMS)


def downgrade():
    with op.batch_alter_table('audit_entries') as batch:
        batch.drop_constraint('fk_audit_entries_about_id_users', type_='foreignkey')
        batch.drop_column('about_id')
