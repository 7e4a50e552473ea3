"""The shape of a journey: what is reachable, where it turns in circles, what lies before a node."""

from collections.abc import Iterable, Mapping, Sequence

Edges = Mapping[str, Sequence[str]]
"""Node id → ids it leads to."""


def reachable(start: str, edges: Edges) -> set[str]:
    """Every node a walk from `start` can come to, itself included."""
    seen = {start}
    open_nodes = [start]
    while open_nodes:
        for target in edges.get(open_nodes.pop(), ()):
            if target not in seen:
                seen.add(target)
                open_nodes.append(target)
    return seen


def reversed_edges(edges: Edges) -> dict[str, list[str]]:
    """The same arrows, pointing back."""
    back: dict[str, list[str]] = {}
    for source, targets in edges.items():
        for target in targets:
            back.setdefault(target, []).append(source)
    return back


def ancestors(node_id: str, back: Edges) -> set[str]:
    """Every node on some way to `node_id`, itself left out unless it lies on a loop."""
    found: set[str] = set()
    for source in back.get(node_id, ()):
        if source not in found:
            found |= reachable(source, back)
    return found


def find_loop(nodes: Iterable[str], edges: Edges) -> list[str] | None:
    """Nodes of one loop in walking order, the first repeated at the end; None when there is none."""
    done: set[str] = set()
    for root in nodes:
        if root in done:
            continue
        path: list[str] = [root]
        on_path = {root}
        iterators = [iter(edges.get(root, ()))]
        while iterators:
            target = next(iterators[-1], None)
            if target is None:
                iterators.pop()
                last = path.pop()
                on_path.discard(last)
                done.add(last)
            elif target in on_path:
                return [*path[path.index(target) :], target]
            elif target not in done:
                path.append(target)
                on_path.add(target)
                iterators.append(iter(edges.get(target, ())))
    return None


def in_order(start: str, edges: Edges) -> list[str]:
    """Every node reachable from `start`, each after all that lead to it. The graph has no loop."""
    reached = reachable(start, edges)
    missing = dict.fromkeys(reached, 0)
    for source in reached:
        for target in edges.get(source, ()):
            missing[target] += 1
    found: list[str] = []
    ready = [node for node, count in missing.items() if not count]
    while ready:
        node = ready.pop()
        found.append(node)
        for target in edges.get(node, ()):
            missing[target] -= 1
            if not missing[target]:
                ready.append(target)
    return found
