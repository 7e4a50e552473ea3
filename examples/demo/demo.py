"""From nothing to sent messages, through the public HTTP API only.

Starts a server and a small receiver, defines schemas, data sets, inlets, flows, an event, an action and a journey,
streams a few hundred records, and tells what happened. `--exit` stops at the end, with status 0 only if every count is
what it must be.
"""

import argparse
import concurrent.futures
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from definitions import XDM_FULL, Defined, define
from platform_client import Platform, Refused, call
from receiver import Receiver
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

CUSTOMERS = 300
BATCH = 50
SINGLES = 60
"""Orders posted one by one; the others go in batches."""
WAIT_S = 2.0
BUY_EVERY_S = 3.0
DEMO_EMAIL = "demo@example.com"
console = Console(highlight=False)


def say(text: str) -> None:
    """Print what came from a server as it is: no markup, no control characters."""
    shown = "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)
    console.print(shown, markup=False, emoji=False, soft_wrap=True)


@dataclass
class Sent:
    """What was posted, and what must come of it."""

    profiles: int = 0
    orders: dict[str, tuple[float, str]] = field(default_factory=dict)
    """Customer → (when the order was acknowledged, template that must be sent)."""
    accepted: Counter[str] = field(default_factory=Counter)
    must_fail: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


def email(number: int) -> str:
    return f"customer{number:03}@example.com"


def tier(number: int) -> str:
    return "gold" if number % 3 == 0 else "silver"


def total(number: int) -> float:
    return 900.0 if number % 20 == 1 else 40.0 + number / 10


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exit", action="store_true", help="stop at the end; status 0 only if every count is right")
    parser.add_argument("--port", type=int, default=8080, help="port of the server, or the next free one [8080]")
    options = parser.parse_args()
    data_dir = Path(tempfile.mkdtemp(prefix="parcours-demo-"))
    for ending in (signal.SIGTERM, signal.SIGINT):  # a shell lets what it starts behind it ignore the latter
        signal.signal(ending, signal.default_int_handler)  # whoever ends the demo ends its server, too
    receiver = Receiver()
    port = free_port(options.port)
    server = start_server(data_dir, port)
    try:
        platform = Platform(f"http://127.0.0.1:{port}", wait_for_credentials(data_dir, server))
        wait_until_ready(platform, server)
        platform.sign_in()
        console.rule("[bold]1  Define")
        defined = define(platform, receiver.url, say)
        console.rule("[bold]2  Stream")
        sent = stream(platform, defined)
        console.rule("[bold]3  What happened")
        wrong = tell(platform, defined, sent, receiver, data_dir)
        if options.exit:
            for line in wrong:
                say(f"wrong: {line}")
            console.print(
                "[green]Every count is what it must be.[/]" if not wrong else f"{len(wrong)} counts are wrong."
            )
            return 1 if wrong else 0
        invite(platform, defined, data_dir)
        keep_buying(platform, defined, server)
        return 0
    except KeyboardInterrupt:
        return 0
    except Refused as refused:
        say(str(refused))
        return 1
    finally:
        stop_server(server)
        shutil.rmtree(data_dir, ignore_errors=True)


# --- the server -------------------------------------------------------------------------------------------------------


def free_port(wanted: int) -> int:
    """The wanted port, or the next one nobody listens on."""
    for port in range(wanted, wanted + 50):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise SystemExit(f"no free port between {wanted} and {wanted + 50}")


def start_server(data_dir: Path, port: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "parcours", "serve", "--data-dir", str(data_dir), "--port", str(port)]
    # The receiver stands on loopback, which user-set URLs may not reach unless the operator says so.
    environment = {**os.environ, "PARCOURS_ALLOW_PRIVATE_NETWORKS": "true", "PARCOURS_LOG_LEVEL": "warning"}
    say(f"starting      parcours serve --data-dir {data_dir} --port {port}")
    return subprocess.Popen(command, env=environment)


def wait_for_credentials(data_dir: Path, server: "subprocess.Popen[bytes]") -> dict[str, str]:
    path = data_dir / "credentials.json"
    until = time.monotonic() + 60
    while not path.exists() or not path.stat().st_size:
        if server.poll() is not None or time.monotonic() > until:
            raise SystemExit("the server did not start; its messages are above")
        time.sleep(0.02)
    found: dict[str, str] = json.loads(path.read_text())
    return found


def wait_until_ready(platform: Platform, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < until:
        try:
            call("GET", platform.url + "/health/ready")
        except (OSError, Refused):
            time.sleep(0.02)
        else:
            return
    raise SystemExit("the server did not become ready; its messages are above")


def stop_server(server: "subprocess.Popen[bytes]") -> None:
    if server.poll() is None:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=60)


