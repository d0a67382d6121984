# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for the worker's client in tests of the live preview."""

from __future__ import annotations

import numpy as np
import talking


class PreviewStandIn:
    """Stands in for the worker's client: answers when the test says so, each time with another picture."""

    running, busy = True, False

    def __init__(self):
        self.requests, self.jobs, self.sizes, self.cancelled = [], [], [], []

    def submit(self, type_, fields):
        self.requests.append(talking.core("worker.client").Request(len(self.requests) + 1, type_))
        self.jobs.append(talking.shared("job").Job.from_dict(fields["job"]))
        self.sizes.append(fields["max_size"])
        return self.requests[-1]

    def begin(self):
        self.requests[-1].take(talking.shared("protocol").Message("progress", {"stage": "drawing"}))

    def finish(self):
        pixels = np.full((2, 2, 4), len(self.requests), np.uint8)
        self.requests[-1].take(talking.shared("protocol").with_array("done", pixels, size=[2, 2]))

    def slider(self, name="jaw_open"):
        return round(self.jobs[-1].performance.pose(0)[name], 3)

    def pump(self, wait_s=0.0):
        pass

    def cancel(self, request, patience_s=None):
        self.cancelled.append(request)
