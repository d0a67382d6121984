# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the worker holds in memory, and when it lets go."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from dataclasses import replace

import fake_engine
import pytest
import tint_engine
from worker_host import ROOT, host, make_job, picture, saved_job

import inference.engines
from inference.engines.engine import Drivers
from inference.film import FilmRule
from inference.media.digests import Digests
from inference.protocol import Message
from inference.weights.store import WeightStore
from inference.worker.server import _Server
from inference.worker.sessions import LARGE_MB, Sessions, Subject

HAS_TORCH = importlib.util.find_spec("torch") is not None


# Engines of films are given notes; here they are not looked at.
NOTED = Drivers(notes=object())


class Large(tint_engine.TintEngine):
    """The tint engine, as if it took much memory."""

    description = replace(tint_engine.DESCRIPTION, name="large", module="large", memory_mb=LARGE_MB)
    unloaded = 0

    def unload(self):
        type(self).unloaded += 1


class LargeFilm(tint_engine.TintEngine):
    """The same, as if it drew films."""

    description = replace(Large.description, name="largefilm", module="largefilm", film=FilmRule("steps", 1))


@pytest.fixture
def sessions(tmp_path):
    """Sessions with a small engine "tint" and a large one "large" known."""
    tint_engine.register()
    Large.unloaded = 0
    fake_engine.register(Large)
    found = Sessions(WeightStore([]), Digests(), lambda: None, tmp_path / "cache")
    yield found
    found.unload()
    fake_engine.unregister(Large)
    tint_engine.unregister()


def open_on(sessions, folder, engine, preview=False):
    picture(folder)
    job = make_job(folder, 1)
    settings = inference.engines.description_of(engine).settings_from({})
    with sessions.opened(Subject(engine, settings, job.source, job.face, preview, drivers=NOTED), [0]) as opened:
        return opened


def test_idle_frees_large_engines_and_keeps_small_ones_loaded(sessions, tmp_path):
    open_on(sessions, tmp_path, "tint")
    open_on(sessions, tmp_path, "large")
    assert sessions.loaded() == ["tint", "large"]
    sessions.rest()
    assert sessions.loaded() == ["tint"]
    assert Large.unloaded == 1
    open_on(sessions, tmp_path, "large")
    assert sessions.loaded() == ["tint", "large"]


def test_freeing_large_engines_keeps_sessions_of_small_ones(sessions, tmp_path):
    small = open_on(sessions, tmp_path, "tint")
    large = open_on(sessions, tmp_path, "large")
    assert sessions.unload_large() == ["large"]
    assert open_on(sessions, tmp_path, "tint") is small
    assert open_on(sessions, tmp_path, "large") is not large
    assert sessions.unload_large() == ["large"]
    assert sessions.unload_large() == []


def test_a_large_engine_gives_way_to_one_that_draws_films(sessions, tmp_path):
    fake_engine.register(LargeFilm)
    try:
        open_on(sessions, tmp_path, "tint")
        open_on(sessions, tmp_path, "large")
        open_on(sessions, tmp_path, "largefilm", preview=True)
        assert sessions.loaded() == ["tint", "large", "largefilm"]  # a film's preview draws nothing
        open_on(sessions, tmp_path, "largefilm")
        assert sessions.loaded() == ["tint", "largefilm"]
        open_on(sessions, tmp_path, "large", preview=True)
        assert sessions.loaded() == ["tint", "large"]
    finally:
        sessions.unload()
        fake_engine.unregister(LargeFilm)


def test_a_film_that_is_drawn_gives_way_to_nobody(sessions, tmp_path):
    fake_engine.register(LargeFilm)
    try:
        picture(tmp_path)
        job = make_job(tmp_path, 1)
        settings = LargeFilm.description.settings_from({})
        with sessions.opened(Subject("largefilm", settings, job.source, job.face, drivers=NOTED), [0]):
            open_on(sessions, tmp_path, "large", preview=True)
            assert sessions.loaded() == ["largefilm", "large"]
    finally:
        sessions.unload()
        fake_engine.unregister(LargeFilm)


def test_an_engine_at_work_is_not_taken_away(sessions, tmp_path):
    picture(tmp_path)
    job = make_job(tmp_path, 1)
    settings = inference.engines.description_of("large").settings_from({})
    with sessions.opened(Subject("large", settings, job.source, job.face), [0]):
        assert sessions.unload_large() == []
        assert sessions.unload() == []
    assert sessions.unload() == ["large"]
    assert Large.unloaded == 1


def test_server_lets_go_after_a_pause(sessions, tmp_path):
    open_on(sessions, tmp_path, "large")
    pauses = []

    class Inbox:
        check = staticmethod(lambda: None)

        def next(self, timeout_s):
            pauses.append((timeout_s, list(sessions.loaded())))
            return None if len(pauses) == 1 else Message("shutdown")

    server = object.__new__(_Server)
    server._channel, server._inbox, server._sessions = None, Inbox(), sessions
    assert server.serve() == 0
    assert pauses == [(300.0, ["large"]), (300.0, [])]


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of a process is read from Linux")
def test_freed_memory_goes_back_to_the_system():
    """In a process of its own: many blocks, of which only the last is kept, hold the heap's end."""
    code = (
        "import ctypes; from inference.give_back import give_back\n"
        "libc = ctypes.CDLL(None); libc.malloc.restype = ctypes.c_void_p\n"
        "libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]\n"
        "libc.free.argtypes = [ctypes.c_void_p]\n"
        "def resident(): return int(open('/proc/self/statm').read().split()[1]) * 4096\n"
        "blocks = [libc.malloc(60_000) for _ in range(4000)]\n"
        "[libc.memset(block, 1, 60_000) for block in blocks]\n"
        "[libc.free(block) for block in blocks[:-1]]\n"
        "before = resident(); give_back(); print(before - resident())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(done.stdout) > 200_000_000


def test_unload_says_what_was_loaded(tmp_path):
    with host(tmp_path) as worker:
        path = saved_job(tmp_path, 1)
        worker.send("run", id=1, job=str(path))
        assert worker.answer(1)[-1].type == "done"
        worker.send("unload", id=2, large=True)
        assert worker.answer(2)[-1].fields["engines"] == []
        worker.send("unload", id=3)
        assert worker.answer(3)[-1].fields["engines"] == ["tint"]
        worker.send("unload", id=4)
        assert worker.answer(4)[-1].fields["engines"] == []
        worker.send("unload", id=5, large="yes")
        assert worker.answer(5)[-1].fields["code"] == "INVALID_REQUEST"


def test_devices_says_what_neural_engines_compute_on(tmp_path, monkeypatch):
    monkeypatch.setenv("TALKINGHEAD_DEVICE", "cpu")
    with host(tmp_path) as worker:
        worker.send("devices", id=1)
        fields = worker.answer(1)[-1].fields
    assert (fields["kind"], fields["name"], fields["memory_mb"], fields["loaded"]) == ("cpu", "CPU", 0, [])
    assert bool(fields["torch"]) == HAS_TORCH


@pytest.mark.skipif(not HAS_TORCH, reason="needs torch")
def test_device_that_is_not_here_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("TALKINGHEAD_DEVICE", "cuda:77")
    with host(tmp_path) as worker:
        worker.send("devices", id=1)
        answer = worker.answer(1)[-1]
    assert answer.type == "error"
    assert "cuda:77" in answer.fields["message"]
