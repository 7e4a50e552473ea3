"""What `serve` needs of its surroundings: a data directory and an address of its own, and folders made anew.

Imported before anything that measures, so it imports next to nothing.
"""

import contextlib
import fcntl
import json
import os
import shutil
import socket
from pathlib import Path

from parcours.kit.errors import ParcoursError


class DataDirUnusable(ParcoursError):
    """The data directory can't be written to, or another server has it."""


class AddressUnusable(ParcoursError):
    """The address can't be listened on, mostly because another program listens there."""


def clear_folder(folder: Path) -> None:
    """Empty it, making it when absent."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def hold_data_dir(data_dir: Path) -> int:
    """Make the data directory this process's own until it ends, by the descriptor returned. Raises DataDirUnusable."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(data_dir / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise DataDirUnusable(f"the data directory {data_dir} can't be used: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        who = _describe_server(data_dir)
        raise DataDirUnusable(
            f"another server runs over {data_dir}{who}; stop it first, or give another --data-dir"
        ) from None
    return descriptor


def check_address(host: str, port: int) -> None:
    """Raise AddressUnusable when this address can't be listened on.

    The server itself shares its port (SO_REUSEPORT), so two of them would take turns rather than fail.
    """
    if not 0 < port < 65_536:
        raise AddressUnusable(f"can't listen on port {port}: a port is a number from 1 to 65535")
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
            probe.listen(1)
    except (OSError, OverflowError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise AddressUnusable(f"can't listen on {host} port {port}: {reason}; give another --host or --port") from None


def _describe_server(data_dir: Path) -> str:
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        found = json.loads((data_dir / "server.json").read_bytes())
        return f" ({found['url']}, process {found['pid']})"
    return ""
