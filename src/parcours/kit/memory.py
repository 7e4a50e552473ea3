"""How a process that serves keeps its memory."""

import gc


def calm_garbage_collector() -> None:
    """Let what was loaded at the start alone, and collect seldom: work makes many objects, hardly any cyclic."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(500_000, 10, 10)
