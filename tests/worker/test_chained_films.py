# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chained films: each section follows from the one before; kept as arrays by name, gone on with after a crash."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import chain_engine
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
from inference.worker.sessions import Sessions

WORKER = [sys.executable, "-u", str(ROOT / "tests" / "support" / "chain_engine.py"), "worker"]
# Frames 0-5 (3 more before them), 4-12, 11-19; the last one would have room for two more.
ALL = [0, 1, 2]
NEW = {0: range(6), 1: range(6, 13), 2: range(13, 20)}
STEPS = 2
TOLD = STEPS * chain_engine.TOLD_A_STEP


@pytest.fixture
def cache(tmp_path) -> Iterator[Path]:
    chain_engine.register()
    yield tmp_path / "cache"
    chain_engine.unregister()


def film_job(folder: Path, frames: int = FRAMES, **settings: object) -> Path:
    return film_jobs.film_job(folder, chain_engine, frames, **settings)


def render(path: Path, cache: Path, only: list[int] | None = None, told: Told | None = None):
    return film_jobs.render(path, cache, chain_engine, only, told)


@pytest.fixture
def whole(tmp_path, cache) -> list[bytes]:
    """The frames of a film that nothing interrupted."""
    path = film_job(tmp_path / "whole")
    done, drawn, finished = render(path, tmp_path / "other cache")
    assert drawn == ALL and finished == list(range(FRAMES))
    assert done["sections"] == {"drawn": 3, "kept": 0} and done["warnings"] == ["Look at the chain."]
    frames = pixels_of(path)
    assert len(set(frames)) == FRAMES
    return frames


@pytest.mark.parametrize("telling", [1, 2, 3, 5, 6, 7, 8, 12, 13, 17])
def test_a_film_is_canceled_within_a_step_and_goes_on_at_its_section(tmp_path, cache, whole, telling):
    path = film_job(tmp_path / "film")
    with pytest.raises(TalkingHeadError) as caught:
        render(path, cache, told=Told(chain_engine, telling))
    assert caught.value.code is ErrorCode.CANCELLED
    assert len(chain_engine.stepped) == telling
    drawn = (telling - 1) // TOLD
    assert chain_engine.drawn == ALL[:drawn]
    assert render(path, cache)[1] == ALL[drawn:]
    assert pixels_of(path) == whole


def test_a_cancel_is_heard_while_a_kept_section_is_finished(tmp_path, cache, whole):
    path = film_job(tmp_path / "film")
    render(path, cache)
    drop_frames(path)
    told = Told(chain_engine)

    def check() -> None:
        if len(chain_engine.decoded) == 2:
            raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")

    told.task.check = check
    with pytest.raises(TalkingHeadError) as caught:
        render(path, cache, told=told)
    assert caught.value.code is ErrorCode.CANCELLED
    assert len(chain_engine.decoded) == 2 and chain_engine.finished == [] and chain_engine.drawn == []
    assert render(path, cache)[1] == [] and pixels_of(path) == whole


def test_a_film_goes_on_after_an_engine_that_failed(tmp_path, cache, whole):
    with pytest.raises(RuntimeError):
        render(film_job(tmp_path / "film", fail_at=1), cache)
    path = film_job(tmp_path / "film")
    done, drawn, finished = render(path, cache)
    assert drawn == [1, 2] and finished == list(range(FRAMES)) and done["sections"] == {"drawn": 2, "kept": 1}
    assert pixels_of(path) == whole


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_a_film_goes_on_after_the_worker_was_killed(tmp_path, cache, whole):
    path = film_job(tmp_path / "film", pause_s=0.02)
    worker = Host(tmp_path / "worker.log", WORKER)
    try:
        worker.hello(cache=str(cache))
        worker.send("run", id=1, job=str(path))
        worker.until(lambda m: m.type == "progress" and m.fields.get("unit") == "steps" and m.fields["done"] >= 3)
        worker.process.kill()
        worker.process.wait(PATIENCE_S)
    finally:
        worker.close()
    kept = len(list((cache / "chains").glob("*.npz")))
    done, drawn, _ = render(path, cache)
    assert 1 <= kept < 3 and drawn == ALL[kept:] and done["sections"]["drawn"] == len(drawn)
    assert pixels_of(path) == whole


def test_a_cancel_is_answered_before_the_step_ends(tmp_path, cache):
    path = film_job(tmp_path / "film", pause_s=0.15)
    worker = Host(tmp_path / "worker.log", WORKER)
    try:
        worker.hello(cache=str(cache))
        worker.send("run", id=1, job=str(path))
        worker.until(lambda m: m.type == "progress" and m.fields.get("unit") == "steps" and m.fields["done"] == 1)
        worker.send("cancel", target=1)
        told = worker.answer(1)
        worker.send("run", id=2, job=str(path), only=[0])
        done = worker.answer(2)[-1]
    finally:
        worker.close()
    assert told[-1].type == "cancelled" and all(m.fields.get("done") != 2 for m in told)
    assert done.fields["sections"] == {"drawn": 1, "kept": 0}


