# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a film will take."""

from __future__ import annotations

import json

import pytest

from inference.engines import ENGINES, description_of
from inference.estimate import Estimate, FilmSpeeds, drawn_size_px, film_estimate
from inference.worker.film_plan import Film

HELLOMEME = description_of("hellomeme")


@pytest.fixture
def speeds(tmp_path) -> FilmSpeeds:
    return FilmSpeeds(tmp_path / "cache" / "film-speeds.json")


def estimate(speeds: FilmSpeeds, count: int = 100, frames=None, device: str = "", **settings: object) -> Estimate:
    found = film_estimate(HELLOMEME, HELLOMEME.settings_from(settings), count, speeds, device, frames)
    assert found is not None
    return found


def test_engines_that_draw_frame_by_frame_have_none(speeds):
    puppet = description_of("puppet")
    assert film_estimate(puppet, puppet.settings_from({}), 10, speeds) is None


def test_sections_and_passes_of_a_film(speeds):
    found = estimate(speeds, 56)
    assert (found.sections, found.frames, found.passes, found.seconds) == (1, 56, 56 * 25, None)
    # The anchor, and a bridge that knows four of its frames.
    found = estimate(speeds, 100)
    assert (found.sections, found.frames, found.passes) == (2, 56 + 48, 104 * 25)
    assert estimate(speeds, 100, strength=0.2).passes == 104 * 5
    assert estimate(speeds, 100, strength=0.05, steps=1).passes == 104


def test_a_part_of_a_film(speeds):
    assert estimate(speeds, 1000, range(56)).sections == 1
    assert estimate(speeds, 1000, [60]).sections == 3
    assert estimate(speeds, 1000, []) == Estimate(0, 0, 0, estimate(speeds).memory_mb, None)


def test_time_is_known_once_it_was_measured(speeds):
    speeds.note("hellomeme", 512, "", 0.1)
    assert estimate(speeds).seconds == 260.0
    assert estimate(speeds, size="256").seconds == 65.0  # a quarter of the pixels
    assert estimate(speeds, device="cpu").seconds is None
    speeds.note("hellomeme", 256, "", 0.05)
    assert estimate(speeds, size="256").seconds == 130.0 and estimate(speeds).seconds == 260.0
    speeds.note("xportrait", 512, "", 9.0)
    speeds.note("hellomeme", 512, "cpu", 30.0)
    assert estimate(speeds).seconds == 260.0 and estimate(speeds, device="cpu").seconds == 78000.0


def test_another_process_reads_what_was_measured(speeds, tmp_path):
    speeds.note("hellomeme", 512, "", 0.1)
    assert FilmSpeeds(tmp_path / "cache" / "film-speeds.json").seconds_a_pass("hellomeme", 512, "") == 0.1
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["film-speeds.json"]


@pytest.mark.parametrize("content", ["", "[]", '{"hellomeme on auto": 5}', '{"hellomeme on auto": {"big": 1}}', "\x00"])
def test_a_broken_file_is_measured_anew(speeds, tmp_path, content):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "film-speeds.json").write_text(content)
    assert estimate(speeds).seconds is None
    speeds.note("hellomeme", 512, "", 0.1)
    assert json.loads((tmp_path / "cache" / "film-speeds.json").read_text()) == {"hellomeme on auto": {"512": 0.1}}


