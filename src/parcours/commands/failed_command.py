"""`parcours failed`."""

from pathlib import Path
from typing import Any

from rich.table import Table

from parcours.commands.client import CallRefused, Client
from parcours.dataflow.api import BASE
from parcours.kit.clock import to_datetime
from parcours.kit.errors import ParcoursError
from parcours.kit.terminal import open_console, plain, print_json

FOUNDATION = "/data/foundation"
_WIDE = 120
"""Columns from which ids and times are shown whole; with fewer, the reason gets the room."""


class RetryIncomplete(ParcoursError):
    """Some of the records could not be sent through again."""


def list_records(data_dir: Path, sandbox: str, flow: str | None, limit: int, *, as_json: bool) -> None:
    """A table of failed records, oldest first."""
    client = Client(data_dir, sandbox)
    found = client.get(BASE, flowId=flow, limit=limit)
    items = found["items"]
    console = open_console()
    if as_json:
        print_json(console, items)
        return
    if not items:
        console.print("No failed records.")
        return
    console.print(render(items, console.width, is_cut=found["_page"]["next"] is not None))
    for line in mappings_behind(client, list(dict.fromkeys(item["flowId"] for item in items if item["flowId"]))[:10]):
        console.print(plain(line))
    console.print("`parcours failed show ID` shows one whole; `parcours failed retry ID` tries it again.")


def render(items: list[dict[str, Any]], width: int, *, is_cut: bool = False) -> Table:
    """Failed records as a table for a terminal of so many columns. is_cut: there are more."""
    is_wide = width >= _WIDE
    title = f"{len(items)} failed record{'s' if len(items) > 1 else ''}"
    table = Table(title=f"The oldest {title}; there are more (--limit)" if is_cut else title, title_justify="left")
    for column in ("id", "received (UTC)" if is_wide else "received", "flow", "code"):
        table.add_column(column, no_wrap=True)
    table.add_column("reason", overflow="fold", ratio=1)
    table.add_column("tries", no_wrap=True)
    for item in items:
        first = item["errors"][0] if item["errors"] else {}
        where = first.get("pointerToViolation", "")
        flow = item["flowId"] or item["datasetId"]
        cells = (
            item["id"],
            to_datetime(item["receivedTimeMs"] * 1000).strftime("%Y-%m-%d %H:%M:%S" if is_wide else "%m-%d %H:%M"),
            flow if is_wide or len(flow) <= 9 else f"{flow[:8]}…",
            item["code"],
            f"{where}: {first.get('message', '')}" if where else first.get("message", ""),
            str(item["attempts"]) + (" (retrying)" if item["state"] == "retrying" else ""),
        )
        table.add_row(*map(plain, cells))
    return table


def mappings_behind(client: Client, flows: list[str]) -> list[str]:
    """A line for each flow that stays with an older version of its mapping set: mending that alone changes nothing."""
    lines: list[str] = []
    for flow in flows:
        try:
            (found,) = client.get(f"{FOUNDATION}/flowservice/flows/{flow}")["items"]
            for transformation in found.get("transformations", ()):
                params = transformation["params"]
                used = int(params.get("mappingVersion", 0))
                latest = client.get(f"{FOUNDATION}/mappingSets/{params['mappingId']}")["version"]
                if used < latest:
                    lines.append(f"Flow {flow} uses version {used} of its mapping set; the latest is {latest}.")
        except CallRefused:
            continue  # the flow or its mapping set is gone
    return lines


def show_record(data_dir: Path, sandbox: str, record_id: int) -> None:
    """One record as JSON."""
    print_json(open_console(), Client(data_dir, sandbox).get(f"{BASE}/{record_id}"))


def retry_records(data_dir: Path, sandbox: str, record_ids: list[int], *, every: bool, flow: str | None = None) -> None:
    """Ask for another try of each. Raises RetryIncomplete, after all of them, when some were refused.

    every: those listed, of `flow` where it is named, instead of `record_ids`.
    """
    client = Client(data_dir, sandbox)
    if every:
        start = 0
        while start is not None:
            page = client.get(BASE, flowId=flow, start=start, limit=1000)
            record_ids = [*record_ids, *(item["id"] for item in page["items"])]
            start = page["_page"]["next"]
    refused: list[str] = []
    for record_id in dict.fromkeys(record_ids):
        try:
            client.post(f"{BASE}/{record_id}/retry")
        except CallRefused as error:
            refused.append(f"{record_id}: {error}")
    sent = len(dict.fromkeys(record_ids)) - len(refused)
    open_console().print(f"{sent} record{'' if sent == 1 else 's'} sent through again.")
    if refused:
        raise RetryIncomplete("\n".join([f"{len(refused)} refused", *refused]))
