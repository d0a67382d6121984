# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clip as engines that follow clips get it: places, names, notes on disk, progress; templates; named files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import acting_clips
import numpy as np
import pytest
import tint_engine
from acting_clips import carphone
from worker_host import make_job, picture, saved_job

import inference.engines
from inference.acting import AUTOMATIC, CaptureSpec, ExactMotion
from inference.capture.read import captured
from inference.controls import POSE_NAMES
from inference.engines import description_of
from inference.engines.description import Setting, SettingKind, Takes
from inference.engines.engine import NO_DRIVERS
from inference.engines.liveportrait.keypoints import Motion
from inference.engines.liveportrait.template import MotionTemplate, template_content
from inference.errors import ErrorCode, TalkingHeadError
from inference.job import load
from inference.source import Source, SourceKind
from inference.worker.driving import Clip
from inference.worker.exact import FrameMotion, _clip
from inference.worker.preview import preview
from inference.worker.runner import run
from inference.worker.subject import subject_of
from inference.worker.task import Task

PICTURES = 6
SAMPLE = Setting("sample", SettingKind.PATH, "", "Sample Picture", "For tests")
FOLLOWING = replace(
    tint_engine.DESCRIPTION,
    takes=Takes(driving_video=True, templates=True),
    settings=(*tint_engine.DESCRIPTION.settings, SAMPLE),
)


@pytest.fixture
def sessions(tmp_path):
    tint_engine.register()
    opened = acting_clips.sessions(tmp_path / "cache")
    yield opened
    opened.unload()
    tint_engine.unregister()


@pytest.fixture
def clip(tmp_path):
    return acting_clips.sequence(tmp_path / "clip", carphone()[:PICTURES])


@pytest.fixture
def following(monkeypatch):
    """The tint engine follows clips here; what it was given: the requests, and the clip of each opened session."""
    requests, clips = [], []
    frames = tint_engine.TintSession.frames

    def watched(self, asked, quality):
        def noted():
            for request in asked:
                requests.append(request)
                yield request

        return frames(self, noted(), quality)

    def opened(self, pictures, needed, face, settings, drivers=NO_DRIVERS):
        clips.append(drivers.acting)
        return tint_engine.TintSession(pictures, settings)

    monkeypatch.setattr(tint_engine.TintSession, "frames", watched)
    monkeypatch.setattr(tint_engine.TintEngine, "open", opened)
    monkeypatch.setitem(inference.engines.ENGINES, "tint", FOLLOWING)
    return requests, clips


def quiet() -> Task:
    return acting_clips.task()


def exact(source: Source, positions, strengths=(1.0, 1.0, 1.0, 1.0), **options) -> ExactMotion:
    """Strengths of head, eyes, brows and mouth."""
    count = len(positions)
    head, eyes, brows, mouth = ((value,) * count for value in strengths)
    return ExactMotion(CaptureSpec(source, **options), tuple(positions), mouth, brows, head, eyes)


def names(folder: Path, sessions, motion: ExactMotion | None, **fields) -> tuple[str, ...]:
    frames = 3 if motion is None else len(motion)
    path = saved_job(folder, frames, exact=motion, **fields)
    run(quiet(), path, None, sessions)
    return load(path).frame_files


def clip_of(source: Source, sessions, task: Task | None = None, **options) -> Clip:
    spec = CaptureSpec(source, **options)
    return Clip(spec, captured(spec, sessions, quiet()), sessions, task or quiet())


def template_file(path: Path, frames: int = 5, seed: int = 0) -> Source:
    rng = np.random.default_rng(seed)
    motions = [
        Motion(2.0 * n, 3.0 * n, 0.0, np.zeros(3), rng.normal(0, 0.01, (21, 3)), 1.5, np.zeros((21, 3)))
        for n in range(frames)
    ]
    path.write_bytes(template_content(MotionTemplate(motions, None, None)))
    return Source(SourceKind.MOVIE, (str(path),))


