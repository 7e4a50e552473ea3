"""What a single word in an answer to an SMS asks for. Pure."""

from collections.abc import Iterable, Mapping
from typing import Literal

Wish = Literal["stop", "start", "help", ""]

STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "REVOKE"})
START = frozenset({"START", "YES", "UNSTOP"})
HELP = frozenset({"HELP", "INFO"})
"""As carriers and Twilio have them. Source: CTIA Messaging Principles §5.1.3; Twilio, Default opt-out keywords."""
_WISHES: Mapping[str, Wish] = {
    **dict.fromkeys(STOP, "stop"), **dict.fromkeys(START, "start"), **dict.fromkeys(HELP, "help"),
}  # fmt: skip


def wish_of(text: str, more_stop: Iterable[str] = ()) -> Wish:
    """`stop`, `start`, `help`, or nothing for an ordinary answer.

    The word stands alone, in any case, perhaps with punctuation around it: “Stop.” asks to stop, “stop calling me Bob”
    and “I can't start it” ask for nothing. more_stop: words beside the usual ones, such as ARRET.
    """
    word = text.strip().strip(".,;:!?\"'«»“”()").strip().upper()
    if any(word == one.strip().upper() for one in more_stop):
        return "stop"
    return _WISHES.get(word, "")
