"""Routes for who writes a journey, under /journey/orchestration: nothing is stored, and documents may be unfinished."""

from typing import Any

from fastapi import APIRouter, Depends

from parcours.access.model import Caller
from parcours.access.routing import Gate, Routes, json_object
from parcours.journeys.drafts import Drafts

BASE = "/journey/orchestration"


def router(gate: Gate, drafts: Drafts) -> APIRouter:
    """Reads only, though they are POSTs: the document is in the body."""
    routes = Routes(prefix=BASE, tags=["Writing journeys"])

    @routes.post("/journeys/check")
    def check_document(
        caller: Caller = Depends(gate.allow("journeys.read")), body: dict[str, Any] = Depends(json_object)
    ) -> dict[str, Any]:
        """What is wrong with a document that need not be saved; with `versionUid`, as if that version were saved so."""
        return drafts.check(caller, body)

    @routes.post("/expressions/check")
    def check_expression(
        caller: Caller = Depends(gate.allow("journeys.read")), body: dict[str, Any] = Depends(json_object)
    ) -> dict[str, Any]:
        """The type of an expression at a node of a document, or in an event, and what is wrong with it."""
        return drafts.check_expression(caller, body)

    @routes.post("/expressions/scope")
    def list_scope(
        caller: Caller = Depends(gate.allow("journeys.read")), body: dict[str, Any] = Depends(json_object)
    ) -> dict[str, Any]:
        """What expressions may read at a node of a document, or in an event, and the functions that they may call."""
        return drafts.scope(caller, body)

    @routes.post("/expressions/evaluate")
    def evaluate_expression(
        caller: Caller = Depends(gate.allow("journeys.read")), body: dict[str, Any] = Depends(json_object)
    ) -> dict[str, Any]:
        """The value of an expression over the values in the body, or why it has none."""
        return drafts.evaluate(caller, body)

    return routes