def test_each_frame_gets_its_place(tmp_path, sessions, clip, following):
    requests, clips = following
    motion = exact(clip, [0.0, 2.5, None, 99.0], strengths=(0.5, 0.0, 1.0, 2.0))
    run(quiet(), saved_job(tmp_path, 4, exact=motion), None, sessions)
    places = {request.index: request.driving for request in requests}
    assert places[2] is None
    assert (places[1].position, places[1].head, places[1].eyes, places[1].brows, places[1].mouth) == (
        2.5, 0.5, 0.0, 1.0, 2.0,
    )  # fmt: skip
    assert places[3].position == PICTURES - 1
    assert all(request.motion is None for request in requests)
    assert len(clips) == 1 and len(clips[0]) == PICTURES


def test_a_clip_that_counts_nowhere_is_not_watched(tmp_path, sessions, following):
    requests, clips = following
    gone = Source(SourceKind.MOVIE, (str(tmp_path / "gone.mp4"),))
    run(quiet(), saved_job(tmp_path, 2, exact=exact(gone, [1.0, 2.0], (0, 0, 0, 0))), None, sessions)
    run(quiet(), saved_job(tmp_path, 2, exact=exact(gone, [None, None])), None, sessions)
    assert clips == [None] and all(request.driving is None for request in requests)


def test_names_tell_clip_place_and_strengths(tmp_path, sessions, clip, following):
    still = names(tmp_path, sessions, None)
    acted = names(tmp_path, sessions, exact(clip, [1.0, 2.0, None]))
    assert acted[2] == still[2] and acted[0] != still[0]
    assert names(tmp_path, sessions, exact(clip, [1.0, 2.25, None]))[:2] != acted[:2]
    others = [
        names(tmp_path, sessions, exact(clip, [1.0, 2.0, None], (1.0, 0.5, 1.0, 1.0))),
        names(tmp_path, sessions, exact(clip, [1.0, 2.0, None], smoothing=1.0)),
        names(tmp_path, sessions, exact(clip, [1.0, 2.0, None], neutral=3)),
        names(tmp_path, sessions, exact(acting_clips.sequence(tmp_path / "b", carphone()[9:15]), [1.0, 2.0, None])),
    ]
    assert len({acted[0], *(name[0] for name in others)}) == 5
    copied = acting_clips.sequence(tmp_path / "copy", carphone()[:PICTURES])
    assert names(tmp_path, sessions, exact(copied, [1.0, 2.0, None])) == acted


def test_another_clip_opens_another_session(tmp_path, sessions, clip, following):
    _, clips = following
    picture(tmp_path)
    job = make_job(tmp_path, 1, exact=exact(clip, [1.0]))
    for again in (job, job, replace(job, exact=exact(clip, [1.0], smoothing=1.0)), replace(job, exact=None)):
        preview(again, 40, sessions, quiet())
    assert len(clips) == 3 and clips[2] is None
    assert clips[0].key != clips[1].key


def test_progress_is_told_to_the_request_that_waits(tmp_path, sessions, clip, following):
    _, clips = following
    picture(tmp_path)
    told: list[list[str]] = [[], []]
    for heard in told:

        def send(type_, payload=b"", heard=heard, **fields):
            heard.append(str(fields.get("stage")))

        preview(make_job(tmp_path, 1, exact=exact(clip, [1.0])), 40, sessions, Task(send, lambda: None))
        clips[0].progress(1, 2)
    assert len(clips) == 1
    assert all("reading the driver's motion" in heard for heard in told)


def test_what_the_actor_does_is_told_as_slider_values(sessions, clip):
    acting = clip_of(clip, sessions)
    values = captured(CaptureSpec(clip), sessions, quiet()).track.values
    assert list(acting.pose(0)) == list(POSE_NAMES)
    assert np.array_equal(list(acting.pose(3).values()), values[3])
    assert np.allclose(list(acting.pose(2.25).values()), 0.75 * values[2] + 0.25 * values[3])
    assert acting.pose(-1.0) == acting.pose(0) and acting.pose(99.0) == acting.pose(PICTURES - 1)
    assert acting.pose(1) != acting.pose(3)


