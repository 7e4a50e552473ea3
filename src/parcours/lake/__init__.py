"""The lake: data sets as Apache Iceberg tables, and SQL over them.

The pipeline hands valid records over with `stage`, in its own transaction; a `LakeWriter` commits them as snapshots;
`query` reads them. Arrow, PyIceberg and DuckDB (90 MB) are loaded when the first record lands or the first query runs.
"""

from parcours.lake.model import DataSetName, LakeSchema
from parcours.lake.store import stage
from parcours.lake.writer import LakeWriter

__all__ = ["DataSetName", "LakeSchema", "LakeWriter", "stage"]
