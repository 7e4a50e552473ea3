"""The published schemas of files are schemas, and the files that an export writes keep to them."""

from pathlib import Path

import pytest
from code_world import define_demo, export
from jsonschema_rs import Draft202012Validator, meta

from parcours.ascode.folder import read_folder
from parcours.ascode.model import KINDS
from parcours.ascode.schemas import file_schema
from parcours.commands.scratch import open_scratch


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_a_valid_schema(kind: str) -> None:
    meta.validate(file_schema(kind))


@pytest.mark.stored
def test_exported_files_keep_to_their_schemas(tmp_path: Path) -> None:
    with open_scratch("parcours") as server:
        define_demo(server)
        export(server, tmp_path)
    files = read_folder(tmp_path).files
    assert {ref.kind for ref in files} >= {"schemas", "flows", "events", "actions", "journeys"}
    for ref, file in files.items():
        assert list(Draft202012Validator(file_schema(ref.kind)).iter_errors(file.document)) == [], ref
