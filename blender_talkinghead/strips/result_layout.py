# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the list of a result's pictures changes when a job covers other frames than before; no Blender in here.

All numbers are content frames of the source; ends are exclusive.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Layout:
    """The pictures of a result strip: content frames ``first`` to ``end``, of which some are visible."""

    first: int
    end: int
    visible_first: int
    visible_end: int

    def grown(self, first: int, end: int) -> Layout:
        """The layout that also holds the frames of a job.

        New frames become visible only at ends that were not trimmed: a result that the user cut keeps its cut.
        """
        new_first, new_end = min(self.first, first), max(self.end, end)
        return Layout(
            new_first,
            new_end,
            min(new_first, self.visible_first) if self.visible_first <= self.first else self.visible_first,
            max(new_end, self.visible_end) if self.visible_end >= self.end else self.visible_end,
        )


def merged(
    layout: Layout, names: list[str], grown: Layout, job_first: int, job_names: list[str], filler: str
) -> list[str]:
    """The file names of a grown layout: the job's where it has some, else those it had, else the filler."""
    merged_names = [filler] * (grown.end - grown.first)
    start = layout.first - grown.first
    merged_names[start : start + len(names)] = names
    start = job_first - grown.first
    merged_names[start : start + len(job_names)] = job_names
    return merged_names