# --- the stream -------------------------------------------------------------------------------------------------------


def stream(platform: Platform, defined: Defined) -> Sent:
    sent = Sent()
    started = time.monotonic()
    with Progress(console=console, transient=False) as progress:
        members = progress.add_task("loyalty members, raw", total=CUSTOMERS)
        bearer = {"Authorization": platform.headers["Authorization"]}
        for first in range(0, CUSTOMERS, BATCH):
            messages: list[Any] = [raw_member(number) for number in range(first, first + BATCH)]
            if first == 0:
                messages.append({**raw_member(CUSTOMERS), "contact": {}})  # names nobody: the schema requires it
                sent.must_fail[defined.raw_flow] += 1
            post_batch(defined.raw_inlet, defined.raw_flow, messages, bearer)
            sent.accepted[defined.raw_flow] += len(messages)
            sent.profiles += BATCH
            progress.update(members, advance=BATCH)
        call("POST", defined.xdm_inlet, xdm_member(platform, defined), {"x-adobe-flow-id": defined.xdm_flow})
        sent.accepted[defined.xdm_flow] += 1
        orders = progress.add_task("orders, XDM", total=CUSTOMERS)
        for number in range(SINGLES):
            call("POST", defined.event_inlet, order(platform, defined, number))
            note_order(sent, defined, number)
            progress.update(orders, advance=1)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            batches = [range(f, min(f + BATCH, CUSTOMERS)) for f in range(SINGLES, CUSTOMERS, BATCH)]
            jobs = {
                pool.submit(
                    post_batch, defined.event_inlet, None, [order(platform, defined, n) for n in numbers], {}
                ): numbers
                for numbers in batches
            }
            for job in concurrent.futures.as_completed(jobs):
                job.result()
                for number in jobs[job]:
                    note_order(sent, defined, number)
                progress.update(orders, advance=len(jobs[job]))
        broken = order(platform, defined, CUSTOMERS)
        broken["body"]["xdmEntity"]["commerce"]["order"]["priceTotal"] = "much"
        call("POST", defined.event_inlet, broken)
        sent.accepted[defined.event_flow] += 1
        sent.must_fail[defined.event_flow] += 1
    sent.seconds = time.monotonic() - started
    return sent


def note_order(sent: Sent, defined: Defined, number: int) -> None:
    template = "vip" if tier(number) == "gold" or total(number) > 500 else "standard"
    sent.orders[email(number)] = (time.time(), template)
    sent.accepted[defined.event_flow] += 1


def post_batch(inlet_url: str, flow: str | None, messages: list[Any], headers: dict[str, str]) -> None:
    url = inlet_url.replace("/collection/", "/collection/batch/")
    named = {"x-adobe-flow-id": flow} if flow else {}
    answer = call("POST", url, {"messages": messages}, {**headers, **named})
    refused = [r for r in answer["responses"] if "statusCode" in r]
    if refused:
        raise SystemExit(f"messages of a batch were refused: {refused[:3]}")


def raw_member(number: int) -> dict[str, Any]:
    return {
        "firstName": f"First{number}",
        "lastName": f"Last{number}",
        "contact": {"email": email(number)},
        "tier": tier(number),
        "points": number * 100,
    }


def xdm_member(platform: Platform, defined: Defined) -> dict[str, Any]:
    """The tutorial's own record, for the inlet without a mapping."""
    reference = {"id": defined.profile_schema, "contentType": "application/vnd.adobe.xed-full-notext+json; version=1.0"}
    return {
        "header": {"schemaRef": reference, "flowId": defined.xdm_flow, "datasetId": defined.profile_dataset},
        "body": {
            "xdmMeta": {"schemaRef": reference},
            "xdmEntity": {
                "_id": "http-source-connector-acme-01",
                "person": {"name": {"firstName": "suman", "lastName": "nolan"}},
                "workEmail": {"primary": True, "address": "suman@acme.com", "type": "work", "status": "active"},
            },
        },
    }


