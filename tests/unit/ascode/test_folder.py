"""Folders are read with every fault in its place, and written so that only what changed is touched."""

from pathlib import Path
from typing import Any

import pytest

from parcours.ascode.errors import FolderInvalid
from parcours.ascode.folder import read_folder, with_tenant, write_folder
from parcours.ascode.model import Ref, Resource
from parcours.kit.errors import Invalid

EVENT: dict[str, Any] = {
    "name": "OrderPlaced",
    "description": "A customer placed an order",
    "idType": "ruleBased",
    "schemaRef": {"id": "Order events"},
    "idCondition": "@event{OrderPlaced._acme.total} > 500",
    "fields": ["/_id", "/timestamp"],
}


def resource(kind: str = "events", key: str = "OrderPlaced", document: dict[str, Any] | None = None) -> Resource:
    return Resource(Ref(kind, key), EVENT if document is None else document, "some-id")


def put(folder: Path, path: str, text: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text, encoding="utf-8")


def faults(folder: Path) -> list[str]:
    with pytest.raises(FolderInvalid) as refused:
        read_folder(folder)
    return [str(fault) for fault in refused.value.faults]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    written = write_folder(tmp_path, [resource()], "acme", [Ref("events", "OrderPlaced")])
    assert written.created == ("events/order-placed.yaml",)
    read = read_folder(tmp_path)
    assert read.files[Ref("events", "OrderPlaced")].document == EVENT
    assert read.kinds == {"events"}
    assert (tmp_path / "parcours.yaml").read_text() == "format: 1\ntenant: acme\n"


def test_a_file_that_says_the_same_stays_byte_for_byte(tmp_path: Path) -> None:
    known = [Ref("events", "OrderPlaced")]
    write_folder(tmp_path, [resource()], "acme", known)
    path = tmp_path / "events" / "order-placed.yaml"
    own = "# the shop's event\n" + path.read_text().replace('"@event', "'@event").replace('500"', "500'  # euros\n")
    own = own.replace("'@event{OrderPlaced._acme.total} > 500'", "'@event{OrderPlaced._acme.total} > 500'")
    path.rename(tmp_path / "events" / "mine.yml")
    put(tmp_path, "events/mine.yml", own)
    written = write_folder(tmp_path, [resource()], "acme", known)
    assert (written.created, written.changed, written.unchanged) == ((), (), ("events/mine.yml",))
    assert (tmp_path / "events/mine.yml").read_text() == own


def test_comments_stay_with_what_they_are_about(tmp_path: Path) -> None:
    put(
        tmp_path,
        "events/order-placed.yaml",
        "# The shop's event.\n"
        "name: OrderPlaced\n"
        "description: old  # said by the shop\n"
        "idType: ruleBased\n"
        "schemaRef:\n"
        "  # the schema of 2026\n"
        "  id: Order events\n"
        'idCondition: "a # b"\n'
        "fields:\n"
        "  - /gone  # no more\n"
        "  # when\n"
        "  - /timestamp\n"
        "# the end\n",
    )
    new = {**EVENT, "idCondition": "a # b"}
    written = write_folder(tmp_path, [resource(document=new)], "acme", [Ref("events", "OrderPlaced")])
    assert written.changed == ("events/order-placed.yaml",)
    assert (tmp_path / "events/order-placed.yaml").read_text() == (
        "# The shop's event.\n"
        "name: OrderPlaced\n"
        "description: A customer placed an order  # said by the shop\n"
        "idType: ruleBased\n"
        "schemaRef:\n"
        "  # the schema of 2026\n"
        "  id: Order events\n"
        'idCondition: "a # b"\n'
        "fields:\n"
        "  - /_id  # no more\n"
        "  # when\n"
        "  - /timestamp\n"
        "# the end\n"
    )


def test_files_of_what_is_gone_are_told_of_or_deleted(tmp_path: Path) -> None:
    other = Ref("events", "Other")
    gone = resource(key="Other", document={**EVENT, "name": "Other"})
    write_folder(tmp_path, [resource(), gone], "acme", [Ref("events", "OrderPlaced"), other])
    known = [Ref("events", "OrderPlaced")]
    assert write_folder(tmp_path, [resource()], "acme", known).stale == ("events/other.yaml",)
    assert (tmp_path / "events/other.yaml").exists()
    assert write_folder(tmp_path, [resource()], "acme", known, prune=True).deleted == ("events/other.yaml",)
    assert not (tmp_path / "events/other.yaml").exists()


