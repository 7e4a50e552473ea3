"""`parcours inbox`."""

import sys
from pathlib import Path
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from parcours.commands.client import Client
from parcours.kit.terminal import open_console, plain, print_json

_INBOX = "/journey/orchestration/inbox"


def run(
    data_dir: Path,
    sandbox: str,
    message: str | None,
    filters: dict[str, str],
    limit: int,
    *,
    source: bool,
    as_json: bool,
) -> None:
    """List what the inbox keeps, the latest first, or show one message."""
    client = Client(data_dir, sandbox)
    console = open_console()
    if message is not None:
        found = client.get(f"{_INBOX}/{message}")
    else:
        found = client.get(_INBOX, pageSize=limit, **filters)
    if source and message is not None:
        sys.stdout.write((found["source"] or "").replace("\r\n", "\n"))
    elif as_json:
        print_json(console, found)
    else:
        console.print(show(found) if message is not None else table(found["results"]))


def table(messages: list[dict[str, Any]]) -> Table | Text:
    """One line for each message."""
    if not messages:
        return Text("The inbox is empty.")
    shown = Table(box=None, pad_edge=False)
    for name in ("id", "at", "channel", "to", "message", "template"):
        shown.add_column(name)
    for one in messages:
        values = (str(one["id"]), one["at"], one["channel"], one["address"], one["title"], one["templateName"])
        shown.add_row(*(plain(value) for value in values))
    return shown


def show(message: dict[str, Any]) -> Group:
    """One message as a person reads it."""
    content = message["content"]
    lines = [f"to       {message['address']}", f"channel  {message['channel']}", f"at       {message['at']}"]
    lines += [f"{one['name']}: {one['value']}" for one in message["headers"] if one["name"] in ("From", "Subject")]
    body = content.get("text") or content.get("body") or content.get("html") or ""
    title = content.get("title")
    return Group(*(plain(line) for line in lines), Text(), *([plain(title)] if title else []), plain(body))
