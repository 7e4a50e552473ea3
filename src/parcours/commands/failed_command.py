"""`parcours failed`."""

from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from parcours.commands.client import Client
from parcours.dataflow.api import BASE
from parcours.kit.clock import to_datetime


def list_records(data_dir: Path, sandbox: str, flow: str | None, limit: int, *, as_json: bool) -> None:
    """A table of failed records, oldest first."""
    items = Client(data_dir, sandbox).get(BASE, flowId=flow, limit=limit)["items"]
    console = Console()
    if as_json:
        console.print_json(orjson.dumps(items).decode())
        return
    if not items:
        console.print("No failed records.")
        return
    table = Table(title=f"{len(items)} failed record{'s' if len(items) > 1 else ''}", title_justify="left")
    for column in ("id", "received (UTC)", "flow", "code", "reason", "tries"):
        table.add_column(column, overflow="fold", no_wrap=column in ("id", "code"))
    for item in items:
        first = item["errors"][0] if item["errors"] else {}
        where = first.get("pointerToViolation", "")
        table.add_row(
            str(item["id"]),
            to_datetime(item["receivedTimeMs"] * 1000).strftime("%Y-%m-%d %H:%M:%S"),
            item["flowId"] or item["datasetId"],
            item["code"],
            f"{where}: {first.get('message', '')}" if where else first.get("message", ""),
            str(item["attempts"]) + (" (retrying)" if item["state"] == "retrying" else ""),
        )
    console.print(table)
    console.print("`parcours failed show ID` shows one whole; `parcours failed retry ID` tries it again.")


def show_record(data_dir: Path, sandbox: str, record_id: int) -> None:
    """One record as JSON."""
    Console().print_json(orjson.dumps(Client(data_dir, sandbox).get(f"{BASE}/{record_id}")).decode())


def retry_records(data_dir: Path, sandbox: str, record_ids: list[int], *, every: bool) -> None:
    """Ask for another try of each."""
    client = Client(data_dir, sandbox)
    if every:
        start = 0
        while start is not None:
            page = client.get(BASE, start=start, limit=1000)
            record_ids = [*record_ids, *(item["id"] for item in page["items"])]
            start = page["_page"]["next"]
    for record_id in record_ids:
        client.post(f"{BASE}/{record_id}/retry")
    Console().print(f"{len(record_ids)} record{'' if len(record_ids) == 1 else 's'} sent through again.")
