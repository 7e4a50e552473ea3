"""Routes of channels, under /journey/orchestration: configurations, the inbox, messages, the suppression list."""

from typing import Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from parcours.access.model import Caller
from parcours.access.routing import Gate, Routes, json_object, reads_headers
from parcours.channels.messages_service import MessageService
from parcours.channels.service import ChannelService

BASE = "/journey/orchestration"
CONFIGURATIONS = f"{BASE}/channelConfigurations"
Channel = Literal["email", "sms", "push"]


def router(gate: Gate, channels: ChannelService, messages: MessageService) -> APIRouter:
    """What is set up for channels, and what was sent by them."""
    routes = Routes(tags=["channels"])

    def answer(response: Response, found: tuple[dict[str, Any], str]) -> dict[str, Any]:
        document, etag = found
        response.headers["ETag"] = etag
        return document

    @routes.post(CONFIGURATIONS, status_code=201)
    def create_configuration(
        response: Response,
        caller: Caller = Depends(gate.allow("journeys_actions.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Set up a provider of a channel; its secrets are never returned."""
        document = answer(response, channels.create(caller, body))
        response.headers["Location"] = f"{CONFIGURATIONS}/{document['uid']}"
        return document

    @routes.get(CONFIGURATIONS)
    def list_configurations(caller: Caller = Depends(gate.allow("journeys_actions.read"))) -> dict[str, Any]:
        """Every configuration of the sandbox, secrets masked."""
        found = channels.find_all(caller)
        return {"results": found, "page": 0, "limit": len(found), "pages": 1}

    @routes.get(CONFIGURATIONS + "/{uid}")
    def get_configuration(
        uid: str, response: Response, caller: Caller = Depends(gate.allow("journeys_actions.read"))
    ) -> dict[str, Any]:
        """One configuration."""
        return answer(response, channels.get(caller, uid))

    @routes.put(CONFIGURATIONS + "/{uid}", openapi_extra=reads_headers("If-Match"))
    def replace_configuration(
        uid: str,
        request: Request,
        response: Response,
        caller: Caller = Depends(gate.allow("journeys_actions.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Write a configuration anew; `********` keeps a stored secret."""
        return answer(response, channels.replace(caller, uid, body, request.headers.get("if-match")))

    @routes.delete(CONFIGURATIONS + "/{uid}", status_code=204)
    def delete_configuration(uid: str, caller: Caller = Depends(gate.allow("journeys_actions.delete"))) -> None:
        """Delete a configuration; messages that name it fail from now on."""
        channels.delete(caller, uid)

    @routes.get(f"{BASE}/inbox")
    def list_inbox(
        caller: Caller = Depends(gate.allow("messages.read")),
        channel: Channel | None = None,
        address: str | None = Query(None, max_length=4_096),
        journey_uid: str | None = Query(None, alias="journeyUid", max_length=255),
        version_uid: str | None = Query(None, alias="journeyVersionUid", max_length=255),
        template_uid: str | None = Query(None, alias="templateUid", max_length=255),
        before: int | None = Query(None, ge=0, le=2**62),
        page_size: int = Query(default=100, ge=1, le=500, alias="pageSize"),
    ) -> dict[str, Any]:
        """Messages the built-in inbox keeps, the latest first; `next` is the `before` of the next page."""
        filters = _given(
            channel=channel, address=address, journey_uid=journey_uid, version_uid=version_uid,
            template_uid=template_uid,
        )  # fmt: skip
        found, following = messages.inbox(caller, filters, before, page_size)
        return {"results": found, "limit": page_size, "next": following}

    @routes.delete(f"{BASE}/inbox")
    def clear_inbox(caller: Caller = Depends(gate.allow("messages.delete"))) -> dict[str, Any]:
        """Empty the inbox."""
        return {"deleted": messages.clear(caller)}

    @routes.get(BASE + "/inbox/{uid}")
    def get_kept_message(uid: str, caller: Caller = Depends(gate.allow("messages.read"))) -> dict[str, Any]:
        """One message with its content and headers; uid: its `id` or `messageId`."""
        return messages.kept(caller, uid)

    @routes.get(BASE + "/inbox/{uid}/source")
    def get_kept_source(uid: str, caller: Caller = Depends(gate.allow("messages.read"))) -> Response:
        """An e-mail as it would have left (.eml)."""
        return Response(
            messages.source(caller, uid),
            media_type="message/rfc822",
            headers={"Content-Disposition": 'attachment; filename="message.eml"'},
        )

    @routes.get(f"{BASE}/messages")
    def list_messages(
        caller: Caller = Depends(gate.allow("messages.read")),
        channel: Channel | None = None,
        address: str | None = Query(None, max_length=4_096),
        status: str | None = Query(None, max_length=20),
        journey_uid: str | None = Query(None, alias="journeyUid", max_length=255),
        version_uid: str | None = Query(None, alias="journeyVersionUid", max_length=255),
        template_uid: str | None = Query(None, alias="templateUid", max_length=255),
        page: int = Query(default=0, ge=0, le=1_000_000),
        page_size: int = Query(default=100, ge=1, le=500, alias="pageSize"),
    ) -> dict[str, Any]:
        """Messages that left or could not, the latest first."""
        filters = _given(
            channel=channel, address=address, status=status, journey_uid=journey_uid, version_uid=version_uid,
            template_uid=template_uid,
        )  # fmt: skip
        return {"results": messages.messages(caller, filters, page, page_size), "page": page, "limit": page_size}

    @routes.get(BASE + "/messages/{uid}")
    def get_message(uid: str, caller: Caller = Depends(gate.allow("messages.read"))) -> dict[str, Any]:
        """One message with what became of it."""
        return messages.message(caller, uid)

    @routes.get(BASE + "/journeyVersions/{uid}/messages/report")
    def get_message_report(uid: str, caller: Caller = Depends(gate.allow("messages_report.read"))) -> dict[str, Any]:
        """What became of a version's messages, by activity."""
        return messages.report(caller, uid)

    @routes.get(f"{BASE}/suppressions")
    def list_suppressions(
        caller: Caller = Depends(gate.allow("messages.read")),
        channel: Channel | None = None,
        address: str | None = Query(None, max_length=4_096),
        page: int = Query(default=0, ge=0, le=1_000_000),
        page_size: int = Query(default=100, ge=1, le=500, alias="pageSize"),
    ) -> dict[str, Any]:
        """Addresses nothing is sent to, the latest first."""
        found = messages.suppressions(caller, channel, address, page, page_size)
        return {"results": found, "page": page, "limit": page_size}

    @routes.post(f"{BASE}/suppressions", status_code=201)
    def add_suppression(
        caller: Caller = Depends(gate.allow("messages.write")), body: dict[str, Any] = Depends(json_object)
    ) -> dict[str, Any]:
        """Send nothing to an address any more."""
        return messages.suppress(caller, body)

    @routes.delete(f"{BASE}/suppressions", status_code=204)
    def remove_suppression(
        channel: Channel,
        address: str = Query(max_length=4_096),
        caller: Caller = Depends(gate.allow("messages.delete")),
    ) -> None:
        """Send to an address again."""
        messages.unsuppress(caller, channel, address)

    return routes


def _given(**filters: str | None) -> dict[str, str]:
    return {name: value for name, value in filters.items() if value is not None}
