"""`parcours audit`."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.table import Table

from parcours.access.audit_api import PATH
from parcours.commands.client import Client
from parcours.kit.clock import SystemClock, to_datetime
from parcours.kit.errors import Invalid
from parcours.kit.terminal import open_console, plain, print_json

_AGO = re.compile(r"(\d{1,6})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def run(data_dir: Path, sandbox: str, since: str | None, kind: str | None, limit: int, *, as_json: bool) -> None:
    """A table of the audit log, newest first. Raises Invalid for a `since` that can't be read."""
    filters = []
    if since is not None:
        at = since_when(since, to_datetime(SystemClock().now_us()))
        filters.append(f"timestamp>={at.isoformat(timespec='milliseconds')}")
    if kind is not None:
        filters.append(f"assetType=={kind}")
    found = Client(data_dir, sandbox).get(PATH, limit=limit, property=filters)
    console = open_console()
    events = found["_embedded"]["customerAuditLogList"]
    if as_json:
        print_json(console, events)
    elif not events:
        console.print("Nothing in the audit log.")
    else:
        console.print(render(events, found["page"]["totalElements"]))


def since_when(text: str, now: datetime) -> datetime:
    """An ISO 8601 date or time (UTC where it names no zone), or so long ago: `90s`, `15m`, `24h`, `7d`, `2w`."""
    ago = _AGO.fullmatch(text)
    try:
        if ago is not None:
            return now - timedelta(seconds=int(ago[1]) * _SECONDS[ago[2]])
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise Invalid(f"--since is a date, a time or an age such as 24h or 7d, not {text!r}") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def render(events: list[dict[str, Any]], total: int) -> Table:
    """Audit events as a table. total: how many there are."""
    title = f"{total} audit event{'' if total == 1 else 's'}"
    if total > len(events):
        title = f"The newest {len(events)} of {title} (--limit)"
    table = Table(title=title, title_justify="left")
    for column in ("time (UTC)", "who", "action", "asset", "name or id", "status"):
        table.add_column(column, no_wrap=column == "time (UTC)", overflow="fold")
    for event in events:
        cells = (
            event["timestamp"].partition(".")[0].replace("T", " "),
            event["userEmail"],
            event["action"],
            event["assetType"],
            event["assetName"] or event["assetId"],
            event["status"] + (f" ({event['failureCode']})" if event["failureCode"] else ""),
        )
        table.add_row(*map(plain, cells))
    return table
