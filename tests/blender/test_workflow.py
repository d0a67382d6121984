# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Importing workflows of ComfyUI into strips and keyframes."""

from __future__ import annotations

import importlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import bpy
import comfyui_files
import numbered
import pytest
import sequencer
import talking
from slider_keys import keys_of

TWO_LINES = "1 = 1:10\n2 = 11:32"

FIRST, SECOND = {"rotate_yaw": 20, "aaa": 60}, {"rotate_pitch": 10, "blink": -20}

CURVES = {
    "head_pitch": (0, 0, 0, -10, -10),
    "head_yaw": (0, 20, 20, 0, 0),
    "eye_open": (1, 1, 1, 0, 0),
    "jaw_open": (0, 0.5, 0.5, 0, 0),
}

FRAMES = (0, 1, 11, 22, 54)

PICTURES = 200


@pytest.fixture
def core(addon) -> Any:
    return lambda name: importlib.import_module(f"{addon.__name__}.blender_talkinghead.{name}")


@pytest.fixture(scope="module")
def media_folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("acting")


@pytest.fixture
def acting(media_folder, scene) -> Path:
    """A movie of 25 frames a second whose pictures carry their number."""
    path = media_folder / "acting.mp4"
    return path if path.is_file() else numbered.movie(path, PICTURES, 25, 1.0)


@pytest.fixture
def folder(tmp_path, astronaut, acting) -> Path:
    """Where ComfyUI keeps them: media in an input folder, workflows elsewhere."""
    (tmp_path / "input").mkdir()
    astronaut.rename(tmp_path / "input" / "portrait.png")
    (tmp_path / "input" / "acting.mp4").symlink_to(acting)
    (tmp_path / "user" / "workflows").mkdir(parents=True)
    return tmp_path


def imported(folder: Path, data: object, **options: object) -> set[str]:
    path = comfyui_files.save(folder / "user" / "workflows" / "film.json", data)
    with sequencer.override():
        return bpy.ops.talkinghead.import_workflow(filepath=str(path), **options)


def strip_named(name: str) -> Any:
    return next(strip for strip in sequencer.all_strips() if strip.name == name)


def expected_keys(offset: float = 0, factor: float = 1) -> dict[str, list[Any]]:
    frames = [1 + offset + (frame - 1) * factor for frame in FRAMES]
    return {
        name: [(frame, pytest.approx(value), "LINEAR") for frame, value in zip(frames, values, strict=True)]
        for name, values in CURVES.items()
    }


def film(**video: object) -> dict[str, Any]:
    workflow = comfyui_files.chained(TWO_LINES, FIRST, SECOND)
    workflow.nodes[1]["widgets_values"] |= video
    return workflow.data()


def report_text() -> str:
    return bpy.data.texts["Talking Head Import"].as_string()


def test_a_workflow_becomes_strips_and_keys(core, scene, folder):
    assert imported(folder, film()) == {"FINISHED"}
    portrait, clip = strip_named("portrait.png"), strip_named("acting.mp4")
    assert keys_of(core, portrait) == expected_keys()
    assert (portrait.type, clip.type) == ("IMAGE", "MOVIE")
    assert portrait.channel != clip.channel
    compat = core("compat")
    assert (compat.left(portrait), compat.right(portrait)) == (1, 55)
    assert (compat.left(clip), compat.right(clip)) == (1, 33), "the workflow caps its clip at 32 frames"
    assert compat.active_strip(bpy.context) == portrait
    assert portrait.th_role == "NONE", "the user presses Animate Portrait"


def test_the_sliders_move_as_the_command_says(core, scene, folder):
    imported(folder, film())
    performance = core("strips.sampling").sample(scene, strip_named("portrait.png"), range(1, 55))
    yaw = [performance.pose(i)["head_yaw"] for i in range(54)]
    assert yaw[:11] == [20] * 11
    assert yaw[11:22] == pytest.approx([20 * (1 - k / 11) for k in range(1, 12)], abs=1e-3)
    assert yaw[22:] == [0] * 32


