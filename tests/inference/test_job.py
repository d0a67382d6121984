# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs: JSON there and back, paths that move with the project, keys by content."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from inference.acting import CaptureSpec, ExactMotion, ExactSpeech
from inference.controls import RIG_NAMES
from inference.errors import ErrorCode, TalkingHeadError
from inference.job import Job, frame_key, job_path, load, save
from inference.performance import Performance
from inference.source import MANUAL_POINTS, FaceChoice, Source, SourceKind

POINTS = tuple((0.1 + 0.01 * number, 0.5) for number in range(len(MANUAL_POINTS)))

EXACT = {
    "capture": {"source": {"kind": "movie", "files": ["a.mp4"]}, "face": {}},
    "positions": [0.0] * 3, "mouth": [1.0] * 3, "brows": [1.0] * 3,
}  # fmt: skip


SPEECH = {"sound": "voice.wav", "times_s": [0.0, 0.04, None], "strengths": [1.0] * 3}


def clip(name: str, **options: object) -> CaptureSpec:
    return CaptureSpec(Source(SourceKind.MOVIE, (name,)), **options)


def a_driven_job(folder: str = "/edit") -> Job:
    """Three frames with all drivers."""
    ones, nothing = (1.0, 0.5, 0.0), (0.0,) * 3
    places = (0.0, 1.25, None)
    return a_job(
        engine="edtalk",
        settings={},
        source=Source(SourceKind.IMAGE, (f"{folder}/portrait.png",)),
        pictures=(0, 0, 0),
        exact=ExactMotion(clip(f"{folder}/media/actor.mp4"), places, ones, nothing),
        exact_head=ExactMotion(clip(f"{folder}/media/head.mp4", whole=True), places, nothing, nothing, ones),
        exact_expression=ExactMotion(clip(f"{folder}/brows.mp4"), places, nothing, ones, nothing, ones),
        exact_speech=ExactSpeech(f"{folder}/media/voice.wav", (0.0, 0.04, None), ones, "picture"),
    )


def a_job(**fields: object) -> Job:
    job = Job(
        id="0123",
        name="肖像",
        engine="puppet",
        settings={"background": "hold"},
        source=Source(SourceKind.SEQUENCE, ("/edit/media/a 1.png", "/edit/media/a 2.png")),
        face=FaceChoice(1, POINTS, 1),
        pictures=(0, 1, 1),
        performance=Performance.from_poses(Fraction(24000, 1001), [{}, {"head_yaw": 3.5}, {}]),
    )
    return replace(job, **fields)


def same(one: Job, other: Job) -> bool:
    return one.to_dict() == other.to_dict()


def test_json_there_and_back():
    job = a_job().with_frame_files(["a.png", "b.png", "a.png"])
    assert same(Job.from_dict(json.loads(json.dumps(job.to_dict()))), job)


def test_all_drivers_there_and_back():
    job = a_driven_job()
    again = Job.from_dict(json.loads(json.dumps(job.to_dict())))
    assert same(again, job)
    assert (again.exact_head, again.exact_expression) == (job.exact_head, job.exact_expression)
    assert again.exact_speech == job.exact_speech and again.exact_speech.zero == "picture"
    assert again.exact_head.capture.whole and not again.exact.capture.whole


def test_a_moved_project_finds_its_drivers(tmp_path):
    (tmp_path / "one" / "frames").mkdir(parents=True)
    save(a_driven_job(str(tmp_path / "one")), job_path(tmp_path / "one" / "frames", "0123"))
    assert str(tmp_path) not in job_path(tmp_path / "one" / "frames", "0123").read_text(encoding="utf-8")
    (tmp_path / "one").rename(tmp_path / "two")
    assert same(load(job_path(tmp_path / "two" / "frames", "0123")), a_driven_job(str(tmp_path / "two")))


