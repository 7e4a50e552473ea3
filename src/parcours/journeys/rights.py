"""Who may do what with a journey. Pure; source: journeys §2."""

import re
from collections.abc import Mapping
from typing import Any

from parcours.access.errors import PermissionDenied
from parcours.access.model import Caller
from parcours.journeys.document import DEFAULT_ACTION_S, DEFAULT_GLOBAL_DAYS

_PUBLISHING = frozenset({"publish", "pause", "resume", "dryrun", "startdryrun", "dryrunstart"})
_APPROVING = frozenset({"approve", "requestchanges"})
_DEFAULT_TIMEOUTS = {"actionSeconds": DEFAULT_ACTION_S, "globalDays": DEFAULT_GLOBAL_DAYS}


def permission_to(verb: str) -> str:
    """The permission for a verb of a version, as its path has it: publishing, pausing, resuming and starting a dry run
    need `journeys.publish`; approving and sending back `journeys.approve`; testing, closing, stopping, the end of a dry
    run, and requesting an approval `journeys.write`."""
    word = re.sub(r"[^a-z]", "", verb.lower())
    if word in _APPROVING:
        return "journeys.approve"
    return "journeys.publish" if word in _PUBLISHING else "journeys.write"


def check_timeouts(caller: Caller, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Only administrators change "Timeout and error"; leaving out a value means its default.

    before, after: journey documents; {} before a journey is made. Raises PermissionDenied.
    """
    if not caller.may("journeys.administer") and _timeouts(before) != _timeouts(after):
        reason = "only administrators change the timeouts of a journey"
        raise PermissionDenied("journeys.administer", caller.sandbox.name, reason, "$.timeouts")


def _timeouts(document: Mapping[str, Any]) -> Any:
    given = document.get("timeouts")
    return {**_DEFAULT_TIMEOUTS, **given} if isinstance(given, Mapping) else given or _DEFAULT_TIMEOUTS
