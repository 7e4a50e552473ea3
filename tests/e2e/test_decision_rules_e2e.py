"""Decision rules on the real server: a live journey follows a changed one, and after a kill still does."""

from pathlib import Path
from typing import Any

import demo
import pytest
from asking import ask
from definitions import JOURNEYS
from journey_tools import instances, publish, transitions
from running import RunningServer, wait_for
from shop import Shop

RULES = f"{JOURNEYS}/decisionRules"
END = {"type": "end"}


@pytest.fixture
def shop(tmp_path: Path) -> Any:
    server = RunningServer(tmp_path / "data").start()
    yield Shop(server)
    server.stop()


def test_a_live_journey_follows_a_changed_rule_over_the_whole_way(shop: Shop) -> None:
    shop.audience("Regulars", demo.email(1))
    rule = shop.platform.post(RULES, {"name": "Whom we know", "expression": "inAudience('Regulars')"})
    version = publish(
        shop.platform,
        "By rule",
        {
            "o": {"type": "optimize", "optimizeType": "targeting", "paths": [{"id": "a", "rule": rule["uid"]}]},
            "x": END,
            "z": END,
        },
        [("order", "o"), ("o", "x", "path", "a"), ("o", "z", "other")],
    )

    def way(number: int, event_id: str, count: int = 1) -> tuple[str, dict[str, Any]]:
        """Where the customer's latest order led, and what the trace says of the first path."""
        shop.send(shop.order(number, event_id))
        key = demo.email(number)
        wait_for(lambda: len(instances(shop.platform, version, key)) == count, what=f"entrance {count} of {key}")
        latest = instances(shop.platform, version, key)[-1]
        step = next(one for one in latest["steps"] if one["nodeId"] == "o")
        return transitions(latest)[-1], step["detail"]["paths"][0]

    told = {"id": "a", "rule": "Whom we know", "references": {"inAudience('Regulars')": True}, "result": True}
    assert way(1, "known-1") == ("o:path:a", told)
    assert way(2, "other-1")[0] == "o:other"

    url = f"{shop.server.url}{RULES}/{rule['uid']}"
    changed = {**rule, "name": "Whom we don't", "expression": "not(inAudience('Regulars'))"}
    assert ask("PUT", url, changed, shop.platform.headers).status == 200
    assert way(1, "known-2", 2)[0] == "o:other"
    way_out, told = way(2, "other-2", 2)
    assert (way_out, told["rule"], told["result"]) == ("o:path:a", "Whom we don't", True)
    shop.server.kill()
    shop.server.start()
    assert way(1, "known-3", 3)[0] == "o:other"

    refused = ask("DELETE", url, headers=shop.platform.headers)
    assert refused.status == 409
    assert "By rule" in refused.body["detail"]
