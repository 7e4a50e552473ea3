"""Capping and throttling configurations through the API: envelopes, numbers, life. Source: journeys §14.2, §14.3."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from parcours.access.model import Caller
from parcours.app import Platform
from parcours.limits.model import OUTLIVES_US
from parcours.limits.table import LimitTable

BASE = "/journey/orchestration"
CAPS, THROTTLES = f"{BASE}/endpointConfigs", f"{BASE}/throttlingConfigs"
CAP: dict[str, Any] = {
    "url": "https://api.example.org/data/2.5/*",
    "methods": ["GET"],
    "services": {
        "dataSource": {"maxHttpConnections": 50, "rating": {"maxCallsCount": 500, "periodInMs": 1000}},
        "action": {"rating": {"maxCallsCount": 500, "periodInMs": 1000}},
    },
    "orgId": "ACME@AdobeOrg",
}
THROTTLE: dict[str, Any] = {
    "name": "throttling-config-external",
    "description": "example of throttling config for an external endpoint",
    "urlPattern": "https://api.example.org/data/2.5/*",
    "methods": ["POST", "PUT"],
    "maxThroughput": 4000,
}


def refusal(answer: Any) -> tuple[int, int | str]:
    body = answer.json()
    assert set(body) == {"status", "error", "requestId"}
    assert body["status"] == answer.status_code
    inner = json.loads(body["error"])
    assert set(inner) == {"code", "family", "message", "service", "version", "context", "schema"}
    return answer.status_code, inner["code"]


def table(api: TestClient, platform: Platform) -> tuple[LimitTable, Caller]:
    with platform.db.read() as connection:
        return platform.limits.compiled().current(connection), platform.access.admit(dict(api.headers))


def test_a_created_cap_is_answered_as_published(api: TestClient) -> None:
    answer = api.post(CAPS, json=CAP)
    assert answer.status_code == 200
    body = answer.json()
    uid = body["uid"]
    assert set(body) == {"canDeploy", "createdElement", "uid", "uri", "resStatus"}
    assert body["canDeploy"] == {
        "validationStatus": "ok",
        "warnings": [
            {
                "warningCode": "ERR_ENDPOINTCONFIG_106",
                "warning": "capping config: max http connections not defined: there may be any number of them",
                "scope": {"endpointConfigService": "action", "endpointConfigUrl": CAP["url"]},
            }
        ],
    }
    assert body["uri"] == f"/voyager/apis/endpointConfigs/{uid}"
    assert body["resStatus"] == "created"
    element = body["createdElement"]
    assert {key: element[key] for key in CAP} == CAP
    assert (element["sandboxName"], element["state"], element["authoringFormatVersion"]) == ("prod", "created", "1.0")
    assert (element["_id"], element["tenantId"], element["hasBeenDeployed"]) == (uid, "prod", False)
    assert set(element["metadata"]) == {
        "createdBy", "createdById", "createdAt", "lastModifiedBy", "lastModifiedById", "lastModifiedAt",
    }  # fmt: skip
    assert api.get(f"{CAPS}/{uid}").json() == {"result": element}
    assert api.post(f"{BASE}/list/endpointConfigs").json()["results"] == [element]
    assert api.post(f"{BASE}/list/endpointConfigs", headers={"x-sandbox-name": "dev"}).json()["results"] == []


def test_what_was_deployed_runs_until_the_next_deployment(api: TestClient, platform: Platform) -> None:
    uid = api.post(CAPS, json=CAP).json()["uid"]
    limits, caller = table(api, platform)
    call = (caller.scope_id, "action", "GET", "https://api.example.org/data/2.5/x")
    assert limits.find(*call).caps == ()  # type: ignore[arg-type]
    deployed = api.post(f"{CAPS}/{uid}/deploy")
    assert (deployed.status_code, deployed.content) == (204, b"")
    read = api.get(f"{CAPS}/{uid}").json()["result"]
    assert (read["state"], read["version"], read["hasBeenDeployed"]) == ("deployed", "1.0", True)
    assert api.post(f"{BASE}/list/endpointConfigs").json()["results"] == [read]
    unlimited = {**CAP["services"]["action"], "maxHttpConnections": -1}
    assert read["deployedConfig"] == {
        **{key: read[key] for key in ("_id", "uid", "orgId", "tenantId", "sandboxName", "sandboxId", "url", "methods")},
        "services": {**CAP["services"], "action": unlimited},
    }
    assert {"lastDeployedBy", "lastDeployedById", "lastDeployedAt"} <= set(read["metadata"])
    faster = {**CAP, "services": {"action": {"rating": {"maxCallsCount": 900, "periodInMs": 1000}}}}
    changed = api.put(f"{CAPS}/{uid}", json={**read, **faster}).json()
    assert (changed["resStatus"], changed["updatedElement"]["state"]) == ("updated", "updated")
    assert changed["updatedElement"]["hasBeenDeployed"] is True
    (cap,) = table(api, platform)[0].find(*call).caps  # type: ignore[arg-type]
    assert (cap.max_calls, cap.period_us, cap.max_connections) == (500, 1_000_000, None)
    assert api.post(f"{CAPS}/{uid}/deploy").status_code == 204
    (cap,) = table(api, platform)[0].find(*call).caps  # type: ignore[arg-type]
    assert cap.max_calls == 900
    assert api.get(f"{CAPS}/{uid}").json()["result"]["version"] == "2.0"
    for _ in range(2):
        assert api.post(f"{CAPS}/{uid}/undeploy").status_code == 204
        assert table(api, platform)[0].is_empty
    read = api.get(f"{CAPS}/{uid}").json()["result"]
    assert (read["state"], read["hasBeenDeployed"]) == ("updated", False)
    assert "deployedConfig" not in read
    assert api.post(f"{CAPS}/{uid}/deploy").status_code == 204
    (cap,) = table(api, platform)[0].find(*call).caps  # type: ignore[arg-type]
    assert cap.max_calls == 900


def test_what_was_deployed_can_be_put_back_as_it_was_read(api: TestClient, platform: Platform) -> None:
    uid = api.post(CAPS, json={**CAP, "methods": ["GET", "OPTION"]}).json()["uid"]
    api.post(f"{CAPS}/{uid}/deploy")
    deployed = api.get(f"{CAPS}/{uid}").json()["result"]["deployedConfig"]
    assert deployed["methods"] == ["GET", "OPTION"]
    told = api.put(f"{CAPS}/{uid}", json=deployed).json()["canDeploy"]
    assert (told["validationStatus"], len(told["warnings"])) == ("ok", 1)
    assert api.post(f"{CAPS}/{uid}/deploy").status_code == 204
    limits, caller = table(api, platform)
    for method in ("GET", "OPTIONS"):
        (cap,) = limits.find(caller.scope_id, "action", method, "https://api.example.org/data/2.5/x").caps
        assert cap.max_connections is None


def test_what_a_release_before_stored_is_shown_and_undeployed(api: TestClient, platform: Platform) -> None:
    """It didn't note the state to go back to."""
    uid = api.post(CAPS, json=CAP).json()["uid"]
    api.post(f"{CAPS}/{uid}/deploy")
    with platform.db.write() as connection:
        caller = platform.access.admit(dict(api.headers))
        stored = platform.resources.get(connection, caller.scope_id, "endpointConfig", uid)
        body = {name: value for name, value in stored.body.items() if name != "stateBefore"}
        platform.resources.replace(connection, stored, caller.author, body)
    assert api.get(f"{CAPS}/{uid}").json()["result"]["hasBeenDeployed"] is True
    assert api.post(f"{CAPS}/{uid}/undeploy").status_code == 204
    assert api.get(f"{CAPS}/{uid}").json()["result"]["state"] == "created"


