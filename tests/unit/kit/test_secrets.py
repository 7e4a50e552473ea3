"""The secret key: a real one or none at all, and always the one that what is stored was written with."""

import base64
import stat
from pathlib import Path

import pytest

from parcours.access import Access
from parcours.access.errors import SecretKeyMismatch
from parcours.db import Database
from parcours.kit.secrets import SecretBox, SecretKeyUnusable
from parcours.kit.settings import Settings
from parcours.resources.store import ResourceStore

KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.mark.parametrize("text", ["AAAA", "xx", "no base64!" * 9, base64.b64encode(bytes(31)).decode(), KEY + "é"])
def test_a_key_that_is_none_or_short_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(SecretKeyUnusable, match="PARCOURS_SECRET_KEY must be the base64 of at least 32 random bytes"):
        SecretBox.open(tmp_path, text)
    (tmp_path / "secret.key").write_text(text)
    with pytest.raises(SecretKeyUnusable, match=r"secret\.key must be"):
        SecretBox.open(tmp_path)


def test_a_key_of_32_bytes_or_more_is_taken(tmp_path: Path) -> None:
    assert SecretBox.open(tmp_path, KEY).derive(b"x") == SecretBox(bytes(range(32))).derive(b"x")
    SecretBox.open(tmp_path, base64.b64encode(bytes(64)).decode() + "\n")


def test_the_key_that_is_made_is_kept_for_the_owner_alone(tmp_path: Path) -> None:
    first = SecretBox.open(tmp_path)
    assert SecretBox.open(tmp_path).decrypt(first.encrypt("x")) == "x"
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


def test_data_that_was_written_with_another_key_is_not_started_over(sqlite_db: Database, tmp_path: Path) -> None:
    def start(key: bytes) -> None:
        Access(sqlite_db, ResourceStore(), Settings(data_dir=tmp_path), SecretBox(key)).bootstrap()

    start(b"a" * 32)
    start(b"a" * 32)
    with pytest.raises(SecretKeyMismatch, match="PARCOURS_SECRET_KEY"):
        start(b"b" * 32)
