# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user should know of a clip, in sentences. Pictures are counted from 1 in them, as people do."""

from __future__ import annotations

import numpy as np

from ..motion.track import Finding
from .holding import Holding
from .recording import Recording

# Below this distance of the outer eye corners, in px, eyelids and lips are hardly measured.
SMALL_PX = 24


def findings_of(recording: Recording, holding: Holding) -> tuple[Finding, ...]:
    """All findings, in the order of the clip."""
    found = [_lost(first, last) for first, last in holding.spans]
    found += [cut_finding(picture, bool(recording.found[picture])) for picture in recording.cuts]
    if recording.faces > 1:
        found.append(_several(recording))
    found += _small(recording)
    return tuple(sorted(found, key=lambda finding: (finding.first, finding.last)))


def _lost(first: int, last: int) -> Finding:
    pose = "the first pose that was seen" if first == 0 else "its last pose"
    where = _pictures(first, last, last - first + 1)
    return Finding("lost", first, last, f"The face was lost in {where}; {pose} is held there.")


def cut_finding(picture: int, found: bool) -> Finding:
    """Another shot begins; ``found`` tells whether a face is followed there."""
    text = f"Another shot begins with picture {picture + 1}"
    text += "; the face that is most like the one before is followed." if found else "."
    return Finding("cut", picture, picture, text)


def _several(recording: Recording) -> Finding:
    first, last = recording.crowded
    text = f"Up to {recording.faces} faces were seen at once; the chosen one is followed by its place and size."
    return Finding("several", first, last, text)


def _small(recording: Recording) -> list[Finding]:
    span = recording.column("span")
    small = np.flatnonzero(span < SMALL_PX)
    if not small.size:
        return []
    first, last = int(small[0]), int(small[-1])
    least_px = max(1, round(float(np.nanmin(span))))
    pixels = "1 pixel" if least_px == 1 else f"{least_px} pixels"
    text = (
        f"The face is very small in {_pictures(first, last, small.size)} "
        f"({pixels} from eye to eye); blinks and lips are uncertain there."
    )
    return [Finding("small", first, last, text)]


def _pictures(first: int, last: int, count: int) -> str:
    """One picture by its number, several by the first and the last one, with their count where it is less."""
    if first == last:
        return f"picture {first + 1}"
    whole = count == last - first + 1
    return f"pictures {first + 1} to {last + 1}" if whole else f"{count} pictures from {first + 1} to {last + 1}"
