"""`parcours user`: people who sign in, by the running server's API."""

from pathlib import Path
from typing import Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from parcours.commands.client import Client
from parcours.kit.errors import ParcoursError
from parcours.kit.terminal import visible

_PATH = "/parcours/users"


class UserUnknown(ParcoursError):
    """No user of the organisation has this address."""


def add(data_dir: Path, email: str, name: str | None, roles: list[str]) -> None:
    """Invite somebody, and print the link."""
    body = {"email": email, "roles": roles, **({} if name is None else {"name": name})}
    made = Client(data_dir, "prod").post(_PATH, body)
    if made["invitationUrl"] is None:
        typer.echo(f"{visible(made['email'])} is a user of another organisation and signs in as there.")
    else:
        _show_link(made["invitationUrl"], f"join as {visible(made['email'])}", made["invitationExpiresAt"])


def list_users(data_dir: Path, *, as_json: bool) -> None:
    """Print who there is."""
    answer = Client(data_dir, "prod").get(_PATH)
    if as_json:
        typer.echo(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())
        return
    if not answer["users"]:
        typer.echo("No user yet: `parcours user invite` prints a link for the first administrator.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("email", "name", "status", "roles", "last sign-in"):
        table.add_column(column, overflow="fold")
    for user in answer["users"]:
        last = (user["lastSignInAt"] or "never").replace("T", " ")[:16]
        cells = (user["email"], user["name"], user["status"], ", ".join(user["roles"]), last)
        table.add_row(*map(visible, cells))
    Console().print(table)


def invite(data_dir: Path, email: str | None) -> None:
    """Print another link for somebody who has not joined; without an address, for the first administrator."""
    client = Client(data_dir, "prod")
    if email is None:
        link = client.post("/parcours/setupLink")
        _show_link(link["url"], "create the first administrator", link["expiresAt"])
        return
    user = _find(client, email)
    if user["status"] == "active":
        raise UserUnknown(f"{email} has joined already; `parcours user reset {email}` makes a link for a new password")
    _print_reset(client, user, "join")


def reset(data_dir: Path, email: str) -> None:
    """Print a link to set another password by."""
    client = Client(data_dir, "prod")
    _print_reset(client, _find(client, email), "set another password")


def disable(data_dir: Path, email: str) -> None:
    """Sign somebody out, and let them in no more."""
    client = Client(data_dir, "prod")
    user = _find(client, email)
    client.call("PATCH", f"{_PATH}/{user['id']}", {"enabled": False})
    typer.echo(f"{visible(user['email'])} is disabled and signed out everywhere.")


def _find(client: Client, email: str) -> dict[str, Any]:
    for user in client.get(_PATH)["users"]:
        if user["email"] == email.strip().lower():
            found: dict[str, Any] = user
            return found
    raise UserUnknown(f"no user has the address {email!r}; `parcours user list` shows who there is")


def _print_reset(client: Client, user: dict[str, Any], purpose: str) -> None:
    link = client.post(f"{_PATH}/{user['id']}/resetLink")
    _show_link(link["url"], f"{purpose} as {visible(user['email'])}", link["expiresAt"])


def _show_link(url: str, purpose: str, expires_at: str) -> None:
    typer.echo(f"Open {url} to {purpose}")
    typer.echo(f"It can be used once, until {expires_at.replace('T', ' ')[:16]} UTC.", err=True)
