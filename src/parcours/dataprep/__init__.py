"""Data Prep: mapping sets that turn raw records into XDM, and their functions."""

from parcours.dataprep.compile import CompiledMapping
from parcours.dataprep.model import MappingResult, Warning
from parcours.dataprep.service import DataPrepService
from parcours.dataprep.table import MappingTable

__all__ = ["CompiledMapping", "DataPrepService", "MappingResult", "MappingTable", "Warning"]
