"""The request that sends an event, ready to be copied into a terminal."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from parcours.flows.model import Flow, Inlet

_TOKEN = "${ACCESS_TOKEN}"


def list_requests(
    inlets: Iterable[Inlet], scope_id: int, schema_id: str, payload: Mapping[str, Any], base_url: str
) -> list[dict[str, Any]]:
    """A request for each enabled flow that takes XDM messages of a schema in a sandbox.

    Each: {"inlet", "flowId", "dataSetId", "method", "url", "headers", "body", "curl"}. A token is shown as
    ${ACCESS_TOKEN}, which a shell puts in. Flows that map raw messages take no XDM and are left out.
    """
    return [
        _request(inlet, flow, payload, base_url)
        for inlet in inlets
        if inlet.scope_id == scope_id and inlet.is_enabled and inlet.data_type == "xdm"
        for flow in inlet.flows.values()
        if flow.is_enabled and flow.mapping is None and flow.schema_id == schema_id
    ]


def _request(inlet: Inlet, flow: Flow, payload: Mapping[str, Any], base_url: str) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "x-gw-ims-org-id": inlet.org_id}
    if len(inlet.flows) > 1:
        headers["x-adobe-flow-id"] = flow.id
    if inlet.is_authenticated:
        headers["Authorization"] = f"Bearer {_TOKEN}"
    url = f"{base_url}/collection/{inlet.inlet_id}"
    body = {**payload, "header": {**payload["header"], "datasetId": flow.dataset_id}}
    lines = [f"curl -X POST {_quoted(url)}", *(f"-H {_header(name, value)}" for name, value in headers.items())]
    lines.append(f"--data-binary {_quoted(orjson.dumps(body, option=orjson.OPT_INDENT_2).decode())}")
    return {
        "inlet": inlet.name,
        "flowId": flow.id,
        "dataSetId": flow.dataset_id,
        "method": "POST",
        "url": url,
        "headers": headers,
        "body": body,
        "curl": " \\\n  ".join(lines),
    }


def _header(name: str, value: str) -> str:
    """Quoted so that the shell still puts in the token."""
    return f'"{name}: {value}"' if _TOKEN in value else _quoted(f"{name}: {value}")


def _quoted(text: str) -> str:
    """One word of a POSIX shell."""
    return "'" + text.replace("'", "'\\''") + "'"
