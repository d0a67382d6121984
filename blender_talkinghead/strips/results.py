# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows frames in the sequencer: makes result strips, exchanges their pictures, hides a source below a cut-out.

A result is an image strip whose elements are frames by content. An element never names a file that does not exist:
rendering one can crash Blender 5.2. Strips are looked up by id each time and never kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...inference.errors import ErrorCode, TalkingHeadError
from .. import compat
from ..jobs.builder import PreparedJob
from . import file_session, folders, follow, lookup, mattes
from .channels import free_channel
from .pairs import ROLE_RESULT
from .result_layout import Layout, merged
from .result_placement import layout_of, place, set_elements

NAME_SUFFIX = " Talking Head"
_TRANSFORM = ("scale_x", "scale_y", "offset_x", "offset_y", "rotation", "origin", "filter")
_CROP = ("min_x", "max_x", "min_y", "max_y")
_LOOK = ("use_flip_x", "use_flip_y", "color_multiply", "color_saturation", "multiply_alpha")


@dataclass(frozen=True)
class Target:
    """The strips of a job, found by id. Use it at once: the strips are pointers."""

    scene: Any
    source: Any
    results: tuple[Any, ...]


def target_of(prepared: PreparedJob) -> Target | None:
    """The strips that a job belongs to now; None when its source is gone or another file was opened."""
    if prepared.file_session != file_session.current():
        return None
    source = lookup.find_source(prepared.pair_id, prepared.scene, prepared.content)
    if source is None:
        return None
    return Target(source.id_data, source, tuple(lookup.results_of(source)))


def show_plan(prepared: PreparedJob, frame_files: Sequence[str], placeholder: str) -> str | None:
    """Make or update the result strip of a job. Frames that are not there yet show what was there, or the placeholder.

    Args:
        frame_files: file names in the job's folder, one a frame.
        placeholder: name of a file in that folder that exists.

    Returns:
        The name of the result strip; None when the target is gone.

    Raises:
        TalkingHeadError: INTERNAL when the placeholder does not exist, INVALID_REQUEST when no channel is free.
    """
    target = target_of(prepared)
    if target is None:
        return None
    if not (prepared.folder / placeholder).is_file():
        raise TalkingHeadError(
            ErrorCode.INTERNAL, f"The picture {placeholder} is not in the frames folder.", "Render the strip again."
        )
    if not target.results:
        names = _existing(prepared.folder, frame_files, placeholder)
        return _create(prepared, target.source, names).name
    for result in target.results:
        _update(prepared, target.source, result, frame_files, placeholder)
    return target.results[0].name


def show_frames(prepared: PreparedJob, files: Mapping[int, str]) -> bool:
    """Show finished frames: file name by frame index. False when the target is gone; the files stay."""
    target = target_of(prepared)
    if target is None or not target.results:
        return False
    there = {index: name for index, name in files.items() if (prepared.folder / name).is_file()}
    for result in target.results:
        first = prepared.content_first - result.th_result_first
        elements = result.elements
        for index, name in there.items():
            if 0 <= first + index < len(elements) and elements[first + index].filename != name:
                elements[first + index].filename = name
    return True


def finish(prepared: PreparedJob) -> str | None:
    """End a job: refresh what Blender cached, and hide or show the source. The result's name; None when it is gone."""
    target = target_of(prepared)
    if target is None or not target.results:
        return None
    for result in target.results:
        result.invalidate_cache("RAW")
        show_source(result)  # it was hidden if its frames were missing when the file was opened
    if prepared.cut_out:
        hide_source(target.source)
    else:
        show_source(target.source)
    mattes.refresh(target.results)
    follow.frames_made(target.source, target.results, baked=prepared.baked)
    return target.results[0].name


def has_mattes(prepared: PreparedJob) -> bool:
    """Whether the frames of a job are also shown as mattes."""
    target = target_of(prepared)
    return target is not None and any(lookup.mattes_of(result) for result in target.results)


