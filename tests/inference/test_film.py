# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Films: their sections, the names of sections and frames, and the order of work."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inference.film import FilmRule, film_names, parts_of, section_keys

COUNTS = st.integers(0, 120)
OVERLAPS = st.integers(1, 5)
LENGTHS = st.integers(1, 40)


@given(COUNTS, OVERLAPS, LENGTHS)
def test_every_frame_is_new_once_and_known_ones_come_from_anchors(count, overlap, length):
    rule = FilmRule("length", overlap)
    sections = rule.sections(count, length)
    assert [s.number for s in sections] == list(range(len(sections)))
    assert [frame for s in sections for frame in s.new] == list(range(count))
    for section in sections:
        assert 0 < len(section.frames) <= max(length, rule.least) and len(section.new) > 0
        assert section.frames.start >= 0 and section.frames.stop <= count
        needed = [sections[number] for number in section.needs]
        assert all(not other.needs for other in needed)
        for frame in section.known:
            assert sum(frame in other.new for other in needed) == 1
        assert bool(section.needs) == bool(section.known)


@given(st.integers(1, 120), st.integers(1, 60), OVERLAPS, LENGTHS)
def test_a_longer_film_keeps_all_but_the_last_two_sections(count, more, overlap, length):
    rule = FilmRule("length", overlap)
    short, long = rule.sections(count, length), rule.sections(count + more, length)
    kept = max(len(short) - 2, 0)
    assert short[:kept] == long[:kept]


def keys_of(count: int) -> list[str]:
    return [f"frame {index}" for index in range(count)]


@given(st.integers(1, 60), st.integers(0, 59), OVERLAPS, LENGTHS)
def test_a_frame_decides_its_section_and_the_bridges_beside_it(count, changed, overlap, length):
    changed %= count
    sections = FilmRule("length", overlap).sections(count, length)
    before, after = keys_of(count), keys_of(count)
    after[changed] = "another"
    old, new = section_keys(sections, before), section_keys(sections, after)
    holding = {s.number for s in sections if changed in s.frames}
    holding |= {s.number for s in sections if holding & set(s.needs)}
    assert {s.number for s in sections if old[s.number] != new[s.number]} == holding
    assert len(holding) <= 3
    names, others = film_names(sections, old, count), film_names(sections, new, count)
    assert len(set(names)) == count
    changed_names = [frame for frame in range(count) if names[frame] != others[frame]]
    assert changed_names == [frame for s in sections if s.number in holding for frame in s.new]


def test_the_same_frames_elsewhere_have_another_name():
    # The noise is another one there.
    sections = FilmRule("length", 1).sections(30, 5)
    keys = section_keys(sections, ["the same"] * 30)
    assert len(set(keys)) == len(sections)


def test_names_never_change():
    # Other names make users' films be drawn again.
    sections = FilmRule("length", 2).sections(20, 7)
    keys = section_keys(sections, keys_of(20))
    assert keys[1] == "327bd907794764e6998bdaa06748bde3"
    assert film_names(sections, keys, 20)[8] == "6556aa51a5db5afac3a33ca9637a6592"


@given(st.integers(1, 120), OVERLAPS, LENGTHS, st.data())
def test_work_comes_in_an_order_in_which_it_can_be_done(count, overlap, length, data):
    sections = FilmRule("length", overlap).sections(count, length)
    missing = data.draw(st.sets(st.integers(0, count - 1)))
    kept = data.draw(st.sets(st.integers(0, len(sections) - 1)))
    parts = parts_of(sections, missing, kept.__contains__)
    done: set[int] = set()
    for part in parts:
        assert part.kept == (part.section.number in kept)
        assert part.kept or set(part.section.needs) <= done
        assert part.section.number not in done
        done.add(part.section.number)
    assert sorted(frame for part in parts for frame in part.frames) == sorted(missing)
    needed = {number for part in parts if not part.kept for number in part.section.needs}
    assert all(part.frames or part.section.number in needed for part in parts)
