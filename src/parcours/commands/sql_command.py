"""`parcours sql`."""

import orjson

from parcours.access.errors import SandboxNotFound
from parcours.app import build_lake, build_platform
from parcours.commands.client import ServerUnreachable
from parcours.kit.settings import Settings
from parcours.lake.command import Format, run_sql
from parcours.lake.model import DataSetName


def run(settings: Settings, query: str, sandbox: str, output: Format, limit: int | None) -> None:
    """Query the data sets of a sandbox; beside a running server or without one."""
    path = settings.data_dir / "credentials.json"
    if not path.exists():
        raise ServerUnreachable(f"{settings.data_dir} holds no data: start `parcours serve` over it first")
    org_id = orjson.loads(path.read_bytes())["org_id"]
    platform = build_platform(settings)
    try:
        found = next((s for s in platform.access.sandboxes(org_id) if s.name == sandbox), None)
        if found is None:
            raise SandboxNotFound(sandbox)
        with platform.db.read() as connection:
            data_sets = platform.catalog.table.current(connection).of_scope(found.scope_id)
        names = [DataSetName(data_set.id, data_set.name) for data_set in data_sets]
        run_sql(build_lake(platform), found.scope_id, names, query, format=output, limit=limit)
    finally:
        platform.close()
