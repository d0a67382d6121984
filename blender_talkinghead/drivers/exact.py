# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine takes from clips and sounds themselves (*Exact*), instead of through the sliders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...inference.controls import Group
from ...inference.engines import description_of
from ...inference.motion import mix
from . import driver_media, driver_strips
from .driver_strips import Part

GROUPS_OF: Mapping[Part, frozenset[Group]] = {
    Part.ACTING: mix.DRIVING_GROUPS,
    Part.HEAD: frozenset({Group.HEAD}),
    Part.EXPRESSION: frozenset({Group.EYES, Group.BROWS}),
}
_ORDER = (Group.HEAD, Group.EYES, Group.BROWS, Group.MOUTH)


def taken(strip: Any, part: Part = Part.ACTING) -> frozenset[Group]:
    """Groups that a strip's engine takes from a clip of the strip itself, when that is on; none if not asked for."""
    takes = description_of(strip.th_engine).takes
    if not strip.th_acting_exact or (part is not Part.ACTING and not takes.separate_clips):
        return frozenset()
    if driver_strips.acts_itself(strip):
        return frozenset()
    # A template holds motion but no pictures, so no points can be followed on them.
    if driver_media.acts_by_template(strip, part) and not takes.templates:
        return frozenset()
    return mix.exact_groups(takes) & given(strip, part)


def given(strip: Any, part: Part) -> frozenset[Group]:
    """Groups that a clip of a strip gives, however the engine takes them."""
    if part is not Part.ACTING:
        return GROUPS_OF[part]
    others = (GROUPS_OF[other] for other in added_on(strip))
    return GROUPS_OF[part].difference(*others)


def added_on(strip: Any) -> tuple[Part, ...]:
    """The clips beside the acting clip that are on."""
    return tuple(part for part in Part if part in driver_strips.ADDED and driver_strips.is_on(strip, part))


def follows_clip(strip: Any) -> bool:
    """Whether a strip's engine is shown the driving clip itself."""
    takes = description_of(strip.th_engine).takes
    return takes.driving_video and driver_strips.is_on(strip, Part.ACTING) and bool(taken(strip))


def hears(strip: Any) -> bool:
    """Whether a strip's engine listens to the sound itself."""
    return driver_strips.is_on(strip, Part.SPEECH) and (strip.th_speech_exact or only_hears(strip)) and can_hear(strip)


def can_hear(strip: Any) -> bool:
    """Whether a strip's engine could listen to the sound itself."""
    return description_of(strip.th_engine).takes.audio


def only_hears(strip: Any) -> bool:
    """Whether a strip's engine has no sliders that a sound could move instead."""
    return not description_of(strip.th_engine).controls


def needs_sound(strip: Any) -> str:
    """What a strip lacks whose engine does nothing without a sound, as a sentence; "" where nothing is missing."""
    if not (only_hears(strip) and can_hear(strip)) or driver_strips.is_on(strip, Part.SPEECH):
        return ""
    return f"{description_of(strip.th_engine).label} speaks what a sound says, and '{strip.name}' has none."


def effect(strip: Any) -> str:
    """What *Exact* does with a strip's engine and clips, as sentences for the panel."""
    engine, whole = description_of(strip.th_engine), driver_strips.sees_whole(strip)
    otherwise = "choose a clip" if whole else "the face follows by the sliders"
    if not mix.exact_groups(engine.takes):
        return f"{engine.label} cannot follow a clip itself; {otherwise}."
    if driver_media.acts_by_template(strip) and not engine.takes.templates:
        return f"{engine.label} cannot follow a motion template itself; {otherwise}."
    if driver_strips.acts_itself(strip):
        added = "; a clip would need a face" if whole else "; what a clip's face does is added by the sliders"
        return f"The shot itself acts{added}."
    if not strip.th_acting_exact and whole:
        return "Whole figures follow a clip with Exact only."
    if engine.film is not None and not strip.th_acting_exact:
        return f"The portrait performs the clip by the sliders, unseen, and {engine.label} redraws that."
    if not strip.th_acting_exact:
        return ""
    if engine.takes.whole_body and engine.film is not None:
        added = "No face is looked for." if whole else "What you set on the sliders is added to head and face."
        return f"{engine.label} performs the clip itself: body, hands and face. {added}"
    if engine.takes.whole_body:
        found = "No face is looked for. " if whole else ""
        return f"{engine.label} moves all that it sees as the clip moves. {found}Head Strength says how much."
    if not engine.takes.driving_video:
        return _points_effect(strip)
    exactly = taken(strip).union(*(taken(strip, part) for part in added_on(strip)))
    clips = "the clips themselves" if len(_exact_clips(strip)) > 1 else "the clip itself"
    what = _listed(_names(strip, exactly)) or "nothing"
    by_sliders = _listed([name for part in added_on(strip) for name in _names(strip, given(strip, part) - exactly)])
    rest = f" By the sliders: {by_sliders}." if by_sliders else ""
    verb = "follows" if engine.film is None else "redraws"
    return f"{engine.label} {verb} {clips}: {what}.{rest} What you set on the sliders is added."


def heard_effect(strip: Any) -> str:
    """What *Exact* does with the speech of a strip whose engine listens itself, as a sentence for the panel."""
    if not can_hear(strip):
        return ""
    label = description_of(strip.th_engine).label
    if only_hears(strip):
        return f"{label} listens to the sound itself. Mouth Strength says how much."
    if strip.th_speech_exact:
        return f"{label} listens to the sound itself. What you set on the mouth's sliders is added."
    return "The mouth follows by the sliders."


def _points_effect(strip: Any) -> str:
    points = _listed(sorted(_names(strip, taken(strip)), reverse=True))
    if not points:
        return "The face follows by the sliders."
    verb = "follows" if points == "mouth" else "follow"
    return f"{points.capitalize()} {verb} the actor point by point, the rest by the sliders."


def _exact_clips(strip: Any) -> list[Part]:
    return [part for part in (Part.ACTING, *added_on(strip)) if taken(strip, part)]


def _names(strip: Any, groups: frozenset[Group]) -> list[str]:
    """Groups in the panels' order; a mouth that speaks is not the actor's."""
    spoken = driver_strips.is_on(strip, Part.SPEECH)
    return [g.value for g in _ORDER if g in groups and not (spoken and g is Group.MOUTH)]


def _listed(names: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)
