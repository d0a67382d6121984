# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of the stages on the way to a frame: files by frame, without what draws."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import chain_engine
import cv2
import numpy as np
import pytest
from worker_host import ROOT, Host, picture, saved_job

import inference.engines
from inference.cli import main
from inference.engines.engine import Drivers
from inference.errors import ErrorCode, TalkingHeadError
from inference.media.digests import Digests
from inference.source import FaceChoice, Source, SourceKind
from inference.weights.store import WeightStore
from inference.worker.driver_notes import DriverNotes
from inference.worker.sessions import Sessions, Subject
from inference.worker.stages import make_stage
from inference.worker.task import Task

WORKER = [sys.executable, "-u", str(ROOT / "tests" / "support" / "chain_engine.py"), "worker"]
FRAMES = 5


@pytest.fixture
def sessions(tmp_path) -> Iterator[Sessions]:
    chain_engine.register()
    sessions = Sessions(WeightStore([]), Digests(), lambda: None, tmp_path / "cache")
    yield sessions
    sessions.unload()
    chain_engine.unregister()


def made(path: Path, name: str, sessions: Sessions, only: list[int] | None = None, engine: str = "chain", cancel_at=99):
    sent: list[tuple[str, dict[str, object]]] = []

    def check() -> None:
        if sum(type_ == "frame" for type_, _ in sent) >= cancel_at:
            raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")

    task = Task(lambda type_, payload=b"", **fields: sent.append((type_, fields)), check)
    return make_stage(task, path, name, path.parent / "stage" / name, only, sessions), sent


def test_each_frame_gets_a_numbered_picture(tmp_path, sessions):
    done, sent = made(saved_job(tmp_path, FRAMES, engine="chain"), "pose", sessions)
    files = sorted((tmp_path / "stage" / "pose").iterdir())
    assert [file.name for file in files] == [f"000{number}.png" for number in range(1, 6)]
    assert [cv2.imread(str(file), cv2.IMREAD_UNCHANGED)[0, 0].tolist() for file in files] == [
        [round(255 * (index + 1) / 6)] * 3 for index in range(FRAMES)
    ]
    assert (done["written"], done["size"], done["warnings"]) == (FRAMES, [16, 8], ["Look at the chain."])
    told = [fields for type_, fields in sent if type_ == "frame"]
    assert told == [{"index": index, "file": f"000{index + 1}.png"} for index in range(FRAMES)]
    assert sent[-1] == ("progress", {"done": 5, "total": 5, "stage": "making pose pictures", "eta_s": 0.0})
    assert chain_engine.drawn == []


def test_masks_have_one_channel(tmp_path, sessions):
    made(saved_job(tmp_path, FRAMES, engine="chain"), "mask", sessions)
    files = sorted((tmp_path / "stage" / "mask").iterdir())
    pictures = [cv2.imread(str(file), cv2.IMREAD_UNCHANGED) for file in files]
    assert [picture.shape for picture in pictures] == [(8, 16)] * FRAMES
    assert [int(picture.max()) for picture in pictures] == [0, 0, 0, 255, 255]


def test_some_frames_keep_their_numbers_and_replace_only_themselves(tmp_path, sessions):
    path = saved_job(tmp_path, FRAMES, engine="chain")
    made(path, "pose", sessions)
    folder = tmp_path / "stage" / "pose"
    for file in folder.iterdir():
        file.write_bytes(b"corrected by hand")
    done, _ = made(path, "pose", sessions, only=[3, 1])
    assert done["written"] == 2
    kept = [file.name for file in sorted(folder.iterdir()) if file.read_bytes() == b"corrected by hand"]
    assert kept == ["0001.png", "0003.png", "0005.png"]
    assert np.array_equal(cv2.imread(str(folder / "0004.png"))[0, 0], [170] * 3)


def test_whole_sections_are_asked_for_as_they_are_drawn(tmp_path, sessions):
    # The first section has 6 frames, since 3 are drawn before it; each begins with 2 of the one before.
    done, _ = made(saved_job(tmp_path, 16, engine="chain"), "pose", sessions, only=[7, 2])
    assert chain_engine.staged == [list(range(6)), list(range(4, 13))]
    assert done["written"] == 2
    assert sorted(file.name for file in (tmp_path / "stage" / "pose").iterdir()) == ["0003.png", "0008.png"]
    chain_engine.forget()
    done, sent = made(saved_job(tmp_path, 16, engine="chain"), "pose", sessions)
    assert [len(some) for some in chain_engine.staged] == [6, 9, 5] and done["written"] == 16
    assert [fields["index"] for type_, fields in sent if type_ == "frame"] == list(range(16))


def test_a_cancel_is_heard_before_a_section_has_its_first_picture(tmp_path, sessions):
    with pytest.raises(TalkingHeadError) as caught:
        made(saved_job(tmp_path, FRAMES, engine="chain"), "pose", sessions, cancel_at=0)
    assert caught.value.code is ErrorCode.CANCELLED and chain_engine.staged == [list(range(FRAMES))]
    assert list((tmp_path / "stage" / "pose").iterdir()) == []