def test_an_empty_scene_takes_the_films_rate_and_length(core, scene, folder):
    imported(folder, film())
    assert core("strips.sampling").scene_rate(scene) == 8
    assert (scene.frame_start, scene.frame_end) == (1, 54)


def test_a_rate_with_a_fraction(core, scene, folder):
    workflow = comfyui_files.chained(TWO_LINES, FIRST)
    workflow.nodes[-1]["widgets_values"]["frame_rate"] = 29.97
    imported(folder, workflow.data())
    assert core("strips.sampling").scene_rate(scene) == Fraction(2997, 100)


def test_a_scene_with_strips_keeps_its_rate_and_says_so(core, scene, folder, hopper):
    sequencer.add_image(hopper, name="Other", channel=1)
    sequencer.select()
    imported(folder, film())
    assert core("strips.sampling").scene_rate(scene) == 24
    assert "24" in report_text() and "its frames are kept" in report_text()
    assert keys_of(core, strip_named("portrait.png")) == expected_keys()
    assert len({strip.channel for strip in sequencer.all_strips()}) == 3, "each strip has a channel of its own"


def test_keys_can_keep_the_films_speed(core, scene, folder, hopper):
    sequencer.add_image(hopper, name="Other", channel=1)
    imported(folder, film(), keep_speed=True)
    assert keys_of(core, strip_named("portrait.png")) == expected_keys(factor=3)
    compat, clip = core("compat"), strip_named("acting.mp4")
    assert core("strips.sources").movie_time(scene, clip).speed == Fraction(25, 24), "the clip keeps its speed as well"
    assert (compat.left(clip), compat.right(clip)) == (1, 1 + 32 * 3)


def test_the_film_begins_where_the_user_says(core, scene, folder):
    imported(folder, film(), frame_start=101)
    assert keys_of(core, strip_named("portrait.png")) == expected_keys(offset=100)
    assert core("compat").left(strip_named("acting.mp4")) == 101


# Pictures of the medium a timeline frame, the pictures before the first one, and the frames that show.
CLIPS = {
    "as often as the film": ({"force_rate": 8}, 8, Fraction(25, 8), 0, 32),
    "skip": ({"force_rate": 8, "skip_first_frames": 4}, 8, Fraction(25, 8), Fraction(25, 2), 32),
    "every second": (
        {"force_rate": 16, "select_every_nth": 2, "skip_first_frames": 2}, 8, Fraction(25, 8), Fraction(25, 8), 32
    ),
    "own rate, each picture": ({"force_rate": 0, "skip_first_frames": 9}, 25, Fraction(1), 9, 32),
    "own rate, in a film of 8": ({"force_rate": 0, "skip_first_frames": 9}, 8, Fraction(1), 9, 32),
    "no cap": ({"force_rate": 25, "frame_load_cap": 0}, 25, Fraction(1), 0, PICTURES),
    "its own rate halved": ({"force_rate": 0, "select_every_nth": 2}, 25, Fraction(2), 0, 32),
}  # fmt: skip


@pytest.mark.parametrize("name", CLIPS)
def test_the_clip_shows_what_the_workflow_reads(core, scene, folder, name):
    values, rate, speed, hidden, frames = CLIPS[name]
    workflow = comfyui_files.chained(TWO_LINES, FIRST, SECOND)
    workflow.nodes[1]["widgets_values"] |= values
    workflow.nodes[-1]["widgets_values"]["frame_rate"] = rate
    imported(folder, workflow.data())
    clip, compat = strip_named("acting.mp4"), core("compat")
    assert (compat.left(clip), compat.right(clip)) == (1, 1 + frames)
    time = core("strips.sources").movie_time(scene, clip)
    for frame in (1, 2, 17, 32):
        wanted = hidden + (frame - 1) * speed
        assert time.position_at(frame) == pytest.approx(
            float(wanted), abs=max(0.02 * frame, 0.51 if name == "skip" else 0)
        )


