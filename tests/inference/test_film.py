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


CARRIED = st.integers(1, 6)
LEADS = st.integers(0, 9)
GRIDS = st.sampled_from([1, 4])


def chain(lead: int = 0, grid: int = 4) -> FilmRule:
    return FilmRule("length", overlap=1, chained=True, lead=lead, grid=grid)


@given(COUNTS, CARRIED, LENGTHS, LEADS, GRIDS)
def test_every_frame_of_a_chain_is_new_once_and_known_ones_come_from_before(count, carried, length, lead, grid):
    rule = chain(lead, grid)
    sections = rule.sections(count, length, carried)
    assert [s.number for s in sections] == list(range(len(sections)))
    assert [frame for s in sections for frame in s.new] == list(range(count))
    for section in sections:
        first = not section.number
        assert len(section.new) > 0 and section.needs == (() if first else (section.number - 1,))
        assert (section.before, section.after) == (0 if first else carried, 0)
        before = [frame for s in sections[: section.number] for frame in s.frames]
        assert set(section.known) <= set(before)
        drawn = rule.drawn_frames(section)
        assert drawn % grid == 1 % grid and drawn >= grid + 1
        frames = len(section.frames) + (lead if first else 0)
        assert frames <= drawn <= max(frames + grid - 1, grid + 1)


@given(st.integers(1, 200), st.integers(5, 40))
def test_a_chain_is_drawn_as_long_as_it_may_be_but_for_its_last_section(count, length):
    sections = chain().sections(count, length, 1)
    longest = length - (length - 1) % 4
    assert all(len(section.frames) == longest for section in sections[:-1])


@given(st.integers(1, 120), st.integers(1, 60), CARRIED, LENGTHS, LEADS)
def test_a_longer_chain_keeps_all_but_the_last_section(count, more, carried, length, lead):
    rule = chain(lead)
    short, long = rule.sections(count, length, carried), rule.sections(count + more, length, carried)
    assert short[:-1] == long[: len(short) - 1]


@given(st.integers(1, 60), st.integers(0, 59), CARRIED, LENGTHS)
def test_a_frame_of_a_chain_decides_its_section_and_all_that_follow(count, changed, carried, length):
    changed %= count
    sections = chain().sections(count, length, carried)
    before, after = keys_of(count), keys_of(count)
    after[changed] = "another"
    old, new = section_keys(sections, before), section_keys(sections, after)
    first = min(s.number for s in sections if changed in s.frames)
    assert [s.number for s in sections if old[s.number] != new[s.number]] == list(range(first, len(sections)))


@given(st.integers(1, 120), CARRIED, LENGTHS, st.data())
def test_of_a_chain_only_what_follows_the_last_kept_section_is_drawn(count, carried, length, data):
    sections = chain().sections(count, length, carried)
    missing = data.draw(st.sets(st.integers(0, count - 1)))
    kept = data.draw(st.sets(st.integers(0, len(sections) - 1)))
    parts = parts_of(sections, missing, kept.__contains__)
    numbers = [part.section.number for part in parts]
    assert numbers == sorted(set(numbers))
    for part in parts:
        assert part.kept == (part.section.number in kept)
        assert part.kept or set(part.section.needs) <= set(numbers)
    assert sorted(frame for part in parts for frame in part.frames) == sorted(missing)
    needed = {number for part in parts if not part.kept for number in part.section.needs}
    assert all(part.frames or part.section.number in needed for part in parts)


def test_a_chain_of_thousands_of_sections_is_gone_back():
    sections = chain().sections(20_000, 5, 1)
    assert len(sections) > 4000
    assert [part.section for part in parts_of(sections, {19_999})] == list(sections)


def test_names_of_chains_never_change():
    sections = chain(lead=9).sections(40, 17, 5)
    keys = section_keys(sections, keys_of(40))
    assert [section.frames for section in sections] == [range(8), range(3, 20), range(15, 32), range(27, 40)]
    assert keys[1] == "4ebb91e6ca216c9a882fe831c10d2a11"
    assert film_names(sections, keys, 40)[39] == "17fb83c623edad5ca8d5426630fd5158"
