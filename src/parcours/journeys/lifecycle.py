"""The life of a version: tested or tried dry, published, paused, closed, stopped, finished (journeys §3.3, §10)."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection

from parcours.access.model import Caller
from parcours.approvals.errors import ApprovalNeeded
from parcours.approvals.service import ApprovalPolicies
from parcours.db import Database
from parcours.db.faults import is_fault_of_the_code
from parcours.events.model import EVENT_KIND
from parcours.expressions.errors import ExpressionInvalid
from parcours.journeys import runs_store, store
from parcours.journeys.activities.read_audience import is_recurring
from parcours.journeys.check import Fault
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.counter_store import delete_counts
from parcours.journeys.decision_rule_table import DECISION_RULE_KIND
from parcours.journeys.definitions import names_in, rules_in
from parcours.journeys.entrance import read_profile_filter
from parcours.journeys.errors import JourneyInvalid, JourneyNotFound, JourneyStateConflict
from parcours.journeys.review import facts_of, subject_of
from parcours.journeys.schedule import first_runs, new_run, wave_dates
from parcours.journeys.service import JourneyService, refuse_archived
from parcours.journeys.versions import DRAFTS, LIVE, RUNNING, VERSION_KIND, Status, deployed, show_version
from parcours.kit.ids import new_uuid
from parcours.kit.telemetry import get_logger
from parcours.resources.store import Author, Compiled, Resource, ResourceStore

DropCalls = Callable[[Connection, int, str], None]
"""(connection, scope_id, version_uid): the version's calls that wait are not made."""
OnPublish = Callable[[Connection, Resource], object]
"""(connection, version): the version is being published."""
Shown = tuple[dict[str, Any], str]
"""A version as the API shows it, and its etag."""

DAY_MS = 86_400_000
LIFE_MS = 91 * DAY_MS
"""How long after its last entrance nobody is inside a version any more (journeys §10.7)."""
TEST_IDLE_MS = 7 * DAY_MS
DRY_RUN_MS = 14 * DAY_MS
MAX_PAUSE_MINUTES = 20_160
FORGET_WAIT_S = 3.0
"""How long opening a draft waits for the worker to be through with an earlier test of it; it looks once a second."""
_FORGET_LOOK_S = 0.05
MAX_BULK = 10
MIN_REACTION_WAIT_S = 40
MAX_ACTIVE = {"production": 200, "development": 100}
"""Active versions a sandbox, by its type (journeys §15)."""
MAX_LISTENING = 25
"""Journeys listening to one event."""
MAX_AUDIENCES = 100
"""Audiences that `inAudience` asks for in the active journeys of a sandbox (journeys §15)."""
MAX_QUALIFICATIONS = 300
"""Audience qualifications of a sandbox, exit criteria included."""
SYSTEM = Author(user_id="parcours", client_id="parcours")
log = get_logger("journeys")


