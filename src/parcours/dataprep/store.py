"""Statements of mapping sets beyond those of every resource."""

from sqlalchemy import Connection, select

from parcours.resources.store import resource_version_table

MAPPING_SET_KIND = "mappingSet"


def all_versions(connection: Connection) -> dict[tuple[int, str, int], str]:
    """The JSON text of every version of every mapping set: flows pin old ones. Key: scope, id, version."""
    t = resource_version_table
    rows = connection.execute(select(t.c.scope_id, t.c.id, t.c.version, t.c.body).where(t.c.kind == MAPPING_SET_KIND))
    return {(row.scope_id, row.id, row.version): row.body for row in rows}
