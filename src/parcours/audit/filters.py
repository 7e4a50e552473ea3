"""The `property` filters of the audit log as conditions of SQL."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, func

from parcours.audit.store import audit_event_table
from parcours.kit.errors import Invalid

_MAX_FILTERS = 20
_FILTER = re.compile(r"\s*(\w+)\s*(==|!=|>=|<=|=|>|<)\s*(.*)", re.DOTALL)
_COLUMNS: Mapping[str, str] = {
    "status": "status",
    "action": "action",
    "user": "user_id",
    "assetType": "asset_type",
    "assetId": "asset_id",
    "assetName": "asset_name",
    "requestId": "request_id",
}
"""What may be asked of, besides `timestamp` and `type`; compared without regard to case."""
_ORDERS: Mapping[str, Callable[[Any, int], ColumnElement[bool]]] = {
    ">": lambda column, value: column > value,
    ">=": lambda column, value: column >= value,
    "<": lambda column, value: column < value,
    "<=": lambda column, value: column <= value,
    "==": lambda column, value: column == value,
    "=": lambda column, value: column == value,
}


class AuditQueryInvalid(Invalid):
    """A question to the audit log that can't be read."""


def conditions_of(filters: Sequence[str]) -> list[ColumnElement[bool]]:
    """`property` filters as conditions, all of which must hold; commas separate values of which one must.

    Raises AuditQueryInvalid.
    """
    if len(filters) > _MAX_FILTERS:
        raise AuditQueryInvalid(f"at most {_MAX_FILTERS} filters are taken", "$.property")
    return [_condition(text) for text in filters]


def _condition(text: str) -> ColumnElement[bool]:
    found = _FILTER.fullmatch(text)
    if found is None:
        raise AuditQueryInvalid(f"a filter reads name, operator, value: {text[:100]!r}", "$.property")
    name, sign, value = found.groups()
    t = audit_event_table
    if name == "timestamp":
        if sign not in _ORDERS:
            raise AuditQueryInvalid("timestamp takes <, <=, >, >= and ==", "$.property")
        return _ORDERS[sign](t.c.at_ms, _milliseconds(value))
    values = [one.strip().lower() for one in value.split(",")]
    if name == "type":  # every event here is one that changes or would have: the platform calls that Core
        return (t.c.id == t.c.id) if ("core" in values) == (sign != "!=") else (t.c.id != t.c.id)
    if name not in _COLUMNS or sign not in ("==", "=", "!="):
        names = ", ".join(["timestamp", "type", *_COLUMNS])
        raise AuditQueryInvalid(f"filters are {names}, with == or !=: {text[:100]!r}", "$.property")
    if name == "status":
        values = ["success" if one == "allow" else one for one in values]
    column = func.lower(t.c[_COLUMNS[name]])
    return column.not_in(values) if sign == "!=" else column.in_(values)


def _milliseconds(text: str) -> int:
    try:
        at = datetime.fromisoformat(text.strip().replace(" ", "+"))
    except ValueError:
        raise AuditQueryInvalid("timestamp is compared with an ISO 8601 date or time", "$.property") from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
