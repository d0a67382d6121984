# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a film will still take."""

from __future__ import annotations

from inference.worker.film_clock import FilmClock


class Time:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_the_time_left_is_known_after_two_steps():
    time = Time()
    clock = FilmClock(10, 4, time)
    clock.go()
    assert clock.eta_s is None
    time.now_s += 60.0  # networks are loaded
    clock.stepped(1)
    assert clock.eta_s is None and clock.film_s is None
    time.now_s += 2.0
    clock.stepped(1)
    assert clock.eta_s == 16.0
    assert clock.film_s == 4.0  # as if the networks had been there
    time.now_s += 4.0
    clock.stepped(1)
    assert clock.eta_s == 21.0
    assert clock.drawing_s == 66.0


def test_finishing_counts_as_soon_as_it_was_seen():
    time = Time()
    clock = FilmClock(2, 4, time)
    for _ in range(2):
        time.now_s += 1.0
        clock.stepped(1)
    assert clock.eta_s == 0.0
    time.now_s += 50.0  # somebody else's
    clock.go()
    time.now_s += 0.5
    clock.finished()
    assert clock.eta_s == 1.5 and clock.finishing_s == 0.5 and clock.film_s == 2.5


def test_several_steps_at_once():
    time = Time()
    clock = FilmClock(9, 1, time)
    for _ in range(3):
        time.now_s += 6.0
        clock.stepped(3)
    assert clock.step_s == 2.0 and clock.eta_s == 0.0


def test_the_time_left_goes_down_within_a_step():
    time = Time()
    clock = FilmClock(4, 0, time)
    for passed_s in (20.0, 40.0):
        time.now_s += passed_s
        clock.stepped(0)
    time.now_s += 1.0
    clock.stepped(1)
    assert clock.eta_s is None  # the first step took the networks' 61 s
    time.now_s += 3.0
    clock.stepped(0)
    assert clock.eta_s is None
    time.now_s += 7.0
    clock.stepped(1)
    assert clock.step_s == 10.0 and clock.eta_s == 20.0
    time.now_s += 4.0
    clock.stepped(0)
    assert clock.step_s == 10.0 and clock.eta_s == 16.0
    time.now_s += 60.0  # longer than any step before
    clock.stepped(0)
    assert clock.eta_s == 10.0
    time.now_s += 1.0
    clock.stepped(1)
    assert clock.step_s == 37.5 and clock.eta_s == 37.5 and clock.drawing_s == 136.0


def test_what_follows_a_sections_last_step_counts_as_its_steps_do():
    time = Time()
    clock = FilmClock(2, 0, time)
    for _ in range(2):
        time.now_s += 1.0
        clock.stepped(1)
    time.now_s += 5.0  # decoding
    clock.stepped(0)
    time.now_s += 1.0
    clock.drawn()
    assert clock.eta_s == 0.0 and clock.drawing_s == 8.0
    assert clock.step_s == 7.0 and clock.film_s == 14.0


def test_a_film_that_is_only_finished():
    time = Time()
    clock = FilmClock(0, 3, time)
    time.now_s += 2.0
    clock.finished()
    assert clock.eta_s == 4.0 and clock.film_s is None
