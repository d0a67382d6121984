# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is unfinished comes back from its file; what is no such file does no harm."""

from __future__ import annotations

import json
import os

import pytest
from source_package import source_module

files = source_module("blender_talkinghead.jobs.queue_file")
RenderOrder = source_module("blender_talkinghead.jobs.queue").RenderOrder

ORDERS = (
    RenderOrder("Szene 1", "Ärger 名前", "STRIP", "3f" * 16, "puppet", 120, (1024, 768)),
    RenderOrder("Scene", "Other", "SCENE"),
)


@pytest.fixture
def path(tmp_path):
    return files.sidecar_of(tmp_path / "talkinghead", "edit.blend")


def test_orders_come_back(path):
    assert path.name == "edit.blend.queue.json"
    files.write(path, ORDERS)
    assert files.read(path) == ORDERS
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_without_orders_there_is_no_file_and_no_empty_folder(path):
    files.write(path, ORDERS)
    files.write(path, ())
    assert not path.parent.exists()
    files.write(path, ())
    assert files.read(path) == ()


def test_a_folder_with_frames_stays(path):
    files.write(path, ORDERS)
    (path.parent / "Portrait-12345678").mkdir()
    files.write(path, ())
    assert [entry.name for entry in path.parent.iterdir()] == ["Portrait-12345678"]


def test_old_file_stays_whole_when_the_new_one_cannot_be_written(path, monkeypatch):
    files.write(path, ORDERS)

    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        files.write(path, ORDERS[:1])
    assert files.read(path) == ORDERS
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def _valid(**changes):
    entry = {"scene": "S", "strip": "P", "range": "STRIP", "pair": "", "engine": "", "frames": 1, "size": None}
    return {"format": "talkinghead-queue", "version": 1, "renders": [{**entry, **changes}]}


def test_the_valid_one_of_this_test_is_valid(path):
    path.parent.mkdir()
    path.write_text(json.dumps(_valid()))
    assert files.read(path) == (RenderOrder("S", "P", "STRIP", frames=1),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "[" * 100_000,
        json.dumps({"format": "other", "version": 1, "renders": []}),
        json.dumps({**_valid(), "version": 2}),
        json.dumps({**_valid(), "renders": None}),
        json.dumps({**_valid(), "renders": [1]}),
        json.dumps(_valid(scene=3)),
        json.dumps(_valid(frames="many")),
        json.dumps(_valid(size=[1])),
        json.dumps(_valid(size="x")),
    ],
)
def test_broken_and_foreign_files_are_kept_aside(path, text, caplog):
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    assert files.read(path) == ()
    assert "cannot be read" in caplog.text
    assert not path.exists()
    assert path.with_name(path.name + files.ASIDE).read_text(encoding="utf-8") == text


def test_a_file_in_another_encoding_is_kept_aside(path, caplog):
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe\x00")
    assert files.read(path) == ()
    assert "cannot be read" in caplog.text
    assert path.with_name(path.name + files.ASIDE).exists()
