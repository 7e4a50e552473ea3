"""Secrets at rest: one key, kept apart from the database, encrypts every stored credential."""

import base64
import hashlib
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from parcours.kit.errors import ParcoursError

KEY_BYTES = 32


class SecretKeyUnusable(ParcoursError):
    """The secret key is no key, or too short to be one."""


class SecretUnreadable(ParcoursError):
    """A stored secret was written with another key."""


class SecretBox:
    """Encrypts and decrypts small texts, and derives further keys from the same root."""

    def __init__(self, root: bytes) -> None:
        self._root = root
        self._fernet = Fernet(base64.urlsafe_b64encode(self.derive(b"secrets-at-rest")))

    @classmethod
    def open(cls, data_dir: Path, secret_key: str = "") -> "SecretBox":
        """From `secret_key` (base64), or else from `data_dir/secret.key`, made with mode 0600 when absent.

        Raises SecretKeyUnusable when either is not the base64 of at least 32 bytes.
        """
        if secret_key:
            return cls(_decode(secret_key, "PARCOURS_SECRET_KEY"))
        path = data_dir / "secret.key"
        if not path.exists():  # whoever makes it is the directory's one server; whole or not at all
            draft = data_dir / "secret.key.new"
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        return cls(_decode(path.read_text("ascii", "replace"), str(path)))

    def derive(self, purpose: bytes) -> bytes:
        """32 bytes bound to `purpose`, the same at every start."""
        return hashlib.blake2b(purpose, key=self._root[:64], digest_size=32).digest()

    def encrypt(self, text: str) -> str:
        """The text, encrypted and authenticated, as ASCII."""
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, token: str) -> str:
        """What `encrypt` was given. Raises SecretUnreadable under another key."""
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken:
            raise SecretUnreadable("a stored secret can't be read with this secret key") from None


def _decode(text: str, name: str) -> bytes:
    try:
        root = base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        root = b""
    if len(root) < KEY_BYTES:
        raise SecretKeyUnusable(
            f"{name} must be the base64 of at least {KEY_BYTES} random bytes; `openssl rand -base64 32` makes them"
        )
    return root
