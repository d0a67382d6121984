# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests in a Blender with a window, through the installed zip and real mouse and key events: ``nox -s gui``.

Each leaves a screenshot in ``build/gui`` (or TALKINGHEAD_GUI_SHOTS). Without a Blender and a screen all are skipped.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import media
import pytest
import real_window
import window_steps as steps
from real_window import RealWindow
from window_use import animate, show_sequencer

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="session")
def blender_window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealWindow]:
    """The one Blender of all tests."""
    if reason := real_window.why_not():
        pytest.skip(reason)
    shots = Path(os.environ.get("TALKINGHEAD_GUI_SHOTS") or ROOT / "build" / "gui")
    window = RealWindow(tmp_path_factory.mktemp("blender"), shots)
    yield window
    window.stop()


@pytest.fixture
def window(blender_window: RealWindow) -> RealWindow:
    """Blender with an empty file: the Sequencer with its Preview and the tab Talking Head of the sidebar."""
    blender_window.call(steps.begin)
    show_sequencer(blender_window)
    return blender_window


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the portraits of the tests."""
    shutil.copy(media.astronaut(), tmp_path / "astronaut.png")
    shutil.copy(media.hopper(), tmp_path / "hopper.jpg")
    return tmp_path


@pytest.fixture
def hopper(window: RealWindow, folder: Path) -> RealWindow:
    """A saved file in which Animate Portrait was pressed on the strip ``Hopper``, 24 frames."""
    window.call(steps.save, str(folder / "edit.blend"))
    animate(window, folder / "hopper.jpg", "Hopper")
    return window