def order(platform: Platform, defined: Defined, number: int) -> dict[str, Any]:
    """An order in the form of the event's payload preview."""
    reference = {"id": defined.event_schema, "contentType": XDM_FULL}
    now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    return {
        "header": {
            "msgType": "xdmEntityCreate",
            "msgVersion": "1.0",
            "imsOrgId": platform.credentials["org_id"],
            "schemaRef": reference,
            "source": {"name": "Journeys"},
        },
        "body": {
            "xdmMeta": {"schemaRef": reference},
            "xdmEntity": {
                "_id": f"order-{number}",
                "timestamp": f"{now}.000Z",
                "eventType": "commerce.purchases",
                "commerce": {
                    "order": {"purchaseID": f"P{number}", "priceTotal": total(number), "currencyCode": "EUR"},
                    "purchases": {"value": 1},
                },
                f"_{defined.tenant}": {"person": {"firstName": f"First{number}", "emailAddress": email(number)}},
                "_experience": {"campaign": {"orchestration": {"eventID": defined.event_id}}},
            },
        },
    }


# --- what happened ----------------------------------------------------------------------------------------------------


def tell(platform: Platform, defined: Defined, sent: Sent, receiver: Receiver, data_dir: Path) -> list[str]:
    """Print what came of the stream; the counts that are not what they must be."""
    wrong: list[str] = []
    wait_for(lambda: len(receiver.by_key()) >= len(sent.orders), WAIT_S + 30)
    wait_for(lambda: counts_of(platform, defined)["status"].get("ended", 0) >= len(sent.orders), 10)
    wrong += tell_records(platform, defined, sent)
    wrong += tell_journey(platform, defined, sent, receiver)
    wrong += tell_failure(platform, sent)
    tell_latency(sent, receiver)
    console.print("\n[bold]One customer's trace[/] (`parcours trace`)")
    command = [sys.executable, "-m", "parcours", "trace", email(0), "--data-dir", str(data_dir)]
    wrong += [] if subprocess.run(command).returncode == 0 else ["parcours trace failed"]
    console.print("\n[bold]The data sets in SQL[/] (`parcours sql`)")
    question = 'SELECT count(*) AS orders, round(sum(commerce."order".priceTotal), 2) AS total FROM orders'
    command = [sys.executable, "-m", "parcours", "sql", question, "--data-dir", str(data_dir), "--format", "json"]
    answer = subprocess.run(command, capture_output=True, text=True)
    say(answer.stdout.strip() or answer.stderr.strip())
    try:
        landed = json.loads(answer.stdout)[0]["orders"]
    except (ValueError, LookupError, TypeError):
        landed = None
    if landed != len(sent.orders):
        wrong.append(f"{landed} orders in the data set, {len(sent.orders)} must be there")
    return wrong


def tell_records(platform: Platform, defined: Defined, sent: Sent) -> list[str]:
    wrong = []
    table = Table(title="Records", title_justify="left")
    for column in ("flow", "accepted", "landed", "failed", "pending"):
        table.add_column(column, justify="left" if column == "flow" else "right")
    for name, flow in (
        ("members, raw", defined.raw_flow), ("members, XDM", defined.xdm_flow), ("orders, XDM", defined.event_flow)
    ):  # fmt: skip
        query = urllib.parse.quote(f"flowId=={flow}")
        runs = platform.get(f"/data/foundation/flowservice/runs?property={query}")["items"]
        summaries = [run["metrics"]["recordSummary"] for run in runs]
        accepted = sum(s["inputRecordCount"] for s in summaries)
        landed = sum(s["outputRecordCount"] for s in summaries)
        failed = sum(s["failedRecordCount"] for s in summaries)
        table.add_row(name, str(accepted), str(landed), str(failed), str(accepted - landed - failed))
        must = (sent.accepted[flow], sent.accepted[flow] - sent.must_fail[flow], sent.must_fail[flow])
        if (accepted, landed, failed) != must:
            wrong.append(f"{name}: accepted, landed, failed are {(accepted, landed, failed)}, must be {must}")
    console.print(table)
    return wrong


def counts_of(platform: Platform, defined: Defined) -> dict[str, Any]:
    found: dict[str, Any] = platform.get(f"/journey/orchestration/journeyVersions/{defined.journey_version}/counts")
    return found


def tell_journey(platform: Platform, defined: Defined, sent: Sent, receiver: Receiver) -> list[str]:
    wrong = []
    counts = counts_of(platform, defined)
    must = Counter(template for _, template in sent.orders.values())
    got = Counter(message["template"] for _, _, message in receiver.messages)
    table = Table(title="Journey “Thank the customer”", title_justify="left")
    table.add_column("")
    table.add_column("customers", justify="right")
    table.add_row("entered", str(counts["entered"]))
    table.add_row("gold, or above 500 → vip message", str(got["vip"]))
    table.add_row("others → standard message", str(got["standard"]))
    table.add_row("ended", str(counts["status"].get("ended", 0)))
    console.print(table)
    if counts["entered"] != len(sent.orders) or counts["status"] != {"ended": len(sent.orders)}:
        wrong.append(f"journey counts are {counts}, {len(sent.orders)} must have entered and ended")
    if got != must:
        wrong.append(f"messages by path are {dict(got)}, must be {dict(must)}")
    keys = receiver.by_key()
    again = sum(keys.values()) - len(keys)
    console.print(f"{sum(keys.values())} messages arrived under {len(keys)} idempotency keys, {again} sent again\n")
    if len(keys) != len(sent.orders):
        wrong.append(f"{len(keys)} idempotency keys, must be {len(sent.orders)}")
    for _, _, message in receiver.messages:
        if sent.orders.get(message["to"], ("", ""))[1] != message["template"]:
            wrong.append(f"{message['to']} got the {message['template']} message")
    return wrong


