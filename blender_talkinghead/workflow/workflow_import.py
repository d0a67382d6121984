# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes strips and keys of what was read from a workflow, an expression or a motion template."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any

import bpy

from ...inference.errors import ErrorCode, TalkingHeadError
from ...inference.workflow.plan import ACTING, SOURCE, Key, Plan, PlannedStrip
from .. import compat, properties
from ..drivers import driver_strips
from ..drivers.driver_strips import Part
from ..performance import curves
from ..strips import sources
from ..strips.sampling import scene_rate
from . import workflow_clips, workflow_engines, workflow_media
from .workflow_clips import Place

REPORT_NAME = "Talking Head Import"
_MOST_FPS = 32767


@dataclass(frozen=True)
class Options:
    """What the user chose.

    Attributes:
        path: of the workflow.
        folder: where media are, or None.
        start: timeline frame of the film's first frame; not used on a strip that is there.
        onto_active: put the keys on the active strip, although the workflow has a portrait of its own.
        keep_speed: move keys so that the film keeps its speed; else frames are kept.
    """

    path: Path
    folder: Path | None = None
    start: int = 1
    onto_active: bool = False
    keep_speed: bool = False


@dataclass(frozen=True)
class Imported:
    """What was made.

    Attributes:
        strip: name of the portrait's strip.
        keys: how many keyframes.
        remarks: sentences on what is not as in the workflow, besides what the plan lists.
    """

    strip: str
    keys: int
    remarks: tuple[str, ...]


def make(context: Any, plan: Plan, options: Options) -> Imported:
    """Make strips and keys in the sequencer's scene, and the text that says what was not understood.

    Raises:
        TalkingHeadError: there is no portrait, a medium is unreadable, or a slider cannot be keyed. Media are looked
            for before anything is changed.
    """
    scene: Any = compat.sequencer_scene(context)
    remarks: list[str] = []
    found = _find_media(plan, options, remarks)
    active = _portrait_strip(context)
    if SOURCE not in found and active is None:
        raise _no_portrait(plan.strip(SOURCE))
    target = active if SOURCE not in found or (options.onto_active and active is not None) else None
    if target is not None:
        curves.require_writable(target, {key.control for key in plan.keys})
    if scene.sequence_editor is None:
        scene.sequence_editor_create()
    with _taken_back_on_errors(scene):
        _set_rate(scene, plan, options, remarks)
        place = _place(scene, plan, options, target)
        strip = _make_strips(scene, plan, found, target, place, remarks)
        count = _insert_keys(strip, plan, place)
    workflow_engines.apply(strip, plan, options.path, options.folder, remarks)
    compat.set_active_strip(scene, strip)
    curves.refresh(scene)
    imported = Imported(strip.name, count, tuple(remarks))
    write_report(plan, options.path, imported)
    return imported


def write_report(plan: Plan, path: Path, imported: Imported) -> Any:
    """The text block that tells what was made, what was not understood, and the settings that were kept."""
    text = bpy.data.texts.get(REPORT_NAME) or bpy.data.texts.new(REPORT_NAME)
    text.clear()
    text.write("\n".join(_report_lines(plan, path, imported)) + "\n")
    return text


def _report_lines(plan: Plan, path: Path, imported: Imported) -> list[str]:
    lines = [f"Import of {path}", "", f"{imported.keys} keyframes on '{imported.strip}'", ""]
    lines += _section("Notes", [*imported.remarks, *plan.notes])
    lines += _section("Not understood or not used", [str(item) for item in plan.not_understood])
    settings = [
        f"{topic}.{name} = {value!r}" for topic, values in plan.settings.items() for name, value in values.items()
    ]
    return lines + _section("Settings of the workflow", settings)


def _section(title: str, items: list[str]) -> list[str]:
    return [title, *(f"- {item}" for item in items), ""] if items else []