@pytest.mark.parametrize(("changed", "sections"), [(0, ALL), (3, ALL), (4, ALL), (6, [1, 2]), (11, [1, 2]), (13, [2])])
def test_a_changed_frame_keeps_what_lies_before(tmp_path, cache, changed, sections):
    path = film_job(tmp_path / "film")
    render(path, cache)
    before = load(path)
    poses = before.performance.values.copy()
    poses[changed] = before.performance.values[0] * 0.5 + 0.01
    jobs.save(jobs.replace(before, performance=Performance(before.performance.rate, poses)), path)
    _, drawn, finished = render(path, cache)
    assert drawn == sections
    assert finished == [frame for section in sections for frame in NEW[section]]
    same = [a == b for a, b in zip(before.frame_files, load(path).frame_files, strict=True)]
    assert [frame for frame in range(FRAMES) if not same[frame]] == finished


def test_a_longer_film_keeps_all_but_its_last_section(tmp_path, cache):
    poses = [{"jaw_open": (index + 1) / 40} for index in range(30)]
    names = []
    for frames in (18, 30):
        path = film_job(tmp_path / "film", frames)
        own = make_job(path.parent, frames, {}, engine="chain").performance.rate
        jobs.save(jobs.replace(load(path), performance=Performance.from_poses(own, poses[:frames])), path)
        _, drawn, _ = render(path, cache)
        names.append(load(path).frame_files)
    assert names[0][:13] == names[1][:13] and names[0][13] != names[1][13]
    assert drawn == [2, 3, 4]


@pytest.mark.parametrize("settings", [{"seed": 1}, {"steps": 3}, {"frames_at_once": 5}, {"carried": "1"}])
def test_what_decides_the_drawing_is_in_every_name(tmp_path, cache, settings):
    names = []
    for values in ({}, settings):
        path = film_job(tmp_path / "film", **values)
        render(path, cache)
        names += load(path).frame_files
    assert len(set(names)) == 2 * FRAMES


def test_a_part_is_drawn_with_all_before_it(tmp_path, cache, whole):
    path = film_job(tmp_path / "film")
    done, drawn, finished = render(path, cache, only=[8])
    assert (drawn, finished, done["rendered"]) == ([0, 1], [8], 1)
    assert render(path, cache, only=[0, 1])[1:] == ([], [0, 1])
    assert render(path, cache)[1:] == ([2], [2, 3, 4, 5, 6, 7, *range(9, 20)])
    assert pixels_of(path) == whole


def test_the_first_section_is_a_part_of_the_film(tmp_path, cache, whole):
    path = film_job(tmp_path / "film")
    engine = description_of("chain")
    first = engine.sections(FRAMES, engine.settings_from({}))[0]
    assert render(path, cache, only=list(first.new))[1] == [0]
    assert render(path, cache)[1] == [1, 2]
    assert pixels_of(path) == whole


def test_what_was_drawn_is_finished_anew_with_another_shade(tmp_path, cache):
    path = film_job(tmp_path / "film")
    render(path, cache)
    path = film_job(tmp_path / "film", shade=0.5)
    done, drawn, finished = render(path, cache)
    assert (drawn, finished, done["sections"]) == ([], list(range(FRAMES)), {"drawn": 0, "kept": 3})


def test_all_that_was_drawn_is_kept_as_it_is(tmp_path, cache):
    path = film_job(tmp_path / "film")
    render(path, cache)
    first, second, _ = sorted((cache / "chains").glob("*.npz"), key=lambda file: file.stat().st_mtime_ns)
    one, two = (dict(np.load(file)) for file in (first, second))
    assert {name: (a.dtype.name, a.shape) for name, a in one.items()} == {
        "latents": ("float32", (6, 3)), "tail": ("float16", (2, 3)), "gain": ("float32", (3,)),
    }  # fmt: skip
    assert np.array_equal(two["latents"][:2], one["tail"].astype(np.float32))


@pytest.mark.parametrize("damage", ["gone", "empty", "half", "other", "bits"])
def test_a_section_whose_arrays_are_lost_is_drawn_again(tmp_path, cache, whole, damage):
    path = film_job(tmp_path / "film")
    render(path, cache)
    for file in (cache / "chains").glob("*.npz"):
        content = file.read_bytes()
        bits = content.replace(content[200:204], bytes(4), 1)
        damaged = {"gone": None, "empty": b"", "half": content[:-8], "other": b"no array", "bits": bits}[damage]
        file.unlink() if damaged is None else file.write_bytes(damaged)
    drop_frames(path)
    told = Told(chain_engine)
    done, drawn, _ = render(path, cache, told=told)
    assert drawn == ALL and done["sections"] == {"drawn": 3, "kept": 0}
    assert told.steps[-1]["done"] == told.steps[-1]["total"] == 3 * STEPS
    assert pixels_of(path) == whole


