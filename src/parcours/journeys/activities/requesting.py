"""Nodes that ask something of the world and go on in the same transaction."""

from typing import Any

from parcours.journeys.model import Replied, Request, Stimulus
from parcours.journeys.run import Node, Run


class RequestingNode(Node):
    """Asks on arrival, goes on with the reply."""

    __slots__ = ()

    def ask(self, run: Run, request: Request) -> None:
        """Hold until the reply is there."""
        run.commands.append(request)
        run.hold("reply")

    def resume(self, run: Run, stimulus: Stimulus) -> Node | None:
        """The reply."""
        if isinstance(stimulus, Replied):
            return self.take(run, stimulus.reply)
        return super().resume(run, stimulus)

    def take(self, run: Run, reply: Any) -> Node | None:
        """Go on with what the command says it is answered with."""
        raise NotImplementedError
