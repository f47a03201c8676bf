"""boards are ordered and counted along an index; what is in progress does not move them

Revision ID: 0004
Revises: 0003
Create Date: 2026-11-22 19:32:00
"""

import math

import databoard  # noqa: F401
import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

PLACED = (
    'rank_low', 'rank_high', 'tie_group', 'p_best', 'gap', 'p_win', 'p_podium', 'delta',
    'delta_low', 'delta_high', 'verdict',
)
SHARES = sa.text('contributivity <> 0 OR historical_contributivity <> 0')
REFERENCES = sa.text('is_baseline = true OR is_starred = true')


def standings(*columns, is_known):
    """The table, with the columns of the upper revision and places that may be unknown, or without."""
    return op.create_table('standings',
    sa.Column('submission_id', sa.Integer(), nullable=False),
    sa.Column('board', sa.String(length=10), nullable=False),
    *columns,
    sa.Column('rank_low', sa.Integer(), nullable=not is_known),
    sa.Column('rank_high', sa.Integer(), nullable=not is_known),
    sa.Column('tie_group', sa.Integer(), nullable=not is_known),
    sa.Column('p_best', sa.Float(precision=53), nullable=not is_known),
    sa.Column('gap', sa.Float(precision=53), nullable=True),
    sa.Column('p_win', sa.Float(precision=53), nullable=True),
    sa.Column('p_podium', sa.Float(precision=53), nullable=True),
    sa.Column('delta', sa.Float(precision=53), nullable=True),
    sa.Column('delta_low', sa.Float(precision=53), nullable=True),
    sa.Column('delta_high', sa.Float(precision=53), nullable=True),
    sa.Column('verdict', sa.String(length=20), nullable=False),
    sa.CheckConstraint("board IN ('public', 'private')", name=op.f('ck_standings_board')),
    sa.ForeignKeyConstraint(['submission_id'], ['submissions.id'], name=op.f('fk_standings_submission_id_submissions'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('submission_id', 'board', name=op.f('pk_standings'))
    )


def known_places():
    """What is stored of places, by submission and board."""
    names = ', '.join(PLACED)
    rows = op.get_bind().execute(sa.text(f"SELECT submission_id, board, {names} FROM standings"))
    return {(row[0], row[1]): dict(zip(PLACED, row[2:])) for row in rows}


def sort_key(score, precision, is_lower):
    """What orders a board: less stands higher."""
    if score is None or math.isnan(score):
        return math.inf
    return round(score if is_lower else -score, precision)


def lines():
    """Derive the lines of all boards from the scored submissions."""
    s = sa.table('submissions', *map(sa.column, (
        'id', 'event_id', 'event_team_id', 'state', 'withdrawn_at', 'is_baseline', 'is_late',
        'disqualification')), sa.column('submitted_at', sa.DateTime(timezone=True)))
    t = sa.table('event_teams', sa.column('id'), sa.column('disqualified_at'))
    e = sa.table('event_score_types', *map(sa.column, (
        'id', 'event_id', 'precision', 'is_lower_the_better')), sa.column('is_official', sa.Boolean()))
    x = sa.table('submission_scores', *map(sa.column, (
        'submission_id', 'event_score_type_id', 'public', 'private')))
    rows = op.get_bind().execute(
        sa.select(
            s.c.id, s.c.event_id, s.c.event_team_id, s.c.submitted_at, s.c.is_baseline, s.c.is_late,
            s.c.disqualification, t.c.disqualified_at, e.c.precision, e.c.is_lower_the_better,
            x.c.public, x.c.private)
        .select_from(s.join(t, t.c.id == s.c.event_team_id)
                     .join(e, sa.and_(e.c.event_id == s.c.event_id, e.c.is_official))
                     .outerjoin(x, sa.and_(x.c.submission_id == s.c.id, x.c.event_score_type_id == e.c.id)))
        .where(s.c.state == 'scored', s.c.withdrawn_at.is_(None)))
    for row in rows:
        is_off = row[4] or row[5] or row[6] or row[7] is not None
        for board, score in (('public', row[10]), ('private', row[11])):
            key = sort_key(score, row[8], row[9])
            yield {
                'submission_id': row[0], 'board': board, 'event_id': row[1],
                'event_team_id': row[2], 'submitted_at': row[3], 'key': key,
                'is_ranked': not is_off and math.isfinite(key),
            }


def upgrade():
    # Plain additions: no table is copied, so the indexes of 0002 stay.
    op.add_column('events', sa.Column('board_version', sa.Integer(), server_default='1', nullable=False))
    op.add_column('events', sa.Column('standings_of', sa.String(length=64), server_default=sa.text("''"), nullable=False))
    op.create_index('ix_submissions_shares', 'submissions', ['event_id'], sqlite_where=SHARES, postgresql_where=SHARES)
    op.create_index('ix_submissions_references', 'submissions', ['event_id'], sqlite_where=REFERENCES, postgresql_where=REFERENCES)
    known = known_places()
    op.drop_table('standings')
    table = standings(
        sa.Column('event_id', sa.Integer(), nullable=False),
        sa.Column('event_team_id', sa.Integer(), nullable=False),
        sa.Column('key', sa.Float(precision=53), nullable=False),
        sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('is_ranked', sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_standings_event_id_events'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['event_team_id'], ['event_teams.id'], name=op.f('fk_standings_event_team_id_event_teams'), ondelete='CASCADE'),
        is_known=False,
    )
    nothing = {**dict.fromkeys(PLACED), 'verdict': ''}
    rows = [{**line, **known.get((line['submission_id'], line['board']), nothing)} for line in lines()]
    op.bulk_insert(table, rows)
    op.create_index('ix_standings_order', 'standings', ['event_id', 'board', 'key', 'submitted_at', 'submission_id', 'is_ranked', 'event_team_id'])
    placed = sa.text('rank_low IS NOT NULL')
    op.create_index('ix_standings_placed', 'standings', ['event_id', 'board'], sqlite_where=placed, postgresql_where=placed)
    op.create_index(op.f('ix_standings_event_team_id'), 'standings', ['event_team_id'])


def downgrade():
    known = known_places()
    op.drop_table('standings')
    table = standings(is_known=True)
    rows = [
        {'submission_id': key, 'board': board, **place}
        for (key, board), place in known.items() if place['rank_low'] is not None
    ]
    op.bulk_insert(table, rows)
    op.drop_index('ix_submissions_references', 'submissions')
    op.drop_index('ix_submissions_shares', 'submissions')
    op.drop_column('events', 'standings_of')
    op.drop_column('events', 'board_version')
