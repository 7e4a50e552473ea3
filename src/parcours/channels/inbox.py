"""The built-in inbox: keeps messages in place of sending them, so that everything can be tried without a provider."""

import time

from parcours.channels.mime import build
from parcours.channels.model import INBOX, Configuration, Message, ProviderKind, SendOutcome, Tools

NOBODY = "no-reply@localhost"
"""Who an e-mail is from that has no sender. Attachments are named, not fetched."""


class Inbox:
    """A provider that delivers to the database."""

    def __init__(self, configuration: Configuration, tools: Tools) -> None:
        self._configuration = configuration
        self._tools = tools

    async def send(self, message: Message) -> SendOutcome:
        """Keep it; a message that is there already stays as it was."""
        source: bytes | None = None
        if message.channel == "email":
            sender = {"address": NOBODY, **self._configuration.sender}
            source = build(message, sender, time.time_ns() // 1000).to_bytes()
        await self._tools.keep(message, source)
        return SendOutcome("delivered", provider_id=message.key)

    async def close(self) -> None:
        """Nothing is held."""


KIND = ProviderKind(
    kind=INBOX,
    channels=frozenset({"email", "sms", "push"}),
    schema={"type": "object", "properties": {}, "additionalProperties": False},
    open=Inbox,
)
