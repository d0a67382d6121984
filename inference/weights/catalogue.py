# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The weight files that engines need: what they are, under which licence, and where they come from.

Pure: standard library only, shared with Blender, so that set-up can show sizes and licences before it asks.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import ErrorCode, TalkingHeadError
from .edtalk import EDTALK_FILES, EDTALK_SETS
from .entries import PackageSource, Part, UrlSource, WeightFile, WeightSet
from .face_models import FACE_MODELS
from .hellomeme import HELLOMEME_FILES, HELLOMEME_SETS
from .liveportrait import LIVEPORTRAIT_FILES, LIVEPORTRAIT_SETS
from .omniavatar import OMNIAVATAR_FILES, OMNIAVATAR_SETS
from .sd15 import SD15_FILES
from .tpsmm import TPSMM_FILES, TPSMM_SETS
from .wan import WAN_FILES
from .wananimate import WANANIMATE_FILES, WANANIMATE_SETS
from .wananimate2 import WANANIMATE2_FILES, WANANIMATE2_SETS
from .xportrait import XPORTRAIT_FILES, XPORTRAIT_SETS

__all__ = [
    "BY_NAME",
    "CATALOGUE",
    "FACE_MODELS",
    "SETS",
    "PackageSource",
    "Part",
    "UrlSource",
    "WeightFile",
    "WeightSet",
    "weight_file",
    "weight_set",
]

CATALOGUE: tuple[WeightFile, ...] = (
    *FACE_MODELS,
    *LIVEPORTRAIT_FILES,
    *TPSMM_FILES,
    *EDTALK_FILES,
    *HELLOMEME_FILES,
    *XPORTRAIT_FILES,
    *SD15_FILES,
    *WAN_FILES,
    *WANANIMATE_FILES,
    *OMNIAVATAR_FILES,
    *WANANIMATE2_FILES,
)
BY_NAME: Mapping[str, WeightFile] = {file.name: file for file in CATALOGUE}
_ALL_SETS = (
    *(LIVEPORTRAIT_SETS, TPSMM_SETS, EDTALK_SETS),
    *(HELLOMEME_SETS, XPORTRAIT_SETS, WANANIMATE_SETS, OMNIAVATAR_SETS, WANANIMATE2_SETS),
)
SETS: Mapping[str, WeightSet] = {entry.name: entry for sets in _ALL_SETS for entry in sets}


def weight_file(name: str) -> WeightFile:
    """The catalogue's entry.

    Raises:
        TalkingHeadError: INVALID_REQUEST for a name that is not in the catalogue.
    """
    if name not in BY_NAME:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            f"There are no weights named '{name}'.",
            "Use one of: " + ", ".join(BY_NAME) + ".",
        )
    return BY_NAME[name]


def weight_set(name: str) -> WeightSet:
    """The catalogue's set.

    Raises:
        TalkingHeadError: INVALID_REQUEST for a name that is not in the catalogue.
    """
    if name not in SETS:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            f"There is no set of models named '{name}'.",
            "Use one of: " + ", ".join(SETS) + ".",
        )
    return SETS[name]
