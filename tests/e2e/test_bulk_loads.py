"""Lists and lookup rows through the real command: sent, loaded beside the worker, and across a kill -9."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asking import ask, query
from definitions import FOUNDATION, HTTP_API
from platform_client import Platform
from running import RunningServer, wait_for

AUDIENCES = "/data/core/ups/audiences"
LOOKUPS = "/data/core/entity/lookup/dataSets"
COUNT = 30_000


def write_list(path: Path, people: range) -> Path:
    """A CSV of people in no order, with attributes."""
    mixed = sorted(people, key=lambda n: n * 7_919 % 100_003)
    rows = (f"Person {n},p{n:06}@example.com,{n % 3}\n" for n in mixed)
    path.write_text("name,email,tier\n" + "".join(rows))
    return path


def counts(platform: Platform, name: str) -> dict[str, int]:
    (found,) = platform.get(query(AUDIENCES, property=f"name=={name}"))["children"]
    by_status: dict[str, int] = found["metrics"]["totalProfilesByStatus"]
    return by_status


def pages(platform: Platform, audience_id: str, status: str) -> Iterator[dict[str, Any]]:
    """Every member, page by page."""
    href = f"@/audiences/{audience_id}/members?limit=1000&status={status}"
    while href:
        page = platform.get(href.replace("@/audiences", AUDIENCES))
        yield from page["children"]
        href = page["_links"]["next"]["href"]


def test_a_list_is_uploaded_replaced_and_listed_by_commands(server: RunningServer, tmp_path: Path) -> None:
    first = write_list(tmp_path / "first.csv", range(COUNT))
    done = server.command("audience", "upload", "Newsletter", str(first), "--namespace", "Email")
    assert done.returncode == 0, done.stderr
    assert f"{COUNT} entered, 0 exited, 0 unchanged" in done.stdout
    second = write_list(tmp_path / "second.csv", range(1_000, COUNT + 500))
    done = server.command("audience", "upload", "Newsletter", str(second), "--replace")
    assert f"500 entered, 1000 exited, {COUNT - 1_000} unchanged" in done.stdout
    assert counts(server.platform(), "Newsletter") == {"realized": COUNT - 500, "exited": 1_000}

    few = tmp_path / "few.jsonl"
    few.write_text('{"id":"p001000@example.com"}\n{"id":"anonymous"}\n')
    done = server.command("audience", "upload", "Newsletter", str(few), "--remove")
    assert (done.returncode, "line 2: the id names nobody" in done.stdout) == (0, True)
    assert "0 entered, 1 exited, 0 unchanged" in done.stdout
    listed = server.command("audience", "list")
    assert listed.returncode == 0
    assert f"{COUNT - 501}" in listed.stdout
    every = json.loads(server.command("audience", "list", "--json").stdout)
    (shown,) = [one for one in every if one["name"] == "Newsletter"]
    platform = server.platform()
    inside = list(pages(platform, shown["id"], "realized"))
    assert len(inside) == COUNT - 501
    assert inside[0]["identity"]["id"] == "p001001@example.com"
    assert inside[0]["attributes"] == {"name": "Person 1001", "tier": "2"}
    assert sum(1 for _ in pages(platform, shown["id"], "exited")) == 1_001


@pytest.mark.parametrize(
    ("name", "text", "options", "told"),
    [
        ("bad.csv", "email\nnull\nnone\na@example.com\n", (), "2 of 3 rows are bad"),
        ("broken.csv", 'email\n"a@example.com\n', (), "the list breaks"),
        ("column.csv", "a,b\n1,2\n", (), "which column holds the identity"),
        ("column.csv", "a,b\n1,2\n", ("--identity-column", "c"), "there is no column 'c'"),
        ("empty.csv", "", (), "empty"),
        ("list.xlsx", "x", (), "--format"),
        ("list.csv", "email\na@example.com\n", ("--namespace", "Nope"), "no identity namespace 'Nope'"),
    ],
)
def test_a_list_that_can_not_be_applied_ends_the_command_with_status_1(
    server: RunningServer, tmp_path: Path, name: str, text: str, options: tuple[str, ...], told: str
) -> None:
    (tmp_path / name).write_text(text)
    done = server.command("audience", "upload", f"Bad {name}", str(tmp_path / name), *options)
    assert done.returncode == 1
    assert told in done.stderr
    assert done.stderr.startswith("parcours: ")


def test_a_file_that_is_not_there_and_two_modes_at_once_are_told(server: RunningServer, tmp_path: Path) -> None:
    done = server.command("audience", "upload", "X", str(tmp_path / "gone.csv"))
    assert (done.returncode, "gone.csv: No such file" in done.stderr) == (1, True)
    done = server.command("audience", "upload", "X", str(tmp_path / "gone.csv"), "--add", "--remove")
    assert done.returncode == 2


def test_a_list_sent_with_plain_requests_is_applied_by_the_loader(server: RunningServer) -> None:
    platform = server.platform()
    made = platform.post(AUDIENCES, {"name": "By request", "identityNamespace": "ECID"})
    ecid = "2" * 38
    url = f"{server.url}{AUDIENCES}/{made['id']}/members?mode=add"
    answer = ask("POST", url, f"ecid\n{ecid}\n".encode(), {**platform.headers, "Content-Type": "text/csv"})
    assert (answer.status, answer.body["status"]) == (202, "QUEUED")
    place = answer.headers["location"]
    wait_for(lambda: platform.get(place)["status"] == "SUCCEEDED", what="the upload")
    asked = query(f"{AUDIENCES}/memberships", entityId=ecid, entityIdNS="ECID")
    assert platform.get(asked)["segmentMembership"]["ups"][made["id"]]["status"] == "realized"
    assert ask("DELETE", f"{server.url}{AUDIENCES}/{made['id']}", None, platform.headers).status == 204
    assert platform.get(asked)["segmentMembership"]["ups"] == {}


def test_after_a_kill_in_the_middle_of_a_list_the_rest_follows(tmp_path: Path) -> None:
    running = RunningServer(tmp_path / "data").start()
    first = write_list(tmp_path / "first.csv", range(COUNT))
    assert running.command("audience", "upload", "Crowd", str(first)).returncode == 0
    second = write_list(tmp_path / "second.csv", range(COUNT // 2, COUNT * 3 // 2))
    assert running.command("audience", "upload", "Crowd", str(second), "--no-wait").returncode == 0
    platform = running.platform()
    wait_for(lambda: counts(platform, "Crowd")["exited"] > 0, what="the first part")
    running.kill()
    running.start()
    platform = running.platform()
    (audience,) = platform.get(AUDIENCES)["children"]
    uploads = f"{AUDIENCES}/{audience['id']}/uploads?limit=1"
    wait_for(lambda: platform.get(uploads)["children"][0]["status"] == "SUCCEEDED", what="the rest of the list")
    (upload,) = platform.get(uploads)["children"]
    half = COUNT // 2
    metrics = upload["metrics"]
    assert (metrics["realized"], metrics["exited"], metrics["unchanged"]) == (half, half, half)
    assert counts(platform, "Crowd") == {"realized": COUNT, "exited": half}
    inside = [one["identity"]["id"] for one in pages(platform, audience["id"], "realized")]
    assert inside == [f"p{n:06}@example.com" for n in range(half, COUNT * 3 // 2)]
    assert running.stop() == 0


class Shop:
    """A data set of products whose primary identity is no person, and its inlet."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        tenant = platform.get(f"{FOUNDATION}/schemaregistry/stats")["tenantId"]
        self.field = f"_{tenant}"
        platform.post("/data/core/idnamespace/identities", {"name": "Sku", "code": "Sku", "idType": "NON_PEOPLE"})
        fields = {"sku": {"type": "string"}, "price": {"type": "number"}}
        made = platform.post(f"{FOUNDATION}/schemaregistry/tenant/classes", {
            "type": "object",
            "title": "Product",
            "allOf": [{"$ref": "https://ns.adobe.com/xdm/data/record"}, {"$ref": "#/definitions/product"}],
            "definitions": {"product": {"properties": {self.field: {"type": "object", "properties": fields}}}},
        })  # fmt: skip
        schema = platform.post(f"{FOUNDATION}/schemaregistry/tenant/schemas", {
            "type": "object", "title": "Products", "allOf": [{"$ref": made["$id"]}],
        })  # fmt: skip
        platform.post(f"{FOUNDATION}/schemaregistry/tenant/descriptors", {
            "@type": "xdm:descriptorIdentity",
            "xdm:sourceSchema": schema["$id"],
            "xdm:sourceVersion": 1,
            "xdm:sourceProperty": f"/{self.field}/sku",
            "xdm:namespace": "Sku",
            "xdm:property": "xdm:code",
            "xdm:isPrimary": True,
        })  # fmt: skip
        self.dataset_id = platform.post(
            f"{FOUNDATION}/catalog/dataSets", {"name": "Products", "schemaRef": {"id": schema["$id"]}}
        )[0].removeprefix("@/dataSets/")
        connection = platform.post(f"{FOUNDATION}/flowservice/connections", {
            "name": "Products",
            "connectionSpec": HTTP_API,
            "auth": {"specName": "Streaming Connection", "params": {"dataType": "xdm"}},
        })["id"]  # fmt: skip
        (item,) = platform.get(f"{FOUNDATION}/flowservice/connections/{connection}")["items"]
        self.inlet = item["auth"]["params"]["inletUrl"]
        self.schema_id = schema["$id"]

    def send(self, server: RunningServer, products: dict[str, float]) -> None:
        reference = {"id": self.schema_id, "contentType": "application/vnd.adobe.xed-full+json;version=1"}
        header = {"schemaRef": reference, "datasetId": self.dataset_id}
        messages = [
            {
                "header": header,
                "body": {"xdmMeta": {"schemaRef": reference},
                         "xdmEntity": {"_id": f"{sku}-{price}", self.field: {"sku": sku, "price": price}}},
            }
            for sku, price in products.items()
        ]  # fmt: skip
        inlet = self.inlet.rpartition("/")[2]
        answer = ask("POST", f"{server.url}/collection/batch/{inlet}", {"messages": messages})
        assert answer.status == 207, answer.body
        assert all("status" not in one for one in answer.body["responses"]), answer.body

    def prices(self, *skus: str) -> list[float]:
        path = "&".join(f"key={sku}" for sku in skus)
        found = self.platform.get(f"{LOOKUPS}/{self.dataset_id}/rows?{path}&fields={self.field}.price")
        return [row[self.field]["price"] for row in found["entities"]]


