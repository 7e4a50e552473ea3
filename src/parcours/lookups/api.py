"""Data sets enabled for lookup, under `/data/core/entity/lookup/dataSets`.

Enabling and disabling is the platform's call; reading the state and the rows is Parcours's.
"""

from typing import Any

from fastapi import APIRouter, Depends, Request

from parcours.access import Caller
from parcours.access.routing import Gate, Routes, json_body, reads_query
from parcours.lookups.errors import LookupInvalid
from parcours.lookups.service import LookupService
from parcours.profile.projection import read_fields

BASE = "/data/core/entity/lookup/dataSets/{dataset_id}"


def router(gate: Gate, service: LookupService) -> APIRouter:
    """Every route of lookups."""
    api = Routes(tags=["Lookups"])

    @api.get(BASE)
    def get_lookup(dataset_id: str, caller: Caller = Depends(gate.allow("datasets.read"))) -> dict[str, Any]:
        """Whether a data set is enabled for lookup, by which key, and how far its rows are."""
        return service.get(caller, dataset_id)

    @api.get(f"{BASE}/rows", summary="Look up rows", openapi_extra=reads_query("key", "fields"))
    def find_rows(
        dataset_id: str, request: Request, caller: Caller = Depends(gate.allow("datasets.read"))
    ) -> dict[str, Any]:
        """What a journey finds for one key or several (`key=A&key=B`), in their order."""
        query = request.query_params
        keys = query.getlist("key")
        if not keys:
            raise LookupInvalid("key is required; it may be given several times", "$.key")
        return {"entities": service.find_rows(caller, dataset_id, keys, read_fields(query.getlist("fields")))}

    @api.patch(f"{BASE}/{{action}}")
    def switch_lookup(
        dataset_id: str,
        action: str,
        caller: Caller = Depends(gate.allow("datasets.write")),
        body: Any = Depends(json_body),
    ) -> dict[str, Any]:
        """`enable` or `disable`; {key} in the body names another key than the schema's primary identity."""
        if body is not None and not isinstance(body, dict):
            raise LookupInvalid("the body, if there is one, is an object with the text key", "$")
        return service.switch(caller, dataset_id, action, (body or {}).get("key"))

    return api