def test_nobody_knows_what_a_clip_does_that_is_shown_whole(sessions, clip):
    with pytest.raises(TalkingHeadError) as caught:
        clip_of(clip, sessions, whole=True).pose(0)
    assert caught.value.code is ErrorCode.INVALID_REQUEST


def test_landmarks_of_a_lost_face_are_the_nearest_ones(sessions, tmp_path):
    grey = np.full((144, 176, 3), 90, np.uint8)
    source = acting_clips.sequence(tmp_path / "lost", [*carphone()[:3], grey, *carphone()[4:6]])
    clip = clip_of(source, sessions)
    assert clip.found.tolist() == [True, True, True, False, True, True]
    assert clip.landmarks(0).shape == (478, 2)
    assert any(np.array_equal(clip.landmarks(3), clip.landmarks(near)) for near in (2, 4))
    assert not np.array_equal(clip.landmarks(2), clip.landmarks(4))


def test_a_neutral_picture_that_somebody_chose_counts_where_bodies_are_measured(sessions, clip):
    found = clip_of(clip, sessions)
    chosen = clip_of(clip, sessions, neutral=found.neutral)
    assert (found.neutral_chosen, chosen.neutral_chosen) == (False, True)
    # It is the same picture, and to most engines all the same.
    for engine, counts in (("wananimate", True), ("wananimate2", False), ("liveportrait", False)):
        keys = {
            _clip(CaptureSpec(clip, neutral=neutral), description_of(engine), sessions, quiet()).key
            for neutral in (AUTOMATIC, found.neutral)
        }
        assert len(keys) == 1 + counts
        assert found.key in keys


def test_notes_on_a_clip_last(sessions, clip, tmp_path):
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    first = clip_of(clip, sessions)
    assert first.remembered("engine 1") is None
    first.remember("engine 1", values)
    other = clip_of(clip, acting_clips.sessions(tmp_path / "cache"), smoothing=1.0, neutral=2)
    assert np.array_equal(other.remembered("engine 1"), values)
    assert other.remembered("engine 2") is None
    (file,) = (tmp_path / "cache" / "motions").iterdir()
    file.write_bytes(file.read_bytes()[:50])
    assert other.remembered("engine 1") is None


def test_notes_that_cannot_be_written_are_only_forgotten(sessions, clip, tmp_path):
    opened = clip_of(clip, sessions)
    (tmp_path / "cache" / "motions").write_text("a file where the folder should be")
    opened.remember("engine 1", np.zeros(3))
    assert np.array_equal(opened.remembered("engine 1"), np.zeros(3))  # in this process's own folder


def test_pictures_of_a_canceled_request_are_not_read(sessions, clip):
    def stop():
        raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")

    opened = clip_of(clip, sessions, acting_clips.task(stop))
    reader = opened.pictures([0, 1])
    with pytest.raises(TalkingHeadError):
        reader.read(0)
    reader.close()
    with pytest.raises(TalkingHeadError):
        opened.progress(1, 2)


def test_a_template_drives_with_its_own_motion(tmp_path, sessions, following):
    requests, clips = following
    source = template_file(tmp_path / "motion.pkl")
    run(quiet(), saved_job(tmp_path, 2, exact=exact(source, [1.0, 3.5])), None, sessions)
    assert [request.driving.position for request in requests] == [1.0, 3.5]
    clip = clips[0]
    assert (len(clip), clip.neutral, clip.template) == (5, 0, tmp_path / "motion.pkl")
    assert clip.found.all()
    for refused in (lambda: clip.landmarks(0), lambda: clip.pictures([0])):
        with pytest.raises(TalkingHeadError) as caught:
            refused()
        assert "template" in caught.value.message
    keys = {clip.key, clip_of(template_file(tmp_path / "other.pkl", seed=1), sessions).key}
    assert len(keys) == 2


