"""Profile jobs: removing what a data set gave to profiles."""

import re
import time
from typing import Any

import orjson

from parcours.access import Caller
from parcours.db import Database
from parcours.profile import store
from parcours.profile.errors import JobInvalid, JobNotFound
from parcours.resources.store import Resource, ResourceNotFound, ResourceStore

JOB_KIND = "profile-job"
_DATA_SET_ID = re.compile(r"[A-Za-z0-9_-]{1,60}", re.ASCII)


class ProfileJobService:
    """Jobs of each sandbox. A job is done when it is answered: its rows and its record go in one transaction."""

    def __init__(self, db: Database, resources: ResourceStore) -> None:
        self._db = db
        self._resources = resources

    def create(self, caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
        """Delete the profile data of {"dataSetId"}. Raises JobInvalid; a single batch can't be taken out."""
        dataset_id = body.get("dataSetId")
        if "batchId" in body:
            raise JobInvalid(
                "profile data isn't kept by batch; delete that of its data set with dataSetId", "$.batchId"
            )
        if not isinstance(dataset_id, str) or not _DATA_SET_ID.fullmatch(dataset_id):
            raise JobInvalid("dataSetId is required: the id of a data set", "$.dataSetId")
        started = time.perf_counter()
        with self._db.write() as connection:
            gone = store.delete_data_set(connection, caller.scope_id, dataset_id)
            metrics = {"recordsProcessed": gone, "timeTakenInSec": round(time.perf_counter() - started)}
            document = {
                "dataSetId": dataset_id,
                "jobType": "DELETE",
                "status": "COMPLETED",
                "metrics": orjson.dumps(metrics).decode(),
            }
            return _rendered(
                caller, self._resources.create(connection, caller.scope_id, caller.author, JOB_KIND, document)
            )

    def jobs(self, caller: Caller) -> list[dict[str, Any]]:
        """Every job of the sandbox, the latest first."""
        with self._db.read() as connection:
            found = self._resources.in_scope(connection, caller.scope_id, JOB_KIND)
            return [_rendered(caller, resource) for resource in reversed(found)]

    def get(self, caller: Caller, job_id: str) -> dict[str, Any]:
        """One job. Raises JobNotFound."""
        with self._db.read() as connection:
            try:
                return _rendered(caller, self._resources.get(connection, caller.scope_id, JOB_KIND, job_id))
            except ResourceNotFound:
                raise JobNotFound(f"no system job {job_id!r}") from None

    def delete(self, caller: Caller, job_id: str) -> None:
        """Forget a job; what it deleted stays deleted. Raises JobNotFound."""
        with self._db.write() as connection:
            found = self._resources.find(connection, caller.scope_id, JOB_KIND, job_id)
            if found is None:
                raise JobNotFound(f"no system job {job_id!r}")
            self._resources.delete(connection, found)


def _rendered(caller: Caller, resource: Resource) -> dict[str, Any]:
    return {
        "id": resource.id,
        "imsOrgId": caller.org_id,
        **resource.body,
        "createEpoch": resource.created_at_ms // 1000,
        "updateEpoch": resource.updated_at_ms // 1000,
    }
