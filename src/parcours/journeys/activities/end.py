"""The end activity: a labelled end of a path (journeys §8.8). An open end works the same without one."""

from typing import ClassVar

from parcours.journeys.activities.kind import Kind
from parcours.journeys.run import Node, Run


class EndNode(Node):
    """Ends the instance."""

    __slots__ = ()
    node_type: ClassVar[str] = "end"

    def enter(self, run: Run) -> Node | None:
        """Leave the journey."""
        return run.leave("default")


KIND = Kind(
    type="end",
    schema={"properties": {}},
    build=lambda node_id, name, _config, _builder: EndNode(node_id, name),
    transitions=lambda _config: (),
)