def tell_latency(sent: Sent, receiver: Receiver) -> None:
    waits = sorted(
        (arrived - sent.orders[message["to"]][0] - WAIT_S) * 1000
        for arrived, _, message in receiver.messages
        if message["to"] in sent.orders
    )
    if waits:
        p99 = waits[min(len(waits) - 1, int(len(waits) * 0.99))]
        console.print(
            f"[bold]Latency[/] event acknowledged → message arrived, without the wait of {WAIT_S:.0f} s: "
            f"median {statistics.median(waits):.0f} ms, p99 {p99:.0f} ms",
            soft_wrap=True,
        )
    records = sum(sent.accepted.values())
    console.print(f"[bold]Stream[/]  {records} records in {sent.seconds:.1f} s")


def tell_failure(platform: Platform, sent: Sent) -> list[str]:
    failed = platform.get("/parcours/failedRecords")["items"]
    console.print("[bold]One failed record[/] (`parcours failed`)")
    for item in failed[-1:]:
        error = item["errors"][0]
        where = error.get("pointerToViolation", "")
        say(f"  {item['code']}  {where}: {error['message']}")
        say(f"  body kept: {json.dumps(item['body'])[:110]}…\n")
    must = sum(sent.must_fail.values())
    return [] if len(failed) == must else [f"{len(failed)} failed records are kept, must be {must}"]


def wait_for(condition: Any, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)


def invite(platform: Platform, defined: Defined, data_dir: Path) -> None:
    """Say what to open and try while the server stays up."""
    console.rule("[bold]4  Your turn")
    headers = " ".join(f"-H '{name}: {value}'" for name, value in platform.headers.items() if name != "x-sandbox-name")
    example = {**order(platform, defined, 7)}
    example["body"]["xdmEntity"]["_id"] = "order-by-hand"
    password = secrets.token_urlsafe(12)
    open_account(platform, password)
    where = f"{platform.url}/journeys/{defined.journey}/versions/{defined.journey_version}"
    console.print("The journey with its live counters, in a browser (a customer buys now and then):\n")
    console.print(f"    [bold]{where}[/]", soft_wrap=True)
    console.print(f"    sign in as [bold]{DEMO_EMAIL}[/] with the password [bold]{password}[/]\n")
    console.print(f"The server stays up until Ctrl-C. Its API is at {platform.url}/docs; or try:\n")
    for line in (
        f"curl -X POST {defined.event_inlet} -H 'Content-Type: application/json' -d '{json.dumps(example)}'",
        f"curl '{platform.url}/journey/orchestration/trace?identity={email(7)}&namespace=Email' {headers}",
        f"curl '{platform.url}/data/core/ups/access/entities?schema.name=_xdm.context.profile"
        f"&entityId={email(7)}&entityIdNS=Email' {headers}",
        f".venv/bin/parcours failed --data-dir {data_dir}",
        f".venv/bin/parcours sql 'SELECT * FROM orders LIMIT 3' --data-dir {data_dir}",
    ):
        say(line + "\n")


def open_account(platform: Platform, password: str) -> None:
    """An administrator for who looks at the demo; its password is of this run alone."""
    user = platform.post("/parcours/users", {"name": "Demo", "email": DEMO_EMAIL, "roles": ["administrators"]})
    token = user["invitationUrl"].partition("#")[2]
    platform.post("/parcours/join", {"token": token, "password": password})


def keep_buying(platform: Platform, defined: Defined, server: "subprocess.Popen[bytes]") -> None:
    """An order every few seconds until the server ends, so that there is something to watch."""
    number = CUSTOMERS + 1
    while server.poll() is None:
        time.sleep(BUY_EVERY_S)
        with contextlib.suppress(OSError, Refused):
            call("POST", defined.event_inlet, order(platform, defined, number))
        number += 1


if __name__ == "__main__":
    sys.exit(main())
