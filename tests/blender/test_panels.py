# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sidebar in every state, drawn into a layout that refuses what does not exist."""

from __future__ import annotations

from pathlib import Path

import bpy
import installed_extension
import pytest
import recording_layout
import sequencer
import talking

PANELS = (
    "main", "queue", "face", "head", "eyes", "brows", "mouth", "acting", "speech", "strength", "poses",
    "performance", "liveportrait", "tpsmm", "emotion", "motion_weights", "engine", "engine_prompt", "engine_driving",
    "engine_picture", "engine_sampling", "engine_mask", "engine_stages", "output",
)  # fmt: skip
PARENTS = dict.fromkeys((name for name in PANELS if name.startswith("engine_")), "engine")
POPOVERS = ("engine_presets",)
# Panels that one engine alone has, or only some have.
ENGINE_OF = {
    "liveportrait": "liveportrait", "engine_driving": "liveportrait", "engine_picture": "liveportrait",
    "tpsmm": "tpsmm", "emotion": "edtalk", "motion_weights": "edtalk", "engine_prompt": "hellomeme",
    "engine_sampling": "wananimate", "engine_mask": "wananimate", "engine_stages": "wananimate",
}  # fmt: skip


@pytest.fixture(autouse=True)
def worker(addon):
    talking.fresh_start()
    talking.core("worker.worker").refresh()
    yield
    talking.fresh_start()


def draw(name: str) -> recording_layout.RecordingLayout:
    return recording_layout.draw(getattr(bpy.types, f"TALKINGHEAD_PT_{name}"))


def draw_all() -> dict[str, recording_layout.RecordingLayout]:
    return {name: draw(name) for name in PANELS}


def controls(group: str) -> list[str]:
    table = talking.shared("controls")
    return [control.property_name for control in table.controls_in(table.Group(group))]


def test_all_panels_are_known_here():
    known = {name.removeprefix("TALKINGHEAD_PT_") for name in dir(bpy.types) if name.startswith("TALKINGHEAD_PT_")}
    assert known == {*PANELS, *POPOVERS}


def test_panels_are_in_the_sidebar_tab():
    for name in PANELS:
        panel = getattr(bpy.types, f"TALKINGHEAD_PT_{name}")
        assert (panel.bl_space_type, panel.bl_region_type) == ("SEQUENCE_EDITOR", "UI")
        assert panel.bl_category == "Talking Head"
        assert name == "main" or panel.bl_parent_id == f"TALKINGHEAD_PT_{PARENTS.get(name, 'main')}"


def test_panels_have_their_order():
    order = sorted({*PANELS} - {"main", *PARENTS}, key=lambda name: panel_type(name).bl_order)
    assert [panel_type(name).bl_label for name in order] == [
        "Queue", "Face", "Acting", "Speech", "Strength", "Head", "Eyes", "Brows", "Mouth", "LivePortrait",
        "Thin-Plate Spline", "Emotion", "Motion Weights", "Poses", "Performance", "Engine", "Output",
    ]  # fmt: skip


def panel_type(name: str) -> type:
    return getattr(bpy.types, f"TALKINGHEAD_PT_{name}")


def test_without_a_strip_it_says_what_to_select():
    drawn = draw_all()
    assert "Select a portrait" in drawn["main"].text
    assert all(not drawn[name].drawn for name in PANELS if name != "main")


def test_without_a_strip_it_offers_the_ways_to_begin():
    wanted = ["talkinghead.drop_portrait", "talkinghead.add_workspace", "talkinghead.import_workflow"]
    assert draw("main").of("operator") == wanted


def test_sound_strip_says_where_sounds_belong(scene, monkeypatch):
    from types import SimpleNamespace

    monkeypatch.setattr(talking.core("properties"), "source_of_active", lambda context: SimpleNamespace(type="SOUND"))
    sequencer.make_editor()
    monkeypatch.setattr(talking.core("compat"), "active_strip", lambda context: object())
    layout = recording_layout.RecordingLayout()
    bpy.types.TALKINGHEAD_PT_main.draw(SimpleNamespace(layout=layout), bpy.context)
    assert "choose this under Speech" in layout.text and not layout.of("operator")


