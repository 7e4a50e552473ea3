"""Routes of transactional messages, where Campaign Standard has them."""

from typing import Any

from fastapi import APIRouter, Depends

from parcours.access.model import Caller
from parcours.access.routing import Gate, Routes, json_object
from parcours.delivery.transactional import ProofService, TransactionalService
from parcours.templates.api import PREFIX

BASE = "/{organization}/campaign/{transactional_api}/{event_id}"


def router(gate: Gate, service: TransactionalService, proofs: ProofService) -> APIRouter:
    """Send one message, ask what became of it, take it back. The organisation is that of the token."""
    routes = Routes(tags=["transactional messages"])

    @routes.post(BASE)
    def send_transactional_message(
        organization: str,
        transactional_api: str,
        event_id: str,
        caller: Caller = Depends(gate.allow("messages.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Send, or schedule, the published template that the event id names."""
        return service.send(caller, event_id, body)

    @routes.post(f"{PREFIX}/{{uid}}/proof")
    def send_proof(
        uid: str, caller: Caller = Depends(gate.allow("messages.write")), body: dict[str, Any] = Depends(json_object)
    ) -> dict[str, Any]:
        """Send the draft to up to ten addresses, with the values of a preview."""
        return proofs.send(caller, uid, body)

    @routes.get(BASE + "/{key}")
    def get_transactional_message(
        organization: str,
        transactional_api: str,
        event_id: str,
        key: str,
        caller: Caller = Depends(gate.allow("messages.read")),
    ) -> dict[str, Any]:
        """What became of one."""
        return service.status(caller, event_id, key)

    @routes.delete(BASE + "/{key}", status_code=204)
    def cancel_transactional_message(
        organization: str,
        transactional_api: str,
        event_id: str,
        key: str,
        caller: Caller = Depends(gate.allow("messages.delete")),
    ) -> None:
        """Cancel one that is scheduled."""
        service.cancel(caller, event_id, key)

    return routes
