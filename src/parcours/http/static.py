"""The designer: the web application that `web/` is built into, served at `/`. Nothing is loaded from elsewhere."""

import base64
import hashlib
import re
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response

BUILT = Path(str(files("parcours") / "http" / "designer"))
"""What `make web` writes; a wheel has it, a clone in which nothing was built has not."""
PAGES = (
    "account", "actions", "alerts", "approval-policies", "audiences", "audit", "data-sources", "datasets", "events",
    "fragments", "inbox", "inlets", "join", "journeys", "operations", "people", "profiles", "rules", "schemas",
    "settings", "setup", "sign-in", "templates", "usage-policies",
)  # fmt: skip
"""First segments of the addresses that are pages; `web/src/app/router.tsx` has their routes."""
_POLICY = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
_FRAME_SCRIPT = """
addEventListener("message", (event) => {
  if (event.source !== parent || typeof event.data !== "string") return;
  const shown = new DOMParser().parseFromString(event.data, "text/html");
  for (const one of shown.querySelectorAll("script, base, meta[http-equiv]")) one.remove();
  document.replaceChild(document.adoptNode(shown.documentElement), document.documentElement);
});
"""
"""Puts the e-mail it is told into place. What a parser of documents made runs no script, whatever the policy."""
_FRAME = f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Message</title><script>{_FRAME_SCRIPT}</script></html>
"""
_FRAME_POLICY = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src https: data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        f"script-src 'sha256-{base64.b64encode(hashlib.sha256(_FRAME_SCRIPT.encode()).digest()).decode()}'; "
        "sandbox allow-scripts; frame-ancestors 'self'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
"""The name of an asset says what is in it."""
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json"}

_NAME_OF_ASSET = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
_BEING_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="2"><title>Parcours</title>
<p>The designer is being built. This page loads again by itself.</p></html>
"""
"""Shown while `make web` has taken the old one away and not yet put the new one there."""


def is_built() -> bool:
    """Whether there is a designer to serve."""
    return (BUILT / "index.html").is_file()


def router() -> APIRouter:
    """Its pages, whose addresses all give the one document, and what that is made of; none is part of the API."""
    routes = APIRouter(include_in_schema=False)
    assets = BUILT / "assets"

    def page() -> Response:
        if not is_built():
            return HTMLResponse(_BEING_BUILT, status_code=503, headers={**_POLICY, "Retry-After": "2"})
        return FileResponse(BUILT / "index.html", media_type="text/html", headers=_POLICY)

    for name in PAGES:
        routes.add_api_route(f"/{name}", page, name=f"page {name}")
        routes.add_api_route(f"/{name}/{{rest:path}}", page, name=f"page below {name}")
    routes.add_api_route("/", page, name="designer")

    @routes.get("/message-frame")
    def message_frame() -> Response:
        """Where an e-mail is shown with its remote images, as its reader asked; they learn no address of ours."""
        return HTMLResponse(_FRAME, headers=_FRAME_POLICY)

    @routes.get("/favicon.svg")
    def icon() -> Response:
        return FileResponse(BUILT / "favicon.svg", media_type="image/svg+xml", headers=_FOREVER)

    @routes.get("/assets/{name}")
    def asset(name: str, request: Request) -> Response:
        """Read from the folder as it is now: the designer may be built anew while the server runs."""
        path = assets / name
        if _NAME_OF_ASSET.fullmatch(name) is None or path.suffix not in _TYPES or not path.is_file():
            raise HTTPException(404, headers={"Cache-Control": "no-store"})
        headers = {**_FOREVER, "Vary": "Accept-Encoding"}
        compressed = assets / f"{name}.gz"
        if compressed.is_file() and "gzip" in request.headers.get("accept-encoding", ""):
            path = compressed
            headers["Content-Encoding"] = "gzip"
        return FileResponse(path, media_type=_TYPES[Path(name).suffix], headers=headers)

    return routes