def test_a_deployed_configuration_is_deleted_only_by_force(api: TestClient) -> None:
    for path, body, expected in ((CAPS, CAP, (500, 1451)), (THROTTLES, THROTTLE, (400, 1456))):
        uid = api.post(path, json=body).json()["uid"]
        api.post(f"{path}/{uid}/deploy")
        assert refusal(api.delete(f"{path}/{uid}")) == expected
        gone = api.delete(f"{path}/{uid}", params={"forceDelete": "true"})
        assert (gone.status_code, gone.json()) == (200, {})
        assert api.get(f"{path}/{uid}").status_code == 404
        uid = api.post(path, json=body).json()["uid"]
        assert api.delete(f"{path}/{uid}").status_code == 200


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in CAP.items() if name != key}


def rated(**rating: Any) -> dict[str, Any]:
    return {**CAP, "services": {"action": {"rating": {"maxCallsCount": 5, "periodInMs": 1000, **rating}}}}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (without("url"), "ERR_ENDPOINTCONFIG_100"),
        ({**CAP, "url": 5}, "ERR_ENDPOINTCONFIG_100"),
        ({**CAP, "url": "ftp://x"}, "ERR_ENDPOINTCONFIG_101"),
        ({**CAP, "url": "https://*.example.org/x"}, "ERR_ENDPOINTCONFIG_102"),
        ({**CAP, "url": "https://api.example.org:*/x"}, "ERR_ENDPOINTCONFIG_102"),
        (without("methods"), "ERR_ENDPOINTCONFIG_103"),
        ({**CAP, "methods": ["FLY"]}, "ERR_ENDPOINTCONFIG_103"),
        (without("services"), "ERR_ENDPOINTCONFIG_104"),
        ({**CAP, "services": {"action": {}}}, "ERR_ENDPOINTCONFIG_104"),
        (rated(maxCallsCount=0), "ERR_ENDPOINTCONFIG_107"),
        (rated(maxCallsCount="5"), "ERR_ENDPOINTCONFIG_107"),
        (rated(periodInMs=0), "ERR_ENDPOINTCONFIG_108"),
        ({**CAP, "services": {"mail": {}}}, "ERR_AUTHORING_ENDPOINTCONFIG_1"),
    ],
)
def test_a_cap_that_cannot_work_is_kept_and_not_deployed(api: TestClient, body: dict[str, Any], code: str) -> None:
    created = api.post(CAPS, json=body).json()
    assert created["canDeploy"]["validationStatus"] == "error"
    assert [error["errorCode"] for error in created["canDeploy"]["errors"]] == [code]
    url = f"{CAPS}/{created['uid']}"
    told = {"canDeploy": created["canDeploy"]}
    assert api.get(f"{url}/canDeploy").json() == api.post(f"{url}/canDeploy").json() == told
    assert refusal(api.post(f"{url}/deploy")) == (400, 1453)


