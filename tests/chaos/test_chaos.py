"""The short form of the chaos; the long one is ``make chaos``."""

from __future__ import annotations

import pytest

from tests import postgres
from tests.chaos.chaos import servers, torment
from tests.training.world import installation


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def test_nothing_is_lost_or_wrong_after_half_a_minute_of_kills(tmp_path, database):
    if database != "sqlite" and postgres.find_binaries() is None:
        pytest.skip("PostgreSQL is not installed (on Debian: apt-get install postgresql)")
    with servers(database) as server, installation(server, tmp_path / "root") as world:
        wrong, chaos = torment(world, seconds=30, seed=57)

    assert wrong == []
    assert len(chaos.acknowledged) > 5
    assert sum(chaos.kills.values()) > 5
