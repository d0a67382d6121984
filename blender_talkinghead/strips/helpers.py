# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helper strips: the pictures of an engine's stages, to look at, to correct with any program, and to give back.

Their files are numbered by frame, from 1 at the first frame that the animated strip shows. The numbers say for which
frame a picture is, wherever the helper strip lies.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...inference.engines import ENGINES, description_of
from ...inference.engines.description import Stage
from ...inference.errors import ErrorCode, TalkingHeadError
from .. import compat, properties
from . import folders
from .channels import free_channel
from .result_placement import set_elements

FOLDER = "stages"
TYPES = frozenset({"IMAGE", "MOVIE"})
STAGES: tuple[Stage, ...] = tuple({s.name: s for engine in ENGINES.values() for s in engine.stages}.values())
"""Those of all engines, each name once."""
_LAID = ("offset_x", "offset_y", "rotation", "origin")
_NUMBER = re.compile(r"\d+(?=\D*$)")


def stages_of(source: Any) -> tuple[Stage, ...]:
    """The stages that a strip's engine has with its settings."""
    engine = description_of(source.th_engine)
    return tuple(stage for stage in engine.stages if stage.exists(properties.settings_of(source)))


def stage_of(source: Any, name: str) -> Stage:
    """A stage of a strip's engine by its name.

    Raises:
        TalkingHeadError: INVALID_REQUEST when there is none such with these settings.
    """
    there = stages_of(source)
    for stage in there:
        if stage.name == name:
            return stage
    label = next((stage.label for stage in STAGES if stage.name == name), name)
    raise _invalid(
        f"{description_of(source.th_engine).label} makes no {label} pictures with these settings.",
        "Use one of: " + ", ".join(stage.label for stage in there) + "." if there else "Choose the engine Wan-Animate.",
    )


def new_folder(frames_folder: Path, stage: Stage) -> Path:
    """A folder for pictures of a stage that is not there yet: somebody may have painted in those of another time."""
    parent = frames_folder / FOLDER
    number = 1
    while (folder := parent / (stage.name if number == 1 else f"{stage.name}-{number}")).exists():
        number += 1
    return folder


def add(source: Any, stage: Stage, folder: Path, names: Sequence[str], first_frame: int, *, baked: bool) -> Any:
    """Show pictures of a stage on a free channel above a source, muted; whole ones where the source is.

    Args:
        baked: the source's pictures are whole frames of the scene, with the strip's look in them.
        names: of files in the folder, of consecutive frames.
        first_frame: timeline frame of the first of them.

    Raises:
        TalkingHeadError: INVALID_REQUEST when no channel is free.
    """
    container = compat.container_of(source)
    end = first_frame + len(names)
    channel = free_channel(container, source.channel + 1, first_frame, end)
    name = f"{source.name} {stage.label}"
    strip = compat.new_image_strip(container, name, str(folder / names[0]), channel, first_frame, fit_method="FIT")
    strip.directory = folders.for_strip(folder)
    set_elements(strip, names)
    compat.set_right(strip, end)
    strip.mute = True
    strip.select = False  # as Blender does not: it would be taken for one that the user selected
    if stage.whole and not baked:
        _lay_over(strip, source, _png_size(folder / names[0]))
    return strip


def _lay_over(strip: Any, source: Any, size: tuple[int, int]) -> None:
    """Show pictures of ``size``, which hold the source's in their middle as large as it fits, where the source is."""
    elements = getattr(source, "elements", None)
    if not elements or not elements[0].orig_width:
        return
    factor = min(size[0] / elements[0].orig_width, size[1] / elements[0].orig_height)
    for name in _LAID:
        setattr(strip.transform, name, getattr(source.transform, name))
    strip.transform.scale_x, strip.transform.scale_y = (
        source.transform.scale_x / factor,
        source.transform.scale_y / factor,
    )
    strip.use_flip_x, strip.use_flip_y = source.use_flip_x, source.use_flip_y


def _png_size(path: Path) -> tuple[int, int]:
    """(width, height) in px, from the file's header."""
    with path.open("rb") as file:
        width, height = struct.unpack(">16x2I", file.read(24))
    return width, height


def use(source: Any, stage: Stage, strip: Any) -> str:
    """Have a strip's pictures taken instead of what the engine makes at a stage.

    Args:
        strip: a movie strip, or an image strip whose files are numbered; all pictures of its folder count.

    Returns:
        A sentence that says which frames they are for.

    Raises:
        TalkingHeadError: INVALID_REQUEST, SOURCE_MISSING.
    """
    if not stage.setting:
        raise _invalid(f"{stage.label} pictures cannot be given back.", "They are for looking at.")
    path, text = _movie(strip) if strip.type == "MOVIE" else _pictures(source, strip)
    setattr(source, setting_of(source, stage), folders.for_property(path))
    return f"'{strip.name}' is used as {stage.label}. {text}"


def drop(source: Any, stage: Stage) -> None:
    """Take what the engine makes at a stage again."""
    setattr(source, setting_of(source, stage), "")


def setting_of(source: Any, stage: Stage) -> str:
    """The property that names the corrected pictures of a stage."""
    return properties.setting_property(source.th_engine, stage.setting)


def number_in(name: str) -> int | None:
    """The frame that a picture is for: the last number in its file's name; None without one."""
    found = _NUMBER.search(Path(name).stem)
    return int(found.group()) if found else None


def _movie(strip: Any) -> tuple[Path, str]:
    path = folders.absolute(strip.filepath)
    if not path.is_file():
        raise TalkingHeadError(ErrorCode.SOURCE_MISSING, f"There is no file {path}.", "Choose another strip.")
    return path, "Its first picture is for the first frame, wherever the strip lies."


def _pictures(source: Any, strip: Any) -> tuple[Path, str]:
    numbers = [number_in(element.filename) for element in strip.elements]
    length = compat.right(source) - compat.left(source)
    frames = sorted({number for number in numbers if number is not None and 1 <= number <= length})
    if not frames:
        raise _invalid(
            f"No picture of '{strip.name}' has a number from 1 to {length} in its file's name.",
            "The last number in a name says for which frame of the film the picture is, such as 0012.png.",
        )
    text = f"Its pictures are for the frames {frames[0]} to {frames[-1]} of the film"
    shown = number_in(strip.strip_elem_from_frame(compat.left(strip)).filename)
    place = compat.left(strip) - compat.left(source) + 1
    if shown is not None and shown != place:
        text += f"; the numbers in their names count, though the strip lies at frame {place}"
    return folders.absolute(strip.directory), text + "."


def _invalid(message: str, hint: str) -> TalkingHeadError:
    return TalkingHeadError(ErrorCode.INVALID_REQUEST, message, hint)
