"""What alert subscriptions refuse."""

from parcours.kit.errors import Invalid, NotFound


class SubscriptionNotFound(NotFound):
    """No alert subscription has this uid in the caller's sandbox."""

    def __init__(self, uid: str) -> None:
        super().__init__(f"no alert subscription {uid!r}")


class AlertNotFound(NotFound):
    """No alert has this uid in the caller's sandbox."""

    def __init__(self, uid: str) -> None:
        super().__init__(f"no alert {uid!r}")


class SubscriptionInvalid(Invalid):
    """A subscription that can't be stored."""
