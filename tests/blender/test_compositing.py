# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pixels of the rendered edit: the view transform is applied once, and edges are laid over footage without a rim.

Blender's sequencer mixes in display-referred values (sRGB) in every supported version, and applies the scene's view
transform to the whole edit afterwards. So frames must hold the source's own values: straight alpha in PNG,
premultiplied scene-linear colour in OpenEXR.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import depths
import numbered
import numpy as np
import pytest
import sequencer
import talking

VIEWS = ("Standard", "AgX", "Filmic")
KINDS = ("png8", "jpeg", "png16", "exr")
DEPTHS = {"png8": 8, "png16": 16, "exr": 32}
OVER = np.array([40, 200, 90]) / 255
POSE = {"head_yaw": 8.0, "jaw_open": 0.5}


@pytest.fixture(autouse=True)
def worker(addon):
    talking.fresh_start()
    yield
    talking.fresh_start()


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    """(512, 512, 3) display-referred colour of the astronaut, 0 to 1."""
    import media

    return numbered.read(media.astronaut())[..., :3].astype(np.float64)


def portrait_file(kind: str, portrait: np.ndarray, hopper: Path, folder: Path) -> Path:
    if kind == "jpeg":
        return hopper
    return depths.write(folder / f"portrait.{'exr' if kind == 'exr' else 'png'}", portrait, DEPTHS[kind])


def rendered(scene: Any, folder: Path, frame: int, view: str = "Standard") -> np.ndarray:
    """(H, W, 4) values of the rendered edit, 0 to 1, as a monitor gets them."""
    scene.render.dither_intensity = 0.0
    return numbered.read(sequencer.render_frame(folder / "seen.png", frame, scene, view)).astype(np.float64)


