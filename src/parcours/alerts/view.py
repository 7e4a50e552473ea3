"""An alert as the API and a webhook show it."""

from collections.abc import Sequence
from typing import Any

from parcours.alerts.rules import APPROVALS, INFORMATION
from parcours.alerts.store import Alert, Notice
from parcours.alerts.subscription import text_of


def show_alert(alert: Alert, name: str | None, notices: Sequence[Notice] = ()) -> dict[str, Any]:
    """name: of the journey, None when it is unknown."""
    is_information = alert.kind in INFORMATION
    state = "information" if is_information else "open" if alert.resolved_at_ms is None else "resolved"
    shown: dict[str, Any] = {
        "uid": alert.uid,
        "kind": alert.kind,
        "state": state,
        "subscriptionUid": alert.subscription_uid,
        "journeyUid": alert.journey_uid,
        "versionUid": alert.version_uid,
        "journeyName": name,
        "openedAt": text_of(alert.opened_at_ms),
    }
    if alert.kind in APPROVALS:
        shown["requestUid"] = alert.node_id
    if not is_information:
        shown |= {
            "nodeId": alert.node_id or None,
            "thresholdPercent": round(alert.threshold * 100, 4),
            "percent": round(alert.part / max(alert.whole, 1) * 100, 4),
            "count": alert.part,
            "of": alert.whole,
            "worstPercent": round(alert.worst * 100, 4),
            "lastAboveAt": text_of(alert.last_above_at_ms),
            "resolvedAt": None if alert.resolved_at_ms is None else text_of(alert.resolved_at_ms),
        }
    if notices:
        shown["notices"] = [
            {"uid": n.uid, "event": n.event, "state": n.state, "attempts": n.attempts, "error": n.error}
            for n in notices
        ]
    return shown
