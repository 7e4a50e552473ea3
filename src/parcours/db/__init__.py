"""SQLite and PostgreSQL: engine, transactions, migrations. The only room that knows which one it is."""

from parcours.db.engine import Database, is_writing
from parcours.db.tables import metadata

__all__ = ["Database", "is_writing", "metadata"]
