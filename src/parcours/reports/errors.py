"""What reports refuse."""

from parcours.kit.errors import Invalid, Unavailable


class ReportQueryInvalid(Invalid):
    """A period, an interval or a filter that can't be read."""


class TooManyStreams(Unavailable):
    """As many live reports are being streamed as this server allows."""