def test_portrait_that_is_not_animated_offers_that(scene, astronaut):
    sequencer.add_image(astronaut)
    drawn = draw_all()
    assert drawn["main"].of("operator") == ["talkinghead.animate_portrait"]
    assert not drawn["head"].drawn
    assert drawn["engine"].of("prop")[0] == "th_engine"  # some engines need no face


def test_sliders_reset_and_engine_of_an_animated_portrait(scene, saved_file, astronaut):
    talking.animated(astronaut, length=2)
    drawn = draw_all()
    assert {"talkinghead.render_frames", "talkinghead.preview_frame"} <= set(drawn["main"].of("operator"))
    for group in ("head", "eyes", "brows", "mouth"):
        assert drawn[group].of("prop") == controls(group)
        assert drawn[group].of("operator") == ["talkinghead.reset_controls"]
    engine = talking.shared("engines").description_of("puppet")
    wanted = ["th_engine", *(f"th_puppet_{setting.name}" for setting in engine.settings)]
    assert drawn["engine"].of("prop") == wanted
    assert drawn["output"].of("prop")[:2] == ["th_range_mode", "th_output_folder"]
    performance = ("bake", "save", "load", "mirror", "retime", "copy")
    assert drawn["performance"].of("operator") == [f"talkinghead.{verb}_performance" for verb in performance]
    assert "Animate Portrait" in drawn["queue"].text


def test_settings_of_liveportrait_are_in_sub_panels(scene, saved_file, astronaut):
    source = talking.animated(astronaut, length=2)
    assert not draw("engine_driving").drawn and not draw("engine_picture").drawn
    source.th_engine = "liveportrait"
    shown = [draw(name).of("prop") for name in ("engine", "engine_driving", "engine_picture", "liveportrait")]
    engine = talking.shared("engines").description_of("liveportrait")
    names = [name for names in shown for name in names]
    assert all(names.count(f"th_liveportrait_{setting.name}") == 1 for setting in engine.settings)
    assert shown[0][:2] == ["th_engine", "th_liveportrait_model"]
    assert "th_liveportrait_region" in shown[1] and "th_liveportrait_feather" in shown[2]
    assert "Acting and Exact only" in draw("engine_driving").text


def test_engine_says_how_much_memory_it_needs_if_that_is_much(scene, saved_file, astronaut):
    source = talking.animated(astronaut, length=2)
    assert "of memory" not in draw("engine").text
    source.th_engine = "liveportrait"
    assert "Needs about 2.8 GB of memory" in draw("engine").text


def test_engine_says_which_packages_it_lacks(scene, saved_file, astronaut, monkeypatch):
    source = talking.animated(astronaut, length=2)
    worker, state = talking.core("worker.worker"), talking.core("worker.environment").State
    monkeypatch.setattr(worker, "neural_state", lambda: state.MISSING)
    assert "PyTorch" not in draw("engine").text
    source.th_engine = "liveportrait"
    drawn = draw("engine")  # the tests name the worker's Python
    assert "LivePortrait needs PyTorch, which the Python that you named lacks" in drawn.text
    assert "-m pip install" in drawn.text and "talkinghead.install_neural" not in drawn.of("operator")
    monkeypatch.setattr(worker, "is_named", lambda: False)
    assert "talkinghead.install_neural" in draw("engine").of("operator")
    monkeypatch.setattr(worker, "neural_state", lambda: state.OUTDATED)
    drawn = draw("engine")
    assert "another version" in drawn.text and "talkinghead.install_neural" in drawn.of("operator")
    monkeypatch.setattr(worker, "neural_state", lambda: state.READY)
    assert "PyTorch" not in draw("engine").text


def test_engine_says_which_models_it_lacks(scene, saved_file, astronaut, monkeypatch, tmp_path):
    source = talking.animated(astronaut, length=2)
    monkeypatch.setenv("TALKINGHEAD_WEIGHTS", str(tmp_path))
    assert "models" not in draw("engine").text
    for source.th_liveportrait_model, label in (("human", "people"), ("animal", "animals")):
        source.th_engine = "liveportrait"
        drawn = draw("engine")
        assert f"The models of LivePortrait for {label} are missing" in drawn.text
        assert "talkinghead.get_models" in drawn.of("operator")


