# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a session draws and finishes the sections of a film: anchors and bridges, or a chain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar, cast

import numpy as np

from ..engines.description import EngineDescription
from ..engines.engine import ChainSession, Drawn, FilmSession, FrameRequest, Session
from ..errors import ErrorCode, TalkingHeadError
from ..film import Section
from ..media.picture import Picture

Told = Callable[[int], None]
T = TypeVar("T")


class FilmDrawing(Protocol[T]):
    """What sections need besides the session. What is drawn of one has the type T."""

    def steps(self, section: Section) -> int:
        """How many steps the drawing of a section takes."""
        ...

    def draw(
        self, section: Section, requests: Sequence[FrameRequest], needed: Sequence[tuple[Section, T]], told: Told
    ) -> T:
        """Draw a section.

        Args:
            requests: all of its frames.
            needed: the sections that it needs, in their order, with what was drawn of them.
            told: called with the number of steps done.

        Raises:
            TalkingHeadError: INTERNAL for what is no drawing, and what the session raises.
        """
        ...

    def finish(
        self, section: Section, requests: Sequence[FrameRequest], drawn: T, told: Callable[[], None]
    ) -> Iterator[tuple[int, Picture]]:
        """Frames of a section from what was drawn of it.

        Args:
            told: called by sessions that decode many frames before they give the first one; raises CANCELLED when the
                request was canceled meanwhile.
        """
        ...


def drawing_of(session: Session, engine: EngineDescription) -> FilmDrawing[np.ndarray] | FilmDrawing[Drawn]:
    """How an engine's session is asked."""
    if engine.film is not None and engine.film.chained:
        return Chain(cast("ChainSession", session))
    return Anchored(cast("FilmSession", session))


class Anchored:
    """Anchors and bridges: latents of single frames, (frames of the section, ...) float32."""

    def __init__(self, session: FilmSession) -> None:
        self._session = session

    def steps(self, section: Section) -> int:
        """See :class:`FilmDrawing`."""
        return self._session.steps(section)

    def draw(
        self,
        section: Section,
        requests: Sequence[FrameRequest],
        needed: Sequence[tuple[Section, np.ndarray]],
        told: Told,
    ) -> np.ndarray:
        """See :class:`FilmDrawing`."""
        known = {
            frame: latents[frame - other.frames.start]
            for other, latents in needed
            for frame in section.known
            if frame in other.new
        }
        latents = self._session.draw(section, requests, known, told)
        if latents.dtype != np.float32 or len(latents) != len(section.frames):
            raise _no_drawing(f"{len(latents)} of {len(section.frames)} frames", str(latents.dtype))
        _check_finite(latents, section)
        return latents

    def finish(
        self, section: Section, requests: Sequence[FrameRequest], drawn: np.ndarray, told: Callable[[], None]
    ) -> Iterator[tuple[int, Picture]]:
        """See :class:`FilmDrawing`."""
        return self._session.finish(requests, drawn[[request.index - section.frames.start for request in requests]])


class Chain:
    """Sections that follow from the one before: arrays by name."""

    def __init__(self, session: ChainSession) -> None:
        self._session = session

    def steps(self, section: Section) -> int:
        """See :class:`FilmDrawing`."""
        return self._session.steps(section)

    def draw(
        self,
        section: Section,
        requests: Sequence[FrameRequest],
        needed: Sequence[tuple[Section, Drawn]],
        told: Told,
    ) -> Drawn:
        """See :class:`FilmDrawing`."""
        drawn = self._session.draw(section, requests, needed[0][1] if needed else None, told)
        _check_arrays(drawn)
        _check_finite(drawn["latents"], section)
        return drawn

    def finish(
        self, section: Section, requests: Sequence[FrameRequest], drawn: Drawn, told: Callable[[], None]
    ) -> Iterator[tuple[int, Picture]]:
        """See :class:`FilmDrawing`."""
        return self._session.finish(section, requests, drawn, told)


def _check_arrays(drawn: Mapping[str, object]) -> None:
    """What is no array of numbers could not be kept."""
    kinds = {name: values.dtype if isinstance(values, np.ndarray) else type(values) for name, values in drawn.items()}
    unfit = any(not isinstance(kind, np.dtype) or kind.hasobject for kind in kinds.values())
    if unfit or kinds.get("latents") != np.float32:
        raise _no_drawing("what cannot be kept", ", ".join(f"{name}: {kind}" for name, kind in kinds.items()))


def _check_finite(latents: np.ndarray, section: Section) -> None:
    if not np.isfinite(latents).all():
        raise TalkingHeadError(
            ErrorCode.INTERNAL,
            f"The engine drew nothing but black in the frames {section.frames[0]} to {section.frames[-1]}.",
            "Set Precision to Full, and render again; what was drawn before is kept.",
        )


def _no_drawing(what: str, details: str) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.INTERNAL, f"The engine drew {what}.", "Please report it with the log.", details=details
    )
