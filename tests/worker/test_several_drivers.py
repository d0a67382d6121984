# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Head, expression and mouth from clips of their own, and a sound beside them: requests, names, sessions."""

from __future__ import annotations

from dataclasses import astuple, replace

import acting_clips
import numpy as np
import pytest
import tint_engine
from acting_clips import carphone
from voices import vowel, write_sound
from worker_host import make_job, picture, saved_job

import inference.engines
from inference.acting import CaptureSpec, ExactMotion, ExactSpeech
from inference.engines.description import Takes
from inference.errors import ErrorCode, TalkingHeadError
from inference.job import Job, load, save
from inference.source import Source, SourceKind
from inference.worker.exact import FrameMotion
from inference.worker.preview import preview
from inference.worker.runner import run
from inference.worker.task import Task

PICTURES = 4
ALL = Takes(driving_video=True, separate_clips=True, audio=True)


class Seen:
    """What the tint engine was given: requests, and the drivers of each opened session."""

    def __init__(self):
        self.requests, self.drivers = [], []

    def opened(self, engine, pictures, needed, face, settings, drivers):
        self.drivers.append(drivers)
        session = tint_engine.TintSession(pictures, settings)
        frames = session.frames

        def noted(requests, quality):
            requests = list(requests)
            self.requests += requests
            return frames(requests, quality)

        session.frames = noted
        return session


@pytest.fixture
def sessions(tmp_path):
    tint_engine.register()
    opened = acting_clips.sessions(tmp_path / "cache")
    yield opened
    opened.unload()
    tint_engine.unregister()


@pytest.fixture
def seen(monkeypatch):
    """The tint engine takes everything here."""
    found = Seen()
    monkeypatch.setattr(tint_engine.TintEngine, "open", lambda engine, *given: found.opened(engine, *given))
    monkeypatch.setitem(inference.engines.ENGINES, "tint", replace(tint_engine.DESCRIPTION, takes=ALL))
    return found


@pytest.fixture
def clips(tmp_path) -> dict[str, Source]:
    places = {"acting": 0, "head": 40, "expression": 80}
    return {
        name: acting_clips.sequence(tmp_path / name, carphone()[first : first + PICTURES])
        for name, first in places.items()
    }


@pytest.fixture
def sound(tmp_path):
    return write_sound(tmp_path / "voice.wav", vowel("a", 0.5))


def quiet() -> Task:
    return acting_clips.task()


def motion(source: Source, positions, *regions: str, **options) -> ExactMotion:
    strengths = {
        name: ((1.0 if name in regions else 0.0),) * len(positions) for name in ("mouth", "brows", "head", "eyes")
    }
    return ExactMotion(CaptureSpec(source, **options), tuple(positions), **strengths)


def driven(folder, clips, sound, **changes) -> Job:
    """Three frames with all four drivers."""
    parts = {
        "exact": motion(clips["acting"], [0.0, 1.0, 2.0], "mouth"),
        "exact_head": motion(clips["head"], [3.0, 2.0, 1.0], "head"),
        "exact_expression": motion(clips["expression"], [0.5, 1.5, None], "eyes", "brows"),
        "exact_speech": ExactSpeech(str(sound), (0.0, 0.04, None), (1.0, 1.0, 1.0)),
        **changes,
    }
    return make_job(folder, 3, **parts)


def rendered(folder, job: Job, sessions) -> tuple[tuple[str, ...], dict]:
    path = saved_job(folder, 1)
    save(job, path)
    done = run(quiet(), path, None, sessions)
    return load(path).frame_files, done


def test_each_frame_gets_all_its_places(tmp_path, sessions, seen, clips, sound):
    rendered(tmp_path, driven(tmp_path, clips, sound), sessions)
    first, second, third = seen.requests
    assert astuple(first.driving) == (0.0, 0.0, 0.0, 0.0, 1.0)
    assert astuple(first.driving_head) == (3.0, 1.0, 0.0, 0.0, 0.0)
    assert astuple(second.driving_expression) == (1.5, 0.0, 1.0, 1.0, 0.0)
    assert astuple(second.speech) == (0.04, 1.0)
    assert third.driving_expression is None and third.speech is None and third.driving_head is not None
    (drivers,) = seen.drivers
    keys = [drivers.acting.key, drivers.head.key, drivers.expression.key, drivers.sound.key]
    assert len(set(keys)) == 4
    assert [len(clip) for clip in (drivers.acting, drivers.head, drivers.expression)] == [PICTURES] * 3


def test_strengths_of_other_regions_do_not_count(tmp_path, sessions, seen, clips, sound):
    plain, _ = rendered(tmp_path, driven(tmp_path, clips, sound), sessions)
    more = motion(clips["head"], [3.0, 2.0, 1.0], "head", "mouth", "eyes", "brows")
    again, done = rendered(tmp_path, driven(tmp_path, clips, sound, exact_head=more), sessions)
    assert again == plain and done["rendered"] == 0
    assert all(request.driving_head.mouth == 0 for request in seen.requests)