def test_rows_that_landed_before_and_after_enabling_are_looked_up(server: RunningServer) -> None:
    platform = server.platform()
    shop = Shop(platform)
    shop.send(server, {f"s{n}": float(n) for n in range(500)})
    wait_for(lambda: server.sql("SELECT count(*) AS n FROM products") == [{"n": 500}], what="the landing")
    told = platform.patch(f"{LOOKUPS}/{shop.dataset_id}/enable", None)
    assert (told["enabled"], told["key"]) == (True, f"{shop.field}.sku")
    shop.send(server, {"s1": 100.5, "new": 7.5})
    wait_for(lambda: shop.prices("new") == [7.5], what="the new row")
    wait_for(lambda: platform.get(f"{LOOKUPS}/{shop.dataset_id}")["state"] == "ready", what="the load")
    assert shop.prices("s499", "gone", "s1", "s0") == [499.0, 100.5, 0.0]
    assert platform.get(f"{LOOKUPS}/{shop.dataset_id}")["rows"] == 501
    assert platform.patch(f"{LOOKUPS}/{shop.dataset_id}/disable", None)["enabled"] is False
    refused = ask("GET", f"{server.url}{LOOKUPS}/{shop.dataset_id}/rows?key=s0", None, platform.headers)
    assert refused.status == 404
