"""environments of problems' own, and what results ran in

Revision ID: 0006
Revises: 0005
Create Date: 2026-11-22 19:55:00
"""

import databoard  # noqa: F401
import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        'environments',
        sa.Column('hash', sa.String(length=64), nullable=False),
        sa.Column('packages', sa.JSON(), nullable=False),
        sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('hash', name=op.f('pk_environments')),
    )
    op.create_table(
        'problem_environments',
        sa.Column('problem_id', sa.Integer(), nullable=False),
        sa.Column('key', sa.String(length=80), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('note', sa.Text(), nullable=False),
        sa.Column('line', sa.Integer(), nullable=True),
        sa.Column('trainer', sa.String(length=80), nullable=False),
        sa.Column('hash', sa.String(length=64), nullable=False),
        sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'building', 'ready', 'failed')",
            name=op.f('ck_problem_environments_state'),
        ),
        sa.ForeignKeyConstraint(
            ['problem_id'],
            ['problems.id'],
            name=op.f('fk_problem_environments_problem_id_problems'),
            ondelete='CASCADE',
        ),
        sa.PrimaryKeyConstraint('problem_id', name=op.f('pk_problem_environments')),
    )
    with op.batch_alter_table('trainers') as batch_op:
        batch_op.add_column(
            sa.Column(
                'environment_hash', sa.String(length=64), nullable=False, server_default=''
            )
        )
    with op.batch_alter_table('trainers') as batch_op:
        batch_op.alter_column('environment_hash', server_default=None)


def downgrade():
    with op.batch_alter_table('trainers') as batch_op:
        batch_op.drop_column('environment_hash')
    op.drop_table('problem_environments')
    op.drop_table('environments')
