"""What audiences and their uploads refuse."""

from parcours.kit.errors import Conflict, Invalid, NotFound


class AudienceNotFound(NotFound):
    """The sandbox has no audience with this id."""

    number = "113430"
    title = "Audience not found"

    def __init__(self, audience_id: str) -> None:
        super().__init__(f"no audience {audience_id!r} in this sandbox")
        self.audience_id = audience_id


class AudienceInvalid(Invalid):
    """An audience, or a question about audiences, that can't be accepted."""

    number = "113434"
    title = "Audience invalid"


class TooManyAudiences(Invalid):
    """A call names more audiences than it may, or none."""

    number = "113015"
    title = "Wrong number of ids"


class AudienceExists(Conflict):
    """The name is taken in the sandbox."""

    number = "113422"
    title = "Audience exists"

    def __init__(self, name: str) -> None:
        super().__init__(f"an audience named {name!r} exists already in this sandbox")
        self.name = name


class AudienceInUse(Conflict):
    """A journey uses the audience."""

    number = "113631"
    title = "Dependent audience"


class UploadNotFound(NotFound):
    """The audience has no such upload."""

    number = "113000"
    title = "Upload not found"

    def __init__(self, upload_id: str) -> None:
        super().__init__(f"no upload {upload_id!r} of this audience")


class UploadInvalid(Invalid):
    """An upload, or a part of one, that can't be accepted."""

    number = "113434"
    title = "Upload invalid"


class UploadStateConflict(Conflict):
    """The upload is not in a state for this."""

    number = "113409"
    title = "Upload not open"
