"""What definitions as files refuse, and what a server refused of them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from parcours.kit.errors import Invalid, ParcoursError

if TYPE_CHECKING:
    from parcours.ascode.model import Fault
    from parcours.journeys.check import Fault as JourneyFault


class CallRefused(ParcoursError):
    """The server answered with an error."""

    def __init__(self, status: int, document: Any) -> None:
        """document: the body, parsed when it is JSON, else text."""
        known = document if isinstance(document, Mapping) else {}
        text = known.get("detail") or known.get("message") or known.get("error_description") or known.get("description")
        super().__init__(f"{status}: {text or _upses(known) or document}")
        self.status = status
        self.detail = str(text or _upses(known) or document)
        self.type = str(known.get("type", "")).rpartition("/")[2]
        """The last part of the problem's type, such as `PARC-7001-400`; empty where the service gives none."""
        report = known.get("report")
        self.report: Mapping[str, Any] = report if isinstance(report, Mapping) else {}
        """`path` and `sub-errors` of the problem, where the service gives them."""


def _upses(document: Mapping[str, Any]) -> str:
    """The messages of an answer of the profile service: {"errors": {status: [{"message"}]}}."""
    errors = document.get("errors")
    lists = errors.values() if isinstance(errors, Mapping) else ()
    return "; ".join(str(one.get("message")) for found in lists if isinstance(found, list) for one in found)


class FolderInvalid(ParcoursError):
    """The folder can't be brought to the server; nothing was changed. One line a fault."""

    def __init__(self, faults: "Sequence[Fault]") -> None:
        more = "" if len(faults) == 1 else "s"
        super().__init__("\n".join([f"{len(faults)} fault{more}; nothing was changed", *map(str, faults)]))
        self.faults = tuple(faults)


class SecretsMissing(ParcoursError):
    """Secrets that files name are given nowhere; nothing was changed."""

    def __init__(self, missing: Mapping[str, Sequence[str]]) -> None:
        """missing: name → the files that name it."""
        lines = [f"{name} ({', '.join(files)})" for name, files in missing.items()]
        super().__init__(
            "\n".join(["secrets are missing; set them in the environment or in the file of --secrets", *lines])
        )
        self.missing = dict(missing)


class SecretUnusable(ParcoursError):
    """A secret that was given is no such key or password; nothing was changed. Repeats nothing of it."""

    def __init__(self, file: str, error: Exception) -> None:
        super().__init__(f"{file}: with the secrets given, it can't be accepted: {error}")


class ApplyIncomplete(ParcoursError):
    """Something was refused half-way; what was done stays, and a second apply does the rest."""


class ExportFailed(ParcoursError):
    """A journey version that can't be exported: it is not valid, or names what isn't there."""

    title = "Export failed"

    def __init__(self, version_uid: str, faults: "Sequence[JourneyFault]") -> None:
        first = f": {faults[0].message}" if faults else ""
        super().__init__(f"journey version {version_uid} is not valid and can't be exported{first}")
        self.faults = tuple(faults)


class ImportInvalid(Invalid):
    """An exported journey that can't be imported; `faults` names everything that is wrong."""

    title = "Import failed"

    def __init__(self, faults: "Sequence[JourneyFault]") -> None:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        super().__init__(f"{faults[0].message}{more}", faults[0].path)
        self.faults = tuple(faults)