def test_a_payload_that_is_none_is_refused(api: TestClient) -> None:
    assert refusal(api.post(CAPS, json={**CAP, "speed": 1})) == (400, "ERR_ENDPOINTCONFIG_111")
    assert refusal(api.post(CAPS, json={**CAP, "orgId": "OTHER@AdobeOrg"})) == (400, "ERR_ENDPOINTCONFIG_111")
    assert refusal(api.post(CAPS, content=b"{")) == (400, "ERR_ENDPOINTCONFIG_112")
    assert refusal(api.post(THROTTLES, json={**THROTTLE, "speed": 1})) == (400, "ERR_THROTTLING_CONFIG_106")
    assert refusal(api.get(f"{CAPS}/none")) == (404, 1450)
    assert refusal(api.get(f"{THROTTLES}/none")) == (404, 14467)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"urlPattern": None}, "ERR_THROTTLING_CONFIG_100"),
        ({"methods": None}, "ERR_THROTTLING_CONFIG_100"),
        ({"maxThroughput": None}, "ERR_THROTTLING_CONFIG_101"),
        ({"maxThroughput": 199}, "ERR_THROTTLING_CONFIG_101"),
        ({"maxThroughput": 5001}, "ERR_THROTTLING_CONFIG_101"),
        ({"urlPattern": "x"}, "ERR_THROTTLING_CONFIG_104"),
        ({"urlPattern": "https://*/x"}, "ERR_THROTTLING_CONFIG_105"),
        ({"methods": []}, "ERR_THROTTLING_CONFIG_106"),
        ({"ramp": {"startThroughput": 4001, "durationInMs": 1000}}, "ERR_THROTTLING_CONFIG_106"),
    ],
)
def test_a_throttle_that_cannot_work_is_kept_and_not_deployed(
    api: TestClient, changes: dict[str, Any], code: str
) -> None:
    created = api.post(THROTTLES, json={**THROTTLE, **changes}).json()
    assert [error["errorCode"] for error in created["canDeploy"]["errors"]] == [code]
    assert refusal(api.post(f"{THROTTLES}/{created['uid']}/deploy")) == (400, 1458)


def test_an_organisation_has_one_throttle_in_production(api: TestClient) -> None:
    created = api.post(THROTTLES, json=THROTTLE).json()
    uid = created["uid"]
    assert created["uri"] == f"/voyager/apis/throttlingConfigs/{uid}"
    element = created["createdElement"]
    assert (element["_id"], element["hasBeenDeployed"]) == (f"{uid}_{element['sandboxId']}", False)
    assert refusal(api.post(THROTTLES, json=THROTTLE)) == (400, 1465)
    dev = {"x-sandbox-name": "dev"}
    assert refusal(api.post(THROTTLES, json=THROTTLE, headers=dev)) == (400, 1463)
    assert refusal(api.get(f"{THROTTLES}/{uid}", headers=dev)) == (400, 1463)


