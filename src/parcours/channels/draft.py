"""A message as a journey decides it: who gets which template, with what it reads of them, as a row of the outbox.

It is frozen in the journey's transaction and rendered when it is sent, so that a slow or faulty template holds up no
event, and so that what a condition saw is what the message says.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from parcours.actions.model import HttpRequest

METHOD = "MESSAGE"
"""In place of an HTTP method: the row is no HTTP call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is known of a message before it is rendered."""

    channel: str
    template_uid: str
    template_version: int
    configuration_uid: str | None
    """None: the sandbox's default of the channel."""
    address: Any
    """As an expression or the profile gave it; whether it is one is looked at when it is sent.

    Of a push notification to somebody with several devices a list of [token, platform], of which one is chosen then.
    """
    namespace: str | None = None
    identity: str | None = None
    values: Mapping[str, Any]
    """What the template reads, by root."""
    has_consent: bool = True
    """Whether the profile does not refuse messages of this channel."""
    journey_uid: str = ""
    is_test: bool = False
    platform: str = ""
    utc_offset_s: int = 0
    """How far the individual's clock is ahead of UTC."""
    is_time_optimized: bool = False
    """Whether send-time optimisation chose when it is sent."""
    document: Mapping[str, Any] | None = None
    """Of a proof: the draft of the template, which may never have been published."""

    def request(self) -> HttpRequest:
        """As the outbox keeps it; its host is the configuration, so that one that hangs delays no other.

        Raises TypeError for values that are no JSON.
        """
        host = self.configuration_uid or self.channel
        return HttpRequest(METHOD, f"message://{host}/{self.channel}", (), orjson.dumps(asdict(self)))


def read_draft(request: HttpRequest) -> Draft:
    """What `request` gave. Raises ValueError or TypeError for anything else."""
    return Draft(**orjson.loads(request.body or b""))
