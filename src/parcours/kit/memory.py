"""How a process that serves keeps its memory."""

import ctypes
import gc

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
"""Parameters of glibc's mallopt. Source: malloc.h."""
_PAD_BYTES = 32 * 1024 * 1024


def settle_memory() -> None:
    """To be called once everything is loaded: work makes many objects, hardly any cyclic, and frees them together.

    What was loaded is left alone by the garbage collector, which looks seldom. What one transaction frees the next
    one takes: glibc's malloc doesn't give it back to the system, to ask for it again page by page.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(500_000, 10, 10)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_TOP_PAD, _PAD_BYTES)
        mallopt(_M_TRIM_THRESHOLD, 2 * _PAD_BYTES)
        mallopt(_M_MMAP_THRESHOLD, _PAD_BYTES)
