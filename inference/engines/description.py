# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine says about itself: pure data, from which panels, keys and set-up are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from ..controls import RIG_NAMES
from ..errors import ErrorCode, TalkingHeadError
from ..film import FilmRule
from ..film import Section as FilmSection


class SettingKind(str, Enum):
    """Type of a setting."""

    SWITCH = "switch"
    WHOLE = "whole"
    NUMBER = "number"
    CHOICE = "choice"
    TEXT = "text"
    PATH = "path"


class Section(str, Enum):
    """Where panels show a setting; the value is the sub-panel's label, "" the engine's own panel."""

    MAIN = ""
    PROMPT = "Prompt"
    DRIVING = "Driving Clip"
    PICTURE = "Picture"
    SAMPLE = "Sample"
    SAMPLING = "Sampling"
    MASK = "Mask"
    STAGES = "Stages"


@dataclass(frozen=True)
class Choice:
    """One item of a CHOICE setting; ``weights`` is the weight set that it needs besides the engine's own."""

    value: str
    label: str
    description: str
    weights: str = ""


When = tuple[tuple[str, tuple[str, ...]], ...]
"""(setting, values) of all settings that something depends on; () for what depends on none."""


def _fulfilled(when: When, settings: Mapping[str, object]) -> bool:
    return all(settings.get(name) in values for name, values in when)


@dataclass(frozen=True)
class Setting:
    """One setting of an engine. Blender's strip property is ``th_<engine>_<name>``.

    ``afterwards``: what is drawn does not depend on it, so that a film need not be drawn again when it changes: it is
    applied to what was drawn, or says where that is computed.
    ``when``: only with these values of other settings does it change anything, and do panels show it.
    ``one_source``: it is about one source's pictures, so that presets leave it out, as they do with files.
    ``placed``: an operator writes it, and panels do not show what it says.
    """

    name: str
    kind: SettingKind
    default: object
    label: str
    description: str
    choices: tuple[Choice, ...] = ()
    minimum: float = 0.0
    maximum: float = 1.0
    section: Section = Section.MAIN
    afterwards: bool = False
    when: When = ()
    one_source: bool = False
    placed: bool = False

    def matters(self, settings: Mapping[str, object]) -> bool:
        """Whether it changes anything with these settings of its engine."""
        return _fulfilled(self.when, settings)

    def checked(self, value: object) -> object:
        """The value if the setting takes it.

        Raises:
            TalkingHeadError: INVALID_REQUEST.
        """
        kinds = {
            SettingKind.SWITCH: bool,
            SettingKind.WHOLE: int,
            SettingKind.CHOICE: str,
            SettingKind.TEXT: str,
            SettingKind.PATH: str,
        }
        fits = isinstance(value, kinds.get(self.kind, (int, float)))
        if self.kind is SettingKind.CHOICE:
            fits = value in [choice.value for choice in self.choices]
        elif self.kind in (SettingKind.WHOLE, SettingKind.NUMBER):
            fits = fits and not isinstance(value, bool) and self.minimum <= value <= self.maximum  # type: ignore[operator]
        if not fits:
            raise TalkingHeadError(
                ErrorCode.INVALID_REQUEST, f"{self.label} cannot be {value!r}.", f"It must be {self._allowed()}."
            )
        return value

    def _allowed(self) -> str:
        if self.kind is SettingKind.CHOICE:
            return "one of " + ", ".join(choice.value for choice in self.choices)
        if self.kind in (SettingKind.WHOLE, SettingKind.NUMBER):
            return f"a number from {self.minimum:g} to {self.maximum:g}"
        return "on or off" if self.kind is SettingKind.SWITCH else "text"


@dataclass(frozen=True)
class Stage:
    """Pictures that an engine makes on the way to a frame, which users can look at, correct and give back.

    Attributes:
        setting: the PATH setting that corrected ones are given back with: a folder of pictures, or a movie.
        grey: they are masks, white where something counts.
        when: only with these values of settings is there such a stage.
        whole: they show the whole picture of the source; else a part of it.
    """

    name: str
    label: str
    description: str
    setting: str
    grey: bool = False
    when: When = ()
    whole: bool = True

    def exists(self, settings: Mapping[str, object]) -> bool:
        """Whether the engine makes such pictures with these settings."""
        return _fulfilled(self.when, settings)


@dataclass(frozen=True)
class Takes:
    """What can drive an engine besides the rig.

    Attributes:
        driving_video: it is shown the driving clip itself.
        templates: instead of a clip it takes LivePortrait's motion templates as well (needs ``driving_video``).
        separate_clips: it takes head and expression from clips of their own (needs ``driving_video``).
        landmark_motion: it takes the displacement of landmarks.
        audio: it listens to the sound itself.
        prompt: it is told in words what to draw.
        whole_body: it can animate more than faces: settings decide (``EngineDescription.sees_whole``).
        neutral_body: it measures the actor's body where the clip begins, or on a neutral picture that somebody chose.
        measures_source: it finds out about the source what takes long, and keeps it (``Drivers.notes``).
    """

    driving_video: bool = False
    templates: bool = False
    separate_clips: bool = False
    landmark_motion: bool = False
    audio: bool = False
    prompt: bool = False
    whole_body: bool = False
    neutral_body: bool = False
    measures_source: bool = False


