"""Every setting of the server, read from the environment once, in `app.py`, and passed down."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from parcours.kit.errors import Invalid


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Each field is read from `PARCOURS_<NAME>`; units are in the names."""

    data_dir: Path = Path("data")
    """Folder of everything the embedded mode stores; made on first start."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = 8080
    """TCP port to listen on."""
    public_url: str = ""
    """Base URL put into `inletUrl` and links; empty means http://HOST:PORT."""
    database_url: str = ""
    """Where state lives; empty means SQLite in the data directory, `postgresql+psycopg://…` to scale out."""
    secret_key: str = ""
    """Base64 key that encrypts stored secrets and signs tokens; empty means `DATA_DIR/secret.key`."""
    bootstrap_client_id: str = ""
    """Client id made on first start; empty means a random one."""
    bootstrap_client_secret: str = ""
    """Client secret made on first start; empty means a random one."""
    bootstrap_org_id: str = ""
    """Organisation made on first start, such as ABC123@AdobeOrg; empty means a random one."""
    bootstrap_tenant: str = "parcours"
    """Tenant id of the first organisation: custom fields live under `_{tenant}`."""
    token_lifetime_s: int = 86_400
    """How long an access token lives, in seconds."""
    allow_private_networks: bool = False
    """Whether URLs set by users may reach loopback and private addresses."""
    max_body_bytes: int = 1_048_576
    """Largest request body an inlet accepts, in bytes; above it the answer is 413."""
    max_control_body_bytes: int = 8_388_608
    """Largest request body the control plane accepts, in bytes."""
    collector_backlog: int = 20_000
    """Most requests waiting to be made durable; above it the answer is 503 with Retry-After."""
    batch_records: int = 1_000
    """Most records the worker handles in one transaction."""
    poll_ms: int = 10
    """Longest an idle worker that no server tells of new records waits before it looks for some, in milliseconds."""
    timer_poll_ms: int = 100
    """Longest a due timer waits before it is claimed, in milliseconds."""
    delivery_concurrency: int = 256
    """Most outgoing HTTP calls in flight."""
    lake_commit_ms: int = 2_000
    """How often landed records are committed to the lake, in milliseconds."""
    log_retention_hours: int = 168
    """How long processed records stay in the event log, in hours."""
    trace_retention_hours: int = 720
    """How long decisions about events are kept for `trace`, in hours."""
    log_level: str = "info"
    """Least severe log line written: debug, info, warning or error."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """Unused PARCOURS_ variables, kept so that start-up can warn of a misspelt one."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None, **overrides: object) -> "Settings":
        """Read PARCOURS_ variables; `overrides` that are not None win. Raises Invalid naming the variable."""
        environ = os.environ if environ is None else environ
        known = {f"PARCOURS_{f.name.upper()}": f for f in fields(cls) if f.name != "extra"}
        values: dict[str, object] = {}
        extra: dict[str, str] = {}
        for key, text in environ.items():
            if not key.startswith("PARCOURS_"):
                continue
            if key not in known:
                extra[key] = text
                continue
            values[known[key].name] = _parse(key, text, known[key].type)
        values.update({k: v for k, v in overrides.items() if v is not None})
        return cls(**values, extra=extra)  # type: ignore[arg-type]

    @property
    def base_url(self) -> str:
        """The URL clients reach this server at, without a trailing slash."""
        host = "localhost" if self.host in ("0.0.0.0", "::") else self.host
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")

    @property
    def state_url(self) -> str:
        """The SQLAlchemy URL of the state database."""
        return self.database_url or f"sqlite:///{self.data_dir / 'state.db'}"


def _parse(key: str, text: str, kind: object) -> object:
    if kind is bool:
        if text.lower() in ("1", "true", "yes", "on"):
            return True
        if text.lower() in ("0", "false", "no", "off", ""):
            return False
        raise Invalid(f"{key} must be true or false, not {text!r}", f"$.{key}")
    if kind is int:
        try:
            return int(text)
        except ValueError:
            raise Invalid(f"{key} must be a whole number, not {text!r}", f"$.{key}") from None
    return Path(text) if kind is Path else text
