# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker as a real process: what goes wrong, and every way in which it can end."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest
import worker_host
from worker_host import ROOT, Host, alive, frames_in, host, picture, saved_job

from inference import protocol
from inference.job import load


@pytest.fixture
def worker(tmp_path):
    with host(tmp_path) as started:
        yield started


@pytest.mark.parametrize(
    ("settings", "code"),
    [({"fail_at": 2}, "INTERNAL"), ({"memory_at": 1}, "OUT_OF_MEMORY"), ({"no_face": True}, "NO_FACE")],
)
def test_a_failing_engine_is_told_and_the_worker_goes_on(worker, tmp_path, settings, code):
    path = saved_job(tmp_path, 4, settings)
    worker.send("run", id=1, job=str(path))
    error = worker.answer(1)[-1]
    assert error.fields["code"] == code
    assert error.fields["message"].endswith(".")
    if code == "INTERNAL":
        assert "the engine broke" in error.fields["details"]
        assert len(frames_in(tmp_path)) == 2
    path = saved_job(tmp_path, 4)
    worker.send("run", id=2, job=str(path))
    assert worker.answer(2)[-1].type == "done"


@pytest.mark.parametrize(
    ("type_", "fields"),
    [
        ("run", {}), ("run", {"job": 5}), ("run", {"job": "/none/at/all.job.json"}), ("preview", {"job": {}}),
        ("preview", {"job": None, "max_size": 5}),
        ("analyse", {"source": {"kind": "movie", "files": []}, "picture": 0}),
        ("export", {"folder": "x"}), ("run", {"job": "x", "only": ["a"]}),
    ],
)  # fmt: skip
def test_requests_that_make_no_sense(worker, type_, fields):
    worker.send(type_, id=1, **fields)
    assert worker.answer(1)[-1].fields["code"] in ("INVALID_REQUEST", "SOURCE_MISSING")
    worker.send("ping", id=2)
    assert worker.answer(2)[-1].type == "done"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a user who can be refused")
def test_a_read_only_folder(worker, tmp_path):
    path = saved_job(tmp_path, 2)
    tmp_path.chmod(0o500)
    try:
        worker.send("run", id=1, job=str(path))
        assert worker.answer(1)[-1].fields["code"] == "OUTPUT_NOT_WRITABLE"
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux")
def test_a_full_disk_is_told(tmp_path):
    """RLIMIT_FSIZE stands for the full disk: writing past it fails in the same place, with EFBIG."""
    picture(tmp_path, (400, 300))
    path = saved_job(tmp_path, 2)
    picture(tmp_path, (400, 300))
    limit = "import resource,signal,sys,os; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000)); os.execv(sys.argv[1], sys.argv[1:])"
    started = Host(tmp_path / "log", [sys.executable, "-c", limit, *worker_host.WORKER])
    try:
        started.hello()
        started.send("run", id=1, job=str(path))
        error = started.answer(1)[-1]
        assert error.fields["code"] == "DISK_FULL"
        assert error.fields["action"] == "CHOOSE_FOLDER"
        assert not frames_in(tmp_path)
        assert not list(tmp_path.glob(".*.part"))
    finally:
        started.close()


def test_end_of_input_ends_it_in_the_middle_of_work(worker, tmp_path):
    path = saved_job(tmp_path, 1000, {"pause_s": 60.0})
    worker.send("run", id=1, job=str(path))
    worker.until(lambda m: m.type == "plan")
    start = time.monotonic()
    worker.process.stdin.close()
    assert worker.ended() == 0
    assert time.monotonic() - start < 3.0


def test_shutdown_writes_what_it_holds(worker, tmp_path):
    path = saved_job(tmp_path, 300, {"pause_s": 0.02})
    worker.send("run", id=1, job=str(path))
    worker.until(lambda m: m.type == "frame")
    worker.send("shutdown")
    assert worker.ended() == 0
    made = frames_in(tmp_path)
    assert 1 <= len(made) < 300
    assert all(cv2.imread(str(tmp_path / name)) is not None for name in made)


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n and more than a prefix",
        struct.pack("<4sIQ", b"THW1", protocol.MAX_HEADER + 1, 0),
        struct.pack("<4sIQ", b"THW1", 2, protocol.MAX_PAYLOAD + 1) + b"{}",
        struct.pack("<4sIQ", b"THW1", 2, 0) + b"[]",
        struct.pack("<4sIQ", b"THW1", 4, 0) + b"\xff\xfe\xfd\xfc",
    ],
)
def test_bytes_that_are_no_message_end_it(worker, data):
    worker.send_bytes(data)
    assert worker.next().fields["code"] == "PROTOCOL"
    assert worker.ended() == 1


def test_a_message_that_breaks_off_ends_it(worker):
    worker.send_bytes(struct.pack("<4sIQ", b"THW1", 500, 0) + b'{"type": "ping", ')
    worker.process.stdin.close()
    assert worker.next().fields["code"] == "PROTOCOL"
    assert worker.ended() == 1


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_kill_leaves_whole_frames_and_the_job_goes_on(tmp_path):
    picture(tmp_path, (640, 480))
    path = saved_job(tmp_path, 40, {"pause_s": 0.01})
    picture(tmp_path, (640, 480))
    with host(tmp_path) as first:
        first.send("run", id=1, job=str(path))
        for _ in range(5):
            first.until(lambda m: m.type == "frame")
        first.process.kill()
        first.process.wait()
    made = frames_in(tmp_path)
    assert 5 <= len(made) < 40
    assert all(cv2.imread(str(tmp_path / name)) is not None for name in made)
    with host(tmp_path) as second:
        second.send("run", id=1, job=str(path))
        done = second.answer(1)[-1]
    assert done.fields["rendered"] == 40 - len(made)
    assert done.fields["reused"] == len(made)
    assert frames_in(tmp_path) == set(load(path).frame_files)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux")
def test_the_worker_goes_when_its_parent_is_killed(tmp_path):
    path = saved_job(tmp_path, 1000, {"pause_s": 0.5})
    script = str(ROOT / "tests" / "support" / "worker_host.py")
    parent = subprocess.Popen([sys.executable, script, str(path)], stdout=subprocess.PIPE)
    pid = int(parent.stdout.readline())
    assert alive(pid)
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 3.0
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(pid)


def test_two_workers_share_a_folder(tmp_path):
    path = saved_job(tmp_path, 30, {"pause_s": 0.005})
    with host(tmp_path) as one, host(tmp_path) as other:
        one.send("run", id=1, job=str(path))
        other.send("run", id=1, job=str(path))
        assert one.answer(1)[-1].type == "done"
        assert other.answer(1)[-1].type == "done"
    names = load(path).frame_files
    assert frames_in(tmp_path) == set(names)
    assert all(cv2.imread(str(tmp_path / name)) is not None for name in names)
    assert not list(tmp_path.glob(".*.part"))