def test_acting_says_what_exact_does_with_the_engine(scene, saved_file, astronaut, tmp_path):
    source = talking.animated(astronaut, length=2)
    source.th_acting_on = True
    source.th_acting_file = str(tmp_path / "actor.mp4")
    assert "follow" not in draw("acting").text
    source.th_acting_exact = True
    assert "Mouth and brows follow the actor point by point" in draw("acting").text
    source.th_engine = "liveportrait"
    assert "LivePortrait follows the clip itself: head, eyes, brows and mouth." in draw("acting").text
    assert "Acting and Exact only" not in draw("engine_driving").text
    source.th_speech_on = True
    assert "LivePortrait follows the clip itself: head, eyes and brows." in draw("acting").text
    source.th_acting_file, source.th_engine = str(tmp_path / "motion.pkl"), "puppet"
    assert "Puppet Warp cannot follow a motion template itself" in draw("acting").text


def test_result_strip_shows_the_sliders_of_its_source(scene, saved_file, astronaut):
    source = talking.animated(astronaut, length=2)
    sequencer.select(talking.result_of(source))
    drawn = draw_all()
    assert f"Source: {source.name}" in drawn["main"].text
    assert drawn["head"].of("prop") == controls("head")


def test_result_without_its_source_says_so(scene, saved_file, astronaut):
    source = talking.animated(astronaut, length=2)
    result = talking.result_of(source)
    sequencer.strips().remove(source)
    sequencer.select(result)
    assert "no longer in the scene" in draw_all()["main"].text


def test_unsaved_file_is_warned_about(scene, astronaut):
    talking.animated(astronaut, length=2)
    assert "Save the file" in draw("output").text


def test_running_job_shows_progress_and_cancel(scene, saved_file, astronaut):
    source = talking.animated(astronaut, length=100)
    talking.key(source, "jaw_open", 1, 0.0)
    talking.key(source, "jaw_open", 100, 1.0)
    runner = talking.start_render(source)
    talking.step_until(runner, lambda state: state.total > 0 and state.done > 0)
    drawn = draw_all()["queue"]
    assert "of 100 frames" in drawn.of("progress")[0]
    assert drawn.of("operator") == ["talkinghead.cancel"]
    runner.cancel()
    talking.step_to_end(runner)
    assert "kept" in draw("queue").text


def test_failed_job_shows_sentence_and_the_button_that_mends_it(scene, saved_file, tmp_path):
    import shutil

    import media

    sequencer.add_image(shutil.copy(media.coffee(), tmp_path / "coffee.png"))
    with pytest.raises(RuntimeError):
        bpy.ops.talkinghead.animate_portrait()
    drawn = draw("queue")
    assert "No face was found" in drawn.text
    assert drawn.of("operator")[0] == "talkinghead.place_points"
    assert "talkinghead.copy_report" in drawn.of("operator")


ACTIONS = ("SET_UP_WORKER", "REPAIR_WORKER", "INSTALL_SPEECH", "INSTALL_NEURAL", "INSTALL_DIFFUSION", "GET_MODELS",
           "PLACE_POINTS", "CHOOSE_FACE", "CHOOSE_FOLDER", "READ_DRIVER", "SHOW_LOG")  # fmt: skip


def test_all_actions_are_known_here():
    assert {action.value for action in talking.shared("errors").Action} == {"", *ACTIONS}


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_has_a_button(action):
    errors = talking.shared("errors")
    error = errors.TalkingHeadError(errors.ErrorCode.INTERNAL, "Wrong.", "Do it.", errors.Action(action))
    layout = recording_layout.RecordingLayout()
    talking.core("fixes").draw_error(layout, error)
    assert len(layout.of("operator")) == 1


