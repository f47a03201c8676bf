"""names and addresses are taken in any case

Revision ID: 0002
Revises: 0001
Create Date: 2026-11-22 19:20:00
"""

import databoard  # noqa: F401
import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

INDEXES = (
    ('users', 'name', 'uq_users_lower_name'),
    ('users', 'email', 'uq_users_lower_email'),
    ('teams', 'name', 'uq_teams_lower_name'),
)


def upgrade():
    clashes = [line for table, column, _ in INDEXES for line in clashes_in(table, column)]
    if clashes:
        raise RuntimeError(
            "Some names or addresses differ by upper and lower case only. Nothing was changed: "
            "rename or merge these, then upgrade again.\n" + "\n".join(clashes)
        )
    for table, column, name in INDEXES:
        op.create_index(name, table, [sa.text(f'lower({column})')], unique=True)


def clashes_in(table, column):
    """Lines that name the rows which would be one and the same."""
    rows = op.get_bind().execute(sa.text(f"""
        SELECT id, {column} FROM {table}
        WHERE lower({column}) IN (
            SELECT lower({column}) FROM {table} GROUP BY lower({column}) HAVING count(*) > 1
        )
        ORDER BY lower({column}), id
    """))
    return [f"  {table}.{column}: {text} (id {key})" for key, text in rows]


def downgrade():
    for table, _, name in reversed(INDEXES):
        op.drop_index(name, table)