def test_older_jobs_know_fewer_drivers():
    data = {**a_job().to_dict(), "exact": EXACT}
    for name in ("exact_head", "exact_expression", "exact_speech"):
        assert data.pop(name) is None
    job = Job.from_dict(data)
    assert job.exact is not None and not job.exact.capture.whole
    assert job.exact_head is job.exact_expression is job.exact_speech is None


@pytest.mark.parametrize("name", ["exact", "exact_head", "exact_expression", "exact_speech"])
def test_drivers_last_as_long_as_the_job(name):
    short = getattr(a_driven_job(), name)
    strengths = {field: getattr(short, field)[:2] for field in short.__dataclass_fields__ if field not in
                 ("capture", "sound", "zero")}  # fmt: skip
    with pytest.raises(TalkingHeadError) as caught:
        a_job(**{name: replace(short, **strengths)})
    assert caught.value.code is ErrorCode.INVALID_REQUEST


def test_a_moved_project_finds_its_source(tmp_path):
    first = tmp_path / "one" / "frames"
    first.mkdir(parents=True)
    source = Source(SourceKind.IMAGE, (str(tmp_path / "one" / "portrait.png"),))
    save(a_job(source=source), job_path(first, "0123"))
    (tmp_path / "one").rename(tmp_path / "two")
    moved = load(job_path(tmp_path / "two" / "frames", "0123"))
    assert moved.source.files == (str(tmp_path / "two" / "portrait.png"),)


@pytest.mark.parametrize("premultiplied", [None, False, True])
def test_how_a_source_holds_its_alpha_is_kept(premultiplied):
    source = Source(SourceKind.IMAGE, ("/edit/portrait.png",), premultiplied)
    assert Source.from_dict(source.to_dict()) == source
    assert ("premultiplied" in source.to_dict()) == (premultiplied is not None)  # older jobs are read as before
    with pytest.raises(TalkingHeadError):
        Source.from_dict({**source.to_dict(), "premultiplied": "yes"})


def test_a_source_says_whether_it_has_gaps():
    source = Source(SourceKind.SEQUENCE, ("/edit/rendered/000000.png",), gaps=True)
    assert Source.from_dict(source.to_dict()) == source
    assert "gaps" not in replace(source, gaps=False).to_dict()  # as older jobs


def test_saving_leaves_one_file(tmp_path):
    path = job_path(tmp_path, "0123")
    for _ in range(3):
        save(a_job(), path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["0123.job.json"]
    assert same(load(path), a_job())


def test_a_failed_save_keeps_the_old_job(tmp_path, monkeypatch):
    path = job_path(tmp_path, "0123")
    save(a_job(), path)

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("inference.job.os.replace", refuse)
    with pytest.raises(OSError, match="No space"):
        save(a_job(name="new"), path)
    assert load(path).name == "肖像"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"format": "x"}, {"version": 2}, {"version": True}, {"version": 1.0},
        {"source": None}, {"source": {"kind": "image", "files": []}},
        {"source": {"kind": "sound", "files": ["a"]}}, {"pictures": [0, 1]}, {"pictures": [0, 1, -1]},
        {"pictures": [0, 1, "x"]}, {"pictures": [0, 1, 1.5]}, {"pictures": [0, 1, None]}, {"pictures": "012"},
        {"face": {"points": [[0, 0]]}}, {"face": {"index": -1}}, {"face": {"index": "first"}}, {"face": []},
        {"face": {"index": float("inf")}}, {"exact": {"positions": [], "mouth": [], "brows": []}},
        {"exact": {"positions": [10**400] * 3, "mouth": [1] * 3, "brows": [1] * 3}},
        {"exact": {**EXACT, "capture": {**EXACT["capture"], "neutral": float("inf")}}},
        {"face": {"points": [["a", 0]] * 14}}, {"face": {"points": [[float("nan"), 0]] * 14}}, {"settings": []},
        {"performance": {}}, {"frame_files": "a"},
        {"exact_head": [1]}, {"exact_head": "x"}, {"exact_head": {**EXACT, "head": [1.0]}},
        {"exact_expression": {**EXACT, "positions": [-1.0] * 3}}, {"exact_expression": {**EXACT, "capture": None}},
        {"exact_speech": "voice.wav"}, {"exact_speech": {**SPEECH, "sound": ""}},
        {"exact_speech": {**SPEECH, "times_s": [0.0, 0.0]}}, {"exact_speech": {**SPEECH, "times_s": None}},
        {"exact_speech": {**SPEECH, "times_s": [-0.1] * 3}}, {"exact_speech": {**SPEECH, "strengths": [1.0]}},
        {"exact_speech": {**SPEECH, "strengths": [float("nan")] * 3}}, {"exact_speech": {"sound": "a.wav"}},
        {"exact_speech": {**SPEECH, "times_s": [10**400] * 3}}, {"exact_speech": {**SPEECH, "zero": "end"}},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_refused(change):
    data = {**a_job().to_dict(), "exact": EXACT, "exact_head": EXACT, "exact_expression": EXACT, "exact_speech": SPEECH}
    Job.from_dict(data)
    with pytest.raises(TalkingHeadError) as caught:
        Job.from_dict({**data, **change})
    assert caught.value.code is ErrorCode.INVALID_REQUEST


