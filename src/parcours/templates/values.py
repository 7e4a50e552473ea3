"""What a preview or a proof is made with: values given, and perhaps a stored profile."""

from collections.abc import Mapping
from typing import Any

from parcours.access.errors import PermissionDenied
from parcours.access.model import Caller
from parcours.profile.service import Asked, ProfileService
from parcours.templates.errors import TemplateInvalid

ROOTS = ("profile", "event", "context", "params")
STORED = frozenset({"namespace", "id"})
"""The members of a `profile` that names a stored one."""


class PreviewValues:
    """Reads the values of a request."""

    def __init__(self, profiles: ProfileService) -> None:
        self._profiles = profiles

    def read(self, caller: Caller, body: Mapping[str, Any]) -> dict[str, Any]:
        """Values by root; `{"namespace", "id"}` as `profile` stands for the stored one's attributes.

        Raises TemplateInvalid, PermissionDenied or ProfileNotFound.
        """
        found: dict[str, Any] = {}
        for name, value in body.items():
            if name not in ROOTS:
                raise TemplateInvalid(
                    f"a preview has {', '.join(ROOTS[:-1])} and {ROOTS[-1]}, not {name!r}", f"$.{name}"
                )
            if not isinstance(value, Mapping):
                raise TemplateInvalid(f"{name} is an object", f"$.{name}")
            found[name] = self._stored(caller, value) if name == "profile" and value.keys() == STORED else value
        return found

    def _stored(self, caller: Caller, named: Mapping[str, Any]) -> Mapping[str, Any]:
        for name in sorted(STORED):
            if not isinstance(named[name], str):
                raise TemplateInvalid(f"the {name} of a stored profile is a text", f"$.profile.{name}")
        if not caller.may("profiles.read"):
            raise PermissionDenied("profiles.read", caller.sandbox.name, "the profile is a stored one", "$.profile")
        (found,) = self._profiles.profile(caller, Asked(named["id"], named["namespace"])).values()
        entity: Mapping[str, Any] = found["entity"]
        return entity
