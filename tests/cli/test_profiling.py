"""``manage.py profile-url`` opens a page and says where its time went."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from databoard.cli.actions.profiling import profile_url
from databoard.errors import InvalidError, NotFoundError
from databoard.store.models import UserSession
from databoard.store.opening import open_session
from tests.builders import make_user


def test_a_page_is_profiled_for_who_may_open_it(settings):
    with open_session(settings.database_url) as session:
        make_user(session, "root", access_level="admin")
        session.commit()

    assert profile_url(settings, "/admin/audit", lines=5).startswith("302")
    said = profile_url(settings, "/admin/audit", user="root", lines=5)

    assert said.startswith("200 OK for /admin/audit")
    assert "cumulative" in said
    with open_session(settings.database_url) as session:
        assert session.scalar(select(UserSession.revoked_at)) is not None


def test_only_pages_of_the_site_and_known_users(settings):
    with pytest.raises(InvalidError):
        profile_url(settings, "http://example.org/")
    with pytest.raises(NotFoundError):
        profile_url(settings, "/", user="nobody")
