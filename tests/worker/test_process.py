# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Command line, environment and log of the worker process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from source_package import ROOT, source_module

process = source_module("blender_talkinghead.worker.process")


def test_inference_runs_from_any_folder_in_an_isolated_interpreter(tmp_path):
    command = process.inference_command(Path(sys.executable), ROOT, tmp_path / "user", ["no-such-verb"])
    ended = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": "/nowhere"}, capture_output=True, text=True)
    assert "No module named" not in ended.stderr
    assert "no-such-verb" in ended.stderr + ended.stdout


def test_compiled_files_go_to_the_user_folder(tmp_path):
    command = process.inference_command(Path(sys.executable), ROOT, tmp_path / "user", ["controls"])
    subprocess.run(command, cwd=tmp_path, env={}, capture_output=True)
    assert list((tmp_path / "user" / "pycache").rglob("*.pyc"))


def test_environment_loses_what_misleads_python_and_keeps_the_rest():
    scrubbed = process.scrubbed_environment(
        {
            "PATH": "/bin", "HOME": "/home/x", "PYTHONPATH": "x", "PYTHONHOME": "x", "VIRTUAL_ENV": "x",
            "CONDA_PREFIX": "x", "LD_LIBRARY_PATH": "x", "LD_PRELOAD": "x", "PSModulePath": "x", "https_proxy": "p",
        }
    )  # fmt: skip
    assert scrubbed == {"PATH": "/bin", "HOME": "/home/x", "https_proxy": "p"}


def test_large_log_is_moved_aside(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "LOG_LIMIT_BYTES", 10)
    log = tmp_path / "worker.log"
    log.write_text("x" * 11)
    process.rotate_log(log)
    assert not log.exists()
    assert (tmp_path / "worker.old.log").read_text() == "x" * 11


def test_log_tail_is_the_last_lines(tmp_path):
    log = tmp_path / "worker.log"
    log.write_bytes(b"\xff\n" + b"".join(b"line %d\n" % n for n in range(1000)))
    assert process.log_tail(log, 2) == "line 998\nline 999"
    assert process.log_tail(tmp_path / "none.log") == ""


@pytest.mark.parametrize(
    ("exit_code", "words"),
    [(-9, "memory"), (-11, "SIGSEGV"), (3, "exit code 3"), (0xC0000135, "library"), (0xC0000005, "driver")],
)
def test_death_is_told_in_plain_words(exit_code, words):
    if exit_code == -11 and sys.platform == "win32":
        pytest.skip("signals are POSIX")
    assert words in process.death_sentence(exit_code)