def test_only_the_section_before_is_needed_to_go_on(tmp_path, cache, whole):
    path = film_job(tmp_path / "film")
    render(path, cache)
    first, _, third = sorted((cache / "chains").glob("*.npz"), key=lambda file: file.stat().st_mtime_ns)
    first.unlink()
    third.unlink()
    (path.parent / load(path).frame_files[15]).unlink()
    assert render(path, cache)[1:] == ([2], [15])
    assert pixels_of(path) == whole


def test_a_cache_that_cannot_be_written_costs_only_going_on(tmp_path, cache, whole):
    cache.mkdir()
    (cache / "chains").write_text("a file where the folder should be")
    path = film_job(tmp_path / "film")
    assert render(path, cache)[1] == ALL
    assert pixels_of(path) == whole


def test_sections_that_vanish_after_the_plan_are_drawn_again(tmp_path, cache, whole):
    path = film_job(tmp_path / "film")
    render(path, cache)
    for frame in (2, 18):
        (path.parent / load(path).frame_files[frame]).unlink()
    told = Told(chain_engine)
    stage = told.task.stage

    def dropping(name: str, total: int) -> None:
        stage(name, total)
        if name == "finding the face":
            for file in (cache / "chains").glob("*.npz"):
                file.unlink()

    told.task.stage = dropping  # type: ignore[method-assign]
    done, drawn, finished = render(path, cache, told=told)
    assert (drawn, finished, done["sections"]["drawn"]) == (ALL, [2, 18], 3)
    assert told.steps[-1]["done"] == told.steps[-1]["total"] == 3 * STEPS
    assert pixels_of(path) == whole


@pytest.mark.parametrize(
    ("fault", "words"),
    [("black", "nothing but black in the frames 0 to 5"), ("none", "cannot be kept"), ("numbers", "cannot be kept")],
)
def test_what_is_no_drawing_is_refused_and_not_kept(tmp_path, cache, fault, words):
    with pytest.raises(TalkingHeadError) as caught:
        render(film_job(tmp_path / "film", fault=fault), cache)
    assert words in caught.value.message
    assert not (cache / "chains").exists()


def test_progress_never_goes_back_and_tells_within_steps(tmp_path, cache):
    told = Told(chain_engine)
    render(film_job(tmp_path / "film", pause_s=0.11), cache, told=told)
    steps = told.steps
    assert {fields["total"] for fields in steps} == {3 * STEPS}
    assert [fields["done"] for fields in steps] == sorted(int(str(fields["done"])) for fields in steps)
    second = [fields for fields in steps if fields["stage"] == "drawing section 2 of 3"]
    assert [fields["done"] for fields in second].count(2) > 2
    left = [float(str(fields["eta_s"])) for fields in second if fields["done"] == 2]
    assert left == sorted(left, reverse=True) and left[0] > left[-1]
    # Previews come between two steps, sections or frames only.
    assert told.paused == 3 * STEPS + FRAMES


def test_the_estimate_comes_with_the_plan_and_learns_the_speed(tmp_path, cache):
    told = Told(chain_engine)
    render(film_job(tmp_path / "film", pause_s=0.01), cache, told=told)
    (plan,) = told.fields("plan")
    # 3 + 6, 9 and 9 frames, two steps each
    assert plan["estimate"] == {"frames": 24, "sections": 3, "passes": 54, "memory_mb": 100, "seconds": None}
    told = Told(chain_engine)
    render(film_job(tmp_path / "film", seed=1, guidance=3.0), cache, only=[0], told=told)
    estimate = told.fields("plan")[0]["estimate"]
    assert (estimate["sections"], estimate["passes"]) == (1, 36)
    assert float(estimate["seconds"]) >= 2 * 2 * 3 * 0.01 * 0.75


def test_only_pictures_that_are_looked_at_are_asked_for(tmp_path, cache):
    """The engine refuses others."""
    folder = tmp_path / "film"
    folder.mkdir()
    files = tuple(str(picture(folder, name=f"source {index}.png", seed=index)) for index in range(FRAMES))
    source = Source(SourceKind.SEQUENCE, files)
    path = saved_job(folder, FRAMES, engine="chain", source=source, pictures=tuple(range(FRAMES)))
    assert render(path, cache, only=[8])[1:] == ([0, 1], [8])
    (folder / "source 17.png").write_bytes((folder / "source 12.png").read_bytes())
    assert render(path, cache)[1] == [2]


def test_a_preview_shows_the_performance(tmp_path, cache):
    path = film_job(tmp_path / "film")
    sessions = Sessions(WeightStore([]), Digests(), lambda: None, cache)
    pixels, size = preview(make_job(path.parent, 1, engine="chain"), 40, sessions, Told(chain_engine).task)
    sessions.unload()
    assert pixels.shape == (30, 40, 4) and size == (64, 48) and not chain_engine.stepped