def hide_source(source: Any) -> None:
    """Mute a strip reversibly: a source, so that no second head shows below a cut-out. Sound lies in another strip."""
    if not source.th_hidden_source:
        source.th_was_muted = source.mute
        source.th_hidden_source = True
    source.mute = True


def show_source(source: Any) -> None:
    """Take back ``hide_source``."""
    if source.th_hidden_source:
        source.mute = source.th_was_muted
        source.th_hidden_source = False


def _existing(folder: Path, names: Sequence[str], placeholder: str) -> list[str]:
    there = {path.name for path in folder.iterdir()}
    return [name if name in there else placeholder for name in names]


def _create(prepared: PreparedJob, source: Any, names: list[str]) -> Any:
    container = compat.container_of(source)
    first = prepared.first_frame
    channel = free_channel(container, source.channel + 1, first, first + len(names))
    strip = compat.new_image_strip(
        container, source.name + NAME_SUFFIX, str(prepared.folder / names[0]), channel, first
    )
    strip.directory = folders.for_strip(prepared.folder)
    set_elements(strip, names)
    _set_alpha_mode(strip)
    compat.set_right(strip, first + len(names))
    lookup.remember_pair(strip, prepared.pair_id, source.name)
    strip.th_role = ROLE_RESULT
    strip.th_result_first = prepared.content_first
    _copy_look(source, strip, baked=prepared.baked)
    return strip


def _copy_look(source: Any, result: Any, *, baked: bool) -> None:
    result.blend_type, result.blend_alpha = source.blend_type, source.blend_alpha
    result.mute = source.th_was_muted if source.th_hidden_source else source.mute
    if baked:
        return
    for name in _TRANSFORM:
        setattr(result.transform, name, getattr(source.transform, name))
    for name in _CROP:
        setattr(result.crop, name, getattr(source.crop, name))
    for name in _LOOK:
        setattr(result, name, getattr(source, name))
    result.colorspace_settings.name = source.colorspace_settings.name


def _update(prepared: PreparedJob, source: Any, result: Any, frame_files: Sequence[str], placeholder: str) -> None:
    anchor = _realigned_anchor(source, result)
    before = layout_of(result, anchor)
    after = before.grown(*prepared.content)
    names = _existing(prepared.folder, [element.filename for element in result.elements], placeholder)
    # A job's frame that is not there yet keeps showing the picture of its predecessor.
    job_names = _job_names(prepared, frame_files, names, before, placeholder)
    merged_names = merged(before, names, after, prepared.content_first, job_names, placeholder)
    if folders.absolute(result.directory) != prepared.folder:
        result.directory = folders.for_strip(prepared.folder)
    set_elements(result, merged_names)
    _set_alpha_mode(result)
    if after != before or anchor != lookup.result_anchor(result):
        place(result, after, anchor)


def _realigned_anchor(source: Any, result: Any) -> int:
    """The result's anchor, or the source's where only slipping the source can have moved it away."""
    anchor = lookup.result_anchor(result)
    same_ends = compat.left(source) == compat.left(result) and compat.right(source) == compat.right(result)
    return lookup.facts_of(source).anchor if same_ends else anchor


def _job_names(
    prepared: PreparedJob, frame_files: Sequence[str], names: list[str], before: Layout, placeholder: str
) -> list[str]:
    there = _existing(prepared.folder, frame_files, "")
    offset = prepared.content_first - before.first
    old = [names[offset + i] if 0 <= offset + i < len(names) else placeholder for i in range(len(there))]
    return [name or fallback for name, fallback in zip(there, old, strict=True)]


def _set_alpha_mode(strip: Any) -> None:
    """Have Blender read frames as they are written: OpenEXR premultiplied, PNG straight, whatever the source is."""
    strip.alpha_mode = "PREMUL" if strip.elements[0].filename.endswith(".exr") else "STRAIGHT"