def test_a_clip_at_a_third_speed_is_retimed(core, scene, folder):
    """Read at 8 and played at 24: neither the clip's own speed nor one picture a frame."""
    workflow = comfyui_files.chained(TWO_LINES, FIRST, SECOND)
    workflow.nodes[-1]["widgets_values"]["frame_rate"] = 24
    imported(folder, workflow.data())
    clip = strip_named("acting.mp4")
    # 200 pictures, 25 / 8 of them a frame.
    assert core("compat").content_duration(clip) == pytest.approx(PICTURES * 8 / 25, abs=1)
    assert "The driving clip is read at 8 frames a second and the film plays at 24" in report_text()


def test_without_a_sequencer_to_set_speeds_in_the_clip_is_there_and_its_speed_is_told(core, scene, folder):
    path = comfyui_files.save(folder / "user" / "workflows" / "film.json", film())
    for area in bpy.context.window_manager.windows[0].screen.areas:
        area.type = "VIEW_3D"
    assert bpy.ops.talkinghead.import_workflow(filepath=str(path)) == {"FINISHED"}
    clip = strip_named("acting.mp4")
    assert core("strips.sources").movie_time(scene, clip).speed == 1
    assert "plays at 0.32 times the workflow's speed: set its speed by hand" in report_text()


def test_the_clip_drives_the_portrait(core, scene, folder):
    imported(folder, film())
    portrait, clip = strip_named("portrait.png"), strip_named("acting.mp4")
    strips = core("drivers.driver_strips")
    assert strips.find(portrait, strips.Part.ACTING) == clip
    assert portrait.th_acting_on
    assert clip.mute


def test_a_movie_can_be_the_portrait(core, scene, folder):
    workflow = comfyui_files.chained(TWO_LINES, FIRST, SECOND)
    workflow.link(2, 0, 5, "src_images")
    imported(folder, workflow.data())
    clip, portrait = strip_named("acting.mp4"), core("compat").active_strip(bpy.context)
    assert (len(sequencer.all_strips()), portrait.type, portrait == clip) == (2, "MOVIE", False)
    assert keys_of(core, portrait) == expected_keys()
    assert keys_of(core, clip) == {}


def test_a_folder_of_pictures(core, scene, folder):
    numbered.sequence(folder / "input" / "shots", 20)
    workflow = comfyui_files.chained("1 = 2:2", FIRST)
    loader = workflow.add(
        "VHS_LoadImages",
        {"directory": "shots", "image_load_cap": 5, "skip_first_images": 3, "select_every_nth": 2},
        [],
        [("IMAGE", "IMAGE")],
    )
    workflow.link(loader, 0, 4, "driving_images")
    imported(folder, workflow.data())
    shots = strip_named("shots")
    names = sorted(path.name for path in (folder / "input" / "shots").iterdir())
    assert [element.filename for element in shots.elements] == names[3:13:2]


def test_a_single_editor_is_a_still(core, scene, folder):
    workflow = comfyui_files.Workflow()
    editor = workflow.editor(smile=0.5)
    workflow.link(workflow.image(), 0, editor, "src_image")
    imported(folder, workflow.data())
    assert keys_of(core, strip_named("portrait.png")) == {"mouth_smile": [(1, 0.5, "CONSTANT")]}


def test_a_missing_portrait_is_told_and_nothing_changes(scene, folder):
    (folder / "input" / "portrait.png").unlink()
    before = talking.snapshot(scene), scene.render.fps
    with pytest.raises(RuntimeError, match=r"The portrait portrait\.png was not found\. Choose a media folder"):
        imported(folder, film())
    assert (talking.snapshot(scene), scene.render.fps) == before


