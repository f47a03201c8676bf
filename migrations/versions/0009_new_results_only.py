"""which results were analysed and which moved a ladder, so that one more costs no list of all

Revision ID: 0009
Revises: 0008
Create Date: 2026-11-22 23:00:00
"""

import databoard  # noqa: F401
import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

SHARES = 'contributivity <> 0 OR historical_contributivity <> 0'
REFERENCES = 'is_baseline = true OR is_starred = true'
NEW = [
    ('ix_submissions_awaiting', ['event_id', 'awaits_analysis'], 'awaits_analysis = true'),
    ('ix_submissions_rungs', ['event_id', 'is_rung'], 'is_rung = true'),
    ('ix_submissions_rungs_of_team', ['event_team_id', 'is_rung'], 'is_rung = true'),
]
#: With all that is asked of them, or SQLite may walk along a large index instead.
BEFORE = [
    ('ix_submissions_shares', ['event_id'], SHARES),
    ('ix_submissions_references', ['event_id'], REFERENCES),
]
AFTER = [
    (
        'ix_submissions_shares',
        ['event_id', 'contributivity', 'historical_contributivity'],
        SHARES,
    ),
    ('ix_submissions_references', ['event_id', 'is_baseline', 'is_starred'], REFERENCES),
]
#: Scored submissions on ladders in the order in which they were answered, with what was shown.
ANSWERED = sa.text("""
    SELECT s.id, s.event_team_id, x.public
    FROM submissions s
    JOIN events e ON e.id = s.event_id AND e.has_ladder = true
    JOIN event_score_types t ON t.event_id = e.id AND t.is_official = true
    JOIN submission_scores x ON x.submission_id = s.id AND x.event_score_type_id = t.id
    WHERE s.state = 'scored' AND s.withdrawn_at IS NULL AND x.public IS NOT NULL
    ORDER BY s.event_team_id, coalesce(s.ended_at, s.submitted_at), s.id
""")


def create(indexes):
    for name, columns, where in indexes:
        where = sa.text(where)
        op.create_index(name, 'submissions', columns, sqlite_where=where, postgresql_where=where)


def drop(indexes):
    for name, *_ in indexes:
        op.drop_index(name, 'submissions')


def upgrade():
    # No table is copied, so the indexes of 0002 stay.
    for name in ('awaits_analysis', 'is_rung'):
        column = sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False)
        op.add_column('submissions', column)
    op.add_column(
        'events', sa.Column('analysis_renewed', sa.Integer(), server_default='0', nullable=False)
    )
    drop(BEFORE)
    create([*AFTER, *NEW])
    connection, shown = op.get_bind(), {}
    for submission_id, team_id, public in connection.execute(ANSWERED).all():
        if shown.get(team_id) != public:
            connection.execute(
                sa.text('UPDATE submissions SET is_rung = true WHERE id = :id'),
                {'id': submission_id},
            )
        shown[team_id] = public
    # All are looked at once more: what is stored of them is found again at once.
    op.execute("UPDATE submissions SET awaits_analysis = true WHERE state = 'scored'")
    op.execute('UPDATE events SET analysis_asked = analysis_asked + 1')


def downgrade():
    drop([*NEW, *AFTER])
    create(BEFORE)
    op.drop_column('events', 'analysis_renewed')
    for name in ('is_rung', 'awaits_analysis'):
        op.drop_column('submissions', name)
