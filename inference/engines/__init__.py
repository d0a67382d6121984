# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engines by name. Importing this loads descriptions only, never a network."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import ErrorCode, TalkingHeadError
from .description import EngineDescription
from .edtalk.description import EDTALK
from .hellomeme.description import HELLOMEME
from .liveportrait.description import LIVEPORTRAIT
from .omniavatar.description import OMNIAVATAR
from .pipelines.description import WANANIMATE2
from .puppet.description import PUPPET
from .tpsmm.description import TPSMM
from .wananimate.description import WANANIMATE
from .xportrait.description import XPORTRAIT

DEFAULT_ENGINE = PUPPET.name
ENGINES: Mapping[str, EngineDescription] = {
    engine.name: engine
    for engine in (PUPPET, LIVEPORTRAIT, TPSMM, EDTALK, HELLOMEME, XPORTRAIT, WANANIMATE, OMNIAVATAR, WANANIMATE2)
}


def description_of(name: str) -> EngineDescription:
    """The description of an engine.

    Raises:
        TalkingHeadError: INVALID_REQUEST.
    """
    if name not in ENGINES:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST, f"There is no engine named '{name}'.", "Use one of: " + ", ".join(ENGINES) + "."
        )
    return ENGINES[name]
