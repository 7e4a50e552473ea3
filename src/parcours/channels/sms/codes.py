"""Twilio's error codes, as far as they say more than the HTTP status. Source: Twilio, Error and Warning Dictionary."""

from collections.abc import Mapping
from typing import Literal, NamedTuple


class Meaning(NamedTuple):
    """What a code says."""

    reason: str
    bounce: Literal["", "soft", "hard"] = ""
    is_permanent: bool = True


_RATE = Meaning("too many messages at once", is_permanent=False)
OPTED_OUT = "21610"
"""The recipient has replied STOP to this sender."""

MEANINGS: Mapping[str, Meaning] = {
    "14107": _RATE,
    "20003": Meaning("the provider refuses the credentials"),
    "20429": _RATE,
    "21211": Meaning("no telephone number", "hard"),
    "21214": Meaning("the number can't be reached", "hard"),
    "21217": Meaning("no telephone number", "hard"),
    "21408": Meaning("the account may not send to this country"),
    "21601": Meaning("the sender's number can't send SMS"),
    "21602": Meaning("the message has no text"),
    "21606": Meaning("the sender's number can't send SMS"),
    OPTED_OUT: Meaning("the recipient has replied STOP", "hard"),
    "21611": Meaning("the sender's queue is full", is_permanent=False),
    "21612": Meaning("no way from this sender to this number"),
    "21614": Meaning("no mobile number", "hard"),
    "21617": Meaning("the message is too long"),
    "21635": Meaning("a landline takes no SMS", "hard"),
    "30001": Meaning("the sender's queue is full", is_permanent=False),
    "30002": Meaning("the account is suspended"),
    "30003": Meaning("the handset is off or out of reach", "soft"),
    "30004": Meaning("the recipient or carrier blocks the message", "soft"),
    "30005": Meaning("the number is unknown or no longer in service", "hard"),
    "30006": Meaning("a landline or a carrier that can't be reached", "hard"),
    "30007": Meaning("the carrier filters the message"),
    "30008": Meaning("the carrier does not say why", "soft"),
    "30022": _RATE,
    "30023": _RATE,
}


def meaning_of(code: str, status: int) -> Meaning:
    """What a failure means: its code where it is known, else its HTTP status."""
    found = MEANINGS.get(code)
    if found is not None:
        return found
    is_passing = status in (408, 425, 429) or status >= 500
    return Meaning(f"the provider answered {status}, error {code}", is_permanent=not is_passing)
