"""A connection to a host that users name: what was looked at is what is connected to."""

import asyncio
import errno
import socket

from parcours.kit.egress import is_public


class Unreachable(Exception):
    """No connection. The message names no address."""

    def __init__(self, message: str, is_permanent: bool = False) -> None:
        super().__init__(message)
        self.is_permanent = is_permanent
        """Whether trying again is pointless by our own rules."""


async def dial(host: str, port: int, allow_private: bool) -> socket.socket:
    """A connected socket to the first address of a host that answers. Raises Unreachable.

    Unless allow_private only public addresses count: a name that leads to another address later leads nowhere. The time
    limit is the caller's.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise Unreachable("the host's name can't be resolved") from None
    allowed = [one for one in found if allow_private or is_public(str(one[4][0]))]
    if not allowed:
        raise Unreachable("the host's address may not be called", is_permanent=True)
    problem: OSError | None = None
    for family, kind, protocol, _, where in allowed:
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        try:
            await loop.sock_connect(made, where)
            return made
        except OSError as error:
            problem = error
            made.close()
        except BaseException:
            made.close()
            raise
    code = errno.errorcode.get((problem.errno if problem else 0) or 0, type(problem).__name__)
    raise Unreachable(f"no connection: {code}")
