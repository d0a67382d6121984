# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Matte strips: the alpha of a result's frames as grey pictures, for Mask inputs of modifiers and luma mattes.

A matte lies where its result lies, with the same look, and is muted, so that it covers nothing: Blender's modifiers
read muted strips as well. Its pictures are those of the result's frames, by name.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...inference.errors import ErrorCode, TalkingHeadError
from ...inference.job import matte_name
from .. import compat
from . import folders, lookup
from .channels import free_channel
from .pairs import ROLE_MATTE, ROLE_RESULT
from .result_placement import layout_of, place, set_elements

NAME_SUFFIX = " Matte"
_TRANSFORM = ("scale_x", "scale_y", "offset_x", "offset_y", "rotation", "origin", "filter")
_CROP = ("min_x", "max_x", "min_y", "max_y")
_FLIPS = ("use_flip_x", "use_flip_y")


def frames_of(source: Any) -> tuple[str, ...]:
    """File names of the frames that the results of a source show, each once.

    Raises:
        TalkingHeadError: INVALID_REQUEST when there is no result.
    """
    results = lookup.results_of(source)
    if not results:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST, f"The strip '{source.name}' has no rendered frames.", "Render its frames first."
        )
    return tuple(dict.fromkeys(element.filename for result in results for element in result.elements))


def add(source: Any) -> str:
    """Make a matte strip for each result of a source that has none, once the files are there; bring others up to date.

    Returns:
        The name of the first one.

    Raises:
        TalkingHeadError: INVALID_REQUEST when no channel is free.
    """
    results = lookup.results_of(source)
    for result in results:
        if not lookup.mattes_of(result):
            _create(result)
    refresh(results)
    return lookup.mattes_of(results[0])[0].name


def refresh(results: Iterable[Any]) -> None:
    """Have the mattes of some results show the frames, the place and the look that the results have now."""
    for result in results:
        mattes = lookup.mattes_of(result)
        for matte in mattes:
            _take_over(matte, result, place_too=len(mattes) == 1)


def follow(strips: Iterable[Any]) -> None:
    """Have mattes lie where their results lie now.

    Args:
        strips: those of one id in one scene.
    """
    known = tuple(strips)
    if any(strip.th_role == ROLE_MATTE for strip in known):
        refresh([strip for strip in known if strip.th_role == ROLE_RESULT])


def _create(result: Any) -> None:
    container, (first, end) = compat.container_of(result), (compat.left(result), compat.right(result))
    channel = free_channel(container, result.channel + 1, first, end)
    file = folders.absolute(result.directory) / matte_name(result.elements[0].filename)
    matte = compat.new_image_strip(container, result.th_owner + NAME_SUFFIX, str(file), channel, first)
    # So that it shows content of its result, by which it is found; the rest is taken over.
    matte.th_result_first = first - lookup.result_anchor(result)
    lookup.remember_pair(matte, result.th_id, result.th_owner)
    matte.th_role = ROLE_MATTE
    matte.mute = True


def _take_over(matte: Any, result: Any, *, place_too: bool) -> None:
    """Frames, place and look of a result. Muting, blending and opacity are the user's, and where it was cut."""
    if matte.lock:
        return
    folder = folders.absolute(result.directory)
    names = [matte_name(element.filename) for element in result.elements]
    there = {path.name for path in folder.glob("*.matte.png")}
    stand_in = next((name for name in names if name in there), None)
    if stand_in is None:  # its files are gone, and naming a missing file can crash Blender
        return
    if folders.absolute(matte.directory) != folder:
        matte.directory = result.directory
    set_elements(matte, [name if name in there else stand_in for name in names])
    anchor = lookup.result_anchor(result)
    wanted = layout_of(result, anchor)
    if place_too and (anchor != lookup.result_anchor(matte) or wanted != layout_of(matte, anchor)):
        place(matte, wanted, anchor)
    for owner, other, attributes in (
        (matte.transform, result.transform, _TRANSFORM), (matte.crop, result.crop, _CROP), (matte, result, _FLIPS),
    ):  # fmt: skip
        for name in attributes:
            if getattr(owner, name) != getattr(other, name):
                setattr(owner, name, getattr(other, name))
