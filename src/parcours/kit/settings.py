"""Every setting of the server, read from the environment once, in `app.py`, and passed down."""

import ast
import inspect
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from parcours.kit.errors import Invalid
from parcours.kit.proxies import read_networks

Source = Literal["environment", "option"]
NO_SETTINGS = frozenset({"extra", "given"})
"""Fields that tell of the reading, and can't be set."""
MASK = "********"
LOG_LEVELS = ("debug", "info", "warning", "error")
RANGES: Mapping[str, tuple[int, int]] = {
    "port": (1, 65_535),
    "token_lifetime_s": (1, 31_536_000),
    "session_idle_s": (60, 31_536_000),
    "session_lifetime_s": (60, 31_536_000),
    "max_body_bytes": (1_024, 1_073_741_824),
    "max_control_body_bytes": (1_024, 1_073_741_824),
    "collector_backlog": (1, 10_000_000),
    "batch_records": (1, 100_000),
    "poll_ms": (1, 60_000),
    "timer_poll_ms": (1, 60_000),
    "delivery_concurrency": (1, 100_000),
    "lake_commit_ms": (10, 3_600_000),
    "log_retention_hours": (0, 876_000),
    "trace_retention_hours": (1, 876_000),
    "audit_retention_hours": (1, 876_000),
    "inbox_retention_hours": (1, 876_000),
    "message_retention_hours": (24, 876_000),
    "report_retention_hours": (25, 876_000),
}
"""Least and most of each number, as a variable may give it."""
_EVERYWHERE: Mapping[str, str] = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Addresses that mean all of the machine's, and the one among them that is its own."""
_ORG_ID = re.compile(r"[A-Za-z0-9_.-]{1,100}@AdobeOrg")
_TENANT = re.compile(r"[a-zA-Z0-9_]{1,60}")
_CLIENT_ID = re.compile(r"[!-~]{1,120}")


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
    trusted_proxies: str = ""
    """Addresses and networks of proxies whose X-Forwarded-For is believed, separated by commas."""
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
    session_idle_s: int = 43_200
    """How long a session of a user lives without a call, in seconds."""
    session_lifetime_s: int = 1_209_600
    """How long a session lives at most, in seconds."""
    oidc_issuer: str = ""
    """Issuer of an OpenID provider that users sign in with; empty means passwords alone."""
    oidc_client_id: str = ""
    """The client id that the provider knows this server by."""
    oidc_client_secret: str = ""
    """Its secret; empty for a public client."""
    oidc_name: str = ""
    """What the sign-in page calls the provider; empty means the issuer's host."""
    oidc_role: str = ""
    """Id of the role that newcomers get; empty means that only invited addresses come in."""
    allow_private_networks: bool = False
    """Whether URLs set by users may reach loopback and private addresses."""
    egress_proxy: str = ""
    """HTTP proxy that calls to receivers, sources and token servers go through, http://[user:password@]host:port."""
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
    timer_poll_ms: int = 1_000
    """Longest until the worker notices timers and stops that another process wrote without telling, in milliseconds."""
    delivery_concurrency: int = 1_024
    """Most outgoing HTTP calls in flight to hosts that answer in time, and as many to slow ones."""
    lake_commit_ms: int = 2_000
    """How often landed records are committed to the lake, in milliseconds."""
    log_retention_hours: int = 168
    """How long processed records stay in the event log, in hours."""
    trace_retention_hours: int = 720
    """How long decisions about events are kept for `trace`, in hours."""
    audit_retention_hours: int = 8_760
    """How long the audit log is kept, in hours."""
    inbox_retention_hours: int = 168
    """How long messages stay in the built-in inbox, in hours."""
    message_retention_hours: int = 2_184
    """How long is kept which messages left and what became of each, in hours; counts stay."""
    report_retention_hours: int = 2_184
    """How long a report's figures are kept by the hour, in hours; those of all time stay."""
    log_level: str = "info"
    """Least severe log line written: debug, info, warning or error."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """Unused PARCOURS_ variables, kept so that start-up can warn of a misspelt one."""
    given: Mapping[str, Source] = field(default_factory=dict, compare=False)
    """Where the fields come from that are not left at their defaults."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None, **overrides: object) -> "Settings":
        """Read PARCOURS_ variables; an empty one is as if it weren't there; `overrides` that are not None win.

        Raises Invalid naming the variable and what it may be.
        """
        environ = os.environ if environ is None else environ
        known = {f"PARCOURS_{f.name.upper()}": f for f in fields(cls) if f.name not in NO_SETTINGS}
        values: dict[str, object] = {}
        extra: dict[str, str] = {}
        for key, text in environ.items():
            if not key.startswith("PARCOURS_"):
                continue
            if key not in known:
                extra[key] = text
                continue
            if text:
                values[known[key].name] = _parse(key, text, known[key].type, known[key].name)
        given: dict[str, Source] = dict.fromkeys(values, "environment")
        values.update({k: v for k, v in overrides.items() if v is not None})
        given.update(dict.fromkeys((k for k, v in overrides.items() if v is not None), "option"))
        return cls(**values, extra=extra, given=given)  # type: ignore[arg-type]

    def describe(self) -> list[dict[str, object]]:
        """Each setting in force with its variable, value, default, source and meaning; secrets are masked."""
        meanings = _meanings()
        return [
            {
                "name": f.name,
                "variable": f"PARCOURS_{f.name.upper()}",
                "value": _shown(f.name, getattr(self, f.name)),
                "default": _shown(f.name, f.default),
                "source": self.given.get(f.name, "default"),
                "description": meanings[f.name],
            }
            for f in fields(self)
            if f.name not in NO_SETTINGS
        ]

    @property
    def base_url(self) -> str:
        """The URL clients reach this server at, without a trailing slash."""
        host = "localhost" if self.host in _EVERYWHERE else self.host
        return (self.public_url or f"http://{_in_url(host)}:{self.port}").rstrip("/")

    @property
    def local_url(self) -> str:
        """The URL this machine reaches the server at, whatever stands in front of it for others."""
        return f"http://{_in_url(_EVERYWHERE.get(self.host, self.host))}:{self.port}"

    @property
    def state_url(self) -> str:
        """The SQLAlchemy URL of the state database."""
        return self.database_url or f"sqlite:///{self.data_dir / 'state.db'}"


