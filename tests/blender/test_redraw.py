# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engines that redraw, as panels, queue and operators know them; nothing is drawn here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest
import queued
import recording_layout
import sequencer
import talking

LENGTH = 100


@pytest.fixture(autouse=True)
def worker(addon):
    talking.fresh_start()
    talking.core("jobs.film_estimates").forget()
    yield
    talking.fresh_start()
    talking.core("jobs.film_estimates").forget()
    speeds_file().unlink(missing_ok=True)


@pytest.fixture
def source(scene, saved_file, astronaut):
    """A strip of 100 frames from frame 11 on, to be redrawn in anchors of 20 frames and bridges between them."""
    strip = sequencer.add_image(astronaut, length=LENGTH, start=11)
    strip.th_role, strip.th_id = "SOURCE", "3f"
    strip.th_engine, strip.th_hellomeme_frames_at_once = "hellomeme", 20
    sequencer.select(strip)
    return strip


def speeds_file() -> Path:
    return talking.core("worker.worker").places().user / "cache" / talking.shared("estimate").SPEEDS_FILE


def draw(name: str) -> recording_layout.RecordingLayout:
    return recording_layout.draw(getattr(bpy.types, f"TALKINGHEAD_PT_{name}"))


def target(source, **changes):
    plain = talking.core("jobs.job_steps").Target(source.id_data.name, source.name, "STRIP")
    return replace(plain, **changes)


def laid_out(source, **changes):
    found = talking.core("jobs.film_jobs").target_in_film(target(source, **changes))
    return found.range_mode, found.only


def test_words_have_a_panel_of_their_own(source):
    shown = [draw(name).of("prop") for name in ("engine", "engine_prompt", "engine_picture")]
    engine = talking.shared("engines").description_of("hellomeme")
    names = [name for names in shown for name in names]
    assert all(names.count(f"th_hellomeme_{setting.name}") == 1 for setting in engine.settings)
    assert shown[1][:2] == ["th_hellomeme_prompt", "th_hellomeme_negative"]
    assert "Prompt" in draw("engine_prompt").text
    source.th_engine = "xportrait"
    assert not draw("engine_prompt").drawn
    assert "Exact only" not in draw("engine_driving").text  # the sliders' performance drives as well


def test_engine_offers_another_seed_and_the_first_section(source):
    for engine in ("hellomeme", "xportrait"):
        source.th_engine = engine
        assert {"talkinghead.new_seed", "talkinghead.render_first_section"} <= set(draw("engine").of("operator"))
    source.th_engine = "puppet"
    assert not {"talkinghead.new_seed", "talkinghead.render_first_section"} & set(draw("engine").of("operator"))
    assert not bpy.ops.talkinghead.new_seed.poll() and not bpy.ops.talkinghead.render_first_section.poll()


def test_new_seed_is_another_one(source):
    seeds = set()
    for _ in range(3):
        assert bpy.ops.talkinghead.new_seed() == {"FINISHED"}
        seeds.add(source.th_hellomeme_seed)
    assert len(seeds) > 1 and 0 not in seeds and source.th_xportrait_seed == 0


def test_films_are_laid_out_over_the_whole_strip(source, scene):
    scene.frame_start, scene.frame_end = 20, 60
    assert laid_out(source) == ("STRIP", None)
    assert laid_out(source, range_mode="SCENE") == ("STRIP", range(20, 61))
    assert laid_out(source, only=range(1, 30)) == ("STRIP", range(11, 30))
    source.th_engine = "puppet"
    assert laid_out(source, range_mode="SCENE") == ("SCENE", None)


def test_first_section_is_the_first_one_that_needs_no_other(source, scene):
    assert laid_out(source, first_section=True) == ("STRIP", range(11, 31))
    # A period is two times 20 frames less two times 4, so the next anchor begins at 11 + 32.
    for start, end, wanted in ((20, 60, range(20, 31)), (35, 60, range(43, 61)), (35, 40, range(35, 41))):
        scene.frame_start, scene.frame_end = start, end
        assert laid_out(source, range_mode="SCENE", first_section=True) == ("STRIP", wanted)
    source.th_engine = "puppet"
    with pytest.raises(talking.shared("errors").TalkingHeadError, match="draws frame by frame"):
        laid_out(source, first_section=True)


def test_first_section_and_the_whole_wait_side_by_side(source, saved_file):
    service, add = talking.core("jobs.service"), talking.core("jobs.render_queue").add
    service.start(*queued.waiting_job())
    add(target(source))
    add(target(source, first_section=True))
    add(target(source))
    orders = [entry.order for entry in service.queue.pending]
    assert [(order.first_section, order.frames) for order in orders] == [(False, 100), (True, 20)]
    assert "HelloMeme, first section" in draw("queue").text
    queue_file = talking.core("jobs.queue_file")
    path = saved_file.with_name("kept.json")
    queue_file.write(path, orders)
    assert queue_file.read(path) == tuple(orders)
    maker = talking.core("jobs.render_queue")
    assert [maker.target_of(order).first_section for order in queue_file.read(path)] == [False, True]


