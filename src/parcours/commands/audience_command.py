"""`parcours audience`."""

import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from parcours.commands.client import Client
from parcours.kit.errors import ParcoursError
from parcours.kit.terminal import open_console, plain, print_json

BASE = "/data/core/ups/audiences"
PART_BYTES = 4 * 1024 * 1024
"""Of a list in one request: less than any server takes by default."""
_FORMATS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json"}
_POLL_S = 0.2
_SHOWN_FAULTS = 10


class FileUnusable(ParcoursError):
    """The list can't be read."""


class NamespaceDiffers(ParcoursError):
    """The audience has members of another namespace."""


class UploadFailed(ParcoursError):
    """The list was not applied."""


def upload(
    data_dir: Path,
    sandbox: str,
    name: str,
    file: Path,
    *,
    namespace: str | None,
    identity_column: str | None,
    list_format: str | None,
    delimiter: str,
    mode: str,
    max_bad_percent: int | None,
    wait: bool,
) -> None:
    """Send a list part by part, and tell what came of it. Raises UploadFailed when it was not applied."""
    if list_format is None:
        list_format = _FORMATS.get(file.suffix.lower())
        if list_format is None:
            raise FileUnusable(f"{file.name}: is it csv, jsonl or json? Say so with --format")
    wanted = {
        "mode": mode,
        "format": list_format,
        "identityColumn": identity_column,
        "delimiter": delimiter,
        "maxBadPercent": max_bad_percent,
    }
    try:
        source = file.open("rb")
    except OSError as error:
        raise FileUnusable(f"{file}: {error.strerror}") from None
    console = open_console()
    with source:
        client = Client(data_dir, sandbox)
        audience = _find_or_make(client, name, namespace)
        body = {key: value for key, value in wanted.items() if value is not None}
        made = client.post(f"{BASE}/{audience['id']}/uploads", body)
        path = f"{BASE}/{audience['id']}/uploads/{made['id']}"
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task("sending", total=file.stat().st_size)
            part_count = 0
            while piece := source.read(PART_BYTES):
                part_count += 1
                client.put(f"{path}/parts/{part_count}", piece)
                progress.update(task, advance=len(piece))
            if not part_count:
                raise FileUnusable(f"{file}: the file is empty")
            job = client.post(f"{path}/complete", {"parts": part_count})
            if not wait:
                console.print(plain(f"The upload is {job['status']}: GET {path} tells how far it is."))
                return
            task = progress.add_task("applying", total=None)
            while job["status"] in ("QUEUED", "PROCESSING"):
                time.sleep(_POLL_S)
                job = client.get(path)
                if job["phase"] == "applying":
                    people = job["metrics"]["rows"] - job["metrics"]["badRows"] - job["metrics"]["repeatedRows"]
                    progress.update(task, total=people, completed=job["metrics"]["applied"])
    _tell(console, name, job)
    if job["status"] != "SUCCEEDED":
        raise UploadFailed(f"the list was not applied: {job['reason'] or job['status']}")


def _find_or_make(client: Client, name: str, namespace: str | None) -> dict[str, Any]:
    found = next((one for one in _audiences(client) if one["name"] == name), None)
    if found is None:
        made: dict[str, Any] = client.post(BASE, {"name": name, "identityNamespace": namespace or "Email"})
        return made
    if namespace is not None and found["identityNamespace"].lower() != namespace.lower():
        raise NamespaceDiffers(f"the members of {name} are of namespace {found['identityNamespace']}, not {namespace}")
    return found


def _audiences(client: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    start: str | None = "0"
    while start is not None:
        page = client.get(BASE, start=start, limit=500)
        found += page["children"]
        start = page["_page"].get("next")
    return found


def _tell(console: Console, name: str, job: dict[str, Any]) -> None:
    metrics = job["metrics"]
    repeated = f", {metrics['repeatedRows']} repeated" if metrics["repeatedRows"] else ""
    rows = f"{metrics['rows']} row{'' if metrics['rows'] == 1 else 's'}"
    console.print(plain(f"{rows}: {metrics['badRows']} bad{repeated}."))
    for fault in job["badRows"][:_SHOWN_FAULTS]:
        console.print(plain(f"  line {fault['line']}: {fault['reason']}"))
    if metrics["badRows"] > _SHOWN_FAULTS:
        console.print(plain(f"  … and {metrics['badRows'] - _SHOWN_FAULTS} more"))
    if job["status"] == "SUCCEEDED":
        told = f"{metrics['realized']} entered, {metrics['exited']} exited, {metrics['unchanged']} unchanged"
        console.print(plain(f"{name}: {told}."))


def list_audiences(data_dir: Path, sandbox: str, *, as_json: bool) -> None:
    """A table of audiences, by name."""
    found = sorted(_audiences(Client(data_dir, sandbox)), key=lambda one: one["name"])
    console = open_console()
    if as_json:
        print_json(console, found)
        return
    if not found:
        console.print("No audiences.")
        return
    table = Table(title=f"{len(found)} audience{'s' if len(found) > 1 else ''}", title_justify="left")
    table.add_column("name", overflow="fold")
    table.add_column("namespace", no_wrap=True)
    table.add_column("in it", justify="right", no_wrap=True)
    table.add_column("were in it", justify="right", no_wrap=True)
    table.add_column("last evaluated (UTC)", no_wrap=True)
    table.add_column("id", no_wrap=True)
    for one in found:
        counts = one["metrics"]["totalProfilesByStatus"]
        at = one["lastEvaluatedAt"]
        when = "evaluating …" if one["evaluationStatus"] == "evaluating" else (at or "never").replace("T", " ")[:19]
        cells = (one["name"], one["identityNamespace"], counts["realized"], counts["exited"], when, one["id"])
        table.add_row(*map(plain, cells))
    console.print(table)