def test_without_its_portrait_the_active_strip_is_used(core, scene, folder, hopper):
    (folder / "input" / "portrait.png").unlink()
    strip = sequencer.add_image(hopper, name="Hopper", start=10)
    imported(folder, film())
    assert keys_of(core, strip) == expected_keys(offset=9)
    assert "The portrait portrait.png was not found" in report_text()


def test_a_strip_that_shows_no_picture_is_not_used(scene, folder):
    (folder / "input" / "portrait.png").unlink()
    extent = {"length": 24} if bpy.app.version >= (5, 0, 0) else {"frame_end": 25}
    layer = sequencer.strips().new_effect(name="Layer", type="ADJUSTMENT", channel=5, frame_start=1, **extent)
    sequencer.select(layer)
    with pytest.raises(RuntimeError, match=r"The portrait portrait\.png was not found"):
        imported(folder, film())
    assert not layer.th_acting_on


def test_keys_replace_those_in_between(core, scene, folder, hopper):
    strip = sequencer.add_image(hopper, name="Hopper")
    talking.key(strip, "head_yaw", -5, 7.0)
    talking.key(strip, "head_yaw", 5, 7.0)
    talking.key(strip, "mouth_smile", 5, 0.5)
    imported(folder, film(), onto_active=True)
    assert [key[:2] for key in keys_of(core, strip)["head_yaw"]] == [
        (-5, 7),
        (0, 0),
        (1, 20),
        (11, 20),
        (22, 0),
        (54, 0),
    ]
    assert [key[:2] for key in keys_of(core, strip)["mouth_smile"]] == [(5, 0.5)]


def test_a_missing_clip_is_told_and_the_keys_are_there(core, scene, folder):
    (folder / "input" / "acting.mp4").unlink()
    imported(folder, film())
    assert keys_of(core, strip_named("portrait.png")) == expected_keys()
    assert "The driving clip acting.mp4 was not found" in report_text()


def test_media_in_the_folder_that_the_user_chooses(core, scene, folder):
    (folder / "elsewhere").mkdir()
    (folder / "input" / "portrait.png").rename(folder / "elsewhere" / "portrait.png")
    imported(folder, film(), media_folder=str(folder / "elsewhere"))
    assert keys_of(core, strip_named("portrait.png")) == expected_keys()


def test_what_was_not_understood_is_in_a_text(scene, folder):
    workflow = comfyui_files.chained("1 = 1:1\nnonsense", {"smile": 1.3})
    imported(folder, workflow.data())
    assert "smile = 1.3" in report_text()
    assert "command, line 2: nonsense" in report_text()
    assert "output.filename_prefix = 'out'" in report_text()
    imported(folder, film())
    assert "nonsense" not in report_text()
    assert [text.name for text in bpy.data.texts] == ["Talking Head Import"]


def test_a_file_that_is_no_workflow_is_refused(scene, folder):
    with pytest.raises(RuntimeError, match="no workflow of ComfyUI"):
        imported(folder, {"a": 1})
    assert len(sequencer.all_strips()) == 0


def test_a_damaged_movie_leaves_nothing_behind(scene, folder):
    (folder / "input" / "acting.mp4").unlink()
    (folder / "input" / "acting.mp4").write_bytes(b"no movie")
    before = scene.render.fps
    with pytest.raises(RuntimeError, match=r"acting\.mp4"):
        imported(folder, film())
    assert len(sequencer.all_strips()) == 0
    assert scene.render.fps == before


def test_names_from_other_systems_are_found(core, tmp_path):
    media = core("workflow.workflow_media")
    (tmp_path / "input" / "clips").mkdir(parents=True)
    wanted = tmp_path / "input" / "clips" / "a.mp4"
    wanted.write_bytes(b"")
    workflow = tmp_path / "user" / "w.json"
    for name in ("clips/a.mp4", "clips\\a.mp4"):
        assert media.find(name, workflow, None) == wanted
    for name in ("C:\\Videos\\a.mp4", "/home/somebody/a.mp4"):
        assert media.find(name, workflow, tmp_path / "input" / "clips") == wanted
    assert media.find("../../a.mp4", workflow, None) is None
    assert media.find("", workflow, None) is None


