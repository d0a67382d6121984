# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The request ``capture``: a clip's motion over the pipe."""

from __future__ import annotations

import media
import numpy as np

from inference.acting import CaptureSpec
from inference.motion.track import Track
from inference.protocol import Message
from inference.source import Source, SourceKind
from inference.worker.requests import answer
from inference.worker.sessions import Sessions
from inference.worker.task import Task


def test_a_clip_comes_back_as_a_track(tmp_path):
    from inference.media.digests import Digests

    sessions = Sessions(media.weights(), Digests(), lambda: None, tmp_path)
    told = []
    task = Task(lambda type_, payload=b"", **fields: told.append(fields), lambda: None)
    spec = CaptureSpec(Source(SourceKind.MOVIE, (str(media.carphone()),)))
    done = answer(Message("capture", {"id": 1, "spec": spec.to_dict()}), task, sessions)
    array = np.frombuffer(done.payload, done.fields["dtype"]).reshape(done.fields["shape"])
    track = Track.from_message(done.fields, array)
    assert (len(track), str(track.rate), track.breaks) == (120, "30000/1001", ())
    assert np.isfinite(track.values).all()
    assert (done.fields["pictures"], done.fields["faces"], done.fields["cached"]) == (120, 1, False)
    assert {fields["stage"] for fields in told} == {"watching the driver"}
    assert told[-1]["done"] == told[-1]["total"] == 120
    again = answer(Message("capture", {"id": 2, "spec": spec.to_dict()}), task, sessions)
    assert again.fields["cached"] and again.payload == done.payload
