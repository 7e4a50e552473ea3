"""Every usage label, marketing action and policy of every sandbox, ready to be asked."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from parcours.governance.evaluate import labels_in, violated
from parcours.governance.model import CORE_LABELS, CORE_MARKETING_ACTIONS, Policy, short_name

LABEL_KIND = "usageLabel"
MARKETING_ACTION_KIND = "marketingAction"
POLICY_KIND = "usagePolicy"
Stored = Iterable[tuple[int, str, Mapping[str, Any]]]
"""(scope, id, document as stored); labels and marketing actions have their names for ids."""


class ScopePolicies:
    """What one sandbox has."""

    def __init__(
        self,
        labels: Collection[str] = (),
        marketing_actions: Collection[str] = (),
        policies: Iterable[Policy] = (),
    ) -> None:
        """labels, marketing_actions: names of the sandbox's own."""
        self._labels = frozenset(labels)
        self._marketing_actions = frozenset(marketing_actions)
        self.policies = tuple(policies)
        """Of every status."""
        self.enabled = tuple(one for one in self.policies if one.status == "ENABLED")

    def has_label(self, name: str) -> bool:
        """Whether there is a label of this name, core or custom."""
        return name in CORE_LABELS or name in self._labels

    def has_marketing_action(self, name: str) -> bool:
        """Whether there is a marketing action of this name, core or custom."""
        return name in CORE_MARKETING_ACTIONS or name in self._marketing_actions

    def governs(self, marketing_action: str) -> bool:
        """Whether an enabled policy is about a marketing action."""
        return any(marketing_action in one.marketing_actions for one in self.enabled)

    def violated(
        self, marketing_action: str, labels: Collection[str], *, includes_drafts: bool = False
    ) -> list[Policy]:
        """The policies against a marketing action with data of these labels: enabled ones, and drafts if asked for."""
        drafts = [one for one in self.policies if includes_drafts and one.status == "DRAFT"]
        return violated([*self.enabled, *drafts], marketing_action, labels)


_NONE = ScopePolicies()


class PolicyTable:
    """The sandboxes' policies by scope."""

    def __init__(self, labels: Stored = (), marketing_actions: Stored = (), policies: Stored = ()) -> None:
        own_labels, own_actions = _names(labels), _names(marketing_actions)
        found: dict[int, list[Policy]] = {}
        for scope_id, policy_id, document in policies:
            found.setdefault(scope_id, []).append(compile_policy(policy_id, document))
        scopes = {*own_labels, *own_actions, *found}
        self._scopes = {
            scope: ScopePolicies(own_labels.get(scope, ()), own_actions.get(scope, ()), found.get(scope, ()))
            for scope in scopes
        }

    def of(self, scope_id: int) -> ScopePolicies:
        """Those of a sandbox; without any of its own it has the core labels and marketing actions."""
        return self._scopes.get(scope_id, _NONE)


def _names(stored: Stored) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for scope_id, name, _ in stored:
        found.setdefault(scope_id, set()).add(name)
    return found


def compile_policy(policy_id: str, document: Mapping[str, Any]) -> Policy:
    """A stored policy, ready to be asked."""
    return Policy(
        policy_id,
        document["name"],
        document["status"],
        frozenset(short_name(one) for one in document["marketingActionRefs"]),
        document["deny"],
        frozenset(labels_in(document["deny"])),
    )


NO_POLICIES = PolicyTable()
