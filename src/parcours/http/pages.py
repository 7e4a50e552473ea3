"""The reader of the API at `/docs`, and the start page of a server without the designer. Nothing is from elsewhere."""

from importlib.resources import files

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import FileResponse, HTMLResponse, Response

from parcours import __version__
from parcours.http import static

_ASSETS = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css", "favicon.png": "image/png"}
_POLICY = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
    )
}
INTRODUCTION = """\
Every call of the control plane, to read and to try. To try one, get a token with `POST /ims/token/v3` (`grant_type` is
`client_credentials`), then fill in *Authorize*: the token, the client id as `x-api-key`, the organisation as
`x-gw-ims-org-id`. The first start wrote client id, secret and organisation to `credentials.json` in the data directory.

Events go to inlets, which are not listed here: `POST` of JSON to the `auth.params.inletUrl` of a base connection.
"""
"""What stands at the head of the API's description, as Markdown."""
_START = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Parcours</title>
<style>body {{ font: 16px/1.6 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem }}</style>
<h1>Parcours {__version__}</h1>
<p>Real-time customer journeys: events come in over HTTP, customers move along journeys, messages leave.</p>
<p>The designer was not built here: <code>make web</code> builds it. This server has:</p>
<ul>
<li><a href="/docs">The API</a>, to read and to try</li>
<li><a href="/openapi.json">Its description</a> as OpenAPI, for tools</li>
<li><a href="/health/ready">Whether the server is ready</a> to accept and process records</li>
<li><a href="/metrics">What it has measured</a>, for Prometheus</li>
</ul>
</html>
"""


def router() -> APIRouter:
    """The designer or, where it was not built, a page that says so; /docs and what that is made of."""
    routes = APIRouter(include_in_schema=False)
    folder = files("fastapi_offline") / "static"
    if static.is_built():
        routes.include_router(static.router())
    else:
        routes.add_api_route("/", lambda: HTMLResponse(_START, headers=_POLICY), name="start")

    @routes.get("/docs")
    def docs() -> Response:
        page = get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="Parcours API",
            swagger_js_url="/docs/swagger-ui-bundle.js",
            swagger_css_url="/docs/swagger-ui.css",
            swagger_favicon_url="/docs/favicon.png",
        )
        page.headers.update(_POLICY)
        return page

    def add_asset(name: str, media_type: str) -> None:
        @routes.get(f"/docs/{name}", name=name)
        def asset() -> Response:
            return FileResponse(str(folder / name), media_type=media_type)

    for name, media_type in _ASSETS.items():
        add_asset(name, media_type)
    return routes
