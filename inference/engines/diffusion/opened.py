# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sessions of engines that draw films have in common: settings, warnings, networks read when they are needed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar
from weakref import ReferenceType, ref

log = logging.getLogger(__name__)

Networks = TypeVar("Networks")


class Opened(Generic[Networks]):
    """An engine that is open on a source.

    Attributes:
        warnings: sentences about source, drivers and model files that the user should read.
    """

    def __init__(self, settings: Mapping[str, object], load: Callable[[], tuple[Networks, Sequence[str]]]) -> None:
        """Nothing is loaded yet.

        Args:
            load: gives the networks and the warnings about their files; called when they are first needed.
        """
        self.warnings: list[str] = []
        self._settings = settings
        self._load = load
        # Not held: the engine does, as long as no other networks need their room.
        self._drawing: ReferenceType[Networks] | None = None

    def _networks(self) -> Networks:
        """The networks, got again where they were let go of; to be held only while they draw."""
        networks = None if self._drawing is None else self._drawing()
        if networks is None:
            networks, warnings = self._load()
            self._drawing = ref(networks)
            self._warn(*warnings)
        return networks

    def _whole(self, name: str) -> int:
        return int(self._settings[name])  # type: ignore[call-overload]

    def _number(self, name: str) -> float:
        return float(self._settings[name])  # type: ignore[arg-type]

    def _warn(self, *sentences: str) -> None:
        for sentence in sentences:
            if sentence not in self.warnings:
                self.warnings.append(sentence)
                log.warning(sentence)