def test_a_clip_whose_part_counts_nowhere_is_not_watched(tmp_path, sessions, seen, clips, sound):
    gone = Source(SourceKind.MOVIE, (str(tmp_path / "gone.mp4"),))
    job = driven(tmp_path, clips, sound, exact_head=motion(gone, [1.0] * 3, "mouth"), exact_expression=None)
    rendered(tmp_path, job, sessions)
    assert seen.drivers[0].head is None and seen.drivers[0].expression is None
    assert all(request.driving_head is None for request in seen.requests)


@pytest.mark.parametrize("part", ["exact", "exact_head", "exact_expression", "exact_speech"])
def test_moving_one_driver_in_one_frame_renders_that_frame(tmp_path, sessions, seen, clips, sound, part):
    job = driven(tmp_path, clips, sound)
    names, done = rendered(tmp_path, job, sessions)
    assert done["rendered"] == 3
    seen.requests.clear()
    before = getattr(job, part)
    if part == "exact_speech":
        moved = replace(before, times_s=(before.times_s[0], 0.4, before.times_s[2]))
    else:
        moved = replace(before, positions=(before.positions[0], 2.75, before.positions[2]))
    others, done = rendered(tmp_path, replace(job, **{part: moved}), sessions)
    assert (done["rendered"], done["reused"]) == (1, 2)
    assert [request.index for request in seen.requests] == [1]
    assert [one == other for one, other in zip(names, others, strict=True)] == [True, False, True]


def test_names_go_by_content_and_tell_the_drivers_apart(tmp_path, sessions, seen, clips, sound):
    job = driven(tmp_path, clips, sound)
    names, _ = rendered(tmp_path, job, sessions)
    copies = {
        name: acting_clips.sequence(tmp_path / f"copy of {name}", carphone()[first : first + PICTURES])
        for name, first in (("acting", 0), ("head", 40), ("expression", 80))
    }
    (tmp_path / "copy.wav").write_bytes(sound.read_bytes())
    assert rendered(tmp_path, driven(tmp_path, copies, tmp_path / "copy.wav"), sessions)[0] == names
    # The same clip at the same place means something else as the head's than as the expression's.
    alone = [
        rendered(tmp_path, make_job(tmp_path, 1, **{part: motion(clips["acting"], [1.0], *regions)}), sessions)[0][0]
        for part, regions in (("exact", ["head"]), ("exact_head", ["head"]), ("exact_expression", ["eyes"]))
    ]
    assert len({*alone, *names}) == 6


def test_frames_of_one_clip_keep_their_names(tmp_path, sessions, seen, clips):
    """What was rendered when there was one acting clip only need not be rendered again."""
    job = make_job(tmp_path, 1, exact=motion(clips["acting"], [1.0], "mouth"))
    places = FrameMotion.of(job, sessions, quiet())
    place = places.place(0)
    assert place is not None
    from inference.worker.cache_folder import digest_of

    assert places.digest(0) == digest_of([places.drivers.acting.key, *astuple(place)])


def test_each_driver_is_part_of_the_session(tmp_path, sessions, seen, clips, sound):
    picture(tmp_path)
    job = driven(tmp_path, clips, sound)
    write_sound(tmp_path / "other.wav", vowel("i", 0.5))
    other = ExactSpeech(str(tmp_path / "other.wav"), (0.0, 0.04, None), (1.0, 1.0, 1.0))
    others = [
        {"exact_head": motion(clips["head"], [3.0, 2.0, 1.0], "head", neutral=1)},
        {"exact_expression": motion(clips["head"], [0.5, 1.5, None], "eyes")},
        {"exact_speech": other},
        {"exact_head": None},
    ]
    for changes in ({}, {}, *others):
        preview(replace(job, **changes), 40, sessions, quiet())
    assert len(seen.drivers) == 5


def test_progress_of_every_driver_is_told_to_the_request_that_waits(tmp_path, sessions, seen, clips, sound):
    picture(tmp_path)
    job = driven(tmp_path, clips, sound)
    told: list[list[str]] = [[], []]
    for heard in told:

        def send(type_, payload=b"", heard=heard, **fields):
            heard.append(str(fields.get("stage")))

        preview(job, 40, sessions, Task(send, lambda: None))
        (drivers,) = seen.drivers
        heard.clear()
        for driver in (drivers.acting, drivers.head, drivers.expression, drivers.sound):
            driver.progress(1, 2)
    for heard in told:
        assert heard.count("reading the driver's motion") >= 3 and heard.count("listening to the sound") >= 1


