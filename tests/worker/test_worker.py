# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker as a real process: hello, jobs, cancel, previews."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from worker_host import ROOT, Host, frames_in, host, make_job, picture, saved_job

from inference import protocol
from inference.job import load

START = (
    "import sys,runpy; sys.path.insert(0, sys.argv[1]); del sys.argv[1]; "
    "runpy.run_module('inference', run_name='__main__', alter_sys=True)"
)


@pytest.fixture
def worker(tmp_path):
    with host(tmp_path) as started:
        yield started


def test_hello_comes_before_heavy_imports(tmp_path):
    with host(tmp_path, greet=False) as started:
        hello = started.hello(app_version="1.2.3")
        assert hello.fields["protocol"] == protocol.PROTOCOL
        assert hello.fields["app_version"] == "1.2.3"
        assert hello.fields["pid"] == started.process.pid
        assert hello.fields["packages"]["numpy"] == np.__version__


@pytest.mark.parametrize("greeting", [{"protocol": 999}, {"protocol": None}])
def test_another_protocol_is_refused(tmp_path, greeting):
    with host(tmp_path, greet=False) as started:
        answer = started.hello(**greeting)
        assert answer.type == "error"
        assert answer.fields["code"] == "PROTOCOL"
        assert started.ended() == 1


def test_a_request_before_hello_is_refused(tmp_path):
    with host(tmp_path, greet=False) as started:
        started.send("ping", id=1)
        assert started.next().fields["code"] == "PROTOCOL"
        assert started.ended() == 1


def test_start_line_from_any_folder_with_a_read_only_extension(tmp_path):
    """The line of docs/architecture.md; nothing may be written beside the code."""
    command = [
        sys.executable, "-I", "-u", "-X", "utf8", "-X", f"pycache_prefix={tmp_path / 'cache'}", "-c", START, str(ROOT),
        "worker",
    ]  # fmt: skip
    started = Host(tmp_path / "log", command, cwd=tmp_path)
    try:
        assert started.hello().type == "hello"
        started.send("ping", id=1)
        assert started.answer(1)[-1].type == "done"
        started.send("shutdown")
        assert started.ended() == 0
    finally:
        started.close()


def test_unknown_messages_are_ignored(worker):
    worker.send("dance", id=1)
    worker.send("ping", id=2)
    assert worker.next().fields == {"id": 2}
    assert "dance" in worker.log.read_text()


def test_run_makes_whole_frames_and_a_second_run_none(worker, tmp_path):
    path = saved_job(tmp_path, 5)
    worker.send("run", id=1, job=str(path))
    messages = worker.answer(1)
    plan = next(m for m in messages if m.type == "plan")
    assert plan.fields["total"] == plan.fields["missing"] == 5
    assert (tmp_path / plan.fields["placeholder"]).is_file()
    assert sorted(m.fields["index"] for m in messages if m.type == "frame") == [0, 1, 2, 3, 4]
    assert messages[-1].fields["rendered"] == 5
    assert messages[-1].fields["reused"] == 0
    assert messages[-1].fields["warnings"] == ["The face was tinted."]
    names = load(path).frame_files
    assert set(names) == frames_in(tmp_path)
    for index, name in enumerate(names):
        assert cv2.imread(str(tmp_path / name))[0, 0, 0] == round(255 * (index + 1) / 6)
    worker.send("run", id=2, job=str(path))
    messages = worker.answer(2)
    assert not [m for m in messages if m.type == "frame"]
    assert (messages[-1].fields["rendered"], messages[-1].fields["reused"]) == (0, 5)


def test_progress_has_stage_and_eta(worker, tmp_path):
    path = saved_job(tmp_path, 10, {"pause_s": 0.12})
    worker.send("run", id=1, job=str(path))
    told = [m.fields for m in worker.answer(1) if m.type == "progress" and m.fields["stage"] == "rendering"]
    assert (told[-1]["done"], told[-1]["total"]) == (10, 10)
    assert told[0]["eta_s"] is None
    counted = [fields for fields in told if fields["done"]]
    assert all(0 <= fields["eta_s"] < 30 for fields in counted)


def test_only_some_frames(worker, tmp_path):
    path = saved_job(tmp_path, 6)
    worker.send("run", id=1, job=str(path), only=[4, 1])
    messages = worker.answer(1)
    assert messages[-1].fields["rendered"] == 2
    names = load(path).frame_files
    assert len(names) == 6
    assert frames_in(tmp_path) == {names[1], names[4]}
    worker.send("run", id=2, job=str(path), only=[6])
    assert worker.answer(2)[-1].fields["code"] == "INVALID_REQUEST"


