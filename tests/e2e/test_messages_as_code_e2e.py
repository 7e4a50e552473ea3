"""A journey that sends an e-mail, carried from one real server to another, where the message lands in the inbox."""

from collections.abc import Iterator
from pathlib import Path

import demo
import pytest
from asking import query
from definitions import JOURNEYS
from journey_tools import publish
from running import RunningServer, wait_for
from shop import Shop

TEMPLATES = f"{JOURNEYS}/messageTemplates"


@pytest.fixture(scope="module")
def first(server: RunningServer) -> Shop:
    return Shop(server)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[RunningServer]:
    """A second server."""
    running = RunningServer(tmp_path / "other").start()
    yield running
    assert running.stop() == 0


def test_a_journey_with_an_email_runs_on_the_server_it_was_carried_to(
    server: RunningServer, first: Shop, other: RunningServer, tmp_path: Path
) -> None:
    second = Shop(other)  # with the demo's schemas, flows and event: addresses to send to
    content = {"subject": "Order {{ event.commerce.order.priceTotal }}", "text": "Thank you."}
    uid = first.platform.post(TEMPLATES, {"name": "Thanks", "channel": "email", "content": content})["uid"]
    first.platform.post(f"{TEMPLATES}/{uid}/publish")
    mail = {
        "name": "Shop mail",
        "channel": "email",
        "sender": {"address": "shop@example.com"},
        "feedbackSecret": "s3cret",
    }
    configuration = first.platform.post(f"{JOURNEYS}/channelConfigurations", mail)["uid"]
    node = {"type": "message", "channel": "email", "templateUid": uid, "configurationUid": configuration}
    publish(
        first.platform,
        "Thank by mail",
        {"mail": node, "after": {"type": "end"}},
        [("order", "mail"), ("mail", "after")],
    )
    folder = tmp_path / "code"
    names = [word for name in ("Thank by mail", "Thanks", "Shop mail") for word in ("--name", name)]
    assert server.command("export", str(folder), *names).returncode == 0  # the event is there, with an id of its own
    secrets = tmp_path / "secrets.env"
    secrets.write_text("SHOP_MAIL_FEEDBACK_SECRET=another\nSEND_MESSAGE_PASSWORD=x\n")
    assert "s3cret" not in "".join(path.read_text() for path in folder.rglob("*.yaml"))
    refused = other.command("apply", str(folder), "--yes", "--publish")
    assert refused.returncode == 1
    assert "SHOP_MAIL_FEEDBACK_SECRET (channel-configurations/shop-mail.yaml)" in refused.stderr
    applied = other.command("apply", str(folder), "--yes", "--publish", "--secrets", str(secrets))
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert "created message template 'Thanks'" in applied.stdout
    assert "another" not in applied.stdout + applied.stderr
    again = other.command("plan", str(folder), "--publish", "--detailed-exitcode")
    assert (again.returncode, again.stdout) == (0, "No changes.\n")

    email = demo.email(930_001)
    second.send(second.order(930_001, "as-code-1", total=12.5))
    path = query(f"{JOURNEYS}/inbox", address=email)
    wait_for(lambda: second.platform.get(path)["results"], what="the e-mail on the second server")
    (kept,) = second.platform.get(path)["results"]
    assert kept["title"] == "Order 12.5"


def test_an_export_over_http_takes_the_template_along(first: Shop, other: RunningServer) -> None:
    second = other.platform()
    body = {
        "name": "Taken along", "channel": "email",
        "content": {"subject": "{{ context.journey.events.OrderPlaced.commerce.order.priceTotal }}", "text": "t"},
    }  # fmt: skip
    uid = first.platform.post(TEMPLATES, body)["uid"]
    first.platform.post(f"{TEMPLATES}/{uid}/publish")
    node = {"type": "message", "channel": "email", "templateUid": uid}
    nodes = {"mail": node, "after": {"type": "end"}}
    version = publish(first.platform, "Carried over HTTP", nodes, [("order", "mail"), ("mail", "after")])
    exported = first.platform.get(f"{JOURNEYS}/journeyVersions/{version}/export")
    (template,) = exported["dependencies"]["messageTemplates"]
    assert (template["uid"], template["name"]) == (uid, "Taken along")
    made = second.post(f"{JOURNEYS}/journeyVersions/import", exported)
    (created,) = made["created"]["messageTemplates"]
    (event,) = made["created"]["events"]
    assert made["valid"], made["errors"]
    there = second.get(f"{TEMPLATES}/{created['uid']}")
    assert there["state"] == "published"
    assert f"context.journey.events.{event['name']}.commerce" in there["content"]["subject"]
    document = second.get(f"{JOURNEYS}/journeyVersions/{made['journey']['versionUid']}")["document"]
    assert document["nodes"]["mail"]["templateUid"] == created["uid"]
