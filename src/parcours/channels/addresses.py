"""Addresses of the channels: what one may look like, and its one form for comparison. Pure."""

import re

MAX_CHARACTERS = 320
"""RFC 3696: 64 before the @, 255 after it."""
MAX_TOKEN_CHARACTERS = 4_096
_LOCAL = re.compile(r"[^\x00-\x20\x7f-\x9f()<>\[\]:;@\\,\"\u2028\u2029]{1,64}")
_DOMAIN_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_E164 = re.compile(r"\+?[1-9][0-9]{4,14}")
_SPACES = re.compile(r"[ ().\-/]")


class AddressRefused(ValueError):
    """A text that is no address of the channel; the message does not repeat it."""


def normalize(channel: str, address: object) -> str:
    """The address as it is sent to. Raises AddressRefused."""
    if not isinstance(address, str) or not address.strip():
        raise AddressRefused("there is no address")
    text = address.strip()
    if len(text) > (MAX_TOKEN_CHARACTERS if channel == "push" else MAX_CHARACTERS):
        raise AddressRefused(f"an address of {len(text)} characters")
    if channel == "email":
        return _email(text)
    if channel == "sms":
        digits = _SPACES.sub("", text)
        digits = "+" + digits[2:] if digits.startswith("00") else digits
        if not _E164.fullmatch(digits):
            raise AddressRefused("no telephone number in international form")
        return digits if digits.startswith("+") else f"+{digits}"
    if any(ord(letter) < 33 or ord(letter) > 126 for letter in text):
        raise AddressRefused("a token has visible ASCII characters only")
    return text


def comparable(channel: str, address: str) -> str:
    """The form in which addresses of the suppression list are compared: e-mail without regard to case."""
    return address.casefold() if channel == "email" else address


def _email(text: str) -> str:
    local, at, domain = text.rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or local[0] == "." or local[-1] == "." or ".." in local:
        raise AddressRefused("no e-mail address")
    try:
        ascii_domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
        local.encode()
    except UnicodeError:
        raise AddressRefused("no e-mail address") from None
    labels = ascii_domain.split(".")
    if len(ascii_domain) > 253 or not all(_DOMAIN_LABEL.fullmatch(label) for label in labels):
        raise AddressRefused("no e-mail address")
    return f"{local}@{ascii_domain.lower()}"
