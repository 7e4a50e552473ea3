"""Usage policies on the real server: a violation blocks publication, and who refuses is left out and goes on."""

from pathlib import Path
from typing import Any

import demo
import pytest
from asking import ask
from definitions import JOURNEYS
from journey_tools import instances, publish
from running import RunningServer, wait_for
from shop import VERSIONS, Shop
from test_channels import give_consents

DULE = "/data/foundation/dulepolicy"
LABEL = "xdm:descriptorLabel"


@pytest.fixture
def shop(tmp_path: Path) -> Any:
    server = RunningServer(tmp_path / "data").start()
    yield Shop(server)
    server.stop()


def call(shop: Shop, method: str, path: str, body: Any = None) -> Any:
    return ask(method, f"{shop.server.url}{path}", body, shop.platform.headers)


def test_a_labelled_field_is_kept_from_partners_and_a_policy_survives_a_kill(shop: Shop) -> None:
    call(shop, "PUT", f"{DULE}/marketingActions/custom/partnerOffers", {})
    made = shop.platform.post(
        f"{DULE}/policies/custom",
        {"name": "Ours alone", "status": "ENABLED", "marketingActionRefs": ["custom/partnerOffers"],
         "deny": {"label": "I1"}},
    )  # fmt: skip
    path = f"/_{shop.defined.tenant}/person/emailAddress"
    descriptor = {
        "@type": LABEL, "xdm:sourceSchema": shop.defined.event_schema, "xdm:sourceProperty": path,
        "xdm:labels": ["I1"],
    }  # fmt: skip
    shop.platform.post("/data/foundation/schemaregistry/tenant/descriptors", descriptor)
    shop.server.kill()
    shop.server.start()
    node = {**shop.message("offer"), "additionalMarketingAction": "partnerOffers"}
    document = {
        "name": "Offers", "entry": {"node": "order"},
        "nodes": {"order": {"type": "event", "eventUid": event_uid(shop)}, "m": node},
        "edges": [{"from": "order", "to": "m"}],
    }  # fmt: skip
    uid = shop.platform.post(f"{JOURNEYS}/journeys", document)["versionUid"]
    answer = call(shop, "POST", f"{VERSIONS}/{uid}/publish")
    assert answer.status == 400
    (fault,) = answer.body["report"]["sub-errors"]
    assert (fault["code"], fault["nodeId"], fault["path"]) == (
        "ERR_USAGE_POLICY", "m", "$.nodes.m.parameters[0].expression",
    )  # fmt: skip
    asked = shop.platform.get(f"{DULE}/marketingActions/custom/partnerOffers/constraints?duleLabels=I1,C2")
    assert [one["id"] for one in asked["violatedPolicies"]] == [made["id"]]
    status = [{"op": "replace", "path": "/status", "value": "DISABLED"}]
    assert call(shop, "PATCH", f"{DULE}/policies/custom/{made['id']}", status).status == 200
    assert call(shop, "POST", f"{VERSIONS}/{uid}/publish").status == 200


def event_uid(shop: Shop) -> str:
    events = shop.platform.get(f"{JOURNEYS}/events")["results"]
    return next(str(one["uid"]) for one in events if one["name"] == "OrderPlaced")


def test_who_refuses_marketing_is_left_out_for_an_additional_marketing_action_and_goes_on(shop: Shop) -> None:
    action = shop.platform.get(f"{JOURNEYS}/actions/{shop.action_uid}")
    channel = {"channel": "Email"}
    assert call(shop, "PUT", f"{JOURNEYS}/actions/{shop.action_uid}", {**action, "marketing": channel}).status == 200
    node = {**shop.message("offer"), "additionalMarketingAction": "emailTargeting"}
    version = publish(shop.platform, "Offers", {"m": node, "e": {"type": "end"}}, [("order", "m"), ("m", "e")])
    give_consents(shop, demo.email(1), {"email": {"val": "n"}})
    shop.send(shop.order(1, "refused"), shop.order(2, "willing"))
    wait_for(lambda: len(shop.sent("offer")) == 1, what="the message to who is willing")

    def left() -> Any:
        found = instances(shop.platform, version, demo.email(1))
        return found and found[0]["status"] == "ended" and found[0]

    wait_for(left, what="the end of who refuses")
    step = next(one for one in left()["steps"] if one["nodeId"] == "m")
    assert step["detail"]["statusCode"] == "excluded"
    assert "noConsent" in step["detail"]["reason"]
    assert len(shop.sent("offer")) == 1
