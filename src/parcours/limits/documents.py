"""The stored form of a limit, what a reader sees of it, and what runs. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from parcours.access.model import Caller
from parcours.kit.clock import to_datetime
from parcours.limits.checks import (
    ANY_CONNECTIONS,
    CAPPING_KEYS,
    THROTTLING_KEYS,
    Findings,
    check_capping,
    check_throttling,
    connections_of,
)
from parcours.limits.model import Cap, Service, Throttle
from parcours.limits.patterns import read_methods, read_pattern
from parcours.resources.store import Author, Resource

READ_ONLY = frozenset(
    {
        "uid", "_id", "tenantId", "sandboxId", "sandboxName", "metadata", "state", "authoringFormatVersion", "version",
        "deployedConfig", "hasBeenDeployed",
    }
)  # fmt: skip
"""Keys of an answer; ignored when a client sends back what it read."""


@dataclass(frozen=True, slots=True)
class Refusals:
    """The number of each refusal; a text where the published errors of the service have none."""

    invalid: int | str
    not_json: int | str
    not_found: int
    is_deployed: int
    """A deployed one is not deleted."""
    is_deployed_status: int
    cannot_deploy: int
    already_deployed: int | None
    """None where one that is deployed may be deployed again, as it is written now."""
    not_deployed: int | None
    """None where undeploying one that isn't is no fault."""
    cannot_update: int | None
    """None where a change of a deployed one holds from its next deployment."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What tells capping from throttling."""

    resource: str
    """Kind of the resource."""
    path: str
    """Last part of the routes, and first part of `schema` in errors."""
    label: str
    """As people call a configuration."""
    keys: tuple[str, ...]
    refusals: Refusals
    is_of_organisation: bool
    """One for the organisation, in a production sandbox, changed while it runs; else any number for a sandbox."""

    def check(self, document: Mapping[str, Any]) -> Findings:
        """What stands in the way of deploying."""
        return check_throttling(document) if self.is_of_organisation else check_capping(document)


CAPPING = Kind(
    "endpointConfig", "endpointConfigs", "capping config", CAPPING_KEYS,
    Refusals("ERR_ENDPOINTCONFIG_111", "ERR_ENDPOINTCONFIG_112", 1450, 1451, 500, 1453, None, None, None),
    is_of_organisation=False,
)  # fmt: skip
THROTTLING = Kind(
    "throttlingConfig", "throttlingConfigs", "throttling config", THROTTLING_KEYS,
    Refusals("ERR_THROTTLING_CONFIG_106", "ERR_THROTTLING_CONFIG_106", 14467, 1456, 400, 1458, 14466, 14468, 1462),
    is_of_organisation=True,
)  # fmt: skip
ENDING = "throttlingEnding"
"""Kind of what an undeployed throttling leaves behind for the calls that wait."""


def view(kind: Kind, caller: Caller, stored: Resource) -> dict[str, Any]:
    """A configuration as a reader sees it."""
    body = stored.body
    sandbox = caller.sandbox
    place = {"orgId": caller.org_id, "sandboxId": sandbox.id, "sandboxName": sandbox.name, "uid": stored.id}
    if kind.is_of_organisation:
        place["_id"] = f"{stored.id}_{sandbox.id}"
    else:
        place |= {"_id": stored.id, "tenantId": sandbox.name}
    is_deployed = body["deployed"] is not None
    shown: dict[str, Any] = {
        **body["document"],
        **place,
        "metadata": {
            "createdBy": stored.created_by,
            "createdById": stored.created_client,
            "createdAt": time_text(stored.created_at_ms),
            "lastModifiedBy": stored.updated_by,
            "lastModifiedById": stored.updated_client,
            "lastModifiedAt": time_text(stored.updated_at_ms),
            **body["lastDeployed"],
        },
        "state": body["state"],
        "authoringFormatVersion": "1.0",
        "hasBeenDeployed": is_deployed,
    }
    if is_deployed:
        shown["version"] = f"{body['deployments']}.0"
        shown["deployedConfig"] = {**_as_deployed(body["deployed"]), **place}
    return shown


def _as_deployed(document: Mapping[str, Any]) -> dict[str, Any]:
    """What was deployed, with the connections that nobody limited told as -1."""
    if "services" not in document:
        return dict(document)
    services = {
        name: {**service, "maxHttpConnections": service.get("maxHttpConnections", ANY_CONNECTIONS)}
        for name, service in document["services"].items()
    }
    return {**document, "services": services}


def state_before(body: Mapping[str, Any]) -> str:
    """The state that undeploying goes back to: whether the draft was ever changed. What a release stored that didn't
    note it tells by its state."""
    return str(body.get("stateBefore") or ("updated" if body["state"] == "updated" else "created"))


def deployed_by(author: Author, now_ms: int) -> dict[str, str]:
    """The part of the metadata that tells who deployed."""
    return {
        "lastDeployedBy": author.user_id,
        "lastDeployedById": author.client_id,
        "lastDeployedAt": time_text(now_ms),
    }


def caps_of(stored: Resource) -> list[Cap]:
    """What runs of a capping configuration."""
    deployed = stored.body["deployed"]
    if deployed is None:
        return []
    pattern, methods = read_pattern(deployed["url"]), read_methods(deployed["methods"])
    return [
        Cap(
            stored.id, stored.scope_id, _service(name), pattern, methods, service["rating"]["maxCallsCount"],
            service["rating"]["periodInMs"] * 1_000, connections_of(service),
        )
        for name, service in deployed["services"].items()
    ]  # fmt: skip


def throttle_of(stored: Resource, org_id: str) -> Throttle | None:
    """What runs of a throttling configuration, or of what one left behind."""
    deployed = stored.body["deployed"]
    if deployed is None:
        return None
    most, ramp = deployed["maxThroughput"], deployed.get("ramp") or {}
    return Throttle(
        stored.body.get("uid", stored.id), org_id, read_pattern(deployed["urlPattern"]),
        read_methods(deployed["methods"]), most, ramp.get("startThroughput", most), ramp.get("durationInMs", 0) * 1_000,
        stored.body["rampBeganUs"], stored.body.get("undeployedUs"),
    )  # fmt: skip


def time_text(at_ms: int) -> str:
    """A moment as metadata shows it."""
    return to_datetime(at_ms * 1_000).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _service(name: str) -> Service:
    return "dataSource" if name == "dataSource" else "action"