def test_a_template_is_a_track_for_every_engine(tmp_path, sessions):
    source = template_file(tmp_path / "motion.pkl")
    found = captured(CaptureSpec(source, smoothing=0.0), sessions, quiet())
    assert (found.pictures, found.track.neutral) == (5, 0)
    yaw = found.track.values[:, POSE_NAMES.index("head_yaw")]
    assert np.abs(np.diff(yaw)).min() > 1 and yaw[0] == 0
    moved = captured(CaptureSpec(source, smoothing=0.0, neutral=2), sessions, quiet()).track
    assert moved.values[2, POSE_NAMES.index("head_yaw")] == 0
    with pytest.raises(TalkingHeadError) as caught:
        captured(CaptureSpec(source, neutral=9), sessions, quiet())
    assert "ends with picture 5" in caught.value.message


def test_a_template_cannot_move_landmarks(tmp_path, sessions, monkeypatch):
    taking = replace(tint_engine.DESCRIPTION, takes=Takes(landmark_motion=True))
    monkeypatch.setitem(inference.engines.ENGINES, "tint", taking)
    source = template_file(tmp_path / "motion.pkl")
    with pytest.raises(TalkingHeadError) as caught:
        run(quiet(), saved_job(tmp_path, 1, exact=exact(source, [1.0])), None, sessions)
    assert "holds no landmarks" in caught.value.message


def test_files_of_settings_count_by_content(tmp_path, sessions, following):
    first, second = picture(tmp_path, name="a.png", seed=1), picture(tmp_path, name="b.png", seed=2)
    made = {
        name: names(tmp_path, sessions, None, settings={"sample": str(path)})
        for name, path in (("a", first), ("b", second))
    }
    assert made["a"][0] != made["b"][0] != names(tmp_path, sessions, None)[0]
    second.write_bytes(first.read_bytes())
    assert names(tmp_path, sessions, None, settings={"sample": str(second)}) == made["a"]
    job = make_job(tmp_path, 1, {"sample": str(first)})
    before = subject_of(job, FrameMotion(), sessions).key()
    picture(tmp_path, name="a.png", seed=3)
    assert subject_of(job, FrameMotion(), sessions).key() != before


def test_a_missing_file_of_a_setting_is_told(tmp_path, sessions, following):
    with pytest.raises(TalkingHeadError) as caught:
        names(tmp_path, sessions, None, settings={"sample": str(tmp_path / "gone.png")})
    assert caught.value.code is ErrorCode.SOURCE_MISSING
    assert "Sample Picture names" in caught.value.message and "clear Sample Picture" in caught.value.hint


def test_names_change_with_the_weights_in_use(tmp_path, sessions, following, monkeypatch):
    before = names(tmp_path, sessions, None)
    monkeypatch.setattr(type(sessions), "set_digests", lambda self, engine, settings: ("0" * 64,))
    one = names(tmp_path, sessions, None)
    monkeypatch.setattr(type(sessions), "set_digests", lambda self, engine, settings: ("1" * 64,))
    assert len({before[0], one[0], names(tmp_path, sessions, None)[0]}) == 3


def test_a_session_of_other_weights_is_not_used_again(tmp_path, sessions, following, monkeypatch):
    job = make_job(tmp_path, 1)
    monkeypatch.setattr(type(sessions), "set_digests", lambda self, engine, settings: ("0" * 64,))
    before = subject_of(job, FrameMotion(), sessions).key()
    assert subject_of(job, FrameMotion(), sessions).key() == before
    monkeypatch.setattr(type(sessions), "set_digests", lambda self, engine, settings: ("1" * 64,))
    assert subject_of(job, FrameMotion(), sessions).key() != before
