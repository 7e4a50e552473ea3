"""Which journeys use what: the events, actions, templates, data sources and audiences that versions name."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from parcours.actions.model import Usage as ActionUsage
from parcours.audiences.model import Usage as AudienceUsage
from parcours.datasources.model import Usage as SourceUsage
from parcours.events.model import Usage as EventUsage
from parcours.journeys.activities.kind import RuleShape
from parcours.journeys.decision_rule_table import DECISION_RULE_KIND, DecisionRuleTable
from parcours.journeys.definitions import rules_in, uids_in
from parcours.journeys.source_names import sources_in
from parcours.journeys.versions import LIVE, VERSION_KIND
from parcours.resources.store import Compiled, ResourceStore
from parcours.templates.service import Usage as TemplateUsage

_Uses = dict[tuple[int, str, str], tuple[int, int]]
"""(scope, "eventUid" | "actionUid" | "audienceId" | "templateUid", uid) → (draft, published) versions that name it.

Under "dataSource" the names of data sources, and of their field groups as `Source.Group`.
"""

_WITH_JOURNEYS = ("eventUid", "actionUid", "templateUid", "configurationUid", "audienceId", "targetJourneyUid")
"""Members that name what is told its journeys."""
_Users = dict[tuple[int, str], dict[str, dict[str, Any]]]
"""(scope, what is named) → journey uid → the journey with versions that name it.

Named is the uid of an event, action, template, decision rule, channel configuration, audience or target of a jump, or
`#` and the name of a data source or of a field group as `Source.Group`.
"""


class Usages:
    """What versions of every sandbox name, counted and listed as definitions change."""

    def __init__(self, resources: ResourceStore, rules: Compiled[DecisionRuleTable]) -> None:
        """rules: what they read, the versions that name them read, too."""
        self._resources = resources
        self._rules = rules
        kinds = [VERSION_KIND, DECISION_RULE_KIND]
        self._uses: Compiled[_Uses] = Compiled(resources, kinds, self._count_uses)
        self._users: Compiled[_Users] = Compiled(resources, kinds, self._find_users)

    def of_event(self, connection: Connection, scope_id: int, uid: str) -> EventUsage:
        """How many versions name an event."""
        return EventUsage(*self._uses.current(connection).get((scope_id, "eventUid", uid), (0, 0)))

    def of_action(self, connection: Connection, scope_id: int, uid: str) -> ActionUsage:
        """How many versions name a custom action."""
        return ActionUsage(*self._uses.current(connection).get((scope_id, "actionUid", uid), (0, 0)))

    def of_template(self, connection: Connection, scope_id: int, uid: str) -> TemplateUsage:
        """How many journey versions send a template."""
        return TemplateUsage(*self._uses.current(connection).get((scope_id, "templateUid", uid), (0, 0)))

    def of_source(self, connection: Connection, scope_id: int, name: str) -> dict[str, SourceUsage]:
        """How many versions read each field group of a data source; under "" those that read any of them."""
        uses = self._uses.current(connection)
        return {
            uid.partition(".")[2]: SourceUsage(*counts)
            for (scope, member, uid), counts in uses.items()
            if scope == scope_id and member == "dataSource" and uid.partition(".")[0] == name
        }

    def journeys_of(self, connection: Connection, scope_id: int, uid: str) -> list[dict[str, Any]]:
        """The journeys that name an event, an action, a template, a decision rule, a channel configuration or a journey
        they jump into: {uid, name, versions}.

        Versions that are over don't count.
        """
        return list(self._users.current(connection).get((scope_id, uid), {}).values())

    def journeys_of_source(self, connection: Connection, scope_id: int, name: str) -> list[dict[str, Any]]:
        """The journeys that read a data source: {uid, name, versions}. Versions that are over don't count."""
        return list(self._users.current(connection).get((scope_id, f"#{name}"), {}).values())

    def journeys_using(self, connection: Connection, scope_id: int, named: str) -> set[str]:
        """Uids of the journeys that name any of these by its uid, or a data source or field group by its name."""
        users = self._users.current(connection)
        return {*users.get((scope_id, named), ()), *users.get((scope_id, f"#{named}"), ())}

    def of_audience(self, connection: Connection, scope_id: int, audience_id: str) -> AudienceUsage:
        """How many versions name an audience."""
        return AudienceUsage(*self._uses.current(connection).get((scope_id, "audienceId", audience_id), (0, 0)))

    def _count_uses(self, connection: Connection) -> _Uses:
        uses: _Uses = {}
        rules = self._rules.current(connection)
        for stored in self._resources.in_all_scopes(connection, VERSION_KIND):
            if stored.body["status"] in ("Stopped", "Finished"):
                continue  # it never runs again: what it names may change and go (journeys §3.2)
            is_published = stored.body["status"] in LIVE
            named_rules = _rules_of(stored.scope_id, stored.body, rules)
            asked = _audiences_asked_by(stored.body, named_rules)
            sources = _sources_of(stored.body, named_rules)
            for member in ("eventUid", "actionUid", "audienceId", "templateUid", "dataSource"):
                named = sources if member == "dataSource" else uids_in(stored.body["document"], member)
                for uid in {*named, *asked} if member == "audienceId" else named:
                    key = (stored.scope_id, member, uid)
                    draft, published = uses.get(key, (0, 0))
                    uses[key] = (draft, published + 1) if is_published else (draft + 1, published)
        return uses

    def _find_users(self, connection: Connection) -> _Users:
        users: _Users = {}
        rules = self._rules.current(connection)
        for stored in self._resources.in_all_scopes(connection, VERSION_KIND):
            body = stored.body
            if body["status"] in ("Stopped", "Finished"):
                continue
            uids = {uid for member in _WITH_JOURNEYS for uid in uids_in(body["document"], member)}
            named_rules = _rules_of(stored.scope_id, body, rules)
            sources = {f"#{name}" for name in _sources_of(body, named_rules)}
            for uid in uids | rules_in(body["document"]) | _audiences_asked_by(body, named_rules) | sources:
                journeys = users.setdefault((stored.scope_id, uid), {})
                journey = journeys.setdefault(body["journeyUid"], {"uid": body["journeyUid"], "versions": []})
                journey["name"] = body["document"].get("name")  # versions come oldest first: the latest's stays
                journey["versions"].append({"uid": stored.id, "version": body["version"], "status": body["status"]})
        return users


def _pause_filter_of(body: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (body["pause"] or {}).get("filter") or {}
    return found


def _rules_of(scope_id: int, body: Mapping[str, Any], rules: DecisionRuleTable) -> list[RuleShape]:
    """The decision rules that a version names, as they are now."""
    found = (rules.get(scope_id, uid) for uid in rules_in(body["document"]))
    return [rule for rule in found if rule is not None]


def _audiences_asked_by(body: Mapping[str, Any], rules: Iterable[RuleShape]) -> set[str]:
    """Ids of the audiences that the expressions of a version, and of the rules it names, ask for."""
    frozen = (body["names"] or {}).get("audienceNames", {})
    of_rules = (audience_id for rule in rules for audience_id in rule.audience_ids.values())
    return {*frozen.values(), *_pause_filter_of(body).get("audiences", {}).values(), *of_rules}


def _sources_of(body: Mapping[str, Any], rules: Iterable[RuleShape]) -> set[str]:
    """Data sources that these expressions read, and their field groups as `Source.Group`."""
    places = sources_in(body["document"]) | sources_in(_pause_filter_of(body))
    places |= sources_in([{"expression": rule.expression} for rule in rules])
    return {name for name, _ in places} | {f"{name}.{group}" for name, group in places}
