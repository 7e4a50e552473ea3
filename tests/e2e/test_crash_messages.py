"""kill -9 while messages go out: everybody gets theirs, and each is one message, however often it was tried."""

import random
import time
from collections import Counter, defaultdict
from pathlib import Path

import demo
from asking import query
from definitions import JOURNEYS
from journey_tools import publish
from running import RunningServer, wait_for
from shop import VERSIONS, Shop
from test_channels import message, template

KILLS = 6
CUSTOMERS = 600
FIRST = 940_000


def test_messages_that_servers_died_over_are_sent_and_counted_once(tmp_path: Path) -> None:
    chance = random.Random(20_261_129)
    server = RunningServer(tmp_path / "data", PARCOURS_DELIVERY_CONCURRENCY="8").start()
    try:
        shop = Shop(server)
        uid = template(shop, "Through crashes")
        nodes = {"mail": message(uid), "after": {"type": "end"}}
        version = publish(shop.platform, "Mail through crashes", nodes, [("order", "mail"), ("mail", "after")])
        shop.send(*(shop.order(number, f"crash-{number}") for number in range(FIRST, FIRST + CUSTOMERS)))

        def ended() -> int:
            status: dict[str, int] = shop.platform.get(f"{VERSIONS}/{version}/counts")["status"]
            return status.get("ended", 0)

        among = 0
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.1, 0.3))
            among += ended() < CUSTOMERS
            server.kill()
            server.start()
        shop.platform.sign_in()
        wait_for(lambda: ended() == CUSTOMERS, 120, what="the end of every journey")
        assert among >= 1
        kept: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for number in range(FIRST, FIRST + CUSTOMERS):
            found = shop.platform.get(query(f"{JOURNEYS}/inbox", address=demo.email(number)))["results"]
            kept[demo.email(number)].update(one["messageId"] for one in found)
        assert {sum(of_one.values()) for of_one in kept.values()} == {1}
        report = shop.platform.get(f"{VERSIONS}/{version}/messages/report")["nodes"]["mail"]
        assert report["sent"]["messages"] == CUSTOMERS
        assert server.stop() == 0
    finally:
        server.kill()
