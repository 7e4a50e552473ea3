"""The functions of the journey language: the one table. A new function is a new row."""

from parcours.expressions.functions import Library, row
from parcours.expressions.library_lists import AGGREGATION, LISTS, MATH
from parcours.expressions.library_text import TEXT
from parcours.expressions.library_time import CONVERSION, DATES
from parcours.expressions.references import EvaluationContext


def _is_member(context: EvaluationContext, audience: str) -> bool:
    return audience in context.audiences


AUDIENCES = (
    row("inAudience(string!) : boolean", _is_member, takes_context=True),
    row("inSegment(string!) : boolean", _is_member, takes_context=True),
)

JOURNEY = Library((*AUDIENCES, *AGGREGATION, *CONVERSION, *DATES, *LISTS, *MATH, *TEXT))

PATTERN_FUNCTIONS = frozenset(
    name for name, rows in JOURNEY.by_name.items() if any(p.name == "pattern" for row in rows for p in row.parameters)
)
"""Functions with a regular expression among their arguments."""
