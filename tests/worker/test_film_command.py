# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m inference render`` with engines that draw films."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from worker_host import ROOT, picture, saved_job

from inference.job import load
from inference.performance import Performance, save
from inference.worker.command_progress import show_progress

FRAMES = 20


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, str(ROOT / "tests" / "support" / "film_engine.py"), "render", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, encoding="utf-8", timeout=60)


def numbered(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("frame_*.png")}


@pytest.fixture
def film(tmp_path) -> list[object]:
    """Options of a film of 20 frames."""
    performance = tmp_path / "performance.json"
    save(Performance.from_poses(Fraction(25), [{"jaw_open": number / FRAMES} for number in range(FRAMES)]), performance)
    cache = tmp_path / "cache"
    return ["--engine", "film", "--source", picture(tmp_path), "--performance", performance, "--cache", cache]


def test_the_first_section_is_shown_first_and_not_drawn_again(tmp_path, film):
    done = command(*film, "--first-section", "--output", tmp_path / "look")
    assert done.returncode == 0, done.stderr
    look = numbered(tmp_path / "look")
    assert len(look) == 7
    assert "to draw: 1 section, 21 refinements of single frames; 0.1 GB; time not known yet" in done.stderr
    done = command(*film, "--output", tmp_path / "whole")
    assert "to draw: 3 sections, 57 refinements" in done.stderr and "about" in done.stderr
    whole = numbered(tmp_path / "whole")
    assert len(whole) == FRAMES and look.items() <= whole.items()
    assert "to draw" not in command(*film, "--output", tmp_path / "whole").stderr


def test_a_part_of_a_job(tmp_path):
    path = saved_job(tmp_path, FRAMES, engine="film")
    done = command("--job", path, "--first-section", "--cache", tmp_path / "cache")
    assert done.returncode == 0 and "7 frames rendered, 0 reused" in done.stderr
    names = load(path).frame_files
    assert [(tmp_path / name).exists() for name in names] == [True] * 7 + [False] * 13
    done = command("--job", path, "--only", "0-9", "--cache", tmp_path / "cache")
    assert "3 frames rendered, 7 reused" in done.stderr


def test_what_is_drawn_frame_by_frame_has_no_first_section(tmp_path):
    done = command("--source", picture(tmp_path), "--engine", "puppet", "--first-section", "--output", tmp_path / "out")
    assert done.returncode == 1 and "draws frame by frame" in done.stderr
    done = command("--job", saved_job(tmp_path, 1, engine="film"), "--first-section", "--only", "0")
    assert done.returncode == 2 and "leave one" in done.stderr


def test_a_terminal_shows_steps_and_the_time_left(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    progress = {"done": 3, "total": 12, "stage": "drawing section 1 of 4", "unit": "steps"}
    show_progress("progress", **progress, eta_s=None)
    show_progress("progress", **progress, eta_s=7500.0)
    show_progress("progress", done=20, total=20, stage="rendering", eta_s=0.0)
    lines = capsys.readouterr().err.replace("\x1b[K", "").split("\r")[1:]
    assert lines == [
        "drawing section 1 of 4: 3/12 steps",
        "drawing section 1 of 4: 3/12 steps, 2 h 05 min left",
        "rendering: 20/20, 0 s left\n",
    ]