LARGE_MB = 1000
"""Engines that take so much tell it in the panel, and are not kept while the worker idles or Blender renders."""


@dataclass(frozen=True)
class EngineDescription:
    """An engine before it is loaded.

    Attributes:
        version: part of every frame's key; raised when the engine's pixels change.
        tier: requirements file of its packages ("base", "neural", "diffusion").
        weights: names in the weights catalogue.
        optional_sets: weight sets that it uses where they are there.
        whole_when: (setting, values): with these values no face is looked for, neither in the source nor in the clip.
        self_acting: with these values of settings the source's own pictures act; no clip is shown to the engine.
        whole_source_when: with these values of settings a frame depends on all pictures of the source.
        set_setting: the CHOICE setting that picks the engine's set of large weights, "" for an engine without.
        neighbours: how many pictures before and after a frame's own it looks at, in moving sources.
        memory_mb: what it needs at 1080p.
        film: how its films are cut, for engines that draw neighbouring frames together; None for others.
        stages: what it makes on the way to a frame and can show (``engine.ChainSession.stage``).
        module: module inside ``inference.engines`` whose ``create()`` returns the engine.
    """

    name: str
    label: str
    version: int
    summary: str
    licence: str
    tier: str
    module: str
    weights: tuple[str, ...] = ()
    optional_sets: tuple[str, ...] = ()
    set_setting: str = ""
    whole_when: tuple[str, tuple[str, ...]] = ("", ())
    self_acting: When = ()
    whole_source_when: When = ()
    controls: tuple[str, ...] = RIG_NAMES
    takes: Takes = Takes()
    neighbours: int = 0
    memory_mb: int = 0
    film: FilmRule | None = None
    settings: tuple[Setting, ...] = ()
    stages: tuple[Stage, ...] = ()

    def weight_set(self, settings: Mapping[str, object]) -> str:
        """Name of the weight set (``weights.catalogue``) that these settings need, "" for none: engine_choice."""
        return f"{self.name}_{settings[self.set_setting]}" if self.set_setting else ""

    def needed_sets(self, settings: Mapping[str, object]) -> tuple[str, ...]:
        """Names of all weight sets that these settings need: the engine's own, and those of chosen values."""
        chosen = (
            choice.weights
            for setting in self.settings
            if setting.matters(settings)
            for choice in setting.choices
            if choice.weights and choice.value == settings[setting.name]
        )
        return tuple(name for name in (self.weight_set(settings), *chosen) if name)

    def sees_whole(self, settings: Mapping[str, object]) -> bool:
        """Whether whole pictures are animated with these settings, so that there need be no face."""
        name, values = self.whole_when
        return bool(name) and settings.get(name) in values

    def heeded(self, settings: Mapping[str, object]) -> tuple[str, ...]:
        """Names of the controls that change anything with these settings: films of whole figures heed none."""
        return () if self.film is not None and self.sees_whole(settings) else self.controls

    def acts_itself(self, settings: Mapping[str, object]) -> bool:
        """Whether the source's own pictures act with these settings, instead of a clip."""
        return bool(self.self_acting) and _fulfilled(self.self_acting, settings)

    def follows_source(self, settings: Mapping[str, object]) -> bool:
        """Whether a frame depends on all pictures of the source with these settings, not only on those around."""
        return bool(self.whole_source_when) and _fulfilled(self.whole_source_when, settings)

    def sections(self, count: int, settings: Mapping[str, object]) -> tuple[FilmSection, ...]:
        """The sections in which a film of so many frames is drawn; () for engines that draw frame by frame."""
        if self.film is None:
            return ()
        overlap = int(str(settings[self.film.overlap_setting])) if self.film.overlap_setting else None
        return self.film.sections(count, int(str(settings[self.film.length_setting])), overlap)

    def settings_from(self, values: Mapping[str, object]) -> dict[str, object]:
        """All settings: given values over the defaults, checked.

        Raises:
            TalkingHeadError: INVALID_REQUEST for an unknown setting or a value it does not take.
        """
        known = {setting.name: setting for setting in self.settings}
        for name in values:
            if name not in known:
                raise TalkingHeadError(
                    ErrorCode.INVALID_REQUEST,
                    f"{self.label} has no setting '{name}'.",
                    "Use one of: " + ", ".join(known) + ".",
                )
        return {name: setting.checked(values.get(name, setting.default)) for name, setting in known.items()}
