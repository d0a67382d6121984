# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Films: frames that engines draw together, because each depends on its neighbours. Pure.

A film longer than what is drawn at once is cut into sections. *Anchors* are drawn by themselves; a *bridge* between two
anchors is given the last frames of the one and the first of the other, and fills in what lies between. So a section
depends on itself and, if it is a bridge, on two others: a changed frame changes at most three sections, finished
sections are kept when a render is interrupted, and several computers can each draw a part.

    anchor 0          anchor 1          anchor 2
    [=============]   [=============]   [=============]
               [known|new|known]  [known|new|known]
                   bridge 0            bridge 1

Video models cannot be given what follows, so their films are *chains*: each section begins with the last frames of the
one before. A changed frame then changes its section and all that follow; what lies before is kept.

    section 0
    [=============]
               [known|new       ]
                             [known|new       ]
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """Frames of a film that are drawn together.

    Attributes:
        number: its place among the sections of the film, in order of time.
        frames: indices of its frames in the film, known ones included.
        before, after: how many of its first and last frames are known already, from the sections ``needs``.
        needs: numbers of the sections that known frames come from, ascending; () for an anchor.
    """

    number: int
    frames: range
    before: int = 0
    after: int = 0
    needs: tuple[int, ...] = ()

    @property
    def new(self) -> range:
        """Indices of the frames that the film takes from this section."""
        return range(self.frames.start + self.before, self.frames.stop - self.after)

    @property
    def known(self) -> tuple[int, ...]:
        """Indices of the frames that come from other sections, ascending."""
        return (*range(self.frames.start, self.new.start), *range(self.new.stop, self.frames.stop))


