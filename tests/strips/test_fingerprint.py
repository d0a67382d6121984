# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fingerprints of files and of folders of corrected pictures."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from source_package import source_module

fingerprint = source_module("blender_talkinghead.strips.fingerprint")

PICTURES = 60


def content(number: int, paint: int = 0) -> bytes:
    """What a picture's file holds: all of the same size, however they are painted."""
    return bytes([number, paint]) * 500


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder of 60 pictures."""
    path = tmp_path / "corrected"
    path.mkdir()
    for number in range(PICTURES):
        (path / f"{number + 1:04d}.png").write_bytes(content(number))
    return path


def of(path: Path) -> object:
    return fingerprint.of_path(str(path))


def age(path: Path) -> None:
    """Let a file be written at another time than it was."""
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1_000_000))


def test_any_repainted_picture_of_a_folder_is_noticed(folder):
    before = of(folder)
    for number in range(PICTURES):
        path = folder / f"{number + 1:04d}.png"
        path.write_bytes(content(number, paint=1))
        age(path)
        assert of(folder) != before, number
        path.write_bytes(content(number))
        assert of(folder) == before


def test_a_folder_stays_the_same_where_it_is_moved_or_written_again(folder):
    before = of(folder)
    assert of(folder.rename(folder.with_name("moved"))) == before
    for path in folder.with_name("moved").iterdir():
        age(path)
    assert of(folder.with_name("moved")) == before


def test_names_count_and_folders_inside_do_not(folder):
    before = of(folder)
    (folder / "inside").mkdir()
    assert of(folder) == before
    (folder / "0001.png").rename(folder / "0100.png")
    assert of(folder) != before
    (folder / "0100.png").unlink()
    assert of(folder) != before


def test_only_what_was_written_is_read_again(folder, monkeypatch):
    for number in range(1500 - PICTURES):
        (folder / f"more-{number}.png").write_bytes(b"%d" % number)
    of(folder)
    path, opened, really_open = folder / "0030.png", [], Path.open

    def noted(file, *mode):
        opened.append(file.name)
        return really_open(file, *mode)

    with monkeypatch.context() as watched:
        watched.setattr(fingerprint.Path, "open", noted)
        of(folder)
    assert opened == []
    path.write_bytes(content(3))
    age(path)
    with monkeypatch.context() as watched:
        watched.setattr(fingerprint.Path, "open", noted)
        of(folder)
    assert opened == ["0030.png"]


def test_what_cannot_be_read_has_no_fingerprint(folder, tmp_path, monkeypatch):
    of(folder)
    assert fingerprint.of_path(str(tmp_path / "gone")) == ""

    def refuse(*_arguments):
        raise PermissionError("Nobody may look into it.")

    with monkeypatch.context() as lost:
        lost.setattr(fingerprint.os, "scandir", refuse)
        assert of(folder) == ""
    with monkeypatch.context() as lost:
        lost.setattr(fingerprint.Path, "is_dir", refuse)
        assert of(folder) == ""
    (folder / "0001.png").write_bytes(b"cannot be opened")
    with monkeypatch.context() as lost:
        lost.setattr(fingerprint.Path, "open", refuse)
        names, (_count, first, *others) = of(folder)
    assert len(names) == PICTURES and first == "" and all(others)
