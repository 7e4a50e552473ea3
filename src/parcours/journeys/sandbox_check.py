"""What a draft finds in its sandbox and no compiled journey depends on: members of audiences, ways to send."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from parcours.channels.service import ChannelTable
from parcours.journeys.activities.message import OPTIMIZED
from parcours.journeys.check import Fault


def audiences_of(document: Mapping[str, Any]) -> list[str]:
    """Ids of the audiences that nodes name, sorted."""
    return sorted({node["audienceId"] for node in document.get("nodes", {}).values() if "audienceId" in node})


def audience_faults(document: Mapping[str, Any], never_evaluated: Collection[str]) -> Iterator[Fault]:
    """Nobody enters by an audience that was never evaluated. Source: journeys §4.7."""
    for node_id, node in document.get("nodes", {}).items():
        if node.get("audienceId") in never_evaluated:
            yield Fault(
                "ERR_AUDIENCE_NOT_EVALUATED", "the audience was never evaluated: it has no members yet",
                f"$.nodes.{node_id}.audienceId", node_id, "warning",
            )  # fmt: skip


def channel_faults(document: Mapping[str, Any], scope_id: int, channels: ChannelTable) -> Iterator[Fault]:
    """Messages of a configuration that is not there, and those whose best time can never be known.

    Opens of e-mail are known by a picture, clicks by links of our own; the configuration says whether there are any.
    """
    for node_id, node in document.get("nodes", {}).items():
        if node["type"] != "message":
            continue
        channel, uid = node["channel"], node.get("configurationUid")
        configuration = channels.choose(scope_id, channel, uid)
        if configuration is None:
            message = f"the channel {channel} has no configuration {uid!r}: no message can leave"
            yield Fault("ERR_CHANNEL_CONFIGURATION", message, f"$.nodes.{node_id}.configurationUid", node_id)
            continue
        optimized_for = node.get(OPTIMIZED, {}).get("optimizeFor")
        tracks = {"opens": configuration.tracks_opens, "clicks": configuration.tracks_links}
        if channel == "email" and tracks.get(optimized_for) is False:
            what = {"opens": "opens", "clicks": "links"}[optimized_for]
            message = f"the configuration {configuration.name!r} does not track {what}: the best time stays unknown"
            yield Fault(
                "ERR_SEND_TIME_UNTRACKED", message, f"$.nodes.{node_id}.{OPTIMIZED}.optimizeFor", node_id, "warning"
            )