def frame_values(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Display-referred straight colour (H, W, 3) and alpha (H, W, 1) of a frame file, 0 to 1."""
    if path.suffix == ".png":
        values = numbered.read(path).astype(np.float64)
        return values[..., :3], values[..., 3:]
    pixels = depths.read_exr(path)
    alpha = pixels[..., 3:] if pixels.shape[2] == 4 else np.ones((*pixels.shape[:2], 1))
    straight = np.divide(pixels[..., :3], alpha, out=np.zeros_like(pixels[..., :3]), where=alpha > 0)
    return depths.to_srgb(straight), alpha


def over(colour: np.ndarray, alpha: np.ndarray, below: np.ndarray) -> np.ndarray:
    return colour * alpha + below * (1 - alpha)


def largest(one: np.ndarray, other: np.ndarray) -> float:
    """Largest difference of the colours, in steps of 255."""
    return float(np.abs(one[..., :3] - other[..., :3]).max() * 255)


def animate(path: Path, cut_out: bool = False, alpha_mode: str = "") -> tuple[Any, Any]:
    """Source and result of three frames: at rest, half way, posed."""
    source = sequencer.add_image(path, length=3, channel=2)
    source.th_puppet_cut_out = cut_out
    if alpha_mode:
        source.alpha_mode = alpha_mode
    assert bpy.ops.talkinghead.animate_portrait() == {"FINISHED"}
    for control, value in POSE.items():
        talking.key(source, control, 1, 0.0)
        talking.key(source, control, 3, value)
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    return source, talking.result_of(source)


def add_below(path: Path) -> Any:
    return sequencer.add_image(path, "Below", channel=1, length=3)


def fit(scene: Any, colour: np.ndarray) -> None:
    scene.render.resolution_y, scene.render.resolution_x = colour.shape[:2]


@pytest.mark.parametrize("kind", KINDS)
def test_the_view_transform_is_applied_once(scene, saved_file, portrait, hopper, tmp_path, kind):
    path = portrait_file(kind, portrait, hopper, tmp_path)
    source, result = animate(path)
    files = talking.frame_files(source)
    fit(scene, frame_values(files[0])[0])
    plain = sequencer.add_image(files[2], "Frame", channel=9, length=3)
    errors, rests = {}, {}
    for view in VIEWS:
        plain.mute, result.mute, source.mute = True, False, True
        rest, posed = rendered(scene, tmp_path, 1, view), rendered(scene, tmp_path, 3, view)
        rests[view] = rest
        result.mute, source.mute = True, False
        at_rest = largest(rest, rendered(scene, tmp_path, 1, view))
        plain.mute = False
        errors[view] = at_rest, largest(posed, rendered(scene, tmp_path, 3, view))
        assert largest(posed, rest) > 20  # the pose shows
        if view == "Standard":
            own = [largest(seen, frame_values(file)[0]) for seen, file in ((rest, files[0]), (posed, files[2]))]
        else:
            assert largest(rest, rests["Standard"]) > 20  # the view is another one at all
    print(f"{kind}: rest and pose against the source and the frame {errors}, Standard against the files {own}")
    assert max(error for pair in errors.values() for error in pair) == 0
    assert max(own) <= (0 if kind in ("png8", "jpeg") else 1.01)


def test_a_picture_as_seen_gets_the_view_transform_once(scene, saved_file, portrait, tmp_path):
    source = sequencer.add_image(depths.write(tmp_path / "p.png", portrait, 8), length=3, channel=2)
    source.th_as_seen = True
    scene.view_settings.view_transform = "AgX"
    assert bpy.ops.talkinghead.animate_portrait() == {"FINISHED"}
    result = talking.result_of(source)
    for view in VIEWS:
        scene.view_settings.view_transform = view
        assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
        result.mute = False
        seen = rendered(scene, tmp_path, 2, view)
        result.mute = True
        error = largest(seen, rendered(scene, tmp_path, 2, view))
        print(f"as seen, {view}: {error:.0f} of 255")
        assert error <= 1.01


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_out_is_mixed_as_its_frames_say(scene, saved_file, portrait, hopper, tmp_path, kind):
    """Over two colours: the edit is the frames' straight colour mixed by their alpha, and so has neither rim."""
    path = portrait_file(kind, portrait, hopper, tmp_path)
    source, result = animate(path, cut_out=True)
    assert result.alpha_mode == ("PREMUL" if kind == "exr" else "STRAIGHT")
    files = talking.frame_files(source)
    fit(scene, frame_values(files[0])[0])
    shape = frame_values(files[0])[0].shape
    for name, below in (("color", OVER), ("white", np.ones(3)), ("black", np.zeros(3))):
        strip = add_below(depths.write(tmp_path / f"{name}.png", np.broadcast_to(below, shape), 8))
        for frame in (1, 3):
            colour, alpha = frame_values(files[frame - 1])
            soft = (alpha[..., 0] > 0.1) & (alpha[..., 0] < 0.9)
            assert soft.sum() > 200
            seen, wanted = rendered(scene, tmp_path, frame), over(colour, alpha, below)
            error, edge = largest(seen, wanted), largest(seen[soft], wanted[soft])
            print(f"{kind} over {name}, frame {frame}: {error:.2f} of 255, on the soft edge {edge:.2f}")
            assert error < 1.6
        sequencer.strips().remove(strip)


@pytest.mark.parametrize("kind", ["png8", "png16", "exr"])
@pytest.mark.parametrize("multiplied", [False, True])
def test_own_transparency_of_either_convention(scene, saved_file, portrait, tmp_path, kind, multiplied):
    """A portrait that comes with alpha: results at rest, posed and cut out mix like the source strip itself."""
    alpha = depths.soft_figure(512, 512)
    name = f"figure.{'exr' if kind == 'exr' else 'png'}"
    path = depths.write(tmp_path / name, portrait, DEPTHS[kind], alpha, multiplied)
    add_below(depths.write(tmp_path / "below.png", np.broadcast_to(OVER, portrait.shape), 8))
    mode = "PREMUL" if multiplied else "STRAIGHT"
    source, result = animate(path, alpha_mode=mode)
    assert (source.alpha_mode, result.alpha_mode) == (mode, "PREMUL" if kind == "exr" else "STRAIGHT")
    source.mute = True
    rest, posed = rendered(scene, tmp_path, 1), rendered(scene, tmp_path, 3)
    source.mute, result.mute = False, True
    at_rest = largest(rest, rendered(scene, tmp_path, 1))
    truth = largest(rest, over(portrait, alpha[..., None], OVER))
    colour, own = frame_values(talking.frame_files(source)[2])
    in_pose = largest(posed, over(colour, own, OVER))
    print(f"{kind} {mode}: rest {at_rest:.2f}, against the mix {truth:.2f}, pose {in_pose:.2f}")
    # Unmultiplied 8 bit colours are rounded once more, by Blender for the source and by us for the result.
    assert at_rest <= 1.01 and truth < 2.6 and in_pose < 1.6

    source.th_puppet_cut_out = True
    result.mute = False
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    assert source.mute
    cut = rendered(scene, tmp_path, 1)
    print(f"{kind} {mode}: cut out at rest {largest(cut, over(portrait, alpha[..., None], OVER)):.2f}")
    assert largest(cut, over(portrait, alpha[..., None], OVER)) < 2.6


@pytest.mark.parametrize("multiplied", [False, True])
def test_the_person_in_a_picture_that_has_alpha(scene, saved_file, portrait, tmp_path, multiplied):
    """Alpha that is no figure joins the matte; the person's edge is the same whatever the source's convention."""
    alpha = np.ones((512, 512))
    alpha[:, 440:] = 0.5
    path = depths.write(tmp_path / "p.png", portrait, 8, alpha, multiplied)
    source, result = animate(path, cut_out=True, alpha_mode="PREMUL" if multiplied else "STRAIGHT")
    add_below(depths.write(tmp_path / "below.png", np.broadcast_to(OVER, portrait.shape), 8))
    colour, own = frame_values(talking.frame_files(source)[0])
    assert result.alpha_mode == "STRAIGHT"
    person = own[..., 0] == 1
    assert largest(colour[person], portrait[person]) <= 1.01
    seen = rendered(scene, tmp_path, 1)
    assert largest(seen, over(colour, own, OVER)) < 1.6


def test_opacity_and_cross_with_the_background(scene, saved_file, portrait, tmp_path):
    path = depths.write(tmp_path / "p.png", portrait, 8)
    source, result = animate(path, cut_out=True)
    below = add_below(depths.write(tmp_path / "below.png", np.broadcast_to(OVER, portrait.shape), 8))
    colour, alpha = frame_values(talking.frame_files(source)[1])
    result.blend_alpha = 0.4
    faded = largest(rendered(scene, tmp_path, 2), over(colour, alpha * 0.4, OVER))
    result.blend_alpha = 1.0
    effects, kind = sequencer.strips(), {"name": "Cross", "type": "CROSS", "channel": 10, "frame_start": 1}
    length = {"length": 3} if bpy.app.version >= (5, 0, 0) else {"frame_end": 4}
    inputs = ("input1", "input2") if bpy.app.version >= (4, 4, 0) else ("seq1", "seq2")
    cross = effects.new_effect(**kind, **length, **dict(zip(inputs, (below, result), strict=True)))
    cross.use_default_fade = False
    cross.effect_fader = 0.25
    mixed = rendered(scene, tmp_path, 2)
    # Blender mixes straight colors in a Cross: a cut-out darkens on its way, which docs/compositing.md tells.
    crossed = largest(mixed, 0.75 * OVER + 0.25 * colour)
    left = float(np.abs(mixed[..., 3:] - (0.75 + 0.25 * alpha)).max() * 255)
    print(f"opacity {faded:.2f}, cross {crossed:.2f}, its alpha {left:.2f} of 255")
    assert faded < 1.6 and crossed < 1.6 and left < 1.6
