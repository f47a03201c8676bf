"""What can be observed of the site: its log, its metrics, its errors."""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Iterator
from typing import Any

from flask import Flask, Response, g, has_request_context, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily, Metric

from databoard import logs
from databoard.errors import SettingsError
from databoard.services.jobs import TRAINER_IS_LOST
from databoard.settings import Settings
from databoard.store import slow
from databoard.store.queries import health, jobs, metrics
from databoard.web import guards
from databoard.web.extensions import db
from databoard.web.security import request_id

REQUESTS = Histogram(
    "databoard_request_seconds",
    "Time to answer a request, by route",
    ["method", "route", "status"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=None,
)


class Site:
    """Collects what the database knows."""

    def collect(self) -> Iterator[Metric]:
        """Give every number with its labels."""
        session, now = db.session(), guards.now()
        number = GaugeMetricFamily("databoard_jobs", "Open jobs", labels=["lane", "state"])
        for labels, value in metrics.n_jobs(session).items():
            number.add_metric(labels, value)
        yield number
        oldest = health.oldest_due(session)
        age = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
        yield GaugeMetricFamily("databoard_queue_age_seconds", "Wait of the oldest job", age)
        ends = GaugeMetricFamily(
            "databoard_submissions", "Submissions by outcome", labels=["state", "fault"]
        )
        for labels, value in metrics.outcomes(session).items():
            ends.add_metric(labels, value)
        yield ends
        n_folds, total, longest = metrics.fold_seconds(session)
        yield GaugeMetricFamily("databoard_folds_trained", "Folds that were trained", n_folds)
        yield GaugeMetricFamily("databoard_fold_train_seconds_sum", "Their time in all", total)
        yield GaugeMetricFamily("databoard_fold_train_seconds_max", "The longest", longest)
        alive = len(jobs.live_trainers(session, now - TRAINER_IS_LOST))
        yield GaugeMetricFamily("databoard_trainers", "Trainers that are alive", alive)
        yield GaugeMetricFamily(
            "databoard_letters_waiting", "Letters that have not left", metrics.n_letters(session)
        )


def _may_scrape() -> bool:
    token = guards.settings().metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(token) and hmac.compare_digest(given.encode(), token.encode())


def _exposition() -> Response:
    registry = CollectorRegistry()
    registry.register(Site())  # type: ignore[arg-type] # anything with collect() is a collector
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REQUESTS)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def show_metrics() -> Response:
    """Answer Prometheus, which shows its token, or an administrator."""
    if _may_scrape():
        return _exposition()
    return guards.admin_required(_exposition)()


def _begin() -> None:
    g.began = time.perf_counter()
    names = {"request": request_id()}
    if "hash_" in (request.view_args or {}):
        names["submission"] = str((request.view_args or {})["hash_"])
    logs.begin(**names)
    g.tally = slow.start_tally()


def _end(response: Response) -> Response:
    took = time.perf_counter() - g.get("began", time.perf_counter())
    route = request.url_rule.rule if request.url_rule else "none"
    REQUESTS.labels(request.method, route, str(response.status_code)).observe(took)
    tally = g.get("tally")
    if tally is not None and tally.number:
        response.headers["Server-Timing"] = (
            f'db;dur={tally.seconds * 1000:.1f};desc="{tally.number} queries"'
        )
    return response


def _init_sentry(settings: Settings) -> None:
    try:
        import sentry_sdk
    except ImportError:
        raise SettingsError(
            "DATABOARD_SENTRY_DSN needs a library: pip install sentry-sdk"
        ) from None
    sentry_sdk.init(
        dsn=settings.sentry_dsn,
        send_default_pii=False,
        max_request_body_size="never",
        # Variables hold code, labels and passwords; crumbs hold queries; addresses hold tokens.
        include_local_variables=False,
        max_breadcrumbs=0,
        before_send=_only_the_trace,
    )


def _only_the_trace(report: Any, _hint: Any) -> Any:
    """Leave of an error where it was raised, and the number of its request."""
    for private in ("request", "user", "server_name", "breadcrumbs", "logentry"):
        report.pop(private, None)
    if has_request_context():
        report.setdefault("tags", {})["request"] = request_id()
    for raised in report.get("exception", {}).get("values", []):
        # A message may quote what somebody typed.
        raised.pop("value", None)
    return report


def init_observing(app: Flask, settings: Settings) -> None:
    """Log, count and time the requests of an application."""
    if settings.is_production:
        logs.configure(as_json=True)
    if settings.sentry_dsn:
        _init_sentry(settings)
    if settings.slow_query_s is not None:
        with app.app_context():
            slow.watch(db.engine, settings.slow_query_s)
    app.before_request(_begin)
    app.after_request(_end)
    app.add_url_rule("/metrics", "metrics", show_metrics)
