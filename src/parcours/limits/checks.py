"""What is wrong with the document of a limit: pure, and told rather than raised, for a draft may be incomplete.

Source: journeys §14.2, §14.3.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from parcours.limits.patterns import METHODS, PatternInvalid, read_methods, read_pattern

SERVICES = ("action", "dataSource")
MAX_CONNECTIONS = 400
ANY_CONNECTIONS = -1
"""How a deployed configuration says that it limits no connections."""
MIN_THROUGHPUT, MAX_THROUGHPUT = 200, 5_000
MAX_CALLS = 1_000_000_000
MAX_PERIOD_MS = 86_400_000
MAX_RAMP_MS = 30 * 86_400_000
CAPPING_KEYS = ("name", "description", "url", "methods", "services", "orgId")
THROTTLING_KEYS = ("name", "description", "urlPattern", "methods", "maxThroughput", "ramp", "orgId")


@dataclass(slots=True)
class Findings:
    """What a check found."""

    errors: list[tuple[str, str]] = field(default_factory=list)
    """(code, message)."""
    warnings: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """(code, message, scope: what it is about)."""

    def to_json(self) -> dict[str, Any]:
        """As `canDeploy` in every answer."""
        found: dict[str, Any] = {"validationStatus": "error" if self.errors else "ok"}
        if self.errors:
            found["reason"] = self.errors[0][1]
            found["errors"] = [{"errorCode": code, "error": message} for code, message in self.errors]
        if self.warnings:
            found["warnings"] = [
                {"warningCode": code, "warning": message, "scope": scope} for code, message, scope in self.warnings
            ]
        return found


def check_capping(document: Mapping[str, Any]) -> Findings:
    """Whether a capping configuration can be deployed."""
    found = Findings()
    url = document.get("url")
    if not isinstance(url, str) or not url:
        found.errors.append(("ERR_ENDPOINTCONFIG_100", "capping config: missing or invalid url"))
    else:
        try:
            read_pattern(url)
        except PatternInvalid as invalid:
            code = "102" if invalid.reason == "wildcard" else "101"
            what = "wildcard in host:port" if invalid.reason == "wildcard" else f"malformed url: {invalid}"
            found.errors.append((f"ERR_ENDPOINTCONFIG_{code}", f"capping config: {what}"))
    if not _is_methods(document.get("methods")):
        found.errors.append(("ERR_ENDPOINTCONFIG_103", f"capping config: missing methods; known: {', '.join(METHODS)}"))
    services = document.get("services")
    if not isinstance(services, dict) or not services:
        found.errors.append(("ERR_ENDPOINTCONFIG_104", "capping config: no call rating defined"))
        return found
    for name, service in services.items():
        if name not in SERVICES:
            message = f"capping config: {name!r} is no service; known: {', '.join(SERVICES)}"
            found.errors.append(("ERR_AUTHORING_ENDPOINTCONFIG_1", message))
            continue
        _check_service(name, service, url, found)
    return found


def connections_of(service: Mapping[str, Any]) -> int | None:
    """Most connections of a service at a time; None for any number."""
    connections = service.get("maxHttpConnections")
    return None if connections == ANY_CONNECTIONS else connections


def _check_service(name: str, service: Any, url: Any, found: Findings) -> None:
    rating = service.get("rating") if isinstance(service, dict) else None
    if not isinstance(rating, dict):
        found.errors.append(("ERR_ENDPOINTCONFIG_104", f"capping config: no call rating defined for {name}"))
        return
    if not _is_int(rating.get("maxCallsCount"), 1, MAX_CALLS):
        message = f"capping config: maxCallsCount of {name} is a whole number from 1 to {MAX_CALLS}"
        found.errors.append(("ERR_ENDPOINTCONFIG_107", message))
    if not _is_int(rating.get("periodInMs"), 1, MAX_PERIOD_MS):
        message = f"capping config: periodInMs of {name} is a whole number from 1 to {MAX_PERIOD_MS}"
        found.errors.append(("ERR_ENDPOINTCONFIG_108", message))
    connections = connections_of(service)
    if connections is None:
        message = "capping config: max http connections not defined: there may be any number of them"
        scope = {"endpointConfigService": name, "endpointConfigUrl": url if isinstance(url, str) else ""}
        found.warnings.append(("ERR_ENDPOINTCONFIG_106", message, scope))
    elif not _is_int(connections, 1, MAX_CONNECTIONS):
        message = f"capping config: maxHttpConnections of {name} is a whole number from 1 to {MAX_CONNECTIONS}"
        found.errors.append(("ERR_ENDPOINTCONFIG_106", message))


def check_throttling(document: Mapping[str, Any]) -> Findings:
    """Whether a throttling configuration can be deployed."""
    found = Findings()
    pattern = document.get("urlPattern")
    if pattern is None:
        found.errors.append(("ERR_THROTTLING_CONFIG_100", "throttling config: urlPattern required"))
    else:
        try:
            read_pattern(pattern)
        except PatternInvalid as invalid:
            is_wildcard = invalid.reason == "wildcard"
            what = (
                "wildcards not allowed in host part of the url pattern"
                if is_wildcard
                else f"malformed url pattern: {invalid}"
            )
            code = "105" if is_wildcard else "104"
            found.errors.append((f"ERR_THROTTLING_CONFIG_{code}", f"throttling config: {what}"))
    methods = document.get("methods")
    if methods is None:
        found.errors.append(("ERR_THROTTLING_CONFIG_100", "throttling config: methods required"))
    elif not _is_methods(methods):
        message = f"throttling config: invalid payload: methods are some of {', '.join(METHODS)}"
        found.errors.append(("ERR_THROTTLING_CONFIG_106", message))
    most = document.get("maxThroughput")
    if not _is_int(most, MIN_THROUGHPUT, MAX_THROUGHPUT):
        message = (
            f"throttling config: maxThroughput is required and must be greater than or equal to {MIN_THROUGHPUT} "
            f"and less than or equal to {MAX_THROUGHPUT}"
        )
        found.errors.append(("ERR_THROTTLING_CONFIG_101", message))
    ramp = document.get("ramp")
    if ramp is not None:
        upper = most if isinstance(most, int) else MAX_THROUGHPUT
        is_ramp = (
            isinstance(ramp, dict)
            and set(ramp) == {"startThroughput", "durationInMs"}
            and _is_int(ramp["startThroughput"], 1, upper)
            and _is_int(ramp["durationInMs"], 1, MAX_RAMP_MS)
        )
        if not is_ramp:
            message = (
                "throttling config: invalid payload: ramp has startThroughput, from 1 to maxThroughput, and "
                f"durationInMs, from 1 to {MAX_RAMP_MS}"
            )
            found.errors.append(("ERR_THROTTLING_CONFIG_106", message))
    return found


def _is_methods(methods: Any) -> bool:
    return (
        isinstance(methods, list)
        and bool(methods)
        and all(isinstance(method, str) for method in methods)
        and read_methods(methods).issubset(METHODS)
    )


def _is_int(value: Any, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most
