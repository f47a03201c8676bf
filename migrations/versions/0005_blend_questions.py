"""visitors ask what submissions would score together

Revision ID: 0005
Revises: 0004
Create Date: 2026-11-22 19:40:00
"""

import databoard  # noqa: F401
import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('blend_questions',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('event_id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('parts', sa.JSON(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answer', sa.JSON(), nullable=False),
    sa.Column('error', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_blend_questions_event_id_events'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_blend_questions_user_id_users'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_blend_questions'))
    )
    with op.batch_alter_table('blend_questions') as batch:
        batch.create_index(batch.f('ix_blend_questions_event_id_blend_questions_digest'), ['event_id', 'digest'])
        batch.create_index(batch.f('ix_blend_questions_user_id'), ['user_id'])
        batch.create_index(batch.f('ix_blend_questions_answered_at'), ['answered_at'])


def downgrade():
    op.drop_table('blend_questions')
