# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Films: drawn by sections, kept, gone on with after a crash; their names, progress and estimate."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import film_engine
import film_jobs
import numpy as np
import pytest
from film_jobs import FRAMES, Told, drop_frames, pixels_of
from worker_host import PATIENCE_S, ROOT, Host, make_job, picture, saved_job

from inference import job as jobs
from inference.engines import description_of
from inference.errors import ErrorCode, TalkingHeadError
from inference.job import load
from inference.media.digests import Digests
from inference.performance import Performance
from inference.source import Source, SourceKind
from inference.weights.store import WeightStore
from inference.worker.preview import preview
from inference.worker.runner import run
from inference.worker.sessions import Sessions
from inference.worker.task import Task

WORKER = [sys.executable, "-u", str(ROOT / "tests" / "support" / "film_engine.py"), "worker"]
# Anchors 0-6 and 10-16, bridges 5-11 and 15-19.
ALL = [0, 2, 1, 3]


@pytest.fixture
def cache(tmp_path) -> Iterator[Path]:
    film_engine.register()
    yield tmp_path / "cache"
    film_engine.unregister()


def film_job(folder: Path, frames: int = FRAMES, **settings: object) -> Path:
    return film_jobs.film_job(folder, film_engine, frames, **settings)


def render(path: Path, cache: Path, only: list[int] | None = None, told: Told | None = None):
    return film_jobs.render(path, cache, film_engine, only, told)


@pytest.fixture
def whole(tmp_path, cache) -> list[bytes]:
    """The frames of a film that nothing interrupted."""
    path = film_job(tmp_path / "whole")
    done, drawn, finished = render(path, tmp_path / "other cache")
    assert drawn == ALL and finished == [*range(7), *range(10, 17), 7, 8, 9, *range(17, 20)]
    assert done["sections"] == {"drawn": 4, "kept": 0} and done["rendered"] == FRAMES
    frames = pixels_of(path)
    assert len(set(frames)) == FRAMES
    return frames


def test_a_film_is_drawn_once(tmp_path, cache, whole):
    path = film_job(tmp_path / "film")
    told = Told(film_engine)
    render(path, cache, told=told)
    assert pixels_of(path) == whole
    again, drawn, finished = render(path, cache)
    assert (again["rendered"], again["reused"], drawn, finished) == (0, FRAMES, [], [])
    assert {int(str(fields["index"])) for fields in told.fields("frame")} == set(range(FRAMES))


