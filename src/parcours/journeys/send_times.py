"""When messages go whose time is chosen: what became of earlier ones is read here, and weighed by `send_time`."""

from sqlalchemy import Connection

from parcours.channels.send_hours import EVERYONE, find_hours, person_named
from parcours.journeys.activities.message import reply_to
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.model import ChooseTime, Instance, TimeReply
from parcours.journeys.send_time import Counts


class SendTimes:
    """Of one transaction, in which the counts of everybody are read once."""

    def __init__(self, connection: Connection, now_us: int) -> None:
        self._connection = connection
        self._now_us = now_us
        self._everyone: dict[tuple[int, str, str], Counts] = {}

    def reply(self, journey: CompiledJourney, instance: Instance, command: ChooseTime) -> TimeReply:
        """What a ChooseTime is replied with."""
        place = (journey.scope_id, command.channel, command.success)
        everyone = self._everyone.get(place)
        if everyone is None:
            everyone = self._everyone[place] = self._find(*place, EVERYONE)
        own = self._find(*place, person_named(journey.namespace, instance.key))
        return reply_to(command, self._now_us, instance, everyone, own)

    def _find(self, scope_id: int, channel: str, success: str, person: str) -> Counts:
        return find_hours(self._connection, scope_id, channel, person, self._now_us // 1000, success)