def _shown(name: str, value: object) -> object:
    """A value for people: of a secret whether there is one, of a URL all but its password."""
    if name in ("secret_key", "bootstrap_client_secret"):
        return MASK if value else ""
    if name in ("database_url", "egress_proxy") and isinstance(value, str):
        return re.sub(r"(?<=://)([^/@:]*):[^@/]*(?=@)", rf"\1:{MASK}", value)
    return value if isinstance(value, int) else str(value)


@lru_cache(maxsize=1)
def _meanings() -> dict[str, str]:
    """The text below each field in this file."""
    (made,) = ast.parse(inspect.getsource(Settings)).body
    assert isinstance(made, ast.ClassDef)
    found: dict[str, str] = {}
    for one, below in pairwise(made.body):
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and isinstance(below, ast.Expr):
            found[one.target.id] = str(ast.literal_eval(below.value))
    return found


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _parse(key: str, text: str, kind: object, name: str) -> object:
    if kind is bool:
        if text.lower() in ("1", "true", "yes", "on"):
            return True
        if text.lower() in ("0", "false", "no", "off"):
            return False
        raise Invalid(f"{key} must be true or false, not {text!r}", f"$.{key}")
    if kind is int:
        least, most = RANGES[name]
        try:
            value: int | None = int(text) if len(text) < 20 else None
        except ValueError:
            value = None
        if value is None or not least <= value <= most:
            raise Invalid(f"{key} must be a whole number from {least} to {most}, not {text!r}", f"$.{key}")
        return value
    if kind is Path:
        return Path(text)
    wanted = _FORMS.get(name)
    if wanted is not None and not wanted[0](text):
        shown = "what it is" if name in ("database_url", "egress_proxy") else repr(text)  # it may hold a password
        raise Invalid(f"{key} must be {wanted[1]}, not {shown}", f"$.{key}")
    return text.lower() if name == "log_level" else text


def _has_port(text: str) -> bool:
    """Whether the port of a URL is one, or there is none."""
    try:
        return urlsplit(text).port != 0
    except ValueError:
        return False


def _is_public_url(text: str) -> bool:
    if not _has_port(text) or not text.isprintable() or " " in text:
        return False
    url = urlsplit(text)
    return url.scheme in ("http", "https") and bool(url.hostname) and not url.query and not url.fragment


def _are_networks(text: str) -> bool:
    try:
        return bool(read_networks(text))
    except ValueError:
        return False


_FORMS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "public_url": (_is_public_url, "a URL such as https://parcours.example.com, without query"),
    "trusted_proxies": (_are_networks, "addresses and networks such as 127.0.0.1,10.0.0.0/8"),
    "database_url": (
        lambda text: text.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")) and _has_port(text),
        "a URL such as postgresql+psycopg://user:password@host/database or sqlite:///file",
    ),
    "egress_proxy": (
        lambda text: _is_public_url(text) and text.startswith("http://"),
        "a URL such as http://proxy.example.com:3128",
    ),
    "oidc_issuer": (_is_public_url, "a URL such as https://login.example.com, without query"),
    "bootstrap_client_id": (lambda text: bool(_CLIENT_ID.fullmatch(text)), "at most 120 ASCII characters, no spaces"),
    "bootstrap_org_id": (lambda text: bool(_ORG_ID.fullmatch(text)), "such as ABC123@AdobeOrg"),
    "bootstrap_tenant": (lambda text: bool(_TENANT.fullmatch(text)), "at most 60 letters, digits and underscores"),
    "log_level": (lambda text: text.lower() in LOG_LEVELS, "debug, info, warning or error"),
}
"""What a text has to be, and how to say so; others are any text."""