@pytest.mark.parametrize("step", [1, 2, 3, 5, 6, 9, 11])
def test_a_film_goes_on_at_the_section_that_was_canceled(tmp_path, cache, whole, step):
    path = film_job(tmp_path / "film")
    with pytest.raises(TalkingHeadError) as caught:
        render(path, cache, told=Told(film_engine, step))
    assert caught.value.code is ErrorCode.CANCELLED
    # A cancel after the last of a section's three steps comes too late for it.
    assert len(film_engine.stepped) == step and film_engine.drawn == ALL[: step // 3]
    _, drawn, _ = render(path, cache)
    assert drawn == ALL[step // 3 :]
    assert pixels_of(path) == whole


def test_a_film_goes_on_after_an_engine_that_failed(tmp_path, cache, whole):
    with pytest.raises(RuntimeError):
        render(film_job(tmp_path / "film", fail_at=1), cache)
    path = film_job(tmp_path / "film")
    assert render(path, cache)[1] == [1, 3]
    assert pixels_of(path) == whole


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize("after", [2, 9])
def test_a_film_goes_on_after_the_worker_was_killed(tmp_path, cache, whole, after):
    path = film_job(tmp_path / "film", pause_s=0.02)
    worker = Host(tmp_path / "worker.log", WORKER)
    try:
        worker.hello(cache=str(cache))
        worker.send("run", id=1, job=str(path))
        worker.until(lambda m: m.type == "progress" and m.fields.get("unit") == "steps" and m.fields["done"] >= after)
        worker.process.kill()
        worker.process.wait(PATIENCE_S)
    finally:
        worker.close()
    kept = len(list((cache / "films").glob("*.npy")))
    done, drawn, _ = render(path, cache)
    assert after // 3 <= kept < 4 and drawn == ALL[kept:]
    assert done["sections"]["drawn"] == len(drawn)
    assert pixels_of(path) == whole


def test_a_canceled_film_ends_between_two_steps_and_goes_on(tmp_path, cache, whole):
    path = film_job(tmp_path / "film", pause_s=0.1)
    worker = Host(tmp_path / "worker.log", WORKER)
    try:
        worker.hello(cache=str(cache))
        worker.send("run", id=1, job=str(path))
        worker.until(lambda m: m.type == "progress" and m.fields.get("unit") == "steps" and m.fields["done"] >= 4)
        worker.send("cancel", target=1)
        assert worker.answer(1)[-1].type == "cancelled"
        kept = len(list((cache / "films").glob("*.npy")))
        worker.send("run", id=2, job=str(path))
        done = worker.answer(2)[-1]
    finally:
        worker.close()
    assert 1 <= kept < 4 and done.fields["sections"]["drawn"] == 4 - kept  # type: ignore[index]
    assert pixels_of(path) == whole


def test_only_pictures_that_are_looked_at_are_asked_for(tmp_path, cache):
    """The engine refuses others, and so do pictures that are not there."""
    folder = tmp_path / "film"
    folder.mkdir()
    files = tuple(str(picture(folder, name=f"source {index}.png", seed=index)) for index in range(FRAMES))
    source = Source(SourceKind.SEQUENCE, files)
    path = saved_job(folder, FRAMES, engine="film", source=source, pictures=tuple(range(FRAMES)))
    assert render(path, cache, only=[8])[1:] == ([0, 2, 1], [8])
    assert render(path, cache, only=[8, 9])[1:] == ([], [9])
    (folder / "source 13.png").write_bytes((folder / "source 12.png").read_bytes())
    assert render(path, cache)[1] == [2, 1, 3]


def test_what_was_drawn_is_finished_anew_with_another_border(tmp_path, cache):
    path = film_job(tmp_path / "film")
    render(path, cache)
    frames, names = pixels_of(path), load(path).frame_files
    path = film_job(tmp_path / "film", shade=0.5)
    told = Told(film_engine)
    done, drawn, finished = render(path, cache, told=told)
    assert drawn == [] and finished == list(range(FRAMES))
    assert done["sections"] == {"drawn": 0, "kept": 4}
    assert not set(names) & set(load(path).frame_files) and pixels_of(path) != frames
    assert told.steps == []
    (plan,) = told.fields("plan")
    assert plan["estimate"] == {"frames": 0, "sections": 0, "passes": 0, "memory_mb": 100, "seconds": 0.0}


def test_a_bridge_takes_the_neighbors_frames_as_they_are(tmp_path, cache):
    path = film_job(tmp_path / "film")
    render(path, cache)
    keys = sorted((cache / "films").glob("*.npy"), key=lambda file: file.stat().st_mtime_ns)
    anchor, next_anchor, bridge, _ = (np.load(file) for file in keys)
    assert np.array_equal(bridge[:2], anchor[-2:]) and np.array_equal(bridge[-2:], next_anchor[:2])


@pytest.mark.parametrize(
    ("changed", "sections"),
    [(3, {0, 1}), (6, {0, 1}), (8, {1}), (10, {1, 2, 3}), (13, {1, 2, 3}), (16, {1, 2, 3}), (19, {3})],
)
def test_a_changed_frame_changes_its_own_section_and_the_bridges_beside_it(tmp_path, cache, changed, sections):
    path = film_job(tmp_path / "film")
    render(path, cache)
    before = load(path)
    poses = before.performance.values.copy()
    poses[changed] = before.performance.values[0] * 0.5
    jobs.save(jobs.replace(before, performance=Performance(before.performance.rate, poses)), path)
    _, drawn, finished = render(path, cache)
    new = {0: range(7), 1: range(7, 10), 2: range(10, 17), 3: range(17, 20)}
    assert set(drawn) == sections
    assert sorted(finished) == sorted(frame for section in sections for frame in new[section])
    same = [a == b for a, b in zip(before.frame_files, load(path).frame_files, strict=True)]
    assert [frame for frame in range(FRAMES) if not same[frame]] == sorted(finished)


@pytest.mark.parametrize("settings", [{"seed": 1}, {"prompt": "a cat"}, {"steps": 4}, {"frames_at_once": 8}])
def test_what_decides_the_drawing_is_in_every_name(tmp_path, cache, settings):
    names = []
    for values in ({}, settings):
        path = film_job(tmp_path / "film", **values)
        render(path, cache)
        names += load(path).frame_files
    assert len(set(names)) == 2 * FRAMES


def test_a_longer_film_keeps_all_but_its_last_sections(tmp_path, cache):
    poses = [{"jaw_open": (index + 1) / 40} for index in range(30)]
    names = []
    for frames in (FRAMES, 30):
        path = film_job(tmp_path / "film", frames)
        own = make_job(path.parent, frames, {}, engine="film").performance.rate
        jobs.save(jobs.replace(load(path), performance=Performance.from_poses(own, poses[:frames])), path)
        _, drawn, _ = render(path, cache)
        names.append(load(path).frame_files)
    assert names[0][:17] == names[1][:17] and names[0][17] != names[1][17]
    assert drawn == [4, 3, 5]


def test_a_part_is_drawn_with_what_it_needs(tmp_path, cache, whole):
    path = film_job(tmp_path / "film")
    done, drawn, finished = render(path, cache, only=[8])
    assert (drawn, finished, done["rendered"]) == ([0, 2, 1], [8], 1)
    assert render(path, cache, only=[0, 1])[1:] == ([], [0, 1])
    assert render(path, cache)[1:] == ([3], [2, 3, 4, 5, 6, 7, 9, *range(10, 20)])
    assert pixels_of(path) == whole


def test_the_first_section_is_a_part_of_the_film(tmp_path, cache, whole):
    path = film_job(tmp_path / "film")
    engine = description_of("film")
    first = engine.sections(FRAMES, engine.settings_from({}))[0]
    assert render(path, cache, only=list(first.new))[1] == [0]
    assert render(path, cache)[1] == [2, 1, 3]
    assert pixels_of(path) == whole


@pytest.mark.parametrize("damage", ["gone", "empty", "half", "other"])
def test_a_section_whose_latents_are_lost_is_drawn_again(tmp_path, cache, whole, damage):
    path = film_job(tmp_path / "film")
    render(path, cache)
    for file in (cache / "films").glob("*.npy"):
        content = {"gone": None, "empty": b"", "half": file.read_bytes()[:-8], "other": b"no array"}[damage]
        file.unlink() if content is None else file.write_bytes(content)
    drop_frames(path)
    assert render(path, cache)[1] == ALL
    assert pixels_of(path) == whole


def test_latents_that_vanish_after_the_plan_are_drawn_again(tmp_path, cache, whole):
    path = film_job(tmp_path / "film")
    render(path, cache)
    drop_frames(path)
    planned = Told(film_engine)
    stage = planned.task.stage

    def dropping(name: str, total: int) -> None:
        stage(name, total)
        if name == "finding the face":
            for file in (cache / "films").glob("*.npy"):
                file.unlink()

    planned.task.stage = dropping  # type: ignore[method-assign]
    done, drawn, _ = render(path, cache, told=planned)
    assert drawn == ALL and done["sections"] == {"drawn": 4, "kept": 0}
    assert planned.steps[-1]["done"] == planned.steps[-1]["total"] == 12
    assert pixels_of(path) == whole


def test_a_cache_that_cannot_be_written_costs_only_going_on(tmp_path, cache, whole):
    cache.mkdir()
    (cache / "films").write_text("a file where the folder should be")
    path = film_job(tmp_path / "film")
    assert render(path, cache)[1] == ALL
    assert pixels_of(path) == whole


@pytest.mark.parametrize(("fault", "words"), [("black", "nothing but black in the frames 0 to 6"), ("short", "6 of 7")])
def test_what_is_no_drawing_is_refused_and_not_kept(tmp_path, cache, fault, words):
    with pytest.raises(TalkingHeadError) as caught:
        render(film_job(tmp_path / "film", fault=fault), cache)
    assert words in caught.value.message
    assert not (cache / "films").exists()


def test_progress_is_told_in_steps_and_the_time_left_after_two(tmp_path, cache):
    told = Told(film_engine)
    render(film_job(tmp_path / "film", pause_s=0.12), cache, told=told)
    steps = told.steps
    assert {fields["total"] for fields in steps} == {12}
    assert [fields["done"] for fields in steps] == sorted(int(str(fields["done"])) for fields in steps)
    drawing = [fields for fields in steps if fields["stage"] == "drawing section 1 of 4"]
    assert [fields["done"] for fields in drawing] == [0, 1, 2, 3]
    assert [fields["eta_s"] is None for fields in drawing] == [True, True, False, False]
    assert float(str(drawing[2]["eta_s"])) >= 10 * 0.12
    assert {fields["stage"] for fields in steps} == {
        f"{what} section {n} of 4" for what in ("drawing", "finishing") for n in (1, 2, 3, 4)
    }
    last = told.fields("progress")[-1]
    assert (last["done"], last["total"]) == (FRAMES, FRAMES)


def test_the_estimate_comes_with_the_plan_and_learns_the_speed(tmp_path, cache):
    told = Told(film_engine)
    render(film_job(tmp_path / "film", pause_s=0.02), cache, told=told)
    (plan,) = told.fields("plan")
    # 7 + 7 + 7 + 5 frames, three steps each
    assert plan["estimate"] == {"frames": 26, "sections": 4, "passes": 78, "memory_mb": 100, "seconds": None}
    told = Told(film_engine)
    render(film_job(tmp_path / "film", seed=1), cache, only=[0], told=told)
    estimate = told.fields("plan")[0]["estimate"]
    assert isinstance(estimate, Mapping)
    assert (estimate["frames"], estimate["sections"], estimate["passes"]) == (7, 1, 21)
    assert float(estimate["seconds"]) >= 3 * 0.02 * 0.75
    told = Told(film_engine)
    render(film_job(tmp_path / "film", seed=1), cache, only=[0], told=told)
    assert told.fields("plan")[0]["estimate"] is None


def test_a_preview_passes_between_two_steps(tmp_path, cache):
    path = film_job(tmp_path / "film")
    sessions = Sessions(WeightStore([]), Digests(), lambda: None, cache)
    shown = []

    def between() -> None:
        if len(shown) < 2:
            shown.append(preview(make_job(path.parent, 1, engine="film"), 40, sessions, quiet))

    quiet = Task(lambda *_, **__: None, lambda: None)
    film_engine.forget()
    run(Task(lambda *_, **__: None, lambda: None, between), path, None, sessions)
    sessions.unload()
    assert film_engine.drawn == ALL and len(shown) == 2
    assert shown[0][0].shape == (30, 40, 4)


def test_frames_are_whole_pictures(tmp_path, cache):
    path = film_job(tmp_path / "film", shade=0.0)
    render(path, cache, only=[0])
    frame = cv2.imread(str(path.parent / load(path).frame_files[0]))
    assert not frame[:4].any() and np.array_equal(frame[4:], cv2.imread(str(path.parent / "source.png"))[4:])