@pytest.mark.parametrize("part", ["exact_head", "exact_expression"])
def test_an_engine_that_takes_one_clip_says_so(tmp_path, sessions, seen, clips, sound, monkeypatch, part):
    takes = Takes(driving_video=True, audio=True)
    monkeypatch.setitem(inference.engines.ENGINES, "tint", replace(tint_engine.DESCRIPTION, takes=takes))
    job = make_job(tmp_path, 1, **{part: motion(clips["head"], [1.0], "head")})
    with pytest.raises(TalkingHeadError) as caught:
        rendered(tmp_path, job, sessions)
    assert caught.value.code is ErrorCode.INVALID_REQUEST
    assert caught.value.message == "Tint cannot take head or expression from a clip of its own."


def test_a_template_is_refused_where_the_engine_needs_pictures(tmp_path, sessions, seen):
    template = Source(SourceKind.MOVIE, (str(tmp_path / "motion.pkl"),))
    for part in ("exact", "exact_head"):
        with pytest.raises(TalkingHeadError) as caught:
            rendered(tmp_path, make_job(tmp_path, 1, **{part: motion(template, [1.0], "head")}), sessions)
        assert caught.value.message == "A motion template holds no pictures, which this engine needs."


def test_whole_clips_are_shown_without_a_face(tmp_path, sessions, seen):
    """Noise has no face; the engine gets its pictures, and a sentence where it asks for landmarks."""
    rng = np.random.default_rng(0)
    noise = acting_clips.sequence(tmp_path / "noise", list(rng.integers(0, 256, (3, 48, 64, 3), np.uint8)))
    names, _ = rendered(tmp_path, make_job(tmp_path, 1, exact=motion(noise, [1.5], "head", whole=True)), sessions)
    clip = seen.drivers[0].acting
    assert clip.whole and clip.found.tolist() == [True] * 3 and clip.template is None
    reader = clip.pictures([0, 1, 2])
    assert reader.read(2).pixels.shape == (48, 64, 3)
    reader.close()
    with pytest.raises(TalkingHeadError) as caught:
        clip.landmarks(0)
    assert "without looking for a face" in caught.value.message
    with pytest.raises(TalkingHeadError) as caught:
        rendered(tmp_path, make_job(tmp_path, 1, exact=motion(noise, [1.5], "head")), sessions)
    assert caught.value.code is ErrorCode.NO_FACE
    others = [
        rendered(tmp_path, make_job(tmp_path, 1, exact=motion(noise, [place], "head", whole=True, neutral=neutral)),
                 sessions)[0]
        for place, neutral in ((1.0, 0), (1.5, 2))
    ]  # fmt: skip
    assert len({names, *others}) == 3


class TestStrengths:
    """Of an engine that is shown the clip as it is, and of one that heeds them."""

    BODY, PERSON, CLIP_ALONE = (
        ("wananimate", {"faces": "body"}),
        ("wananimate", {"faces": "person"}),
        ("wananimate2", {}),
    )

    def parts(self, folder, clips, sessions, engine, strength: float) -> tuple[str, object]:
        name, settings = engine
        regions = ("mouth", "brows", "head", "eyes")
        full = motion(clips["acting"], [1.0], *regions, whole=True)
        exact = replace(full, **{region: (strength,) for region in ("head", "eyes")})
        exact = exact if strength else replace(exact, mouth=(0.0,), brows=(0.0,))
        found = FrameMotion.of(make_job(folder, 1, settings, engine=name, exact=exact), sessions, quiet())
        return found.digest(0), found.place(0)

    @pytest.mark.parametrize("engine", [BODY, CLIP_ALONE], ids=["body", "clip alone"])
    def test_they_do_not_count_where_they_change_nothing(self, tmp_path, clips, sessions, engine):
        full, less, more = (self.parts(tmp_path, clips, sessions, engine, strength) for strength in (1.0, 0.3, 1.7))
        assert full == less == more and full[0]
        assert full == self.parts(tmp_path, clips, sessions, self.PERSON, 1.0)  # as films were named until now
        assert self.parts(tmp_path, clips, sessions, engine, 0.0) == ("", None)

    def test_they_count_where_they_are_heeded(self, tmp_path, clips, sessions):
        parts = [self.parts(tmp_path, clips, sessions, self.PERSON, strength) for strength in (1.0, 0.3, 1.7, 0.0)]
        assert len({digest for digest, _place in parts}) == 4

    def test_places_in_the_clip_always_count(self, tmp_path, clips, sessions):
        exact = motion(clips["acting"], [1.0, 2.0, None], "head", whole=True)
        job = make_job(tmp_path, 3, {}, engine="wananimate2", exact=exact)
        assert len({FrameMotion.of(job, sessions, quiet()).digest(frame) for frame in range(3)}) == 3
