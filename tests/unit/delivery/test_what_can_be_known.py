"""Of which messages it can be known that they were opened or clicked: only those count for send-time optimisation."""

import pytest

from parcours.channels.model import Configuration, Message
from parcours.delivery.messages import _can_be_known

LINKED = '<p><a href="https://shop.example/m/c/token">Offer</a></p>'


@pytest.mark.parametrize(
    ("channel", "html", "tracks", "known"),
    [
        ("email", LINKED, (True, True), ("opens", "clicks")),
        ("email", LINKED, (True, False), ("opens",)),
        ("email", LINKED, (False, True), ("clicks",)),
        ("email", LINKED, (False, False), ()),
        ("email", "<p>No link</p>", (True, True), ("opens",)),
        ("email", "", (True, True), ()),
        ("push", "", (False, False), ("opens",)),
        ("sms", "", (True, True), ()),
    ],
)
def test_what_comes_back_of_a_message(
    channel: str, html: str, tracks: tuple[bool, bool], known: tuple[str, ...]
) -> None:
    opens, links = tracks
    configuration = Configuration(1, "c", 1, "C", channel, "smtp", {}, {}, tracks_opens=opens, tracks_links=links)
    message = Message("k", 1, channel, "a", {"html": html} if html else {"text": "x"}, (), {}, "marketing")
    assert _can_be_known(configuration, message) == known