def test_a_deployed_throttle_changes_at_once_and_ends_after_what_waits(api: TestClient, platform: Platform) -> None:
    uid = api.post(THROTTLES, json=THROTTLE).json()["uid"]
    assert api.post(f"{THROTTLES}/{uid}/deploy").status_code == 204
    read = api.get(f"{THROTTLES}/{uid}").json()["result"]
    assert (read["state"], read["version"], read["hasBeenDeployed"]) == ("deployed", "1.0", True)
    assert refusal(api.post(f"{THROTTLES}/{uid}/deploy")) == (400, 14466)
    changed = api.put(f"{THROTTLES}/{uid}", json={**THROTTLE, "maxThroughput": 300}).json()
    assert changed["updatedElement"]["state"] == "deployed"
    limits, caller = table(api, platform)
    dev = platform.access.admit({**dict(api.headers), "x-sandbox-name": "dev"})
    url = "https://api.example.org/data/2.5/x?y=1"
    for scope_id in (caller.scope_id, dev.scope_id):  # the whole organisation
        throttle = limits.find(scope_id, "action", "POST", url).throttle
        assert throttle is not None
        assert throttle.max_per_s == 300
    assert limits.find(caller.scope_id, "action", "GET", url).throttle is None
    assert limits.find(caller.scope_id, "dataSource", "POST", url).throttle is None
    assert refusal(api.put(f"{THROTTLES}/{uid}", json={**THROTTLE, "maxThroughput": 1})) == (400, 1462)
    assert api.post(f"{THROTTLES}/{uid}/undeploy").status_code == 204
    assert refusal(api.post(f"{THROTTLES}/{uid}/undeploy")) == (400, 14468)
    read = api.get(f"{THROTTLES}/{uid}").json()["result"]
    assert (read["state"], read["hasBeenDeployed"]) == ("updated", False)
    assert api.delete(f"{THROTTLES}/{uid}").status_code == 200
    left = table(api, platform)[0].find(caller.scope_id, "action", "POST", url).throttle
    assert left is not None
    assert left.undeployed_us is not None
    ended_us = left.undeployed_us
    assert left.holds_for(ended_us - 1, ended_us + 1)
    assert not left.holds_for(ended_us + 1, ended_us + 2)
    assert not left.holds_for(ended_us - 1, ended_us + OUTLIVES_US)


def test_deployments_stand_in_the_audit_log(api: TestClient) -> None:
    uid = api.post(CAPS, json=CAP).json()["uid"]
    api.post(f"{CAPS}/{uid}/deploy")
    api.put(f"{CAPS}/{uid}", json=CAP)
    api.post(f"{CAPS}/{uid}/deploy")
    api.post(f"{CAPS}/{uid}/undeploy")
    found = api.get("/data/foundation/audit/events", params={"property": "assetType==Endpoint capping"})
    events = found.json()["_embedded"]["customerAuditLogList"]
    assert sorted(event["action"] for event in events) == ["Create", "Deploy", "Deploy", "Undeploy", "Update"]


def test_a_warm_up_grows_from_its_first_rate_to_the_last(api: TestClient, platform: Platform) -> None:
    ramp = {"startThroughput": 100, "durationInMs": 10_000}
    uid = api.post(THROTTLES, json={**THROTTLE, "ramp": ramp}).json()["uid"]
    api.post(f"{THROTTLES}/{uid}/deploy")
    throttle = table(api, platform)[0].throttles[0]
    began = throttle.ramp_began_us
    assert [throttle.rate(began + at) for at in (-5, 0, 5_000_000, 10_000_000, 99_000_000)] == [
        100, 100, 2_050, 4_000, 4_000,
    ]  # fmt: skip
    api.put(f"{THROTTLES}/{uid}", json={**THROTTLE, "maxThroughput": 5000, "ramp": ramp})
    assert table(api, platform)[0].throttles[0].ramp_began_us == began


def test_the_state_of_what_no_worker_saw_is_that_it_is_deployed(api: TestClient) -> None:
    uid = api.post(CAPS, json=CAP).json()["uid"]
    assert api.get(f"{CAPS}/{uid}/state").json() == {"uid": uid, "isDeployed": False}
