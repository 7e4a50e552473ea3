"""Runs of Read audience: members enter by parts, at the activity's rate, a part a transaction (journeys §8.5)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import orjson
from sqlalchemy import Connection

from parcours.journeys import runs_store, store
from parcours.journeys.compiled import AudienceRead, CompiledJourney
from parcours.journeys.discards import BAD_NAMESPACE, DUPLICATION
from parcours.journeys.engine import INTERNAL_ERROR
from parcours.journeys.match import LiveJourneys, refuse_time
from parcours.journeys.runs_store import AudienceRun
from parcours.journeys.schedule import following_run, in_waves, is_in_wave, new_run, next_occurrence, wave_size
from parcours.journeys.steps import run_line
from parcours.journeys.workset import names_of
from parcours.xdm.identities import Identity

MAX_CONCURRENT = 5
"""Runs under way at a time in one sandbox; others wait (journeys §8.5)."""
SANDBOX_RATE = 20_000
"""Members a second of all runs of a sandbox together (journeys §8.5)."""
MAX_RUN_US = 12 * 3_600_000_000
"""A run that has not ended by then has failed."""
FORCED = "forcedReentrance"
NOT_RUNNABLE = "journeyNotRunnable"
"""Of a run under way: its version can't be run as its definitions are now, and the run goes on when they are mended."""


class Member(Protocol):
    """One member of a page."""

    @property
    def identity(self) -> tuple[str, str]:
        """(namespace, id)."""
        ...

    @property
    def attributes(self) -> str | None:
        """What the list says of the member besides, as the text of a JSON object."""
        ...

    @property
    def key(self) -> str:
        """Where the next page begins."""
        ...


class _OneMember:
    """Who enters alone in test mode."""

    def __init__(self, namespace: str, identity: str, attributes: str | None) -> None:
        self.identity = (namespace, identity)
        self.attributes = attributes
        self.key = ""


class AudienceSource(Protocol):
    """What runs need of audiences, however their members come about."""

    def members_after(
        self, connection: Connection, scope_id: int, audience_id: str, after_key: str, limit: int,
        since_us: int | None, until_us: int | None,
    ) -> Sequence[Member]:  # fmt: skip
        """The next realized members after a key. since_us, until_us: only those realized between."""
        ...

    def evaluated_at_us(self, connection: Connection, scope_id: int, audience_id: str) -> int | None:
        """When the audience was brought up to date last; None when it never was."""
        ...

    def audiences_of(
        self, connection: Connection, scope_id: int, identities: Iterable[Identity], audience_ids: Iterable[str]
    ) -> frozenset[str]:
        """Ids of those audiences that one of an individual's identities is in."""
        ...


class ReadingPace:
    """What runs have read in the present second, which the worker remembers from one transaction to the next."""

    def __init__(self) -> None:
        self._second = 0
        self._read: dict[str, int] = {}

    def left(self, run_id: str, share: int, now_us: int) -> int:
        """How much of its share a run may still read in this second."""
        self._turn(now_us)
        return max(share - self._read.get(run_id, 0), 0)

    def note(self, run_id: str, count: int, now_us: int) -> None:
        """A run has read so many members."""
        self._turn(now_us)
        self._read[run_id] = self._read.get(run_id, 0) + count

    def _turn(self, now_us: int) -> None:
        if now_us // 1_000_000 != self._second:
            self._second = now_us // 1_000_000
            self._read.clear()


class Entering(Protocol):
    """What lets members enter: the worker's instances, or a simulated world."""

    step_lines: dict[int, list[bytes]]
    """Step events as XDM records, by scope; those of runs are added."""

    def key_in(self, scope_id: int, identity: Identity, namespace: str) -> str | None:
        """The id that the same individual has in a namespace; None when they have none."""
        ...

    def enter_run(
        self, journey: CompiledJourney, keys: Sequence[str], run: AudienceRun, life_us: int | None = None,
        ids: Mapping[str, Sequence[str]] | None = None,
        attributes: Mapping[tuple[str, str | None], Mapping[str, Any]] | None = None,
        before: Sequence[AudienceRun] = (),
    ) -> tuple[int, int]:  # fmt: skip
        """Let members of an audience enter: how many entrances there were, how many the run itself left out.

        ids: the supplemental ids by key, an instance for each; None: the journey has none. attributes: by key and
        supplemental id, what instances carry of members; None where nothing reads them. before: the waves of the same
        run that may have met the same individuals in other members, the first first; all of them have begun.
        """
        ...

    def leave_out(self, journey: CompiledJourney, run: AudienceRun, identity: Identity, reason: str) -> None:
        """Count and tell a member that a run does not let enter, and why."""
        ...