def test_estimate_is_in_the_panel_and_asks_before_what_is_long(source):
    estimates, words = talking.core("jobs.film_estimates"), talking.core("jobs.film_words")
    film = estimates.of_range(source)
    assert (film.sections, film.seconds) == (7, None) and words.is_long(film)
    drawn = draw("engine")
    assert "7 sections" in drawn.text and "known once something was drawn" in drawn.text
    assert "Needs about 9.0 GB of memory" in drawn.text
    talking.shared("estimate").FilmSpeeds(speeds_file()).note("hellomeme", 512, "", 2.0)
    estimates.forget()
    known = estimates.of_range(source)
    assert known.seconds == pytest.approx(2.0 * film.passes) and words.is_long(known)
    assert "1 h 43 min on this computer" in draw("engine").text
    assert "1 h 43 min" in " ".join(words.question(known))
    source.th_hellomeme_size = "256"
    assert estimates.of_range(source).seconds == pytest.approx(0.5 * film.passes)
    first = estimates.estimate_of(source, range(11, 31))
    assert first.sections == 1 and first.frames == 20 and not words.is_long(first)


def test_long_films_are_asked_about_once(source, monkeypatch):
    module = queued.operators("render")
    kind, asked, started = module.TALKINGHEAD_OT_render_frames, [], []
    monkeypatch.setattr(module, "bpy", SimpleNamespace(app=SimpleNamespace(background=False)))

    class Context:
        window_manager = SimpleNamespace(invoke_props_dialog=lambda operator, width: asked.append(operator))

        def __getattr__(self, name):
            return getattr(bpy.context, name)

    operator = queued.stand_in(kind, start=started.append, layout=recording_layout.RecordingLayout())
    kind.invoke(operator, Context(), None)
    kind.draw(operator, Context())
    assert asked == [operator] and not started
    assert "7 sections" in operator.layout.text and "go on later" in operator.layout.text
    kind.execute(operator, "context")
    assert started == ["context"]


def test_queue_knows_how_long_films_take(source):
    talking.shared("estimate").FilmSpeeds(speeds_file()).note("hellomeme", 512, "", 0.5)
    service, queue = talking.core("jobs.service"), talking.core("jobs.render_queue")
    service.start(*queued.waiting_job())
    queue.add(target(source))
    assert queue.left_s() == pytest.approx(talking.core("jobs.film_estimates").of_range(source).seconds)


def test_what_the_worker_says_is_to_be_drawn():
    words = talking.core("jobs.film_words")
    fields = {"frames": 20, "sections": 1, "passes": 500, "memory_mb": 9000, "seconds": 70.0}
    assert words.told_by_worker(fields) == "To be drawn: 20 frames in 1 section, about 1 min"
    assert words.told_by_worker({**fields, "sections": 3, "seconds": None}).endswith("3 sections")
    assert words.told_by_worker({**fields, "passes": 0}) == words.told_by_worker(None) == ""


def test_progress_counts_steps_and_says_when_it_ends():
    states, steps = talking.core("jobs.runner"), talking.core("jobs.job_steps")
    message = talking.shared("protocol").Message
    fields = {"done": 2, "total": 75, "stage": "drawing section 1 of 3", "eta_s": 200.0, "unit": "steps"}
    state = steps.with_progress(states.JobState("Render Frames"), message("progress", fields))
    assert state.line == "Drawing section 1 of 3, step 2 of 75, 3 min left"
    assert state.progress == pytest.approx(2 / 75)
    unknown = steps.with_progress(state, message("progress", {**fields, "done": 1, "eta_s": None}))
    assert unknown.line == "Drawing section 1 of 3, step 1 of 75"


def test_preview_says_what_it_shows(source, monkeypatch):
    preview = talking.core("preview.preview")
    words = "shows the performance that will be redrawn"
    assert words not in draw("main").text
    monkeypatch.setattr(preview, "active", lambda: True)
    assert words in draw("main").text
    source.th_engine = "liveportrait"
    assert words not in draw("main").text


def test_exact_says_what_is_redrawn(source, tmp_path):
    source.th_acting_on, source.th_acting_file = True, str(tmp_path / "actor.mp4")
    for source.th_engine, label in (("hellomeme", "HelloMeme"), ("xportrait", "X-Portrait")):
        source.th_acting_exact = False
        assert f"by the sliders, unseen, and {label} redraws that" in draw("acting").text
        source.th_acting_exact = True
        assert f"{label} redraws the clip itself: head, eyes, brows and mouth." in draw("acting").text