def test_files_that_hold_none(tmp_path):
    for content in (b"", b"[]", b"{", b"\xff", b"[" * 100_000):
        (tmp_path / "a.job.json").write_bytes(content)
        with pytest.raises(TalkingHeadError) as caught:
            load(tmp_path / "a.job.json")
        assert caught.value.code is ErrorCode.INVALID_REQUEST
    with pytest.raises(TalkingHeadError) as caught:
        load(tmp_path / "none.job.json")
    assert caught.value.code is ErrorCode.SOURCE_MISSING


def key(**fields: object) -> str:
    values: dict[str, object] = {
        "engine": "puppet", "engine_version": 1, "settings": {"a": 1, "b": 2}, "weights": ["w"],
        "source_digests": ["d"], "picture": 0, "face": FaceChoice(), "pose": np.zeros(len(RIG_NAMES)),
    }  # fmt: skip
    return frame_key(**{**values, **fields})  # type: ignore[arg-type]


def test_key_is_of_content():
    pose = np.zeros(len(RIG_NAMES))
    pose[3] = 1e-3
    changes = [
        {"engine": "other"}, {"engine_version": 2}, {"settings": {"a": 1, "b": 3}}, {"weights": ["v"]},
        {"source_digests": ["e"]}, {"source_digests": ["d", "d"]}, {"picture": 1}, {"face": FaceChoice(1)},
        {"face": FaceChoice(points=POINTS)}, {"pose": pose},
    ]  # fmt: skip
    keys = [key(), *(key(**change) for change in changes)]
    assert len(set(keys)) == len(keys)
    assert all(len(name) == 32 for name in keys)


def test_key_does_not_depend_on_order_or_noise():
    assert key(settings={"b": 2, "a": 1}) == key()
    assert key(pose=np.full(len(RIG_NAMES), 1e-9)) == key(pose=np.full(len(RIG_NAMES), -1e-9)) == key()


def test_key_is_the_same_in_every_version():
    # A changed key makes all frames on users' disks be rendered again; raise an engine's version instead.
    assert key() == "da972ddd3ef53819890ae07f38617007"


def test_paths_of_settings_move_with_the_folder(tmp_path):
    settings = {"sample": str(tmp_path / "media" / "smile.png"), "precision": "auto"}
    before, after = tmp_path / "frames", tmp_path / "moved" / "frames"
    for folder in (before, after):
        folder.mkdir(parents=True)
    path = job_path(before, "0123")
    save(a_job(engine="liveportrait", settings=settings), path)
    assert load(path).settings == settings
    moved = load(path.rename(job_path(after, "0123")))
    assert moved.settings["sample"] == str(tmp_path / "moved" / "media" / "smile.png")
    assert a_job(engine="liveportrait", settings={"sample": ""}).to_dict(tmp_path)["settings"] == {"sample": ""}
