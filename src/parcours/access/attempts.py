"""Slows down who guesses passwords: failures in a row are counted by account and by address."""

import hashlib
import ipaddress
import time

from sqlalchemy.exc import IntegrityError

from parcours.access import user_store
from parcours.access.errors import TooManyAttempts
from parcours.access.user_model import lock_s
from parcours.db import Database

ACCOUNT_FREE, ADDRESS_FREE = 5, 50
"""How many failures in a row cost nothing. An address may be a whole office, or a proxy."""
FORGOTTEN_AFTER_MS = 3_600_000
_TRIES = 5


class Attempts:
    """Counts an attempt before it is judged, so that many at once are no way around."""

    def __init__(self, db: Database, key: bytes) -> None:
        self._db = db
        self._key = key

    def take(self, email: str, address: str) -> None:
        """Count a failure in advance. Raises TooManyAttempts."""
        for _ in range(_TRIES):
            try:
                self._take(email, address)
            except IntegrityError:  # two first failures at once: the second one finds the row
                continue
            return
        raise TooManyAttempts(1)

    def _take(self, email: str, address: str) -> None:
        now_ms = _now_ms()
        with self._db.write() as connection:
            for digest, free in ((self._account(email), ACCOUNT_FREE), (self._address(address), ADDRESS_FREE)):
                found = user_store.find_attempt(connection, digest)
                failures, last_at_ms, locked_until_ms = found or (0, 0, 0)
                if locked_until_ms > now_ms:
                    raise TooManyAttempts(-(-(locked_until_ms - now_ms) // 1000))
                failures = 1 if now_ms - last_at_ms > FORGOTTEN_AFTER_MS else failures + 1
                until_ms = now_ms + 1000 * lock_s(failures, free)
                save = user_store.insert_attempt if found is None else user_store.update_attempt
                save(connection, digest, failures, now_ms, until_ms)

    def succeed(self, email: str, address: str) -> None:
        """It was right: the account starts anew, and the address has one failure less."""
        digest = self._address(address)
        with self._db.write() as connection:
            user_store.forget_attempts(connection, [self._account(email)])
            failures, last_at_ms, _ = user_store.find_attempt(connection, digest) or (0, 0, 0)
            if failures > 1:
                user_store.update_attempt(connection, digest, failures - 1, last_at_ms, 0)
            elif failures:
                user_store.forget_attempts(connection, [digest])

    def forget(self, email: str) -> None:
        """The account starts anew: its password was set by a link."""
        with self._db.write() as connection:
            user_store.forget_attempts(connection, [self._account(email)])

    def _account(self, email: str) -> str:
        return self._digest(f"account {email}")

    def _address(self, address: str) -> str:
        return self._digest(f"address {network_of(address)}")

    def _digest(self, text: str) -> str:
        # keyed: an address that nobody has is not to be found out from a copy of the database
        return hashlib.blake2b(text.encode("utf-8", "replace"), key=self._key, digest_size=32).hexdigest()


def network_of(address: str) -> str:
    """What counts as one address: of IPv6, the /64 that one household or host has to itself."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        mapped = ip.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.IPv6Network((ip, 64), strict=False))
    return str(ip)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