@pytest.mark.parametrize("follows", [True, False])
def test_a_session_that_follows_the_source_is_opened_anew_when_any_picture_changes(
    tmp_path, sessions, monkeypatch, follows
):
    values = "2" if follows else "1"
    description = dataclasses.replace(chain_engine.DESCRIPTION, whole_source_when=(("carried", (values,)),))
    monkeypatch.setitem(inference.engines.ENGINES, "chain", description)
    files = [tmp_path / f"{n}.png" for n in range(3)]
    for n, file in enumerate(files):
        cv2.imwrite(str(file), np.full((8, 8, 3), n, np.uint8))
    source = Source(SourceKind.SEQUENCE, tuple(map(str, files)))
    drivers = Drivers(notes=DriverNotes("films", "preparing", sessions, Task(lambda *_, **__: None, lambda: None)))
    subject = Subject("chain", description.settings_from({}), source, FaceChoice(), drivers=drivers)
    with sessions.opened(subject, [0]) as first:
        pass
    cv2.imwrite(str(files[2]), np.full((9, 9, 3), 90, np.uint8))
    with sessions.opened(subject, [0]) as again:
        assert (again is first) is not follows


def test_what_draws_need_not_be_there(tmp_path, sessions, monkeypatch):
    # No catalogue has a set of this name, so that whoever asks for it is refused.
    large = dataclasses.replace(chain_engine.DESCRIPTION, set_setting="carried")
    monkeypatch.setitem(inference.engines.ENGINES, "chain", large)
    done, _ = made(saved_job(tmp_path, FRAMES, engine="chain"), "pose", sessions)
    assert done["written"] == FRAMES


@pytest.mark.parametrize(
    ("engine", "name", "words"),
    [
        ("chain", "background", "Ask for one of: pose, mask."),
        ("chain", "face", "Ask for one of: pose, mask."),
        ("puppet", "pose", "Choose an engine that shows"),
    ],
)
def test_unknown_stages_are_refused(tmp_path, sessions, engine, name, words):
    with pytest.raises(TalkingHeadError) as caught:
        made(saved_job(tmp_path, FRAMES, engine=engine), name, sessions)
    assert caught.value.code is ErrorCode.INVALID_REQUEST and words in caught.value.hint
    assert not (tmp_path / "stage").exists()


def test_a_cancel_keeps_what_was_written(tmp_path, sessions):
    path = saved_job(tmp_path, FRAMES, engine="chain")
    with pytest.raises(TalkingHeadError) as caught:
        made(path, "pose", sessions, cancel_at=2)
    assert caught.value.code is ErrorCode.CANCELLED
    assert len(list((tmp_path / "stage" / "pose").iterdir())) == 2


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path, sessions):
    (tmp_path / "stage").write_text("a file where the folder should be")
    with pytest.raises(TalkingHeadError) as caught:
        made(saved_job(tmp_path, FRAMES, engine="chain"), "pose", sessions)
    assert caught.value.code is ErrorCode.OUTPUT_NOT_WRITABLE


def test_the_worker_answers_the_request(tmp_path):
    path = saved_job(tmp_path, FRAMES, engine="chain")
    worker = Host(tmp_path / "worker.log", WORKER)
    try:
        worker.hello(cache=str(tmp_path / "cache"))
        folder = str(tmp_path / "poses")
        worker.send("stage", id=1, job=str(path), stage="pose", folder=folder, only=[0, 4])
        *told, done = worker.answer(1)
        assert done.type == "done" and done.fields["written"] == 2 and done.fields["size"] == [16, 8]
        assert [m.fields["file"] for m in told if m.type == "frame"] == ["0001.png", "0005.png"]
        worker.send("stage", id=2, job=str(path), stage="pose", folder=folder, only=["first"])
        assert worker.answer(2)[-1].fields["code"] == "INVALID_REQUEST"
        worker.send("stage", id=3, job=str(path), stage="", folder=folder)
        assert worker.answer(3)[-1].fields["code"] == "INVALID_REQUEST"
    finally:
        worker.close()


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, str(ROOT / "tests" / "support" / "chain_engine.py"), "render", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, encoding="utf-8", timeout=60)


def test_the_command_line_writes_a_stage(tmp_path):
    movie = ["--source", picture(tmp_path), "--engine", "chain", "--set", "jaw_open=1", "--cache", tmp_path / "cache"]
    done = command(*movie, "--stage", "mask", "--output", tmp_path / "masks")
    assert done.returncode == 0 and done.stderr == "warning: Look at the chain.\n", done.stderr
    assert [file.name for file in (tmp_path / "masks").iterdir()] == ["0001.png"]
    assert cv2.imread(str(tmp_path / "masks" / "0001.png"), cv2.IMREAD_UNCHANGED).all()
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]


def test_the_command_line_writes_a_stage_of_a_jobs_frames(tmp_path):
    job = saved_job(tmp_path, FRAMES, engine="chain")
    done = command("--job", job, "--only", "1-2", "--stage", "pose", "--output", tmp_path / "poses")
    assert done.returncode == 0, done.stderr
    assert sorted(file.name for file in (tmp_path / "poses").iterdir()) == ["0002.png", "0003.png"]
    done = command("--job", job, "--stage", "faces", "--output", tmp_path / "faces")
    assert done.returncode == 1 and "has no stage 'faces'" in done.stderr


@pytest.mark.parametrize("output", [[], ["--output", "poses.mp4"]])
def test_a_stage_needs_a_folder(output, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["render", "--job", "a.job.json", "--stage", "pose", *output])
    assert caught.value.code == 2 and "needs a folder" in capsys.readouterr().err


def test_a_driver_is_refused_where_the_source_acts_itself(tmp_path, capsys):
    options = ["--setting", "mode=replace", "--driver", "actor.mp4", "--output", str(tmp_path / "out")]
    assert main(["render", "--source", str(picture(tmp_path)), "--engine", "wananimate", *options]) == 1
    assert "from the source itself" in capsys.readouterr().err