def test_worker_that_is_not_set_up_shows_the_box(scene, astronaut, monkeypatch):
    monkeypatch.delenv("TALKINGHEAD_PYTHON")
    talking.core("worker.worker").refresh()
    sequencer.add_image(astronaut)
    drawn = draw("main")
    assert "not set up yet" in drawn.text
    assert "talkinghead.set_up_worker" in drawn.of("operator")


def test_set_up_that_runs_or_failed_shows_in_the_box(monkeypatch):
    monkeypatch.delenv("TALKINGHEAD_PYTHON")
    talking.core("worker.worker").refresh()
    runner, setup_job = talking.core("jobs.service").runner, talking.core("worker.setup_job")
    states = talking.core("jobs.runner")

    def steps(control):
        yield states.JobState(setup_job.TITLE, states.Phase.RUNNING, "Installing packages", fraction=0.3)
        errors = talking.shared("errors")
        raise errors.TalkingHeadError(errors.ErrorCode.DISK_FULL, "The disk is full.", "Free some space.")

    runner.start(setup_job.TITLE, steps)
    runner.step()
    drawn = draw("main")
    assert drawn.of("progress") == ["Installing packages"]
    assert "talkinghead.cancel" in drawn.of("operator")
    runner.step()
    drawn = draw("main")
    assert "The disk is full." in drawn.text
    assert {"talkinghead.set_up_worker", "talkinghead.copy_report"} <= set(drawn.of("operator"))


def test_placed_points_can_be_edited_and_cleared(scene, astronaut):
    strip = sequencer.add_image(astronaut)
    bpy.ops.talkinghead.place_points()
    assert strip.th_manual
    drawn = draw("face")
    assert drawn.of("operator") == ["talkinghead.place_points", "talkinghead.clear_points"]


def test_preferences_draw():
    preferences = talking.core("preferences")
    layout = recording_layout.RecordingLayout()
    from types import SimpleNamespace

    fields = preferences.TalkingHeadPreferences
    stand_in = SimpleNamespace(layout=layout, bl_rna=fields.bl_rna, model_folders=())
    fields.draw(stand_in, bpy.context)
    wanted = ["consent", "worker_python", "setup_python", "graphics_card", "device", "offer_on_drop"]
    assert [name for name in layout.of("prop") if name in wanted] == wanted


def test_menu_lists_every_operator_but_the_internal_ones():
    menu = bpy.types.TALKINGHEAD_MT_strip
    layout = recording_layout.RecordingLayout()
    from types import SimpleNamespace

    menu.draw(SimpleNamespace(layout=layout), bpy.context)
    for name in layout.of("menu"):
        getattr(bpy.types, name).draw(SimpleNamespace(layout=layout), bpy.context)
    listed = {name.removeprefix("talkinghead.") for name in layout.of("operator")}
    unlisted = {
        "add_engine_preset", "apply_engine_preset", "give_consent", "move_point", "remove_model_folder", "tell_stale",
        "watch_job",
    }  # fmt: skip
    assert set(dir(bpy.ops.talkinghead)) - listed == unlisted


def test_no_key_is_taken():
    configuration = bpy.context.window_manager.keyconfigs.addon
    items = [item for keymap in configuration.keymaps for item in keymap.keymap_items] if configuration else []
    assert not [item.idname for item in items if item.idname.startswith("talkinghead.")]


def test_no_panel_is_alarming():
    folder = Path(str(installed_extension.folder())) / "panels"
    assert not [path.name for path in folder.glob("*.py") if ".alert" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("name", [name for name in PANELS if name not in {"main", "queue"}])
def test_decorators_are_beside_what_can_be_keyed_alone(scene, saved_file, astronaut, name):
    source = talking.animated(astronaut, length=2)
    source.th_engine = ENGINE_OF.get(name, "puppet")
    source.th_speech_on = True
    drawn = draw(name)
    keyed = {prop for owner, prop in drawn.decorated if owner.bl_rna.properties[prop].is_animatable}
    assert {prop for _, prop in drawn.decorated} == keyed
    sliders = {control.property_name for control in talking.shared("controls").CONTROLS}
    assert sliders & set(drawn.of("prop")) == keyed