def test_words_and_files_are_kept_in_the_file(source, saved_file, tmp_path):
    checkpoint = tmp_path / "style ä.safetensors"
    checkpoint.write_bytes(b"x")
    source.th_hellomeme_prompt = words = "a 'quoted' \"portrait\", \\ and Ärger"
    source.th_hellomeme_checkpoint = str(checkpoint)
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=str(saved_file))
    (strip,) = sequencer.all_strips().values()
    settings = talking.core("properties").settings_of(strip)
    assert (settings["prompt"], settings["checkpoint"], settings["lora"]) == (words, str(checkpoint), "")
    strip.th_hellomeme_checkpoint = bpy.path.relpath(str(checkpoint))
    assert talking.core("properties").settings_of(strip)["checkpoint"] == str(checkpoint)


def test_words_and_files_come_back_from_a_saved_job(source, scene, tmp_path):
    checkpoint = tmp_path / "style.safetensors"
    checkpoint.write_bytes(b"x")
    source.th_hellomeme_prompt, source.th_hellomeme_checkpoint = "a 'quoted' Ärger", str(checkpoint)
    source.th_hellomeme_checkpoint_use, source.th_hellomeme_seed = "all", 2**31 - 1
    prepared = talking.core("jobs.builder").prepare(scene, source, "STRIP")
    prepared.folder.mkdir(parents=True, exist_ok=True)
    path = prepared.folder / "kept.job.json"
    talking.shared("job").save(prepared.job, path)
    sequencer.strips().remove(source)
    assert bpy.ops.talkinghead.rebuild_job(filepath=str(path)) == {"FINISHED"}
    rebuilt = scene.sequence_editor.active_strip
    assert talking.core("properties").settings_of(rebuilt) == prepared.job.settings


def test_presets_keep_words_and_leave_files(source, tmp_path):
    presets = talking.core("engine_presets")
    source.th_hellomeme_prompt = words = "a 'quoted' \"portrait\"\n# Ärger = 1"
    source.th_hellomeme_negative, source.th_hellomeme_seed = "blurry", 2**31 - 1
    source.th_hellomeme_checkpoint = "/elsewhere/style.safetensors"
    path = tmp_path / "mine.py"
    presets.save(source, path)
    assert "elsewhere" not in path.read_text(encoding="utf-8")
    source.th_hellomeme_prompt = source.th_hellomeme_negative = source.th_hellomeme_checkpoint = ""
    source.th_hellomeme_seed, source.th_hellomeme_steps = 1, 3
    presets.apply(source, path)
    assert (source.th_hellomeme_prompt, source.th_hellomeme_negative) == (words, "blurry")
    assert (source.th_hellomeme_seed, source.th_hellomeme_steps, source.th_hellomeme_checkpoint) == (2**31 - 1, 25, "")


def test_words_seed_and_the_files_content_put_frames_out_of_date(source, tmp_path):
    state_of = talking.core("strips.source_state").of
    checkpoint = tmp_path / "style.safetensors"
    checkpoint.write_bytes(b"one")
    source.th_hellomeme_checkpoint = str(checkpoint)
    seen = [state_of(source)]

    def changed() -> set[str]:
        seen.append(state_of(source))
        return {kind for kind, value in seen[-1].items() if value != seen[-2][kind]}

    source.th_hellomeme_prompt = "a painting"
    assert changed() == {"engine"}
    bpy.ops.talkinghead.new_seed()
    assert changed() == {"engine"}
    checkpoint.write_bytes(b"another one")
    assert changed() == {"engine"}
    moved = checkpoint.rename(tmp_path / "moved.safetensors")
    source.th_hellomeme_checkpoint = str(moved)
    assert changed() == set()


def test_which_packages_are_missing_is_told_with_the_button(source, monkeypatch):
    worker, state = talking.core("worker.worker"), talking.core("worker.environment").State
    worker.refresh()  # tests before may have left what holds without a named Python
    monkeypatch.setattr(worker, "state", lambda: state.READY)
    monkeypatch.setattr(worker, "diffusion_state", lambda: state.MISSING)
    drawn = draw("engine")  # the tests name the worker's Python
    assert "HelloMeme needs Diffusers, which the Python that you named lacks" in drawn.text
    assert "diffusers==" in drawn.text and "torch==" in drawn.text
    monkeypatch.setattr(worker, "is_named", lambda: False)
    monkeypatch.setattr(worker, "neural_state", lambda: state.READY)
    assert "45 MB of download. The button" in draw("engine").text
    assert "talkinghead.install_diffusion" in draw("engine").of("operator")
    monkeypatch.setattr(worker, "neural_state", lambda: state.MISSING)
    assert "and PyTorch, which is 0.2 to 5 GB" in draw("engine").text
    monkeypatch.setattr(worker, "diffusion_state", lambda: state.READY)
    assert "Diffusers" not in draw("engine").text