def test_a_folder_that_cannot_be_written_forgets(speeds, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    speeds.note("hellomeme", 512, "", 0.1)
    assert estimate(speeds).seconds is None


def test_memory_grows_with_the_square_and_shrinks_with_what_is_kept(speeds):
    usual = estimate(speeds).memory_mb
    assert usual == HELLOMEME.memory_mb
    assert estimate(speeds, size="768").memory_mb > usual > estimate(speeds, size="256").memory_mb
    assert usual > estimate(speeds, memory="parts").memory_mb > estimate(speeds, memory="layers").memory_mb
    assert estimate(speeds, precision="full").memory_mb == 2 * usual


def chain_estimate(name: str, speeds: FilmSpeeds, count: int = 100, **settings: object) -> Estimate:
    engine = description_of(name)
    found = film_estimate(engine, engine.settings_from(settings), count, speeds)
    assert found is not None
    return found


def test_sections_and_passes_of_a_chain(speeds):
    # 77 frames, and one that is known with the 23 that are left: 24, drawn as 25.
    found = chain_estimate("wananimate", speeds)
    assert (found.sections, found.frames, found.passes) == (2, 77 + 24, (77 + 25) * 20)
    assert chain_estimate("wananimate", speeds, 1).passes == 5 * 20
    # The first section has 9 frames that nobody gets; guidance computes each step twice, two kinds of it thrice.
    found = chain_estimate("omniavatar", speeds, 48)
    assert (found.sections, found.frames, found.passes) == (1, 48, 57 * 25 * 2)
    assert chain_estimate("omniavatar", speeds, 49).passes == (57 + 17) * 25 * 2
    assert chain_estimate("omniavatar", speeds, 48, audio_guidance=3.0).passes == 57 * 25 * 3
    assert chain_estimate("omniavatar", speeds, 48, guidance=1.0, audio_guidance=1.0).passes == 57 * 25
    assert chain_estimate("wananimate", speeds, guidance=2.0).passes == 102 * 40


@pytest.mark.parametrize(
    ("guidance", "audio", "times"), [(1, 1, 1), (1, 4.5, 1), (4.5, 4.5, 2), (4.5, 1, 3), (4, 0, 3)]
)
def test_a_step_is_computed_as_often_as_both_guidances_ask(speeds, guidance, audio, times):
    assert chain_estimate("omniavatar", speeds, 48, guidance=guidance, audio_guidance=audio).passes == 57 * 25 * times


def test_speeds_of_a_chain_are_those_of_its_model(speeds):
    speeds.note("omniavatar_small", 720, "", 0.1)
    assert chain_estimate("omniavatar", speeds, 48).seconds == 285.0
    assert chain_estimate("omniavatar", speeds, 48, guidance=1.0, audio_guidance=1.0).seconds == 142.5
    assert chain_estimate("omniavatar", speeds, 48, model="large").seconds is None


def test_memory_of_a_chain_goes_by_model_precision_and_size(speeds):
    def memory_mb(**settings: object) -> int:
        return chain_estimate("wananimate", speeds, **{"size": "960", **settings}).memory_mb

    assert memory_mb() == description_of("wananimate").memory_mb
    assert memory_mb(precision="full") == 2 * memory_mb()
    assert memory_mb(model="q4") < memory_mb(model="fp8") == memory_mb(precision="eight") < memory_mb()
    assert memory_mb(model="q4", precision="eight") == memory_mb(model="q4"), "it stays in its own form"
    assert memory_mb(size="632") < memory_mb() and memory_mb(memory="layers") < memory_mb(memory="parts")
    small, large = (chain_estimate("omniavatar", speeds, model=model).memory_mb for model in ("small", "large"))
    assert small == description_of("omniavatar").memory_mb < large


def test_all_engines_that_draw_films_name_settings_that_they_have(tmp_path):
    films = [engine for engine in ENGINES.values() if engine.film is not None]
    assert {engine.name for engine in films} >= {"hellomeme", "xportrait", "wananimate", "omniavatar"}
    for engine in films:
        rule = engine.film
        assert rule is not None
        settings = {setting.name: setting for setting in engine.settings}
        named = {rule.length_setting, rule.steps_setting, rule.size_setting, *rule.guidance_settings}
        assert named | {name for name in (rule.part_setting, rule.overlap_setting) if name} <= set(settings)
        values = {choice.value for choice in settings[engine.set_setting].choices} if engine.set_setting else set()
        assert {value for value, _ in rule.networks_by_set} <= values
        assert str(rule.full_size_px) in {choice.value for choice in settings[rule.size_setting].choices}
        assert film_estimate(engine, engine.settings_from({}), 100, FilmSpeeds(tmp_path / "none")) is not None


def test_squares_of_the_engines_that_make_frames():
    for engine in (HELLOMEME, description_of("xportrait")):
        assert drawn_size_px(engine, engine.settings_from({})) == 512
        assert {s.name for s in engine.settings if s.afterwards} == {"colour_match", "feather", "cut_out", "memory"}


@pytest.mark.parametrize("name", ["wananimate", "omniavatar", "wananimate2"])
def test_memory_counts_where_it_decides_in_how_many_bits_networks_are_held(name):
    engine = description_of(name)

    def of(memory: str) -> Film:
        return Film.of(engine, engine.settings_from({"memory": memory}), lambda settings: [repr(settings)] * 5)

    assert set(of("auto").keys).isdisjoint(of("all").keys)
    assert set(of("auto").names).isdisjoint(of("all").names)
