"""Access labels of single resources: who lacks one does not see the resource. Source: journeys §2.

Labels stand beside the documents: putting one on a live journey changes no version of it.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import BigInteger, Column, Connection, String, Table, delete, insert, select

from parcours.audit import CALL
from parcours.db import metadata

LABELLED = ("journey", "event", "action", "dataSource", "fieldGroup", "audience")
"""Kinds that can have labels. Versions of a journey are seen as their journey is."""
_HIDEABLE = frozenset({*LABELLED, "journeyVersion"})
EVERY_LABEL = "*"

object_label_table = Table(
    "object_label",
    metadata,
    Column("scope_id", BigInteger, primary_key=True),
    Column("object_id", String(255), primary_key=True),
    Column("label", String(100), primary_key=True),
)

Labels = Mapping[int, Mapping[str, frozenset[str]]]
"""Scope → object → its labels."""


def hidden_from(labels: Labels, scope_id: int, held: frozenset[str]) -> frozenset[str]:
    """Ids of the objects of a scope that somebody who holds these labels does not see: those with one more."""
    found = labels.get(scope_id)
    if not found or EVERY_LABEL in held:
        return frozenset()
    return frozenset(object_id for object_id, needed in found.items() if not needed <= held)


def is_hidden(kind: str, resource_id: str, body: Mapping[str, object]) -> bool:
    """Whether the caller under way must not see a resource; nothing is hidden from the server itself."""
    call = CALL.get()
    if call is None or not call.hidden or kind not in _HIDEABLE:
        return False
    return resource_id in call.hidden or body.get("journeyUid") in call.hidden


def list_labels(connection: Connection) -> Labels:
    """The labels of every object that has some."""
    t = object_label_table
    found: dict[int, dict[str, frozenset[str]]] = {}
    for row in connection.execute(select(t)):
        objects = found.setdefault(row.scope_id, {})
        objects[row.object_id] = objects.get(row.object_id, frozenset()) | {row.label}
    return found


def labels_of(connection: Connection, scope_id: int, object_id: str) -> list[str]:
    """The labels of one object, in their order."""
    t = object_label_table
    statement = select(t.c.label).where(t.c.scope_id == scope_id, t.c.object_id == object_id).order_by(t.c.label)
    return list(connection.execute(statement).scalars())


def set_labels(connection: Connection, scope_id: int, object_id: str, labels: Iterable[str]) -> None:
    """Give an object these labels and no others."""
    forget_labels(connection, scope_id, object_id)
    rows = [{"scope_id": scope_id, "object_id": object_id, "label": label} for label in sorted(set(labels))]
    if rows:
        connection.execute(insert(object_label_table), rows)


def forget_labels(connection: Connection, scope_id: int, object_id: str) -> None:
    """Remove the labels of an object."""
    t = object_label_table
    connection.execute(delete(t).where(t.c.scope_id == scope_id, t.c.object_id == object_id))
