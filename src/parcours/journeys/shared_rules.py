"""The decision rules that a document names, compiled where they stand. Source: journeys §8.13."""

from typing import TYPE_CHECKING

from parcours.expressions.errors import ExpressionInvalid
from parcours.expressions.types import Type
from parcours.journeys.activities.kind import Explained, RuleShape
from parcours.journeys.language import Language, NodeScope

if TYPE_CHECKING:
    from parcours.journeys.compile import Definitions

NOWHERE = NodeScope({}, {})
"""What a rule reads of its surroundings: journeys with other events use it, too."""
ONLY = "a decision rule reads the profile, its events, audiences and journey properties"


class SharedRules:
    """Decision rules over what every journey of a sandbox can read."""

    def __init__(self, definitions: "Definitions") -> None:
        self.language = Language(definitions.platform())
        """Without external data sources: what these are asked for is said by the activity, not by the rule."""
        self.used: dict[str, RuleShape] = {}
        """Those read so far, by uid."""

    def read(self, rule: RuleShape) -> Explained:
        """The rule's condition. Raises ExpressionInvalid, with what a rule may read where it reads something else."""
        try:
            explained = self.language.compile(rule.expression, NOWHERE, Type.BOOLEAN)
        except ExpressionInvalid as error:
            if error.fault != "reference":
                raise
            raise ExpressionInvalid(
                f"{error.message}; {ONLY}", fault="reference", line=error.line, column=error.column, token=error.token
            ) from None
        for text, _ in explained.references:
            if text.startswith("@"):  # how somebody came here by an audience is known without an event's schema
                raise ExpressionInvalid(f"{text} is not known in every journey; {ONLY}", fault="reference")
        self.used[rule.uid] = rule
        return explained

    def audience_ids(self) -> dict[str, str]:
        """Ids of the audiences that the rules ask for, by the names they use, as these were when a rule was saved."""
        return {name: audience_id for rule in self.used.values() for name, audience_id in rule.audience_ids.items()}
