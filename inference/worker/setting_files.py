# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The content of what settings name: files, and folders of pictures by frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..engines.description import EngineDescription, Setting, SettingKind
from ..errors import ErrorCode, TalkingHeadError
from ..media.numbered import numbered
from .cache_folder import digest_of
from .sessions import Sessions


@dataclass(frozen=True)
class SettingFiles:
    """What is behind the PATH settings that matter and are not empty.

    Attributes:
        whole: digest of all that is behind a setting, by its name.
        by_frame: of a stage's corrected pictures in a folder, the digest of each by its frame, so that a frame depends
            on its own picture only.
    """

    whole: Mapping[str, str]
    by_frame: Mapping[str, Mapping[int, str]]

    @classmethod
    def of(cls, description: EngineDescription, settings: Mapping[str, object], sessions: Sessions) -> SettingFiles:
        """Read them.

        Args:
            settings: all of the engine's.

        Raises:
            TalkingHeadError: SOURCE_MISSING, SOURCE_UNREADABLE.
        """
        stages = {stage.setting for stage in description.stages}
        whole: dict[str, str] = {}
        by_frame: dict[str, Mapping[int, str]] = {}
        for setting in description.settings:
            path = str(settings[setting.name])
            if setting.kind is not SettingKind.PATH or not path or not setting.matters(settings):
                continue
            if setting.name in stages and Path(path).is_dir():
                pictures = {frame: sessions.digests.of(file) for frame, file in numbered(Path(path)).items()}
                by_frame[setting.name] = pictures
                whole[setting.name] = digest_of(sorted(pictures.items()))
            else:
                whole[setting.name] = _digest(setting, Path(path), sessions)
        return cls(whole, by_frame)

    def at(self, frame: int) -> dict[str, str]:
        """Digest of what is behind each setting for one frame; "" where there is no picture of it."""
        own = {name: pictures.get(frame, "") for name, pictures in self.by_frame.items()}
        return {**self.whole, **own}


def _digest(setting: Setting, path: Path, sessions: Sessions) -> str:
    try:
        return sessions.digests.of(path)
    except TalkingHeadError as error:
        if error.code is not ErrorCode.SOURCE_MISSING:
            raise
        raise TalkingHeadError(
            ErrorCode.SOURCE_MISSING,
            f"{setting.label} names {path}, which is not there.",
            f"Choose it again, or clear {setting.label}.",
        ) from None
