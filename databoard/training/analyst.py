"""The analyst: after results have come, finds out what they mean, beside the labels.

A thread of the trainer. What is due are rows (`Event.analysis_asked`), so a crash forgets nothing
and several results that come together cost one analysis. Scores are on the board long before;
the scorer is asked in small portions, between the folds that wait for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from databoard.errors import DataboardError, TrainingError
from databoard.services import analysis, ladders
from databoard.services.analysis import MAX_BLENDED
from databoard.services.standings import Memory
from databoard.store.engine import read_only
from databoard.store.files import Files
from databoard.store.influences import Influences, remembering
from databoard.store.models import Submission
from databoard.store.queries import analysis as queries
from databoard.store.queries.analysis import Candidate
from databoard.training.blends import Answerer
from databoard.training.engine import Engine
from databoard.training.event_terms import terms_of
from databoard.training.scoring import PreparedKit
from databoard.training.terms import Terms

logger = logging.getLogger(__name__)

PAUSE_S = 1.0
MOST_PAUSE_S = 5.0
RETRY_S, MOST_RETRY_S = 30.0, 3600.0
MOST_LEARNT = 600

Blend = Sequence[Sequence[int]]


@dataclass(frozen=True)
class Plan:
    """What an analysis needs of an event: plain values, so that no session is open meanwhile."""

    event_id: int
    asked: int
    problem: str
    event: str
    terms: Terms
    n_folds: int
    max_members: int
    has_ladder: bool
    official: str
    official_id: int
    renewed: int
    done: int
    has_results: bool
    #: What was scored since the last analysis.
    new: tuple[Candidate, ...]


@dataclass(frozen=True)
class Known:
    """What an analyst remembers of an event: only new results need be looked at.

    Attributes
    ----------
    renewed, done : int
        Counters of the event: whether anything else has changed since, or somebody else has
        analysed it.
    learnt : dict
        The candidates of the best combination, by key.
    blend : sequence, optional
        Per fold the keys of its members.
    """

    renewed: int
    done: int
    learnt: dict[str, Candidate]
    blend: Blend | None

    def is_of(self, plan: Plan) -> bool:
        """Tell whether nothing but new results has come since."""
        return (self.renewed, self.done) == (plan.renewed, plan.done)


class Analyst:
    """Analyses events whose results have changed.

    Parameters
    ----------
    sessions : sessionmaker
    engine : Engine
    submissions_dir : Path
    """

    def __init__(
        self, sessions: sessionmaker[Session], engine: Engine, submissions_dir: Path
    ) -> None:
        self.sessions, self.engine = sessions, engine
        self.files, self.influences = Files(submissions_dir), Influences(submissions_dir)
        self._blends = Answerer(sessions, engine, self.files)
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._forget()
        # By event: when to try again, and how long to wait should it fail once more.
        self._again: dict[int, tuple[float, float]] = {}

    def _forget(self) -> None:
        """Remember nothing: the next analyses look at everything."""
        self._known: dict[int, Known] = {}
        self._memory, self._read = Memory(), remembering(self.influences.read)

    # -------------------------------------------------------------- the thread
    def start(self, *, once: bool = False) -> None:
        """Begin to look for what is due, again and again or once."""
        target = self.work if once else self._loop
        self._thread = threading.Thread(target=target, name="analyst", daemon=True)
        self._thread.start()

    @property
    def is_busy(self) -> bool:
        """Whether it still looks for what is due."""
        return self._thread is not None and self._thread.is_alive()

    def stop(self) -> None:
        """Begin nothing more; what is not finished stays due."""
        self._stopped.set()

    def join(self, until: float) -> None:
        """Wait for what is being done, up to a moment of the monotonic clock."""
        if self._thread is not None:
            self._thread.join(max(0.0, until - time.monotonic()))

    def _loop(self) -> None:
        pause = PAUSE_S
        while not self._stopped.wait(pause):
            start = time.monotonic()
            try:
                self._blends.answer_all()
            except Exception:  # as in `_guarded`; what was asked stays asked
                logger.warning("blends", exc_info=True)
            self.work()
            # While a full queue drains there is always something to do: a tenth of the time is it.
            pause = min(max(PAUSE_S, 9 * (time.monotonic() - start)), MOST_PAUSE_S)

    def work(self) -> bool:
        """Analyse every event that is due; False if something went wrong and is still due."""
        try:
            with read_only(), self.sessions() as session:
                due = queries.due(session)
        except SQLAlchemyError as error:
            logger.warning("what is to be analysed is not known: %s", error)
            return False
        went_well = [self._guarded(event_id) for event_id in due if not self._stopped.is_set()]
        return all(went_well)

    def _guarded(self, event_id: int) -> bool:
        """Analyse an event; one that fails is tried again later and later, and holds up no other.

        Scores and influences come from organisers' code and teams' numbers, so anything may be
        raised; the thread must outlive it.
        """
        again_at, pause = self._again.get(event_id, (0.0, RETRY_S))
        if time.monotonic() < again_at:
            return False
        try:
            self.analyse(event_id)
        except Exception as error:
            self._forget()
            if self._stopped.is_set():
                return False  # its scorer was ended with the trainer
            self._again[event_id] = (time.monotonic() + pause, min(2 * pause, MOST_RETRY_S))
            # What databoard has words for needs no traceback.
            logger.warning(
                "analysis of event %d failed, again in %.0f s: %s",
                event_id,
                pause,
                error,
                exc_info=not isinstance(error, DataboardError),
            )
            self._note(event_id, f"{type(error).__name__}: {error}")
            return False
        self._again.pop(event_id, None)
        self._note(event_id, "")
        return True

    def _note(self, event_id: int, trouble: str) -> None:
        """Keep how an analysis went, where organisers look; no news while all goes well."""
        try:
            with self.sessions.begin() as session:
                analysis.note(session, event_id, trouble, now=datetime.now(UTC))
        except SQLAlchemyError as error:  # it is away, which others will say
            logger.warning("analysis of event %d: %s", event_id, error)

    # -------------------------------------------------------------- one event
    def analyse(self, event_id: int) -> None:
        """Find out and store what the scored submissions of an event mean."""
        with read_only(), self.sessions() as session:
            plan = _plan(session, event_id)
        if plan is None:
            return
        known = self._known.get(event_id)
        is_anew = known is None or not known.is_of(plan)
        now = Known(plan.renewed, plan.asked, {}, None)
        if plan.new or (is_anew and plan.has_results):
            kit = self.engine.kit(plan.problem, plan.event, plan.terms)
            self._find_influences(plan, kit)
            self._climb(plan)
            now = self._blend(plan, kit, known, now, is_anew=is_anew)
        if self._stopped.is_set():
            return  # perhaps half-way: it stays due
        with self.sessions.begin() as session:
            event = queries.event(session, event_id)
            if event is None:
                return
            is_concerned = analysis.hold(session, event, [one.id for one in plan.new])
            if is_anew or is_concerned:
                analysis.refresh(session, event, self._read, self._memory)
            analysis.done(session, event_id, plan.asked, plan.new)
        self._known[event_id] = now

    def _predictions(self, plan: Plan, one: Candidate, step: str) -> list[bytes | None]:
        read = self.files.read_fold
        return [read(one.folder, i, f"y_pred_{step}.npy") for i in range(plan.n_folds)]

    def _trains(self, plan: Plan, one: Candidate) -> list[bytes] | None:
        found = [content for content in self._predictions(plan, one, "train") if content]
        return found if len(found) == plan.n_folds else None

    def _find_influences(self, plan: Plan, kit: PreparedKit) -> None:
        """Have the influences of new submissions computed, and keep them."""
        for one in plan.new:
            if self.influences.has(one.folder, one.run, plan.official_id):
                continue
            for kind, content in self._influences(plan, kit, one).items():
                name = f"{kind}_{plan.official_id}"
                self.influences.write(one.folder, one.run, name, content)
            self.influences.finish(one.folder, one.run, plan.official_id)

    def _influences(self, plan: Plan, kit: PreparedKit, one: Candidate) -> dict[str, bytes]:
        """Ask for influences; none where predictions are missing or the kit's score stops."""
        trains = self._trains(plan, one)
        if trains is None:
            return {}
        try:
            return kit.influences(plan.official, trains, self._predictions(plan, one, "test"))
        except TrainingError as error:
            logger.warning("no influences of submission %d: %s", one.id, error.message)
            return {}

    def _climb(self, plan: Plan) -> None:
        """Let out what the ladder lets out, in the order in which submissions ended."""
        if not plan.has_ladder:
            return
        for one in sorted((one for one in plan.new if one.public is None), key=_ended):
            with self.sessions.begin() as session:
                event = queries.event(session, plan.event_id)
                submission = session.get(Submission, one.id)
                if event is None or submission is None or submission.state != "scored":
                    continue
                ladders.answer(session, event, submission, self._read)

    # -------------------------------------------------------------- all together
    def _blend(
        self, plan: Plan, kit: PreparedKit, known: Known | None, now: Known, *, is_anew: bool
    ) -> Known:
        """Bring the best combination up to date, and store it if it has changed."""
        learnt = known.learnt if known is not None else {}
        told, learnt = self._learn(plan, kit, learnt, is_anew=is_anew)
        now = replace(now, learnt=learnt, blend=known.blend if known is not None else None)
        if told is None:
            return now
        chosen = [[learnt[told["keys"][i]] for i in fold] for fold in told["selections"]]
        blend = [[one.id for one in fold] for fold in chosen]
        if now.blend == blend or not all(blend):
            return now
        try:
            scores = {
                "combined": self._scores(plan, kit, chosen),
                "best": self._scores(plan, kit, [fold[:1] for fold in chosen]),
            }
        except TrainingError as error:
            if error.fault != "team":
                raise
            # What some team predicts does not add up: the places of all follow without.
            logger.warning("no best combination of event %d: %s", plan.event_id, error.message)
            return now
        with self.sessions.begin() as session:
            event = queries.event(session, plan.event_id)
            if event is not None:
                analysis.record_blend(session, event, blend, scores)
        return replace(now, blend=blend)

    def _learn(
        self, plan: Plan, kit: PreparedKit, learnt: dict[str, Candidate], *, is_anew: bool
    ) -> tuple[dict[str, Any] | None, dict[str, Candidate]]:
        """Have the scorer take in what it does not know yet, in the order in which it ended.

        Returns
        -------
        told : dict or None
            As the scorer says; None if nobody has come.
        learnt : dict
            All that it knows, by key.
        """
        wanted = self._able(plan, learnt, None if is_anew else plan.new)
        if not (wanted or is_anew):
            return None, learnt
        told = kit.learnt(plan.official)
        if not is_anew and set(told["keys"]) != set(learnt):
            # It was started anew, or somebody else has taught it.
            return self._learn(plan, kit, learnt, is_anew=True)
        present = wanted if is_anew else {**learnt, **wanted}
        n_new = len(wanted.keys() - set(told["keys"]))
        if not set(told["keys"]) <= present.keys() or len(told["keys"]) + n_new > MOST_LEARNT:
            if not is_anew:
                return self._learn(plan, kit, {}, is_anew=True)
            wanted = present = self._able(plan, {}, None)
            told = kit.learnt(plan.official, forget=True)
        for key, one in sorted(wanted.items(), key=lambda item: _ended(item[1])):
            if key in told["keys"] or self._stopped.is_set():
                continue
            trains = self._trains(plan, one)
            if trains is None:
                continue
            told = kit.learn(plan.official, key, trains, plan.max_members)
            if (added := told["added"]) and added["with"] is not None:
                with self.sessions.begin() as session:
                    analysis.record_addition(session, one.id, added["without"], added["with"])
        return told, {key: present[key] for key in told["keys"]}

    def _able(
        self, plan: Plan, learnt: dict[str, Candidate], new: Sequence[Candidate] | None
    ) -> dict[str, Candidate]:
        """List, by key, the first that may be combined, of these or of all with what is learnt."""
        with read_only(), self.sessions() as session:
            keys = set(queries.able(session, plan.event_id, MAX_BLENDED))
            if new is None:
                keys |= {one.id for one in learnt.values()}
            else:
                keys &= {one.id for one in new}
            found = queries.candidates(session, plan.event_id, only=keys) if keys else []
        return {_key(one): one for one in found if not (one.is_out or one.is_late)}

    def _scores(
        self, plan: Plan, kit: PreparedKit, chosen: Sequence[Sequence[Candidate]]
    ) -> dict[str, Any]:
        """Score what the chosen of each fold predict together."""
        counts, trains, tests = [], [], []
        for number, fold in enumerate(chosen):
            members = list(dict.fromkeys(fold))
            counts.append([fold.count(one) for one in members])
            for one in members:
                read = self.files.read_fold
                trains.append(read(one.folder, number, "y_pred_train.npy") or b"")
                tests.append(read(one.folder, number, "y_pred_test.npy"))
        return kit.combine(counts, trains, tests)


def _key(one: Candidate) -> str:
    # Databases give the numbers of removed rows anew; hashes never come again.
    return f"{one.hash_[:12]}.{one.run}"


def _ended(one: Candidate) -> tuple[datetime, int]:
    return one.ended_at or one.submitted_at, one.id


def _plan(session: Session, event_id: int) -> Plan | None:
    event = queries.event(session, event_id)
    if event is None:
        return None
    terms = terms_of(session, event)
    return Plan(
        event_id=event_id,
        asked=event.analysis_asked,
        problem=event.problem.name,
        event=event.name,
        terms=terms,
        n_folds=len(terms.folds),
        max_members=event.max_n_ensemble,
        has_ladder=event.has_ladder,
        official=event.official_score.name,
        official_id=event.official_score.id,
        renewed=event.analysis_renewed,
        done=event.analysis_done,
        has_results=bool(queries.able(session, event_id, 1)),
        new=tuple(queries.new(session, event_id)),
    )
