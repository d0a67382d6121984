# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What drawing a film will take, before it begins: sections, passes of the networks, memory, time. Pure.

A *pass* is one refinement of one frame, and with guidance each of its computations. How long it takes was measured when
films were drawn on this computer; passes of other sizes of the drawn square take as much longer as it has more pixels.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from .engines.description import EngineDescription
from .film import Section, parts_of

SPEEDS_FILE = "film-speeds.json"
_LOG = logging.getLogger(__name__)
# How much of the networks is on the device at once, by the setting "memory".
_AT_ONCE = {"parts": 0.7, "layers": 0.2}
# Of networks that are published in 16 bit; smaller files stay as they are.
_EIGHT_BIT = 0.5


@dataclass(frozen=True)
class Estimate:
    """What drawing some frames of a film will take.

    Attributes:
        frames: frames that are drawn, with those that only others need; some of them twice.
        sections: sections that are drawn.
        passes: refinements of single frames.
        memory_mb: of the graphics card, or of the computer without one; rough.
        seconds: time; None where nothing is known of this computer's speed.
    """

    frames: int
    sections: int
    passes: int
    memory_mb: int
    seconds: float | None

    def to_dict(self) -> dict[str, object]:
        """JSON form."""
        return asdict(self)


class FilmSpeeds:
    """Measured seconds of a pass, in a file that worker and host read.

    Args:
        path: ``SPEEDS_FILE`` in the worker's cache folder; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def seconds_a_pass(self, engine: str, size_px: int, device: str) -> float | None:
        """Seconds of a pass, None where none was measured with this engine and device.

        Args:
            engine: ``speed_name``.
            size_px: side of the drawn square.
            device: what the user chose (``TALKINGHEAD_DEVICE``), "" for the automatic choice.
        """
        known = {int(size): seconds for size, seconds in self._read().get(_group(engine, device), {}).items()}
        if not known:
            return None
        nearest = min(known, key=lambda size: abs(size - size_px))
        return known[nearest] * (size_px / nearest) ** 2

    def note(self, engine: str, size_px: int, device: str, seconds_a_pass: float) -> None:
        """Keep what was measured; a folder that cannot be written forgets it."""
        speeds = self._read()
        speeds.setdefault(_group(engine, device), {})[str(size_px)] = round(seconds_a_pass, 6)
        part = self._path.with_name(f".{self._path.name}-{secrets.token_hex(4)}.part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps(speeds, indent=1), encoding="utf-8")
            os.replace(part, self._path)
        except OSError as error:
            _LOG.warning("The speed of %s cannot be kept: %s", engine, error)

    def _read(self) -> dict[str, dict[str, float]]:
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            return {
                str(group): {str(int(size)): float(seconds) for size, seconds in sizes.items() if float(seconds) > 0}
                for group, sizes in content.items()
            }
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError) as error:
            _LOG.warning("%s cannot be read and is measured anew: %s", self._path, error)
            return {}


def film_estimate(
    engine: EngineDescription,
    settings: Mapping[str, object],
    count: int,
    speeds: FilmSpeeds,
    device: str = "",
    frames: Collection[int] | None = None,
) -> Estimate | None:
    """What a film takes of which nothing is kept; None for engines that draw frame by frame.

    Args:
        settings: all of the engine's.
        count: frames of the film.
        device: as in :meth:`FilmSpeeds.seconds_a_pass`.
        frames: indices of the frames that are wanted; None for all.
    """
    if engine.film is None:
        return None
    sections = engine.sections(count, settings)
    wanted = range(count) if frames is None else frames
    drawn = [part.section for part in parts_of(sections, wanted)]
    return sections_estimate(engine, settings, drawn, speeds, device)


def sections_estimate(
    engine: EngineDescription,
    settings: Mapping[str, object],
    sections: Sequence[Section],
    speeds: FilmSpeeds,
    device: str = "",
) -> Estimate:
    """What drawing these sections takes."""
    passes = sum(passes_of(engine, settings, section) for section in sections)
    a_pass_s = speeds.seconds_a_pass(speed_name(engine, settings), drawn_size_px(engine, settings), device)
    return Estimate(
        frames=sum(len(section.frames) for section in sections),
        sections=len(sections),
        passes=passes,
        memory_mb=_memory_mb(engine, settings),
        seconds=None if a_pass_s is None else round(passes * a_pass_s, 1),
    )


def passes_of(engine: EngineDescription, settings: Mapping[str, object], section: Section) -> int:
    """Refinements of single frames that a section takes; at least one for each frame."""
    assert engine.film is not None
    steps = int(str(settings.get(engine.film.steps_setting, 1)))
    part = float(str(settings.get(engine.film.part_setting, 1.0)))
    return engine.film.drawn_frames(section) * max(1, round(steps * part)) * engine.film.computations(settings)


def speed_name(engine: EngineDescription, settings: Mapping[str, object]) -> str:
    """What speeds are noted for: an engine, or one of its models where these are of different size."""
    assert engine.film is not None
    return (engine.weight_set(settings) if engine.film.chained else "") or engine.name


def drawn_size_px(engine: EngineDescription, settings: Mapping[str, object]) -> int:
    """Side of the square that an engine draws."""
    assert engine.film is not None
    return int(str(settings.get(engine.film.size_setting, engine.film.full_size_px)))


def _memory_mb(engine: EngineDescription, settings: Mapping[str, object]) -> int:
    rule = engine.film
    assert rule is not None
    area = (drawn_size_px(engine, settings) / rule.full_size_px) ** 2
    networks = dict(rule.networks_by_set).get(str(settings.get(engine.set_setting)), 1.0)
    if settings.get("precision") == "eight" and networks >= 1:
        networks *= _EIGHT_BIT
    networks *= rule.networks * _AT_ONCE.get(str(settings.get("memory")), 1.0)
    numbers = 2 if settings.get("precision") == "full" else 1
    return round(engine.memory_mb * numbers * (networks + (1 - rule.networks) * area))


def _group(engine: str, device: str) -> str:
    return f"{engine} on {device or 'auto'}"
