"""What lookups refuse."""

from parcours.kit.errors import Invalid, NotFound


class LookupInvalid(Invalid):
    """More keys or fields than one lookup takes, or an action nobody knows."""

    title = "Lookup refused"


class LookupTooLarge(Invalid):
    """What was found is longer than an answer may be."""

    title = "Lookup answer too large"


class LookupNotEnabled(NotFound):
    """The sandbox has no data set with this id that is enabled for lookup."""

    title = "Data set not enabled for lookup"

    def __init__(self, dataset_id: str) -> None:
        super().__init__(f"no data set {dataset_id!r} in this sandbox is enabled for lookup")
        self.dataset_id = dataset_id
