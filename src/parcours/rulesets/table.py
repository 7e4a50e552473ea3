"""Every active rule set of every sandbox, ready to be asked."""

from collections.abc import Iterable, Mapping
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

from parcours.rulesets.model import (
    WEEKDAYS,
    Domain,
    QuietHours,
    QuietPeriod,
    Rule,
    RuleSet,
    State,
)

RULE_SET_KIND = "ruleSet"
_END_OF_DAY = "24:00"


class RuleSetTable:
    """Sets by uid, and those that apply to everything."""

    def __init__(self, documents: Iterable[tuple[int, str, Mapping[str, Any]]] = ()) -> None:
        """documents: (scope, uid, as stored), of every state; only those that are active apply."""
        self._active: dict[tuple[int, str], RuleSet] = {}
        self._global: dict[tuple[int, Domain], tuple[RuleSet, ...]] = {}
        self._known: dict[tuple[int, str], tuple[str, Domain, State]] = {}
        for scope_id, uid, document in documents:
            place = (scope_id, uid)
            self._known[place] = (document["name"], document["domain"], document["state"])
            if document["state"] != "active":
                continue
            found = self._active[place] = compile_set(uid, document)
            if found.is_global:
                where = (scope_id, found.domain)
                self._global[where] = (*self._global.get(where, ()), found)
        self.scopes = frozenset(scope_id for scope_id, _ in self._active)
        """Sandboxes with an active set."""
        self.counting_scopes = frozenset(
            scope_id
            for (scope_id, _), one in self._active.items()
            if any(rule.type in ("entryCap", "frequencyCap") for rule in one.rules)
        )
        """Those with a set that counts in windows."""

    def applying(self, scope_id: int, domain: Domain, named: str | None) -> tuple[RuleSet, ...]:
        """The global set of a domain, then the one named, if they are active and of the domain."""
        found = self._global.get((scope_id, domain), ())
        own = None if named is None else self._active.get((scope_id, named))
        return found if own is None or own.domain != domain or own in found else (*found, own)

    def find(self, scope_id: int, name: str, domain: str) -> str | None:
        """The uid of a set by its name and domain, active or not."""
        return next((u for (s, u), told in self._known.items() if s == scope_id and told[:2] == (name, domain)), None)

    def describe(self, scope_id: int, uid: str) -> tuple[str, Domain, State] | None:
        """(name, domain, state) of a set, active or not."""
        return self._known.get((scope_id, uid))


def compile_set(uid: str, document: Mapping[str, Any]) -> RuleSet:
    """A stored document as its active rules."""
    rules = tuple(_rule(uid, rule) for rule in document["rules"] if rule["state"] == "active")
    return RuleSet(uid, document["name"], document["domain"], document["isGlobal"], rules)


def _rule(uid: str, rule: Mapping[str, Any]) -> Rule:
    return Rule(
        key=f"{uid}/{rule['id']}",
        id=rule["id"],
        name=rule["name"],
        type=rule["type"],
        limit=rule.get("limit", 0),
        period=rule.get("period", "day"),
        every=rule.get("every", 1),
        channels=frozenset(rule.get("channels", ())),
        look_ahead_days=rule.get("lookAheadDays", 0),
        quiet=_quiet(rule) if rule["type"] == "quietHours" else None,
    )


def _quiet(rule: Mapping[str, Any]) -> QuietHours:
    zone = None if rule.get("useProfileTimeZone") else ZoneInfo(rule.get("timeZone", "UTC"))
    return QuietHours(tuple(_period(one) for one in rule["periods"]), zone, rule["handling"] == "queue")


def _period(period: Mapping[str, Any]) -> QuietPeriod:
    end = period.get("to", _END_OF_DAY)
    return QuietPeriod(
        frozenset(WEEKDAYS.index(day) for day in period.get("days", ())),
        date.fromisoformat(period["firstDate"]) if "firstDate" in period else None,
        date.fromisoformat(period["lastDate"]) if "lastDate" in period else None,
        time.fromisoformat(period.get("from", "00:00")),
        None if end == _END_OF_DAY else time.fromisoformat(end),
    )


NO_RULE_SETS = RuleSetTable()
