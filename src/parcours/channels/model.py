"""The nouns of channels, and the seam between them and those who carry messages."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from parcours.actions.model import HttpRequest
from parcours.channels.hooks import Hook, ReadFeedback

INBOX = "inbox"
"""Kind of the provider that keeps messages in place of sending them, and uid of what is used when nothing is set up."""

Category = Literal["marketing", "transactional"]


@dataclass(frozen=True, slots=True)
class Configuration:
    """Through whom messages of one channel leave, ready to be used: its secrets are still sealed."""

    scope_id: int
    uid: str
    version: int
    name: str
    channel: str
    kind: str
    """Of the provider."""
    settings: Mapping[str, Any]
    """As the kind's schema has them; members that are secret are sealed."""
    sender: Mapping[str, str]
    """Who messages are from: of e-mail {"address", "name", "replyTo"}, of SMS {"from"}."""
    tracks_opens: bool = False
    tracks_links: bool = False
    offers_unsubscribe: bool = True
    retry_s: float = 30.0
    """How long a message is tried for that could not be sent yet."""
    soft_bounces: int = 5
    """After how many bounces in a row, each of them passing, an address counts as dead."""


class Message(NamedTuple):
    """One message to one address, ready to leave."""

    key: str
    """Names it for good: the Idempotency-Key, the same in every attempt."""
    scope_id: int
    channel: str
    address: str
    """E-mail address, telephone number in E.164, or device token."""
    fields: Mapping[str, str]
    """subject, html, text, fromName, replyTo … or body … or title, body, link, image."""
    attachments: tuple[tuple[str, str], ...]
    """(URL, file name) each."""
    data: Mapping[str, str]
    """Of a push notification."""
    category: Category
    platform: str = ""
    """Of a push notification: `fcm`, `apns`, `web`, or nothing when only the token is known."""
    unsubscribe_url: str | None = None
    """Where one click unsubscribes, https when the server is; None for messages that offer none."""
    about: Mapping[str, str] = {}
    """templateUid, templateName, journeyUid, versionUid, nodeId: for whoever keeps the message."""


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """What one attempt came to."""

    status: Literal["sent", "delivered", "failed"]
    """`sent`: the provider has taken it. `delivered`: it is known to have arrived."""
    provider_id: str | None = None
    """How the provider calls the message in what it reports later."""
    code: str | None = None
    """Of a failure: one word or number for programs, such as `550` or `UNREGISTERED`."""
    reason: str | None = None
    """For people; names no address."""
    is_permanent: bool = False
    """Whether trying again is pointless."""
    bounce: Literal["", "soft", "hard"] = ""
    """Whether it is the address that is refused: for now, or for good. Empty for faults of the provider or of ours."""
    retry_after_s: float | None = None


class Provider(Protocol):
    """Carries messages of one configuration. Lives in one event loop; many messages may be under way at once."""

    async def send(self, message: Message) -> SendOutcome:
        """One attempt. The time limit is the caller's, who cancels; whatever else goes wrong is an outcome."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class Http(Protocol):
    """One guarded HTTP exchange, as `delivery.sender` makes it. Raises ParcoursError when no answer comes."""

    async def send(self, request: HttpRequest, bare: HttpRequest, headers: Mapping[str, str]) -> Any:
        """An answer with `status`, `headers` and `body` (None when it was too long)."""
        ...


@dataclass(frozen=True, slots=True)
class Tools:
    """What a provider may use."""

    http: Http
    allow_private: bool
    """Whether hosts on private networks may be reached."""
    keep: Callable[[Message, bytes | None], Awaitable[None]]
    """(message, raw source): keeps a message in the inbox."""
    decrypt: Callable[[str], str]
    """A sealed secret in clear. Raises SecretUnreadable."""
    base_url: str = ""
    """Where this server is reached, without a trailing slash: what a provider posts back to is below it."""


@dataclass(frozen=True, slots=True)
class ProviderKind:
    """One kind of provider: what it is set up with and how it is opened."""

    kind: str
    channels: frozenset[str]
    schema: Mapping[str, Any]
    """JSON Schema of `settings`, an object."""
    open: Callable[[Configuration, Tools], Provider]
    needs_sender: bool = False
    """Whether a configuration must say who messages are from."""
    secrets: frozenset[str] = frozenset()
    """Members of `settings` that are sealed and never shown."""
    destination: Callable[[Mapping[str, Any]], object] = field(default=lambda settings: None)
    """What must stay the same for stored secrets to be kept when settings change: the host they are told to."""
    read_feedback: ReadFeedback | None = None
    """Reads what the provider posts back, in its own shape; None: the common shape of `hooks`."""
    stand_in: Callable[[str], str] = field(default=lambda name: "stand-in")
    """(name of a secret) → one made up that `check` takes: a document can then be tried without its secrets."""
    answer: Callable[[Hook, Mapping[str, Any]], tuple[str, bytes]] | None = None
    """(what it posted and `read_feedback` took, settings) → (content type, body) it is answered with; None: JSON."""
    check: Callable[[Mapping[str, Any], bool], None] = field(default=lambda settings, allow_private: None)
    """(settings, whether private networks are allowed): what a schema can't say. Raises ConfigurationInvalid."""


class Report(NamedTuple):
    """What became of one message, so far as is known when its call is answered."""

    key: str
    status: Literal["sent", "delivered", "bounce", "error", "exclude", "denylist"]
    """As `feedbackStatus` has it: `exclude` for want of consent, `denylist` for a suppressed address."""
    channel: str
    address: str
    namespace: str | None
    """Of the individual, with `identity`; None when only the address is known."""
    identity: str | None
    template_uid: str
    template_name: str
    configuration_uid: str
    journey_uid: str
    version_uid: str
    node_id: str
    category: str
    provider: str
    provider_id: str | None = None
    code: str | None = None
    reason: str | None = None
    bounce: Literal["", "soft", "hard"] = ""
    soft_bounces: int = 5
    """After how many soft bounces in a row the address is suppressed."""
    attempts: int = 0
    is_test: bool = False
    retired: tuple[str, ...] = ()
    """Tokens that were found dead on the way to the one that took the message, or was the last."""
    utc_offset_s: int = 0
    """How far the individual's clock was ahead of UTC."""
    is_time_optimized: bool = False
    """Whether send-time optimisation chose when it was sent."""
    tracked: tuple[str, ...] = ()
    """Whether it can be known that it was opened, clicked: `opens`, `clicks`."""
    sent_at_ms: int = 0
    """When it was taken; 0 when that is not told."""