def test_secrets_keep_the_names_that_the_file_has_for_them(tmp_path: Path) -> None:
    action = {
        "name": "SendMail",
        "url": "https://mail.example.com",
        "authentication": {"type": "basic", "username": "a", "password": "********"},
    }
    known = [Ref("actions", "SendMail")]
    write_folder(tmp_path, [resource("actions", "SendMail", action)], "acme", known)
    path = tmp_path / "actions/send-mail.yaml"
    assert "secret: SEND_MAIL_PASSWORD" in path.read_text()
    path.write_text(path.read_text().replace("SEND_MAIL_PASSWORD", "MAIL"))
    write_folder(tmp_path, [resource("actions", "SendMail", {**action, "description": "x"})], "acme", known)
    assert "secret: MAIL\n" in path.read_text()
    assert "description: x" in path.read_text()


def test_every_fault_has_file_line_and_column(tmp_path: Path) -> None:
    put(tmp_path, "events/a.yaml", "name: A\nname: B\n")
    put(tmp_path, "events/b.yaml", "name: B\nschemaRef: x\n")
    put(tmp_path, "events/c.yaml", "- 1\n")
    put(tmp_path, "events/d.yaml", "description: nameless\n")
    put(tmp_path, "actions/e.yaml", "name: [\n")
    put(tmp_path, "journey/f.yaml", "name: misplaced\n")
    found = faults(tmp_path)
    assert len(found) == 6
    for expected in (
        "events/a.yaml:2:1: 'name' is there twice",
        "events/b.yaml:2:1: ",
        "events/c.yaml:1:1: a file holds one event",
        "events/d.yaml:1:1: the event needs a name",
        "actions/e.yaml:2:1: ",
        "journey:1:1: no kind of definitions",
    ):
        assert any(one.startswith(expected) for one in found), (expected, found)


def test_a_secret_in_clear_is_a_fault(tmp_path: Path) -> None:
    text = "name: A\nurl: https://a.example.com\nauthentication:\n  type: basic\n  username: a\n  password: hunter2\n"
    put(tmp_path, "actions/a.yaml", text)
    assert faults(tmp_path) == ["actions/a.yaml:6:3: a secret doesn't belong into a file: write {secret: NAME}"]


def test_values_that_no_json_has_are_faults(tmp_path: Path) -> None:
    put(tmp_path, "journeys/a.yaml", "name: A\nx:\n  - 1\n  - 99999999999999999999\n")
    put(tmp_path, "journeys/b.yaml", 'name: B\ny: "\\ud800"\n')
    first, second = faults(tmp_path)
    assert first.lower().startswith("journeys/a.yaml:4:5: integer exceeds 64-bit")
    assert second.startswith("journeys/b.yaml:2:")


def test_two_files_of_one_resource_are_a_fault(tmp_path: Path) -> None:
    put(tmp_path, "journeys/a.yaml", "name: A\n")
    put(tmp_path, "journeys/b.yaml", "entry: {}\nname: A\n")
    assert faults(tmp_path) == ["journeys/b.yaml:2:1: journey 'A' is in journeys/a.yaml already"]


def test_a_folder_of_another_format_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "parcours.yaml", "format: 2\ntenant: acme\n")
    assert faults(tmp_path) == ["parcours.yaml:1:1: format is 1: another release wrote this folder"]


def test_a_folder_of_something_else_is_refused_rather_than_found_empty(tmp_path: Path) -> None:
    (tmp_path / "order-follow-up.yaml").write_text("name: Order follow-up\n")
    with pytest.raises(Invalid, match="holds no definitions"):
        read_folder(tmp_path)


def test_fields_get_the_name_of_the_tenant_they_go_to(tmp_path: Path) -> None:
    write_folder(tmp_path, [resource()], "acme", [Ref("events", "OrderPlaced")])
    read = read_folder(tmp_path, "globex")
    document = read.files[Ref("events", "OrderPlaced")].document
    assert document["idCondition"] == "@event{OrderPlaced._globex.total} > 500"


def test_the_tenant_is_no_part_of_other_words_names_or_quoted_texts() -> None:
    value = {
        "_acme": ["/_acme/a", "x._acme.b", "my_acme", "_acmes", '"_acme" == @event{E._acme.c}'],
        "name": "_acme",
        "label": "_acme",
    }
    assert with_tenant(value, "acme", "globex") == {
        "_globex": ["/_globex/a", "x._globex.b", "my_acme", "_acmes", '"_acme" == @event{E._globex.c}'],
        "name": "_acme",
        "label": "_acme",
    }
