"""Blobs: stored whole, and swept only when no row can be on its way to them."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core import database, schema
from mailsync.blobs import BlobStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[BlobStore]:
    schema.upgrade(database.connect(f"sqlite:///{tmp_path}/mailsync.db"))
    yield BlobStore(tmp_path / "blobs")
    database.close()


def aged(file: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(file, (then, then))


def test_what_is_stored_twice_is_one_file(store: BlobStore) -> None:
    assert store.put(b"Offerte") == store.put(b"Offerte")
    assert len(list(store.names())) == 1


def test_what_no_row_names_is_swept(store: BlobStore) -> None:
    name = store.put(b"Offerte")
    assert store.sweep() == 1
    assert not store.path(name).exists()
    assert store.sweep() == 0


def test_a_young_blob_is_spared_and_an_old_one_is_not(store: BlobStore) -> None:
    old, young = store.put(b"old"), store.put(b"young")
    aged(store.path(old), 7200)
    assert store.sweep(spare=3600) == 1
    assert list(store.names()) == [young]


def test_an_old_blob_that_is_stored_again_is_young(store: BlobStore) -> None:
    """The same attachment in another mail: its row is on the way."""
    name = store.put(b"Logo")
    aged(store.path(name), 7200)
    store.put(b"Logo")
    assert store.sweep(spare=3600) == 0
    assert store.path(name).exists()


def test_the_beginnings_of_a_killed_process_go_after_an_hour(store: BlobStore) -> None:
    folder = store.path(store.put(b"x")).parent
    for name, age in ((".new-old", 7200), (".new-running", 10)):
        (folder / name).write_bytes(b"half")
        aged(folder / name, age)
    store.sweep(spare=3600)
    assert {f.name for f in folder.glob(".new-*")} == {".new-running"}
