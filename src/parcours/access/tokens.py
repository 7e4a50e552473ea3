"""Access tokens: signed JWTs that say who, for which organisation, until when."""

from dataclasses import dataclass

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey


@dataclass(frozen=True, slots=True)
class Token:
    """What a valid token says."""

    client_id: str
    user_id: str
    org_id: str
    expires_at_ms: int


def user_of(client_id: str) -> str:
    """The technical account of a client: whom its tokens name as user."""
    return f"{client_id}@techacct.parcours"


class TokenSigner:
    """Signs and reads tokens with one symmetric key (HS256)."""

    def __init__(self, key: bytes) -> None:
        self._key = OctKey.import_key(key)

    def sign(self, client_id: str, org_id: str, scope: str, now_ms: int, lifetime_s: int) -> str:
        """A new token; its times are milliseconds as decimal strings, which real clients decode."""
        claims = {
            "type": "access_token",
            "client_id": client_id,
            "user_id": user_of(client_id),
            "org": org_id,
            "scope": scope,
            "created_at": str(now_ms),
            "expires_in": str(lifetime_s * 1000),
        }
        return jwt.encode({"alg": "HS256"}, claims, self._key)

    def read(self, text: str, now_ms: int) -> Token | None:
        """The token's content, or None when it is malformed, foreign or expired."""
        try:
            claims = jwt.decode(text, self._key, algorithms=["HS256"]).claims
            expires_at_ms = int(claims["created_at"]) + int(claims["expires_in"])
            if claims.get("type") != "access_token" or now_ms >= expires_at_ms:
                return None
            return Token(claims["client_id"], claims["user_id"], claims["org"], expires_at_ms)
        except (JoseError, ValueError, KeyError, TypeError):
            return None