class Lifecycle:
    """Moves versions from status to status. What becomes of the people inside is the worker's to do."""

    def __init__(
        self,
        db: Database,
        resources: ResourceStore,
        journeys: JourneyService,
        drop_calls: DropCalls,
        policies: ApprovalPolicies,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._db = db
        self._resources = resources
        self._journeys = journeys
        self._drop_calls = drop_calls
        self._policies = policies
        self._sleep = sleep
        self.on_publish: OnPublish = lambda _connection, _version: None
        """Called in the transaction that publishes a version."""
        journeys.on_delete = self.forget
        self._running: Compiled[list[Resource]] = Compiled(resources, [VERSION_KIND], self._find_running)

    # --- opening ---

    def publish(self, caller: Caller, version_uid: str) -> Shown:
        """Open a draft, one in test too, to entrances, and close the version before it.

        Raises JourneyNotFound, JourneyStateConflict, JourneyInvalid with every fault, ApprovalNeeded where a policy
        covers the version.
        """
        self.await_clear(version_uid)
        with self._db.write() as connection:
            version, journey, faults = self.ready(connection, caller, version_uid, {"Draft", "Testing"}, "published")
            requester = self._policies.person(connection, subject_of(caller))
            facts = facts_of(version.body["document"])
            covering = self._policies.covering(connection, caller.scope_id, facts, requester)
            if covering:
                raise ApprovalNeeded([policy.name for policy in covering])
            version = self.open(connection, caller, version, journey)
        self.tell("published", version)
        return show_version(caller, version, faults), version.etag

    def open(
        self, connection: Connection, caller: Caller, version: Resource, journey: CompiledJourney, **members: Any
    ) -> Resource:
        """Publish what is `ready`, and approved where it has to be. members: of the version's body, besides."""
        _check_waves(version, journey)
        self.clear(connection, version)
        for other in self._versions_of(connection, version):
            if other.body["status"] in ("Deployed", "Paused"):
                self._close(connection, caller.author, other)
        body = {
            **version.body,
            "status": "Deployed",
            "session": None,
            "names": names_in(
                version.body["document"], self._journeys.definitions(connection, caller.scope_id), journey
            ),
            "deployments": deployed(version.body, caller.author.user_id, _now_ms()),
            **members,
        }
        version = self._resources.replace(connection, version, caller.author, body)
        self.on_publish(connection, version)
        if journey.audience_read is not None and journey.type == "read_audience":
            for run in first_runs(journey, _now_ms() * 1000):
                runs_store.insert_run(connection, run)
        return version

    def test(self, caller: Caller, version_uid: str, settings: Mapping[str, Any]) -> Shown:
        """Let test profiles enter a draft. settings: {"waitSeconds": 10}. Raises as `publish` does."""
        wait_s = settings.get("waitSeconds", 10)
        if type(wait_s) is not int or not 1 <= wait_s <= 3_600:
            raise _invalid("ERR_TEST_WAIT", "waitSeconds is a whole number of 1 to 3600 seconds", "$.waitSeconds")
        self.await_clear(version_uid)
        with self._db.write() as connection:
            version, journey, faults = self.ready(connection, caller, version_uid, {"Draft"}, "tested")
            if journey.namespace is None:
                raise _invalid("ERR_MODEL_RULES_16", "test mode needs a journey with a namespace", "$.entry.node")
            if _has(version, "reaction") and wait_s < MIN_REACTION_WAIT_S:
                message = f"with reactions, a wait in test lasts at least {MIN_REACTION_WAIT_S} seconds"
                raise _invalid("ERR_TEST_WAIT", message, "$.waitSeconds")
            self.clear(connection, version)
            session = {"id": new_uuid(), "waitSeconds": wait_s, "startedAtMs": _now_ms()}
            version = self._set(connection, caller.author, version, "Testing", session=session)
            if journey.type == "read_audience":  # whatever its schedule: who tests doesn't wait for it
                runs_store.insert_run(connection, new_run(journey, 1, _now_ms() * 1000))
        self.tell("testing", version)
        return show_version(caller, version, faults), version.etag

    def end_test(self, caller: Caller, version_uid: str) -> Shown:
        """Back to a draft; who is inside goes, and what they did. Raises JourneyNotFound or JourneyStateConflict."""
        return self._back_to_draft(caller, version_uid, "Testing", "taken out of test mode")

    def dry_run(self, caller: Caller, version_uid: str, settings: Mapping[str, Any]) -> Shown:
        """Run a draft on real traffic without contacting anyone, for 14 days at most.

        settings: {"waits": false, "dataSources": false}: whether waits last and data sources are read.
        Raises as `publish` does.
        """
        chosen = {name: settings.get(name, False) for name in ("waits", "dataSources")}
        for name, value in chosen.items():
            if type(value) is not bool:
                raise _invalid("ERR_DRY_RUN", f"{name} is true or false", f"$.{name}")
        self.await_clear(version_uid)
        with self._db.write() as connection:
            version, journey, faults = self.ready(connection, caller, version_uid, {"Draft"}, "run dry")
            if _has(version, "reaction"):
                raise _invalid("ERR_DRY_RUN", "a journey with reactions can't be run dry: nothing is sent", "$.nodes")
            if any(other.body["status"] in ("Deployed", "Paused") for other in self._versions_of(connection, version)):
                raise JourneyStateConflict("the version before is live: a new version of it can't be run dry")
            self.clear(connection, version)
            session = {"id": new_uuid(), **chosen, "startedAtMs": _now_ms()}
            version = self._set(connection, caller.author, version, "Dry Run", session=session)
            if journey.type == "read_audience":
                for run in first_runs(journey, _now_ms() * 1000):
                    runs_store.insert_run(connection, run)
        self.tell("dry_run", version)
        return show_version(caller, version, faults), version.etag

    def end_dry_run(self, caller: Caller, version_uid: str) -> Shown:
        """Back to a draft. Raises JourneyNotFound or JourneyStateConflict."""
        return self._back_to_draft(caller, version_uid, "Dry Run", "taken out of its dry run")

    def _back_to_draft(self, caller: Caller, version_uid: str, status: Status, verb: str) -> Shown:
        with self._db.write() as connection:
            version = self._journeys.find_version(connection, caller.scope_id, version_uid)
            _expect(version, {status}, verb)
            version = self._end_session(connection, caller.author, version)
        self.tell("draft", version)
        return show_version(caller, version), version.etag

    def _end_session(self, connection: Connection, author: Author, version: Resource) -> Resource:
        version = self._set(connection, author, version, "Draft", session=None)
        self.forget(connection, version)
        self._drop_calls(connection, version.scope_id, version.id)
        return version

    def await_clear(self, version_uid: str) -> None:
        """Give the worker a moment to forget an earlier test or dry run of a version: few are inside, as a rule.

        Called outside a transaction, which would keep the worker from writing; `clear` then says whether it has.
        """
        for _ in range(round(FORGET_WAIT_S / _FORGET_LOOK_S)):
            with self._db.read() as connection:
                if not store.has_stop(connection, version_uid):
                    return
            self._sleep(_FORGET_LOOK_S)

    def clear(self, connection: Connection, version: Resource) -> None:
        """Nobody of an earlier test or dry run may be met by what comes now."""
        if version.body["status"] == "Testing":
            self._drop_calls(connection, version.scope_id, version.id)
            while store.forget_version(connection, version.id, 10_000):
                pass
            runs_store.delete_runs(connection, version.id)
            delete_counts(connection, version.scope_id, [version.id])
        elif store.has_stop(connection, version.id):
            raise JourneyStateConflict("the people of the last test or dry run are still being taken out: try again")

    def ready(
        self, connection: Connection, caller: Caller, version_uid: str, allowed: set[str], verb: str
    ) -> tuple[Resource, CompiledJourney, list[Fault]]:
        """A version of an allowed status, without faults. Raises JourneyNotFound, JourneyStateConflict, JourneyInvalid.

        Whoever deletes an event, or changes a decision rule that the version names, waits for this transaction.
        """
        self._resources.touch(connection, EVENT_KIND)  # whoever deletes an event now waits, and sees this version
        version = self._journeys.find_version(connection, caller.scope_id, version_uid)
        if rules_in(version.body["document"]):
            self._resources.touch(connection, DECISION_RULE_KIND)
        _expect(version, allowed, verb)
        refuse_archived(self._journeys.require_journey(connection, caller.scope_id, version.body["journeyUid"]))
        journey, faults = self._journeys.examine_version(connection, caller, version)
        errors = [fault for fault in faults if fault.severity == "error"]
        if journey is None or errors:
            raise JourneyInvalid(errors)
        self._check_room(connection, caller, version, journey)
        return version, journey, faults

    def _check_room(self, connection: Connection, caller: Caller, version: Resource, journey: CompiledJourney) -> None:
        """The sandbox's limits on what is active at a time. Source: journeys §15."""
        limit = MAX_ACTIVE.get(caller.sandbox.type, MAX_ACTIVE["production"])
        active = [
            other
            for other in self._resources.in_scope(connection, caller.scope_id, VERSION_KIND)
            if other.body["status"] in RUNNING and other.id != version.id
        ]
        others = {other.body["journeyUid"] for other in active} - {version.body["journeyUid"]}
        if len(others) >= limit:
            message = f"the sandbox has {len(others)} active journeys, {limit} at most"
            raise _invalid("ERR_ACTIVE_JOURNEYS", message, "$")
        qualifications = _qualifications(version)
        heard = {journey.entry_event_uid, *journey.listened}
        listening: dict[str, set[str]] = {}
        live = self._journeys.live.current(connection)
        for other in active:
            qualifications += _qualifications(other)
            compiled = live.get(other.id)
            if compiled is not None and other.body["journeyUid"] != version.body["journeyUid"]:
                for uid in heard & {compiled.entry_event_uid, *compiled.listened}:
                    listening.setdefault(uid, set()).add(other.body["journeyUid"])
        if qualifications > MAX_QUALIFICATIONS:
            message = f"the sandbox would have {qualifications} audience qualifications, {MAX_QUALIFICATIONS} at most"
            raise _invalid("ERR_ACTIVE_QUALIFICATIONS", message, "$.nodes")
        if journey.audience_ids:
            asked = set(journey.audience_ids.values()).union(
                *(c.audience_ids.values() for other in active if (c := live.get(other.id)) is not None)
            )
            if len(asked) > MAX_AUDIENCES:
                message = f"expressions of the sandbox would ask for {len(asked)} audiences, {MAX_AUDIENCES} at most"
                raise _invalid("ERR_ACTIVE_AUDIENCES", message, "$.nodes")
        for uid, journeys in listening.items():
            if len(journeys) >= MAX_LISTENING and not uid.startswith(("audience:", "reaction")):
                message = f"{len(journeys)} other journeys listen to event {uid}, {MAX_LISTENING} in all at most"
                raise _invalid("ERR_EVENT_JOURNEYS", message, "$.nodes")

    # --- pausing ---

    def pause(self, caller: Caller, version_uid: str, settings: Mapping[str, Any]) -> Shown:
        """Refuse entrances and hold (or take out) people at their next action, for 14 days at most.

        settings: {"behavior": "hold" | "discard", "maxDurationInMinutes", "filter"?: {"id", "label"?, "expression"}}.
        """
        with self._db.write() as connection:
            version = self._journeys.find_version(connection, caller.scope_id, version_uid)
            _expect(version, {"Deployed"}, "paused")
            version = self._pause(connection, caller, version, settings)
        self.tell("paused", version)
        return show_version(caller, version), version.etag

    def _pause(
        self, connection: Connection, caller: Caller, version: Resource, settings: Mapping[str, Any]
    ) -> Resource:
        behavior = settings.get("behavior", "hold")
        minutes = settings.get("maxDurationInMinutes", MAX_PAUSE_MINUTES)
        if behavior not in ("hold", "discard"):
            raise _invalid("ERR_PAUSE", "behavior is hold or discard", "$.behavior")
        if type(minutes) is not int or not 1 <= minutes <= MAX_PAUSE_MINUTES:
            message = f"maxDurationInMinutes is a whole number of 1 to {MAX_PAUSE_MINUTES}"
            raise _invalid("ERR_PAUSE", message, "$.maxDurationInMinutes")
        now_ms = _now_ms()
        pause = {
            **(version.body.get("pause") or {}),
            "id": new_uuid(),
            "behavior": behavior,
            "maxDurationInMinutes": minutes,
            "isFull": False,
            "pausedAtMs": now_ms,
            "pausedBy": caller.author.user_id,
            "resumeAtMs": now_ms + minutes * 60_000,
        }
        if "filter" in settings:
            pause["filter"] = self._read_filter(connection, caller, settings["filter"])
        return self._set(connection, caller.author, version, "Paused", pause=pause)

    def set_filter(self, caller: Caller, version_uid: str, config: Any) -> Shown:
        """Set or take away (null) the profile filter of a paused version, enforced at actions from then on."""
        with self._db.write() as connection:
            version = self._journeys.find_version(connection, caller.scope_id, version_uid)
            _expect(version, {"Paused"}, "given a filter")
            pause = {**version.body["pause"], "filter": self._read_filter(connection, caller, config)}
            version = self._set(connection, caller.author, version, "Paused", pause=pause)
        return show_version(caller, version), version.etag

    def _read_filter(self, connection: Connection, caller: Caller, config: Any) -> dict[str, Any] | None:
        if config is None:
            return None
        if not isinstance(config, Mapping) or not isinstance(config.get("expression"), str):
            raise _invalid("ERR_PAUSE_FILTER", "a filter has an expression over the profile", "$.filter")
        kept: dict[str, Any] = {"id": str(config.get("id") or new_uuid()), "expression": config["expression"]}
        if config.get("label"):
            kept["label"] = str(config["label"])
        definitions = self._journeys.definitions(connection, caller.scope_id)
        try:
            _, names = read_profile_filter(kept, definitions)
        except ExpressionInvalid as error:
            raise _invalid("ERR_EXPRESSION", str(error), "$.filter.expression") from None
        audiences = {name: definitions.audience_named(name) for name in sorted(names)}
        for name, audience in audiences.items():
            if audience is None:
                raise _invalid("ERR_AUDIENCE_UNKNOWN", f"no audience {name!r}", "$.filter.expression")
        if audiences:  # by id: whoever renames an audience does not change the filter
            kept["audiences"] = {name: audience.id for name, audience in audiences.items() if audience is not None}
        return kept

    def resume(self, caller: Caller, version_uid: str) -> Shown:
        """Let people in again, and those go on who were held. Raises JourneyNotFound or JourneyStateConflict."""
        with self._db.write() as connection:
            version = self._journeys.find_version(connection, caller.scope_id, version_uid)
            _expect(version, {"Paused"}, "resumed")
            version = self._resume(connection, caller.author, version)
        self.tell("resumed", version)
        return show_version(caller, version), version.etag

    def _resume(self, connection: Connection, author: Author, version: Resource) -> Resource:
        pause = {**version.body["pause"], "resumedAtMs": _now_ms(), "resumedBy": author.user_id}
        version = self._set(connection, author, version, "Deployed", pause=pause)
        store.request_stop(connection, version.scope_id, version.body["journeyUid"], version.id, store.RESUMED)
        return version

    def in_bulk(self, caller: Caller, verb: str, uids: Any, settings: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Pause or resume several versions; of each, what came of it. At most ten. Source: journeys §3.3."""
        if not isinstance(uids, list) or not 1 <= len(uids) <= MAX_BULK or not all(isinstance(u, str) for u in uids):
            raise _invalid("ERR_BULK", f"uids is a list of 1 to {MAX_BULK} version uids", "$.uids")
        results: list[dict[str, Any]] = []
        for uid in dict.fromkeys(uids):
            try:
                shown, _ = self.pause(caller, uid, settings) if verb == "pause" else self.resume(caller, uid)
                results.append({"uid": uid, "status": shown["status"]})
            except (JourneyNotFound, JourneyStateConflict, JourneyInvalid) as error:
                results.append({"uid": uid, "error": str(error)})
        return results

    # --- ending ---

    def close(self, caller: Caller, version_uid: str) -> Shown:
        """No more entrances; people inside finish. Raises JourneyNotFound or JourneyStateConflict."""
        with self._db.write() as connection:
            version = self._journeys.find_version(connection, caller.scope_id, version_uid)
            _expect(version, {"Deployed"}, "closed")
            version = self._close(connection, caller.author, version)
        self.tell("closed", version)
        return show_version(caller, version), version.etag

    def _close(self, connection: Connection, author: Author, version: Resource) -> Resource:
        if version.body["status"] == "Paused":
            version = self._resume(connection, author, version)
        runs_store.drop_queued(connection, version.id)
        return self._set(connection, author, version, "Closed", closedAtMs=_now_ms())

    def stop(self, caller: Caller, version_uid: str) -> Shown:
        """Nobody moves and no call begins from now on; the worker takes everyone out.

        Raises JourneyNotFound or JourneyStateConflict.
        """
        with self._db.write() as connection:
            version = self._journeys.find_version(connection, caller.scope_id, version_uid)
            _expect(version, LIVE, "stopped")
            version = self._take_out(connection, caller.author, version, "Stopped", "stopped")
        self.tell("stopped", version)
        return show_version(caller, version), version.etag

    def _take_out(
        self, connection: Connection, author: Author, version: Resource, status: Status, reason: str
    ) -> Resource:
        version = self._set(connection, author, version, status, closedAtMs=_now_ms())
        store.request_stop(connection, version.scope_id, version.body["journeyUid"], version.id, reason)
        runs_store.drop_queued(connection, version.id)
        self._drop_calls(connection, version.scope_id, version.id)
        return version

    def sweep(self) -> int:
        """Do what time does to versions: end dates, pauses, tests and dry runs that are over; how many changed.

        Called by the worker now and then; looks at versions that are open, closed or in test only.
        """
        now_ms = _now_ms()
        with self._db.read() as connection:
            running = self._running.current(connection)
            due = [stored for stored in running if self._is_due(connection, stored, now_ms)]
        return sum(self._sweep_one(stored, now_ms) for stored in due)

    def _is_due(self, connection: Connection, stored: Resource, now_ms: int) -> bool:
        try:
            return self._change_of(connection, stored, now_ms) is not None
        except Exception as fault:
            _leave_alone(stored, fault)
            return False

    def _sweep_one(self, stored: Resource, now_ms: int) -> bool:
        """One version in a transaction of its own: what can't be done to it holds up no other."""
        try:
            with self._db.write() as connection:
                version = self._journeys.find_version(connection, stored.scope_id, stored.id)
                change = self._change_of(connection, version, now_ms)
                if change is None:
                    return False
                change(connection, version)
        except JourneyNotFound:  # deleted since the look
            return False
        except Exception as fault:
            _leave_alone(stored, fault)
            return False
        self.tell("changed_by_time", version)
        return True

    def _find_running(self, connection: Connection) -> list[Resource]:
        versions = self._resources.in_all_scopes(connection, VERSION_KIND)
        return [stored for stored in versions if stored.body["status"] in RUNNING]

    def _change_of(
        self, connection: Connection, version: Resource, now_ms: int
    ) -> Callable[[Connection, Resource], Resource] | None:
        """What has to happen to a version by now; None for nothing."""
        body = version.body
        status = body["status"]
        if status not in RUNNING:  # moved on since the look
            return None
        if status in DRAFTS:
            session = body["session"]
            if status == "Testing":
                latest_ms = store.latest_move(connection, version.id) // 1000
                is_over = now_ms >= max(session["startedAtMs"], latest_ms) + TEST_IDLE_MS
            else:
                is_over = now_ms >= session["startedAtMs"] + DRY_RUN_MS
            return (lambda c, v: self._end_session(c, SYSTEM, v)) if is_over else None
        journey = self._journeys.live.current(connection).get(version.id)
        if journey is not None and journey.end_us is not None and now_ms * 1000 >= journey.end_us:
            return lambda c, v: self._take_out(c, SYSTEM, v, "Finished", "endDate")
        if status == "Paused":
            is_over = now_ms >= body["pause"]["resumeAtMs"]
            return (lambda c, v: self._resume(c, SYSTEM, v)) if is_over else None
        if status == "Deployed" and self._is_past_its_schedule(connection, version):
            return lambda c, v: self._close(c, SYSTEM, v)
        closed_at_ms: int | None = body.get("closedAtMs")
        since_ms = closed_at_ms if status == "Closed" else self._read_once_at_ms(connection, version)
        if since_ms is not None and now_ms >= since_ms + LIFE_MS:
            return lambda c, v: self._take_out(c, SYSTEM, v, "Finished", "endDate")
        return None

    def _is_past_its_schedule(self, connection: Connection, version: Resource) -> bool:
        """Whether a recurring Read audience has had its last occurrence. Source: journeys §8.5."""
        document = version.body["document"]
        entry = document["nodes"][document["entry"]["node"]]
        if entry["type"] != "readAudience" or not is_recurring(entry):
            return False
        return all(run.status not in ("queued", "started") for run in runs_store.list_runs(connection, version.id))

    def _read_once_at_ms(self, connection: Connection, version: Resource) -> int | None:
        """When a journey that reads its audience once has done so; None for any other journey."""
        document = version.body["document"]
        entry = document["nodes"][document["entry"]["node"]]
        if entry["type"] != "readAudience" or is_recurring(entry):
            return None
        runs = runs_store.list_runs(connection, version.id)
        if not runs or any(run.status in ("queued", "started") for run in runs):
            return None
        return max(run.started_at_us or run.due_at_us for run in runs) // 1000

    def list_runs(self, caller: Caller, version_uid: str) -> list[dict[str, Any]]:
        """Readings of the audience into a version, the latest first. Raises JourneyNotFound."""
        with self._db.read() as connection:
            self._journeys.require_version(connection, caller.scope_id, version_uid)
            runs = runs_store.list_runs(connection, version_uid)
        return [
            {
                "id": run.id,
                "number": run.number,
                "wave": run.wave,
                "status": run.status,
                "dueAtUs": run.due_at_us,
                "startedAtUs": run.started_at_us,
                "finishedAtUs": run.finished_at_us,
                "readCount": run.read_count,
                "enteredCount": run.entered_count,
                "failedCount": run.failed_count,
                "reason": run.reason,
                **({} if run.member is None else {"profileIdentifier": orjson.loads(run.member)[1]}),
            }
            for run in runs
        ]

    def forget(self, connection: Connection, version: Resource) -> None:
        """What a published version did is deleted, by parts."""
        at_us = str(_now_ms() * 1000)
        store.request_stop(
            connection, version.scope_id, version.body["journeyUid"], version.id, store.FORGET, after_key=at_us
        )
        runs_store.delete_runs(connection, version.id)
        delete_counts(connection, version.scope_id, [version.id])

    # --- helpers ---

    def _versions_of(self, connection: Connection, version: Resource) -> Sequence[Resource]:
        """The other versions of its journey."""
        found = self._journeys.versions_of(connection, version.scope_id, version.body["journeyUid"])
        return [other for other in found if other.id != version.id]

    def _set(
        self, connection: Connection, author: Author, version: Resource, status: Status, **members: Any
    ) -> Resource:
        return self._resources.replace(connection, version, author, {**version.body, "status": status, **members})

    @staticmethod
    def tell(what: str, version: Resource) -> None:
        """Log what became of a version."""
        log.info(f"journey.{what}", version_uid=version.id, scope_id=version.scope_id, status=version.body["status"])


def _leave_alone(version: Resource, fault: Exception) -> None:
    """Tell of a version that the code fails on; raises a fault of the database again."""
    if not is_fault_of_the_code(fault):
        raise fault
    log.error("journey.sweep_failed", version_uid=version.id, scope_id=version.scope_id, exc_info=fault)


def _expect(version: Resource, allowed: frozenset[str] | set[str], verb: str) -> None:
    status = version.body["status"]
    if status not in allowed:
        raise JourneyStateConflict(f"the version is {status} and can't be {verb}")


def _invalid(code: str, message: str, path: str) -> JourneyInvalid:
    return JourneyInvalid([Fault(code, message, path)])


def _check_waves(version: Resource, journey: CompiledJourney) -> None:
    """A wave does not begin in the past, nor before the journey. Raises JourneyInvalid. Source: journeys §8.5."""
    node_id = None if journey.audience_read is None else journey.audience_read.node_id
    for index, at_us in enumerate(wave_dates(journey)):
        place = f"$.nodes.{node_id}.waves.startDates[{index}]"
        if at_us < _now_ms() * 1000:
            raise _invalid("ERR_READ_WAVES", "a wave can't begin in the past", place)
        if at_us < (journey.start_us or 0):
            raise _invalid("ERR_READ_WAVES", "a wave can't begin before the journey", place)


def _has(version: Resource, kind: str) -> bool:
    return any(node["type"] == kind for node in version.body["document"]["nodes"].values())


def _qualifications(version: Resource) -> int:
    document = version.body["document"]
    kinds = [node.get("type") for node in document["nodes"].values()]
    criteria = [criterion for criterion in document.get("exitCriteria", ()) if "audienceId" in criterion]
    return kinds.count("audienceQualification") + len(criteria)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
