"""What a call of the capping or throttling API is refused for, with the numbers clients know. Source: journeys §14."""

from parcours.kit.errors import ParcoursError


class LimitRefused(ParcoursError):
    """A numbered refusal; `schema` names the kind of configuration and the sandbox."""

    def __init__(self, code: int | str, message: str, schema: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.schema = schema
        self.status = status

    @property
    def family(self) -> str:
        """The word that stands beside the number."""
        return "INTERNAL_ERROR" if self.code == 4000 else "INPUT_OUTPUT_ERROR"