@dataclass(frozen=True)
class FilmRule:
    """How an engine's films are cut.

    Attributes:
        length_setting: the WHOLE setting that says how many frames are drawn at once; at least ``least``.
        overlap: known frames at each end of a bridge.
        steps_setting: the WHOLE setting that says how often each frame is refined.
        part_setting: the NUMBER setting that says which part of these steps is taken; "" for an engine without.
        size_setting: the CHOICE setting with the side of the drawn square in px; in other proportions, of the
            square with as many pixels.
        full_size_px: that side for which the engine's memory is told.
        chained: each section begins with the last frames of the one before; there are no anchors and bridges.
        overlap_setting: of a chain, the CHOICE setting with the number of known frames; "" where it is ``overlap``.
        lead: of a chain, frames that the engine draws before the film's first one and gives to nobody.
        grid: the number of frames at once is lowered to a multiple of this, plus 1.
        guidance_settings: NUMBER settings, see ``computations``.
        networks: which part of the engine's memory its networks take.
        networks_by_set: how many times as much they take, by the value that picks the set of weights; 1 for others.
    """

    length_setting: str
    overlap: int
    steps_setting: str = "steps"
    part_setting: str = ""
    size_setting: str = "size"
    full_size_px: int = 512
    chained: bool = False
    overlap_setting: str = ""
    lead: int = 0
    grid: int = 1
    guidance_settings: tuple[str, ...] = ()
    networks: float = 0.5
    networks_by_set: tuple[tuple[str, float], ...] = ()

    @property
    def least(self) -> int:
        """The smallest number of frames at once: a bridge must have room for something new."""
        return 2 * self.overlap + 1

    def computations(self, settings: Mapping[str, object]) -> int:
        """How often each step is computed: once where the first guidance is 1, else once more for each other value.

        Args:
            settings: those in ``guidance_settings``, at least.
        """
        values = [float(str(settings[name])) for name in self.guidance_settings]
        return 1 + len(set(values)) if values and values[0] != 1 else 1

    def drawn_frames(self, section: Section) -> int:
        """How many frames are drawn for a section; more than it has where there is a lead or a grid."""
        if not self.chained:
            return len(section.frames)
        frames = len(section.frames) + (0 if section.needs else self.lead)
        return max(frames - 1 + -(frames - 1) % self.grid, self.grid) + 1

    def sections(self, count: int, length: int, overlap: int | None = None) -> tuple[Section, ...]:
        """The sections of a film.

        The sections of a film's first frames do not change when the film gets longer, except the last two.

        Args:
            count: frames of the film.
            length: frames at once.
            overlap: known frames of each section of a chain; None for the rule's own.
        """
        if self.chained:
            return self._chain(count, length, self.overlap if overlap is None else overlap)
        length = max(length, self.least)
        period = 2 * length - 2 * self.overlap
        sections: list[Section] = []
        for start in range(0, count, period):
            end = min(start + length, count)
            if sections and end - start < self.overlap:
                sections[-1] = self._bridge(sections[-2], sections[-1].number, count)
                break
            if sections:
                sections[-1] = self._bridge(sections[-2], sections[-1].number, end, start)
            anchor = Section(2 * (start // period), range(start, end))
            sections.append(anchor)
            if end < count:
                sections.append(self._bridge(anchor, anchor.number + 1, min(start + period, count)))
        return tuple(sections)

    def _chain(self, count: int, length: int, overlap: int) -> tuple[Section, ...]:
        """The sections of a chain; each has at least one new frame."""
        least = overlap + self.lead
        length = max(length - 1 - (length - 1) % self.grid, least + -least % self.grid) + 1
        sections: list[Section] = []
        start, end = 0, 0
        while end < count:
            end = min(start + length - (0 if sections else self.lead), count)
            number = len(sections)
            known, needs = (overlap, (number - 1,)) if sections else (0, ())
            sections.append(Section(number, range(start, end), known, 0, needs))
            start = end - overlap
        return tuple(sections)

    def _bridge(self, anchor: Section, number: int, end: int, following: int | None = None) -> Section:
        """The section after an anchor.

        Args:
            end: where it ends, or where the anchor that follows ends.
            following: where the anchor that follows begins; None without.
        """
        start = anchor.frames.stop - self.overlap
        if following is None:
            return Section(number, range(start, end), self.overlap, 0, (anchor.number,))
        after = min(self.overlap, end - following)
        return Section(
            number, range(start, following + after), self.overlap, after, (anchor.number, anchor.number + 2)
        )  # fmt: skip


@dataclass(frozen=True)
class Part:
    """A section that is worked on.

    Attributes:
        frames: indices of the frames that are made from it, ascending; () where only its latents are needed, for the
            known frames of a bridge.
        kept: its latents are there already.
    """

    section: Section
    frames: tuple[int, ...]
    kept: bool = False


def parts_of(
    sections: Sequence[Section], missing: Collection[int], is_kept: Callable[[int], bool] = lambda number: False
) -> tuple[Part, ...]:
    """What must be done for some frames of a film, in an order in which it can be done.

    Args:
        sections: all sections of the film.
        missing: indices of the frames.
        is_kept: whether the latents of the section of that number are there.
    """
    wanted = {s.number: tuple(frame for frame in s.new if frame in missing) for s in sections}
    parts: dict[int, Part] = {}
    for number, frames in wanted.items():
        # Chains may go back a thousand sections, which is too deep for calls.
        asked = [number] if frames and number not in parts else []
        while asked:
            part = Part(sections[asked[-1]], wanted[asked[-1]], is_kept(asked[-1]))
            lacking = () if part.kept else [needed for needed in part.section.needs if needed not in parts]
            if lacking:
                asked += reversed(lacking)
            else:
                parts[asked.pop()] = part
    return tuple(parts.values())


def section_keys(sections: Sequence[Section], frame_keys: Sequence[str]) -> tuple[str, ...]:
    """Name of each section by all that its frames depend on: 32 hexadecimal digits.

    Args:
        frame_keys: ``job.frame_key`` of each frame of the film.
    """
    keys: dict[int, str] = {}
    # Anchors first, then in order of time: a bridge needs an anchor that follows, a chain what is before.
    for section in sorted(sections, key=lambda s: (bool(s.needs), s.number)):
        keys[section.number] = _content(section, frame_keys, [keys[number] for number in section.needs])
    return tuple(keys[section.number] for section in sections)


def _content(section: Section, frame_keys: Sequence[str], needed: Sequence[str]) -> str:
    """Its place counts as well, because the noise does that it is drawn from."""
    frames = section.frames
    return _digest(
        [frames.start, section.before, section.after, list(frame_keys[frames.start : frames.stop]), list(needed)]
    )


def film_names(sections: Sequence[Section], keys: Sequence[str], count: int) -> tuple[str, ...]:
    """Name of each frame of a film: of its section, and its place in it."""
    names = [""] * count
    for section, key in zip(sections, keys, strict=True):
        for frame in section.new:
            names[frame] = _digest([key, frame - section.frames.start])
    return tuple(names)


def _digest(content: object) -> str:
    return hashlib.blake2b(json.dumps(content).encode(), digest_size=16).hexdigest()