def _find_media(plan: Plan, options: Options, remarks: list[str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for planned in plan.strips:
        path = workflow_media.find(planned.file, options.path, options.folder)
        if path is None:
            what = "portrait" if planned.role == SOURCE else "driving clip"
            remarks.append(f"The {what} {planned.file} was not found: choose a media folder and import again.")
        else:
            found[planned.role] = path
    return found


def _portrait_strip(context: Any) -> Any | None:
    """The strip whose sliders the user sees, if it shows pictures."""
    strip = properties.source_of_active(context)
    return strip if strip is not None and strip.type not in sources.PICTURELESS else None


def _no_portrait(planned: PlannedStrip | None) -> TalkingHeadError:
    if planned is None:
        return TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            "The file names no portrait.",
            "Select the strip that it is for, and import again.",
        )
    return TalkingHeadError(
        ErrorCode.SOURCE_MISSING,
        f"The portrait {planned.file} was not found.",
        "Choose a media folder, or select the strip that the keyframes are for.",
    )


def _set_rate(scene: Any, plan: Plan, options: Options, remarks: list[str]) -> None:
    """Give an empty scene the film's rate and length; a scene with strips keeps its own."""
    rate = plan.rate
    if rate is None or scene_rate(scene) == rate:
        return
    if len(compat.all_strips(scene)):
        if not options.keep_speed:
            remarks.append(
                f"The film has {float(rate):g} frames a second and the scene {float(scene_rate(scene)):g}: "
                "its frames are kept, so it plays at another speed."
            )
        return
    fps = min(math.ceil(rate), _MOST_FPS)
    scene.render.fps, scene.render.fps_base = fps, float(fps / rate)
    remarks.append(f"The frame rate of the scene was set to {float(rate):g}.")
    if plan.frames:
        # Blender keeps scenes from beginning before frame 0.
        scene.frame_start = max(options.start, 0)
        scene.frame_end = max(options.start + plan.frames - 1, scene.frame_start)


def _place(scene: Any, plan: Plan, options: Options, strip: Any | None) -> Place:
    stretch = scene_rate(scene) / plan.rate if options.keep_speed and plan.rate else Fraction(1)
    length = math.ceil(plan.frames * stretch) if plan.frames > 1 else 0
    start = options.start if strip is None else compat.left(strip)
    return Place(start, stretch, length, 1)


def _make_strips(
    scene: Any, plan: Plan, found: dict[str, Path], target: Any | None, place: Place, remarks: list[str]
) -> Any:
    """The driving clip and the portrait, which is the target if there is one; the portrait's strip."""
    acting_plan, source_plan = plan.strip(ACTING), plan.strip(SOURCE)
    name = "" if target is None else target.name
    acting_name = ""
    if acting_plan is not None and ACTING in found:
        acting = workflow_clips.insert(scene, acting_plan, found[ACTING], place, remarks)
        acting_name = acting.name
        above = replace(place, channel=acting.channel + 1)
        place = above if place.length else replace(above, length=compat.right(acting) - compat.left(acting))
    if not name:
        assert source_plan is not None  # its file was found
        name = workflow_clips.insert(scene, source_plan, found[SOURCE], place, remarks).name
    # Strips are looked up again: inserting others may have moved them in memory.
    strip = compat.strip_named(scene, name)
    if acting_name:
        _let_act(strip, compat.strip_named(scene, acting_name), remarks)
    return strip


def _let_act(strip: Any, acting: Any, remarks: list[str]) -> None:
    acting.mute = True
    if acting.type == "IMAGE" and len(acting.elements) == 1:
        remarks.append(f"'{acting.name}' is a single picture, which does not act; it is muted.")
        return
    driver_strips.assign(strip, Part.ACTING, acting.name)
    strip.th_acting_on = True
    remarks.append(f"'{acting.name}' drives '{strip.name}'; it is muted, so that only the portrait shows.")


@contextmanager
def _taken_back_on_errors(scene: Any) -> Iterator[None]:
    """Remove strips that were made, and put the scene's rate and range back, if an error comes."""
    before = {strip.name for strip in compat.all_strips(scene)}
    render = scene.render
    rate = (render.fps, render.fps_base, scene.frame_start, scene.frame_end)
    try:
        yield
    except TalkingHeadError:
        for name in [strip.name for strip in compat.strips_in(scene.sequence_editor) if strip.name not in before]:
            compat.strips_in(scene.sequence_editor).remove(compat.strip_named(scene, name))
        render.fps, render.fps_base, scene.frame_start, scene.frame_end = rate
        raise


def _insert_keys(strip: Any, plan: Plan, place: Place) -> int:
    for name, keys in groupby(plan.keys, key=lambda key: key.control):
        _replace_keys(strip, name, list(keys), place)
    return len(plan.keys)


def _replace_keys(strip: Any, name: str, keys: list[Key], place: Place) -> None:
    """Keys of one slider; what its curve had in between goes."""
    points = [(float(place.frame_of(key.frame)), key.value, key.interpolation) for key in keys]
    old = curves.read(strip, name)
    if old is not None:
        kept = old.outside(points[0][0], points[-1][0])
        if len(kept):
            curves.write(strip, name, kept)
        else:
            curves.remove(strip, name)
    curves.insert(strip, name, points)
