# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests of the protocol (docs/worker_protocol.md): their fields checked, their work done, their answer made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from ..errors import ErrorCode, TalkingHeadError
from ..job import Job, load
from ..protocol import Message, with_array
from ..source import Source
from .mattes import make_mattes
from .sessions import Sessions
from .task import Task


def answer(message: Message, task: Task, sessions: Sessions) -> Message:
    """Do what a request asks.

    Returns:
        The ``done`` message, without ``id``.

    Raises:
        TalkingHeadError: what ``error`` or ``cancelled`` tells.
    """
    return _HANDLERS[message.type](message, task, sessions)


def known(type_: str) -> bool:
    """Whether there is such a request."""
    return type_ in _HANDLERS


def _ping(message: Message, task: Task, sessions: Sessions) -> Message:
    return Message("done")


def _unload(message: Message, task: Task, sessions: Sessions) -> Message:
    large = message.fields.get("large", False)
    if not isinstance(large, bool):
        raise _invalid("'large' must be true or false")
    return Message("done", {"engines": sessions.unload_large() if large else sessions.unload()})


def _devices(message: Message, task: Task, sessions: Sessions) -> Message:
    from .devices import devices

    return Message("done", {**devices(), "loaded": sessions.loaded()})


def _run(message: Message, task: Task, sessions: Sessions) -> Message:
    from .runner import run

    only = _only(message)
    mattes = message.fields.get("mattes", False)
    if not isinstance(mattes, bool):
        raise _invalid("'mattes' must be true or false")
    path = Path(_text(message, "job"))
    done = run(task, path, only, sessions)
    if mattes:
        make_mattes(task, path.parent, [name for name in load(path).frame_files if (path.parent / name).is_file()])
    return Message("done", done)


def _stage(message: Message, task: Task, sessions: Sessions) -> Message:
    from .stages import make_stage

    job, folder = Path(_text(message, "job")), Path(_text(message, "folder"))
    return Message("done", make_stage(task, job, _text(message, "stage"), folder, _only(message), sessions))


def _preview(message: Message, task: Task, sessions: Sessions) -> Message:
    from .preview import preview

    job = Job.from_dict(_object(message, "job"))
    pixels, size = preview(job, _whole(message, "max_size"), sessions, task)
    return with_array("done", pixels, size=list(size))


def _analyse(message: Message, task: Task, sessions: Sessions) -> Message:
    from .analyse import analyse

    source = Source.from_dict(_object(message, "source"))
    return Message("done", analyse(source, _whole(message, "picture"), sessions))


def _capture(message: Message, task: Task, sessions: Sessions) -> Message:
    from ..acting import CaptureSpec
    from ..capture.read import captured

    found = captured(CaptureSpec.from_dict(_object(message, "spec")), sessions, task)
    counts = {"pictures": found.pictures, "faces": found.faces, "cached": found.cached}
    return with_array("done", found.track.array(), **found.track.fields(), **counts)


def _speak(message: Message, task: Task, sessions: Sessions) -> Message:
    from ..speech.sound import Zero
    from ..speech.speech import SpeechSpec, read_speech

    transcript, zero = message.fields.get("transcript", ""), message.fields.get("zero", Zero.SOUND)
    if not isinstance(transcript, str):
        raise _invalid("'transcript' must be text")
    if zero not in list(Zero):
        raise _invalid("'zero' must be 'sound' or 'picture'")
    spec = SpeechSpec(Path(_text(message, "sound")), transcript, _whole(message, "stream"), Zero(zero))
    speech = read_speech(spec, sessions.digests, task, sessions.cache)
    return with_array("done", speech.track.array(), **speech.fields())


def _export(message: Message, task: Task, sessions: Sessions) -> Message:
    from ..media.export import MovieExport, export_movie
    from ..performance import parse_rate

    names = _names(message)
    folder = Path(_text(message, "folder"))
    sound = message.fields.get("sound")
    export = MovieExport(
        frames=tuple(folder / name for name in names),
        rate=parse_rate(message.fields.get("rate")),
        codec=_text(message, "codec"),
        output=Path(_text(message, "output")),
        sound=Path(str(sound)) if sound else None,
    )
    task.stage("writing the movie", len(names))

    def step(done: int) -> None:
        task.check()
        task.progress(done, len(names), "writing the movie")
        task.between()

    export_movie(export, step)
    return Message("done", {"output": str(export.output), "frames": len(names)})


def _matte(message: Message, task: Task, sessions: Sessions) -> Message:
    from ..media.mattes import check_transparent

    folder, names = Path(_text(message, "folder")), _names(message)
    check_transparent(folder, names)
    return Message("done", {"written": make_mattes(task, folder, names)})


_HANDLERS = {
    "ping": _ping,
    "analyse": _analyse,
    "run": _run,
    "stage": _stage,
    "preview": _preview,
    "capture": _capture,
    "speak": _speak,
    "export": _export,
    "matte": _matte,
    "unload": _unload,
    "devices": _devices,
}


def _names(message: Message) -> list[str]:
    """The file names in the payload."""
    try:
        names = json.loads(message.payload)
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _invalid("the payload must be a JSON list of file names")
    return names


def _only(message: Message) -> list[int] | None:
    only = message.fields.get("only")
    if only is not None and not (isinstance(only, list) and all(type(index) is int for index in only)):
        raise _invalid("'only' must be a list of frame indices")
    return only


def _text(message: Message, name: str) -> str:
    value = message.fields.get(name)
    if not isinstance(value, str) or not value:
        raise _invalid(f"'{name}' must be text")
    return value


def _whole(message: Message, name: str) -> int:
    value = message.fields.get(name)
    if type(value) is not int:
        raise _invalid(f"'{name}' must be a whole number")
    return value


def _object(message: Message, name: str) -> Mapping[str, object]:
    value = message.fields.get(name)
    if not isinstance(value, dict):
        raise _invalid(f"'{name}' must be an object")
    return value


def _invalid(details: str) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.INVALID_REQUEST, f"The worker cannot use the request: {details}.", "Update Talking Head."
    )
