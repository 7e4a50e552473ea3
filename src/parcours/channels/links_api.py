"""What a reader's click, mail program or provider calls: no token, the address itself says who it is about."""

import html
import re
import time
from collections.abc import Callable

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, JSONResponse

from parcours.access.routing import Routes
from parcours.channels.errors import MessageInvalid
from parcours.channels.hooks import Hook
from parcours.channels.hooks_service import HookService
from parcours.channels.links import PIXEL, Link, LinkInvalid, Links
from parcours.channels.sending import FeedbackSender
from parcours.kit.errors import Unavailable
from parcours.kit.telemetry import get_logger

MAX_HOOK_BYTES = 1_048_576
_BOTS = re.compile(
    r"bot\b|crawl|spider|slurp|preview|scanner|barracuda|proofpoint|mimecast|safelinks|curl/|python-|wget|headless",
    re.IGNORECASE,
)
_QUIET = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
_TAKES_JSON = {"requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}}
log = get_logger("messages")


def router(links: Links, sender: FeedbackSender, hooks: HookService) -> APIRouter:
    """Clicks, opens, unsubscriptions, and what providers post."""
    routes = Routes(prefix="/m", tags=["message links"])

    def tell(what: Callable[[], None]) -> None:
        """A reader is not kept from where they want to go because it can't be noted."""
        try:
            what()
        except Unavailable as error:
            log.error("feedback.lost", reason=str(error))

    @routes.get("/c/{token}")
    def follow_link(token: str, request: Request) -> Response:
        """Note a click and lead on: only to where a message's link led."""
        try:
            link = links.read("c", token)
        except LinkInvalid:
            return _page("This link is not valid.", 404)
        tell(lambda: sender.click(link, is_bot=_is_bot(request)))
        return Response(None, 302, {**_QUIET, "Location": _location(link.url)})

    @routes.get("/o/{token}")
    def open_message(token: str, request: Request) -> Response:
        """Note that an e-mail was opened; an image of one pixel, whatever the token."""
        try:
            link = links.read("o", token)
        except LinkInvalid:
            return Response(PIXEL, media_type="image/gif", headers=_QUIET)
        tell(lambda: sender.open(link, is_bot=_is_bot(request)))
        return Response(PIXEL, media_type="image/gif", headers=_QUIET)

    @routes.get("/u/{token}")
    def ask_to_unsubscribe(token: str) -> Response:
        """A page with one button: programs that look at every link of a mail unsubscribe nobody."""
        try:
            link = links.read("u", token)
        except LinkInvalid:
            return _page("This link is not valid.", 404)
        return _page(
            f"Stop messages to {html.escape(link.address)}?",
            form='<form method="post"><button type="submit">Unsubscribe</button></form>',
        )

    @routes.post("/u/{token}")
    def unsubscribe(token: str) -> Response:
        """Unsubscribe with one click (RFC 8058). Raises LogUnavailable, then the caller tries again."""
        try:
            link: Link = links.read("u", token)
        except LinkInvalid:
            return _page("This link is not valid.", 404)
        sender.unsubscribe(link)
        return _page("You will get no more of these messages.")

    @routes.post("/f/{uid}", openapi_extra=_TAKES_JSON)
    async def take_feedback(uid: str, request: Request) -> Response:
        """What the provider of a channel configuration tells of messages; it knows the configuration's secret."""
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_HOOK_BYTES:
                raise MessageInvalid(f"at most {MAX_HOOK_BYTES} bytes")
        headers = {name.lower(): value for name, value in request.headers.items()}
        url = f"{hooks.base_url}{request.url.path}" + (f"?{request.url.query}" if request.url.query else "")
        taken = await run_in_threadpool(hooks.take, uid, Hook(url, headers, body, time.time_ns() // 1000))
        if taken.answer is None:
            return JSONResponse({"accepted": taken.accepted})
        kind, told = taken.answer
        return Response(told, media_type=kind)

    return routes


def _is_bot(request: Request) -> bool:
    agent = request.headers.get("user-agent", "")
    return not agent or _BOTS.search(agent) is not None


def _location(url: str) -> str:
    """The target as a header may hold it."""
    return "".join(
        letter if 32 < ord(letter) < 127 else "".join(f"%{b:02X}" for b in letter.encode()) for letter in url
    )


def _page(text: str, status: int = 200, form: str = "") -> Response:
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>Messages</title><body style="font-family:sans-serif;margin:3rem"><p>{text}</p>{form}</body></html>'
    )
    return HTMLResponse(
        page, status, {**_QUIET, "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    )