def test_frames_of_equal_content_share_a_file(worker, tmp_path):
    job = make_job(tmp_path, 4)
    values = np.repeat(job.performance.values[:1], 4, axis=0)
    path = saved_job(tmp_path, 4, performance=type(job.performance)(job.performance.rate, values))
    worker.send("run", id=1, job=str(path))
    messages = worker.answer(1)
    assert sorted(m.fields["index"] for m in messages if m.type == "frame") == [0, 1, 2, 3]
    assert len(frames_in(tmp_path)) == 1


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[: len(data) // 2]])
def test_a_damaged_frame_is_made_again(worker, tmp_path, damage):
    path = saved_job(tmp_path, 3)
    worker.send("run", id=1, job=str(path))
    worker.answer(1)
    frame = tmp_path / load(path).frame_files[1]
    whole = frame.read_bytes()
    frame.write_bytes(damage(whole))
    worker.send("run", id=2, job=str(path))
    assert worker.answer(2)[-1].fields["rendered"] == 1
    assert frame.read_bytes() == whole


def test_a_changed_source_gives_new_frames(worker, tmp_path):
    path = saved_job(tmp_path, 2)
    worker.send("run", id=1, job=str(path))
    worker.answer(1)
    before = load(path).frame_files
    picture(tmp_path, seed=9)
    worker.send("run", id=2, job=str(path))
    assert worker.answer(2)[-1].fields["rendered"] == 2
    after = load(path).frame_files
    assert not set(before) & set(after)
    rest_of_frame = cv2.imread(str(tmp_path / after[0]))[4:]
    assert np.array_equal(rest_of_frame, cv2.imread(str(tmp_path / "source.png"))[4:])


def test_cancel_comes_within_a_frame_and_keeps_what_is_done(worker, tmp_path):
    path = saved_job(tmp_path, 400, {"pause_s": 0.05})
    worker.send("run", id=1, job=str(path))
    worker.until(lambda m: m.type == "frame")
    worker.send("cancel", target=1)
    messages = worker.answer(1)
    assert messages[-1].type == "cancelled"
    assert len([m for m in messages if m.type == "frame"]) <= 4
    done = len(frames_in(tmp_path))
    assert 1 <= done <= 5
    worker.send("run", id=2, job=str(path), only=[0, 1])
    assert worker.answer(2)[-1].type == "done"


def test_a_waiting_request_is_cancelled_at_once(worker, tmp_path):
    path = saved_job(tmp_path, 20, {"pause_s": 0.05})
    worker.send("run", id=1, job=str(path))
    worker.send("run", id=2, job=str(path))
    worker.send("cancel", target=2)
    messages = worker.answer(1)
    assert [m.type for m in messages if m.fields["id"] == 2] == ["cancelled"]
    assert messages[-1].type == "done"


def preview_of(tmp_path: Path, amount: float) -> dict[str, object]:
    job = make_job(tmp_path, 1)
    performance = type(job.performance).from_poses(job.performance.rate, [{"jaw_open": amount}])
    return make_job(tmp_path, 1, performance=performance).to_dict()


def test_preview_is_rgba_of_the_asked_size(worker, tmp_path):
    picture(tmp_path, (200, 100))
    worker.send("preview", id=1, job=preview_of(tmp_path, 0.0), max_size=200)
    answer = worker.answer(1)[-1]
    expected = cv2.cvtColor(cv2.imread(str(tmp_path / "source.png")), cv2.COLOR_BGR2RGBA)
    assert np.array_equal(answer.array(), expected)
    assert answer.fields["size"] == [200, 100]
    worker.send("preview", id=2, job=preview_of(tmp_path, 0.0), max_size=50)
    answer = worker.answer(2)[-1]
    assert answer.array().shape == (25, 50, 4)
    assert answer.fields["size"] == [200, 100]


def test_previews_pass_a_running_job_and_the_newest_wins(worker, tmp_path):
    path = saved_job(tmp_path, 60, {"pause_s": 0.05})
    worker.send("run", id=1, job=str(path))
    worker.until(lambda m: m.type == "frame")
    for number in range(2, 12):
        worker.send("preview", id=number, job=preview_of(tmp_path, number / 20), max_size=64)
    messages = worker.answer(1)
    ends = {m.fields["id"]: m.type for m in messages if m.type in ("done", "cancelled")}
    assert ends[11] == "done"
    assert set(ends) == set(range(1, 12))
    assert [ends[number] for number in range(2, 11)].count("cancelled") >= 7
    shown = next(m for m in messages if m.fields["id"] == 11 and m.type == "done").array()
    assert shown[0, 0, 0] == round(255 * 11 / 20)
    assert len(frames_in(tmp_path)) == 60


def test_what_a_library_prints_does_not_disturb(worker, tmp_path):
    path = saved_job(tmp_path, 3, {"print": True})
    worker.send("run", id=1, job=str(path))
    assert worker.answer(1)[-1].fields["rendered"] == 3
    assert "so does a C library" in worker.log.read_text()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_memory_is_flat(worker, tmp_path):
    picture(tmp_path, (640, 480))
    path = saved_job(tmp_path, 240)
    picture(tmp_path, (640, 480))

    def resident_mb() -> float:
        text = Path(f"/proc/{worker.process.pid}/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0]) / 1024

    worker.send("run", id=1, job=str(path))
    at = {}
    for number in range(1, 241):
        worker.until(lambda m: m.type == "frame")
        at[number] = resident_mb()
    assert worker.answer(1)[-1].type == "done"
    # 180 frames of 0.9 MB that were kept would be 166 MB.
    assert at[240] - at[60] < 30
