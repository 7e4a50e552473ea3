"""People who sign in."""

from typing import Annotated

import typer

from parcours.cli.root import DataDir, app, chosen_data_dir

user_app = typer.Typer(no_args_is_help=True, help="People who sign in: invite, list, reset, disable them.")
app.add_typer(user_app, name="user")

Email = Annotated[str, typer.Argument(help="The user's e-mail address.")]


@user_app.command("add")
def user_add(
    email: Email,
    name: Annotated[str | None, typer.Option(help="What they are called [default: the address up to @].")] = None,
    role: Annotated[
        list[str] | None, typer.Option(help="Id of a role, such as administrators; may be given several times.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Make a user, and print the one-time link by which they join. Asks the running server."""
    from parcours.commands import user_command

    user_command.add(chosen_data_dir(data_dir), email, name, role or [])


@user_app.command("list")
def user_list(
    as_json: Annotated[bool, typer.Option("--json", help="Print the server's answer as it is.")] = False,
    data_dir: DataDir = None,
) -> None:
    """List users with their roles. Asks the running server. Times are UTC."""
    from parcours.commands import user_command

    user_command.list_users(chosen_data_dir(data_dir), as_json=as_json)


@user_app.command("invite")
def user_invite(
    email: Annotated[str | None, typer.Argument(help="The user's e-mail address.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Print another link for a user who has not joined yet.

    Without an address, while there is no user: a link that makes the first administrator. Earlier ones are worthless.
    """
    from parcours.commands import user_command

    user_command.invite(chosen_data_dir(data_dir), email)


@user_app.command("reset")
def user_reset(email: Email, data_dir: DataDir = None) -> None:
    """Print a one-time link to set another password by. Using it ends the user's sessions, and any lock."""
    from parcours.commands import user_command

    user_command.reset(chosen_data_dir(data_dir), email)


@user_app.command("disable")
def user_disable(email: Email, data_dir: DataDir = None) -> None:
    """Sign a user out everywhere, and let them in no more."""
    from parcours.commands import user_command

    user_command.disable(chosen_data_dir(data_dir), email)
