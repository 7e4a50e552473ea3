"""How long an SMS is: its encoding, and in how many segments it is sent and paid. Pure.

Sources: 3GPP TS 23.038 §6.2.1 (the default alphabet and its extension), TS 23.040 §9.2.3.24.1 (concatenation).
"""

from typing import NamedTuple

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default alphabet without its escape: one septet each."""
_EXTENSION = "\f^{}\\[~]|€"
"""Behind an escape: two septets each."""
_SEPTETS = {**dict.fromkeys(_BASIC, 1), **dict.fromkeys(_EXTENSION, 2)}
GSM7_ALONE, GSM7_EACH = 160, 153
"""Septets of a single SMS, and of each of several: the header that joins them takes seven."""
UCS2_ALONE, UCS2_EACH = 70, 67
"""UTF-16 units of a single SMS, and of each of several."""
MAX_SHOWN = 20


class SmsLength(NamedTuple):
    """What a text comes to."""

    encoding: str
    """`GSM-7` or `UCS-2`."""
    units: int
    """Septets of GSM-7, UTF-16 units of UCS-2."""
    segments: int
    left: int
    """Units that still fit into the last segment."""
    not_gsm7: str
    """The characters, each once, that make it UCS-2; the first of them."""


def measure(text: str) -> SmsLength:
    """How a text is sent. An empty one is one segment: an SMS without text is an SMS.

    No character is torn: what takes two units (an extended one of GSM-7, a surrogate pair) begins the next segment
    when only one is left.
    """
    others = "".join(dict.fromkeys(letter for letter in text if letter not in _SEPTETS))
    if others:
        sizes = [2 if ord(letter) > 0xFFFF else 1 for letter in text]
        encoding, alone, each = "UCS-2", UCS2_ALONE, UCS2_EACH
    else:
        sizes = [_SEPTETS[letter] for letter in text]
        encoding, alone, each = "GSM-7", GSM7_ALONE, GSM7_EACH
    units = sum(sizes)
    if units <= alone:
        return SmsLength(encoding, units, 1, alone - units, others[:MAX_SHOWN])
    segments, used = 1, 0
    for size in sizes:
        if used + size > each:
            segments, used = segments + 1, 0
        used += size
    return SmsLength(encoding, units, segments, each - used, others[:MAX_SHOWN])


def shown(text: str) -> dict[str, object]:
    """What previews and the inbox say of it."""
    length = measure(text)
    told: dict[str, object] = {
        "encoding": length.encoding, "units": length.units, "segments": length.segments, "left": length.left,
    }  # fmt: skip
    return {**told, "notGsm7": length.not_gsm7} if length.not_gsm7 else told
