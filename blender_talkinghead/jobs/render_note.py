# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the note on a job's results true while the job goes on: what was rendered, and how much of it is missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..strips import rendered, results
from ..strips.rendered import Rendered
from .builder import PreparedJob
from .runner import frames_text


class RenderNote:
    """The note of one job.

    Args:
        only: indices of the frames that are computed, None for all.
    """

    def __init__(self, prepared: PreparedJob, only: Sequence[int] | None) -> None:
        self._prepared = prepared
        self._computed = range(len(prepared.job.performance)) if only is None else sorted(only)
        self._missing: set[int] = set()
        self._begun = False
        self._planned: Rendered | None = None

    def begin(self, files: Sequence[str]) -> None:
        """The plan is known: the name of each frame's file.

        Results are noted with the first frame that is there: a job that is refused before it changes nothing.
        """
        self._begun = True
        if not self._computed:
            return
        there = {path.name for path in self._prepared.folder.iterdir()}
        self._missing = {index for index in self._computed if files[index] not in there}
        first = self._prepared.content_first
        last = first + self._computed[-1]
        self._planned = Rendered(self._prepared.source_state, first + self._computed[0], last + 1, len(self._missing))
        self._write_plan()

    def finished(self, indices: Iterable[int]) -> None:
        """These frames are there now."""
        self._missing.difference_update(indices)
        self._write_plan()

    def canceled_text(self) -> str:
        """What to tell of a job that was canceled."""
        total, kept = len(self._computed), len(self._computed) - len(self._missing)
        if not total:
            return "Canceled."
        if not self._begun or not kept:
            return "Canceled before the first frame was finished."
        return f"Canceled with {kept} of {frames_text(total)} finished, which are kept."

    def end(self) -> None:
        """The job has ended, completely or not."""
        if self._computed:
            rendered.end(self._results(), self._prepared.source_state, len(self._missing))

    def _write_plan(self) -> None:
        if self._planned is not None and len(self._missing) < len(self._computed):
            rendered.begin(self._results(), self._planned)
            self._planned = None

    def _results(self) -> Sequence[Any]:
        target = results.target_of(self._prepared)
        return () if target is None else target.results