def test_locked_curves_are_told_before_anything_is_made(core, scene, folder, hopper):
    strip = sequencer.add_image(hopper, name="Hopper")
    talking.key(strip, "head_yaw", 1, 7.0)
    core("performance.curves").find(strip, "head_yaw").lock = True
    before = talking.snapshot(scene)
    with pytest.raises(RuntimeError, match="Head Yaw of 'Hopper' is locked"):
        imported(folder, film(), onto_active=True)
    assert talking.snapshot(scene) == before


def sampled(sample: str) -> dict[str, Any]:
    """One editor that stands alone, with a sample picture."""
    workflow = comfyui_files.Workflow()
    editor = workflow.editor((0.5, 0.8, "OnlyMouth", 2.0), smile=0.25)
    workflow.link(workflow.image("portrait.png"), 0, editor, "src_image")
    workflow.link(workflow.image(sample), 0, editor, "sample_image")
    return workflow.data()


def test_what_liveportrait_alone_has_is_set_and_told(core, scene, folder):
    imported(folder, sampled("portrait.png"))
    portrait = strip_named("portrait.png")
    assert portrait.th_liveportrait_sample_mouth == pytest.approx(0.8)
    assert portrait.th_liveportrait_source_ratio == pytest.approx(0.5)
    assert portrait.th_liveportrait_crop_scale == pytest.approx(2.706)
    assert (
        Path(portrait.th_liveportrait_sample).name == "portrait.png" and Path(portrait.th_liveportrait_sample).exists()
    )
    told = "Source Ratio, Sample Mouth, Crop, Sample Picture: only LivePortrait has that"
    assert told in report_text()
    portrait.th_engine = "liveportrait"
    imported(folder, sampled("portrait.png"), onto_active=True)
    assert told not in report_text()


def test_a_sample_picture_that_is_gone_is_told(core, scene, folder):
    imported(folder, sampled("nowhere.png"))
    assert not strip_named("portrait.png").th_liveportrait_sample
    assert "Sample Picture: nowhere.png was not found" in report_text()


def meme() -> dict[str, Any]:
    """A portrait and a clip that HelloMeme's nodes redraw."""
    workflow = comfyui_files.Workflow()
    models = workflow.add("HMVideoPipelineLoader", ["toon.safetensors", "", "same", "v5", "x2"], [], [("PIPE", "PIPE")])
    widgets = [0.25, 4, "an oil painting", "blurry", 12, 77, "fixed", 2.5, 0]
    inputs = [("hm_video_pipeline", "PIPE"), ("image", "IMAGE"), ("drive_pose", "IMAGE")]
    pipeline = workflow.add("HMPipelineVideo", widgets, inputs, [("IMAGE", "IMAGE")])
    workflow.link(models, 0, pipeline, "hm_video_pipeline")
    workflow.link(workflow.image("portrait.png"), 0, pipeline, "image")
    workflow.link(workflow.video(force_rate=8), 0, pipeline, "drive_pose")
    workflow.link(pipeline, 0, workflow.combine(frame_rate=8), "images")
    return workflow.data()


def test_hello_memes_settings_are_set(core, scene, folder):
    imported(folder, meme())
    portrait = strip_named("portrait.png")
    assert (portrait.th_hellomeme_prompt, portrait.th_hellomeme_negative) == ("an oil painting", "blurry")
    assert (portrait.th_hellomeme_steps, portrait.th_hellomeme_seed) == (12, 77)
    assert (portrait.th_hellomeme_guidance, portrait.th_hellomeme_movement) == (2.5, 0.25)
    assert (portrait.th_hellomeme_checkpoint_use, portrait.th_hellomeme_lora) == ("all", "")
    assert "Checkpoint: toon.safetensors was not found; choose it in the panel HelloMeme." in report_text()
