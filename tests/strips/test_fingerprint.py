# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fingerprints of files and of folders of corrected pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from source_package import source_module

fingerprint = source_module("blender_talkinghead.strips.fingerprint")

PICTURES = 60


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder of 60 pictures."""
    path = tmp_path / "corrected"
    path.mkdir()
    for number in range(PICTURES):
        (path / f"{number + 1:04d}.png").write_bytes(bytes([number]))
    return path


def of(path: Path) -> object:
    return fingerprint.of_path(str(path))


def test_what_cannot_be_read_has_no_fingerprint(folder, tmp_path, monkeypatch):
    of(folder)
    assert fingerprint.of_path(str(tmp_path / "gone")) == ""

    def refuse(*_arguments):
        raise PermissionError("Nobody may look into it.")

    with monkeypatch.context() as lost:
        lost.setattr(fingerprint.Path, "iterdir", refuse)
        assert of(folder) == ""
    with monkeypatch.context() as lost:
        lost.setattr(fingerprint.Path, "is_dir", refuse)
        assert of(folder) == ""