class AudienceRuns:
    """The part of one transaction that lets members enter."""

    def __init__(
        self, connection: Connection, live: LiveJourneys, workspace: Entering, source: AudienceSource,
        now_us: int, pace: ReadingPace,
    ) -> None:  # fmt: skip
        self._connection = connection
        self._live = live
        self._workspace = workspace
        self._source = source
        self._now_us = now_us
        self._pace = pace
        self._rates: dict[int, int] = {}
        """By scope, the rates of all its runs under way together."""

    def take(self, limit: int, only: str | None = None) -> int:
        """Go on with runs under way and begin those that are due; how many members were read.

        only: the id of the one run to go on with.
        """
        read = 0
        under_way: dict[int, int] = {}
        found = runs_store.find_runs(self._connection, self._now_us, max(limit, MAX_CONCURRENT))
        for run in found:
            journey = self._live.get(run.version_uid)
            if run.status == "started" and journey is not None and journey.audience_read is not None:
                self._rates[run.scope_id] = self._rates.get(run.scope_id, 0) + journey.audience_read.rate
        for run in found:
            journey = self._live.get(run.version_uid)
            if run.status == "queued" and under_way.get(run.scope_id, 0) >= MAX_CONCURRENT:
                continue
            if only is not None and run.id != only:
                under_way[run.scope_id] = under_way.get(run.scope_id, 0) + (run.status == "started")
                continue
            if journey is None or journey.audience_read is None:
                if run.scope_id in self._live.scopes and run.version_uid not in self._live.names:
                    self._end(run, "failed", "journeyGone")
                elif run.status == "started" and run.reason is None:
                    runs_store.update_run(self._connection, run._replace(reason=NOT_RUNNABLE))
                continue
            if run.status == "queued":
                begun = self._begin(journey, journey.audience_read, run)
                if begun is None:
                    continue
                run = begun
                self._rates[run.scope_id] = self._rates.get(run.scope_id, 0) + journey.audience_read.rate
            under_way[run.scope_id] = under_way.get(run.scope_id, 0) + 1
            read += self._go_on(journey, journey.audience_read, run, limit - read)
            if read >= limit:
                break
        return read

    def _begin(self, journey: CompiledJourney, read: AudienceRead, run: AudienceRun) -> AudienceRun | None:
        """The run as started; None when it has to wait, or is passed over."""
        if journey.pause is not None or (journey.end_us is not None and self._now_us >= journey.end_us):
            self._skip(journey, run, "PAUSED_JOURNEY_VERSION" if journey.pause else "outsideJourneyDates")
            return None
        is_repeated = run.number > 1 and run.member is None
        if read.wait_for_audience_us is not None and is_repeated and not self._is_evaluated(read, run):
            if self._now_us >= run.due_at_us + read.wait_for_audience_us:
                self._skip(journey, run, "audienceNotEvaluated")
            return None
        if read.is_reentrance_forced and is_repeated and run.reason != FORCED:
            # everyone still inside leaves first; the run begins when they are out
            store.request_stop(self._connection, run.scope_id, run.journey_uid, run.version_uid, FORCED)
            runs_store.update_run(self._connection, run._replace(reason=FORCED))
            return None
        if run.reason == FORCED and any(s.version_uid == run.version_uid for s in store.find_stops(self._connection)):
            return None
        after_key = ""
        if run.wave:
            before = runs_store.find_waves_before(self._connection, run)
            if any(wave.status in ("queued", "started") for wave in before):
                return None  # one wave at a time, whatever their dates say
            if wave_size(journey, read, run.wave) is not None:
                # one that was skipped has come nowhere
                after_key = next((wave.after_key for wave in reversed(before) if wave.after_key), "")
        started = run._replace(status="started", started_at_us=self._now_us, reason=None, after_key=after_key)
        runs_store.update_run(self._connection, started)
        self._tell(journey, run, run.due_at_us)
        self._tell(journey, started, self._now_us)
        return started

    def _is_evaluated(self, read: AudienceRead, run: AudienceRun) -> bool:
        """Whether the audience was evaluated after the run before this one began."""
        at_us = self._source.evaluated_at_us(self._connection, run.scope_id, read.audience_id)
        before = [r for r in runs_store.list_runs(self._connection, run.version_uid) if r.number < run.number]
        last_us = max((r.started_at_us or 0 for r in before if r.member is None), default=0)
        return at_us is not None and at_us > last_us

    def _go_on(self, journey: CompiledJourney, read: AudienceRead, run: AudienceRun, limit: int) -> int:
        assert run.started_at_us is not None
        elapsed_us = self._now_us - run.started_at_us
        if elapsed_us > MAX_RUN_US:
            self._give_up(journey, run, "tooLong")
            return 0
        allowed = (elapsed_us + 1_000_000) * read.rate // 1_000_000 - run.read_count
        wanted = min(limit, allowed)
        rates = self._rates[run.scope_id]
        if rates > SANDBOX_RATE:
            wanted = min(wanted, self._pace.left(run.id, SANDBOX_RATE * read.rate // rates, self._now_us))
        size = wave_size(journey, read, run.wave)
        if size is not None:
            if run.read_count >= size:  # its last member was passed over
                self._finish(journey, run)
                return 0
            wanted = min(wanted, size - run.read_count)
        if wanted <= 0:
            return 0
        page = self._page(read, run, wanted)
        self._pace.note(run.id, len(page), self._now_us)
        found = [self._workspace.key_in(run.scope_id, member.identity, read.namespace) for member in page]
        distinct = dict.fromkeys(found)
        keys = [key for key in distinct if key is not None and is_in_wave(journey, read, run.wave, key)]
        left_out = 0
        if None in distinct or len(distinct) < len(found):
            left_out = self._leave_out(journey, read, run, page, found)
        ids, attributes = _of_lists(read, keys, page, found)
        life_us = self._life_us(journey, read)
        before: list[AudienceRun] = []
        if size is not None and run.wave and keys:  # of drawn waves a key is of one alone
            waves = runs_store.find_waves_before(self._connection, run)
            before = [wave for wave in waves if wave.started_at_us is not None]
        entered, failed = self._workspace.enter_run(journey, keys, run, life_us, ids, attributes, before)
        run = run._replace(
            reason=None,
            read_count=run.read_count + len(page),
            entered_count=run.entered_count + entered,
            failed_count=run.failed_count + left_out + failed,
            after_key=page[-1].key if page else run.after_key,
        )
        if len(page) < wanted or run.read_count == size:
            self._finish(journey, run)
        else:
            runs_store.update_run(self._connection, run)
        return len(page)

    def _leave_out(
        self, journey: CompiledJourney, read: AudienceRead, run: AudienceRun, page: Sequence[Member],
        found: Sequence[str | None],
    ) -> int:  # fmt: skip
        """Tell of members without a key, and of those with the key of one before them; how many they are.

        found: the key of each member of the page. Several members with one key add to its supplemental ids.
        """
        seen: set[str] = set()
        left_out = 0
        for member, key in zip(page, found, strict=True):
            # who has no key is drawn by their own id: one wave leaves them out
            if not is_in_wave(journey, read, run.wave, member.identity[1] if key is None else key):
                continue
            if key is None:
                self._workspace.leave_out(journey, run, member.identity, BAD_NAMESPACE)
            elif key in seen and read.supplemental is None:
                self._workspace.leave_out(journey, run, (read.namespace, key), DUPLICATION)
            else:
                seen.add(key)
                continue
            left_out += 1
        return left_out

    def _life_us(self, journey: CompiledJourney, read: AudienceRead) -> int | None:
        """With forced re-entrance an instance lives until the next occurrence."""
        if not read.is_reentrance_forced:
            return None
        following = next_occurrence(read.schedule, journey.time_zone, self._now_us)
        return None if following is None else following - self._now_us

    def pass_over(self, run_id: str, *, is_given_up: bool) -> int:
        """Leave out the next member of a run, whom the code can't let enter; how many were left out.

        is_given_up: it is the run that can't go on, as is one that has nobody left.
        """
        run = runs_store.find_run(self._connection, run_id)
        journey = None if run is None else self._live.get(run.version_uid)
        if run is None or journey is None or journey.audience_read is None:
            return 0
        page: Sequence[Member] = ()
        if not is_given_up:
            page = self._page(journey.audience_read, run, 1)
        if not page:
            self._give_up(journey, run, INTERNAL_ERROR)
            return 0
        self._workspace.leave_out(journey, run, page[-1].identity, INTERNAL_ERROR)
        run = run._replace(
            read_count=run.read_count + 1, failed_count=run.failed_count + 1, after_key=page[-1].key
        )  # fmt: skip
        runs_store.update_run(self._connection, run)
        return 1

    def break_off(self, run_id: str) -> int:
        """The run has failed, and the code fails on telling so, too: its row alone says it, and no other is planned."""
        run = runs_store.find_run(self._connection, run_id)
        if run is not None:
            self._end(run, "failed", INTERNAL_ERROR)
        return 0

    def _page(self, read: AudienceRead, run: AudienceRun, limit: int) -> Sequence[Member]:
        if run.member is not None:
            return [] if run.read_count else [_OneMember(*orjson.loads(run.member))]
        # who comes in during a run is left to the next one, which reads from the beginning of this one on
        until_us = run.started_at_us if read.is_incremental else None
        return self._source.members_after(
            self._connection, run.scope_id, read.audience_id, run.after_key, limit, run.since_us, until_us
        )

    def _finish(self, journey: CompiledJourney, run: AudienceRun) -> None:
        self._end(run, "finished", None)
        self._tell(journey, run._replace(status="finished"), self._now_us)
        self._follow(journey, run)

    def _give_up(self, journey: CompiledJourney, run: AudienceRun, reason: str) -> None:
        """The run has failed. The next one reads again what this one was to read: nobody is left out for it."""
        self._end(run, "failed", reason)
        self._tell(journey, run._replace(status="failed", reason=reason), self._now_us)
        self._follow(journey, run._replace(started_at_us=None))

    def _skip(self, journey: CompiledJourney, run: AudienceRun, reason: str) -> None:
        self._end(run, "skipped", reason)
        self._follow(journey, run._replace(started_at_us=None))

    def _follow(self, journey: CompiledJourney, run: AudienceRun) -> None:
        """Plan the next occurrence. After one that was skipped, what came since the last that was not is read."""
        if run.member is not None:
            return
        read = journey.audience_read
        assert read is not None
        since_us = None
        if read.is_incremental:
            since_us = run.since_us if run.started_at_us is None else run.started_at_us
        following = following_run(journey, run, since_us)
        if following is not None:  # tests of one profile have had numbers since this one was planned
            number = runs_store.next_number(self._connection, run.version_uid)
            runs_store.insert_run(self._connection, following._replace(number=number))

    def _end(self, run: AudienceRun, status: runs_store.RunStatus, reason: str | None) -> None:
        runs_store.update_run(
            self._connection, run._replace(status=status, finished_at_us=self._now_us, reason=reason)
        )  # fmt: skip

    def _tell(self, journey: CompiledJourney, run: AudienceRun, at_us: int) -> None:
        """The step event of the run itself, which is about nobody (`serviceEvents.segmentExportJob`)."""
        read = journey.audience_read
        assert read is not None
        self._workspace.step_lines.setdefault(run.scope_id, []).append(run_line(journey, read, run, at_us))


def _of_lists(
    read: AudienceRead, keys: Sequence[str], page: Sequence[Member], found: Sequence[str | None]
) -> tuple[dict[str, tuple[str, ...]] | None, dict[tuple[str, str | None], Mapping[str, Any]] | None]:
    """What the lists say of those who may enter: their supplemental ids, and their attributes; see `Entering`.

    Of several members with one key and supplemental id the first one counts. found: the key of each member of the page.
    """
    if read.supplemental is None and read.attributes is None:
        return None, None
    wanted = set(keys)
    ids: dict[str, tuple[str, ...]] = {}
    attributes: dict[tuple[str, str | None], Mapping[str, Any]] = {}
    for key, member in zip(found, page, strict=True):
        if key is None or key not in wanted:
            continue
        of_member: tuple[str | None, ...] = (None,)
        if read.supplemental is not None:
            named = read.supplemental(orjson.loads(member.attributes) if member.attributes else {})
            ids[key] = tuple(dict.fromkeys((*ids.get(key, ()), *named)))
            of_member = named
        new = [(key, one) for one in of_member if (key, one) not in attributes]
        if new and read.attributes is not None:
            attributes.update(dict.fromkeys(new, read.attributes(member.attributes)))
    return (None if read.supplemental is None else ids), (None if read.attributes is None else attributes)


def begin_runs(
    connection: Connection, live: LiveJourneys, scope_id: int, event_uid: str, payload: Mapping[str, Any], now_us: int
) -> list[dict[str, Any]]:
    """A business event begins a run in every journey it starts; what each made of it, as `trace` tells it."""
    told: list[dict[str, Any]] = []
    for journey in live.by_event(scope_id, event_uid):
        if journey.type != "business":
            continue
        reason = refuse_time(journey, now_us)
        if reason is not None:
            told.append({**names_of(journey), "outcome": "refused", "reason": reason})
            continue
        number = runs_store.next_number(connection, journey.version_uid)
        text = orjson.dumps(payload).decode()
        runs = [new_run(journey, number, now_us)] if journey.mode == "test" else in_waves(journey, number, now_us)
        for run in runs:
            runs_store.insert_run(connection, run._replace(payload=text))
        told.append({**names_of(journey), "outcome": "runBegun", "runId": runs[0].id})
    return told
