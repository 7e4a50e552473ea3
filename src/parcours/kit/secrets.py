"""Secrets at rest: one key, kept apart from the database, encrypts every stored credential."""

import base64
import hashlib
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from parcours.kit.errors import ParcoursError


class SecretUnreadable(ParcoursError):
    """A stored secret was written with another key."""


class SecretBox:
    """Encrypts and decrypts small texts, and derives further keys from the same root."""

    def __init__(self, root: bytes) -> None:
        self._root = root
        self._fernet = Fernet(base64.urlsafe_b64encode(self.derive(b"secrets-at-rest")))

    @classmethod
    def open(cls, data_dir: Path, secret_key: str = "") -> "SecretBox":
        """From `secret_key` (base64), or else from `data_dir/secret.key`, made with mode 0600 when absent."""
        if secret_key:
            return cls(base64.b64decode(secret_key))
        path = data_dir / "secret.key"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return cls(base64.b64decode(path.read_bytes()))
        root = secrets.token_bytes(32)
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(root))
            file.flush()
            os.fsync(file.fileno())
        return cls(root)

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
