"""What a policy says of labels. Pure."""

from collections.abc import Collection, Iterable, Iterator

from parcours.governance.model import Expression, Policy


def holds(expression: Expression, labels: Collection[str]) -> bool:
    """Whether labels fulfil an expression."""
    if "label" in expression:
        return expression["label"] in labels
    operands = (holds(one, labels) for one in expression["operands"])
    return all(operands) if expression["operator"] == "AND" else any(operands)


def labels_in(expression: Expression) -> Iterator[str]:
    """Every label that an expression names, as often as it does."""
    if "label" in expression:
        yield expression["label"]
    for one in expression.get("operands", ()):
        yield from labels_in(one)


def violated(policies: Iterable[Policy], marketing_action: str, labels: Collection[str]) -> list[Policy]:
    """The policies that forbid a marketing action with data of these labels taken together."""
    return [one for one in policies if marketing_action in one.marketing_actions and holds(one.deny, labels)]


def words_of(expression: Expression) -> str:
    """An expression for people: `C1 AND (I1 OR S1)`."""
    if "label" in expression:
        return str(expression["label"])
    parts = [f"({words_of(one)})" if len(one.get("operands", ())) > 1 else words_of(one) for one in _of(expression)]
    return f" {expression['operator']} ".join(parts)


def _of(expression: Expression) -> list[Expression]:
    return list(expression["operands"])
