"""Takes what providers post, once it is known to be theirs."""

from typing import NamedTuple

from parcours.channels.document import CONFIGURATION_KIND
from parcours.channels.errors import ConfigurationNotFound, FeedbackRefused
from parcours.channels.hooks import Hook, read_feedback
from parcours.channels.kinds import KINDS
from parcours.channels.sending import FeedbackSender
from parcours.db import Database
from parcours.kit.secrets import SecretBox, SecretUnreadable
from parcours.resources.store import ResourceStore


class Taken(NamedTuple):
    """What came of a post."""

    accepted: int
    """How much of it is about known messages."""
    answer: tuple[str, bytes] | None
    """(content type, body) that the provider wants; None: anything does."""


class HookService:
    """Feedback by channel configuration."""

    def __init__(
        self, db: Database, resources: ResourceStore, secrets: SecretBox, sender: FeedbackSender, base_url: str
    ) -> None:
        self._db = db
        self._resources = resources
        self._secrets = secrets
        self._sender = sender
        self.base_url = base_url.rstrip("/")

    def take(self, uid: str, hook: Hook) -> Taken:
        """Log what is told of messages of a configuration.

        Raises ConfigurationNotFound, FeedbackRefused, MessageInvalid, LogUnavailable.
        """
        with self._db.read() as connection:
            found = [r for r in self._resources.in_all_scopes(connection, CONFIGURATION_KIND) if r.id == uid]
        if not found:
            raise ConfigurationNotFound(uid)
        (stored,) = found
        sealed = stored.body.get("feedbackSecret")
        try:
            secret = None if sealed is None else self._secrets.decrypt(sealed)
            kind = KINDS[stored.body["provider"]["kind"]]
            read = kind.read_feedback or read_feedback
            told = read(hook, stored.body["provider"]["settings"], self._secrets.decrypt, secret)
        except (SecretUnreadable, KeyError):
            raise FeedbackRefused("the configuration's secret can't be read") from None
        accepted = self._sender.hear(stored.scope_id, told, uid)
        settings = stored.body["provider"]["settings"]
        return Taken(accepted, None if kind.answer is None else kind.answer(hook, settings))
