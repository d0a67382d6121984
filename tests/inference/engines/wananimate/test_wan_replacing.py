# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The person in a shot is replaced: masks, backgrounds, what is kept of the shot. The networks are stand-ins."""

from __future__ import annotations

import cv2
import media
import numpy as np
import pytest
from edtalk_stand_in import NotesInMemory
from faces import picture
from hellomeme_stand_in import acting_clip
from liveportrait_stand_in import place
from wananimate_stand_in import (
    SIZE_PX,
    StandInDrawing,
    StandInHelpers,
    StandInMasks,
    film,
    open_session,
    reader,
    request,
)

from inference.engines.wananimate import shot
from inference.engines.wananimate.mask_points import MaskPoint, written
from inference.errors import ErrorCode, TalkingHeadError
from inference.film import Section
from inference.media.encode import write_frame
from inference.media.picture import Alpha, Picture
from inference.media.reader import open_source
from inference.source import Source, SourceKind

FIRST = Section(0, range(1))


def opened(*pictures, **options):
    """A session that replaces the astronaut, with its stand-in."""
    drawing = StandInDrawing()
    settings = {"mode": "replace", "character": str(media.hopper()), "mask_grow": 0, **options}
    return open_session(reader(*pictures), drawing=drawing, **settings), drawing


def asked(session, drawing, requests):
    left = session.draw(Section(0, range(len(requests))), requests, None, lambda done: None)
    return drawing.asks[0], left


def test_the_person_is_masked_and_the_character_shown():
    session, drawing = opened(mask_columns=8, mask_rows=8)
    ask, left = asked(session, drawing, [request(0)])
    assert ask.mask is not None and ask.background is not None and ask.mask.shape == (5, SIZE_PX, SIZE_PX)
    inside = ask.mask[0] == 1
    assert 0.2 < inside.mean() < 0.95 and not ask.background[0][inside].any()
    small = cv2.resize(picture("astronaut"), (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_AREA)[..., ::-1]
    assert np.array_equal(ask.background[0][~inside], small[~inside])
    hopper = cv2.imread(str(media.hopper()))
    assert ask.reference.mean() < 1.2 * hopper.mean() and not np.array_equal(ask.reference, small)
    assert left["mask"].dtype == np.uint8


def finished(**settings):
    session, _ = opened(**settings)
    (left,) = film(session, [request(0)])
    ((_, made),) = session.finish(FIRST, [request(0)], left, lambda: None)
    mask = session._masks(left, 1)[0]
    return made, cv2.resize(mask, (512, 512), interpolation=cv2.INTER_NEAREST) == 1


def test_the_shots_own_pixels_are_kept_outside_of_the_mask():
    source = picture("astronaut")
    kept, inside = finished(mask_columns=8, mask_rows=8)
    far = cv2.dilate(inside.astype(np.uint8), np.ones((33, 33))) == 0
    assert far.any() and np.array_equal(kept.pixels[far], source[far])
    assert np.abs(kept.pixels[inside].astype(int) - source[inside]).mean() > 10
    drawn, _ = finished(mask_columns=8, mask_rows=8, keep_background=False)
    assert not np.array_equal(drawn.pixels[far], source[far])
    core = cv2.erode(inside.astype(np.uint8), np.ones((141, 141))) == 1
    assert core.any()
    assert np.array_equal(drawn.pixels[core], kept.pixels[core])


def test_only_who_was_replaced_is_cut_out():
    cut, inside = finished(cut_out=True, mask_columns=8, mask_rows=8)
    assert cut.alpha is Alpha.STRAIGHT
    far = cv2.dilate(inside.astype(np.uint8), np.ones((33, 33))) == 0
    assert not cut.pixels[far][:, 3].any()


def test_the_mask_grows_and_comes_in_blocks():
    areas = []
    for settings in ({"mask_columns": 50, "mask_rows": 50}, {"mask_columns": 50, "mask_rows": 50, "mask_grow": 2}, {}):
        session, drawing = opened(**settings)
        ask, _ = asked(session, drawing, [request(0)])
        areas.append(int(ask.mask[0].sum()))
    assert areas[0] < areas[1] < areas[2]


def test_a_character_is_needed():
    session, drawing = opened(character="")
    with pytest.raises(TalkingHeadError) as caught:
        asked(session, drawing, [request(0)])
    assert caught.value.code is ErrorCode.INVALID_REQUEST and "Character" in caught.value.hint
    # The stages do not need one.
    assert len(dict(session.stage("mask", [request(0)], lambda: None))) == 1


def test_stages_show_mask_and_background():
    session, drawing = opened()
    ask, _ = asked(session, drawing, [request(0)])
    ((_, mask),) = session.stage("mask", [request(0)], lambda: None)
    ((_, background),) = session.stage("background", [request(0)], lambda: None)
    assert np.array_equal(mask.pixels[..., 0], ask.mask[0] * 255) and mask.pixels.shape[2] == 3
    assert np.array_equal(background.pixels[..., ::-1], ask.background[0])


def test_the_shot_acts_and_sliders_come_on_top():
    session, drawing = opened()
    rest, _ = asked(session, drawing, [request(0), request(1, head_x=0.3, jaw_open=0.8)])
    assert not np.array_equal(rest.faces[0], rest.faces[1]) and not np.array_equal(rest.pose[0], rest.pose[1])


def test_a_clip_acts_with_the_face_alone():
    session, drawing = opened()
    own, _ = asked(session, drawing, [request(0)])
    session, drawing = opened(clip=acting_clip())
    acted, _ = asked(session, drawing, [request(0, driving=place(1.0))])
    assert np.array_equal(own.pose, acted.pose) and not np.array_equal(own.faces, acted.faces)


def test_nobody_to_replace_is_told(monkeypatch):
    monkeypatch.setattr(shot.Shot, "_matte", lambda self, n: np.zeros((SIZE_PX, SIZE_PX), bool))
    session, drawing = opened()
    ask, _ = asked(session, drawing, [request(0)])
    assert not ask.mask.any() and any("Mask Points" in warning for warning in session.warnings)


def test_people_who_are_not_seen_for_a_moment_keep_their_mask(monkeypatch):
    def matte(self, number):
        found = np.zeros((SIZE_PX, SIZE_PX), bool)
        found[20:40, 20:40] = number != 1
        return found

    monkeypatch.setattr(shot.Shot, "_matte", matte)
    session, drawing = opened(picture("astronaut"), picture("astronaut"))
    ask, _ = asked(session, drawing, [request(0, 0), request(1, 1)])
    assert ask.mask[1].any() and np.array_equal(ask.mask[0], ask.mask[1])


class TestFollowing:
    """Outlines by the network that follows a person, in stretches of 4 pictures."""

    PICTURES = 10

    @pytest.fixture(autouse=True)
    def _short(self, monkeypatch):
        monkeypatch.setattr(shot, "_STRETCH", 4)

    def session(self, helpers, notes=None, **settings):
        pictures = [np.full((64, 64, 3), 10 * n + 10, np.uint8) for n in range(self.PICTURES)]
        options = {"faces": "body", "tracking": "full", "mask_from": "sam2", **settings}
        return opened(*pictures, helpers=helpers, notes=notes, **options)[0]

    def masks(self, session, *numbers):
        requests = [request(n, n) for n in numbers]
        return [shown.pixels[..., 0] for _, shown in session.stage("mask", requests, lambda: None)]

    def test_bodies_tell_whom_to_follow(self):
        helpers = StandInHelpers()
        masks = self.masks(self.session(helpers), 5)
        ((count, seeds),) = helpers.outlines.told
        assert count == 4 and [seed.frame for seed in seeds] == [0, 1, 2, 3]
        assert all(seed.belong.all() and seed.mask is None for seed in seeds) and masks[0].any()

    def test_placed_points_tell_it_better_and_neighbors_go_on(self):
        points = written([MaskPoint(5, 0.4, 0.4), MaskPoint(5, 0.9, 0.9, False)])
        helpers = StandInHelpers()
        masks = self.masks(self.session(helpers, mask_points=points), 5, 8, 0)
        (count, placed), (before, backwards), (after, forwards) = (
            helpers.outlines.told[0], helpers.outlines.told[-1], helpers.outlines.told[1]
        )  # fmt: skip
        assert count == 4 and placed[0].frame == 1 and placed[0].belong.tolist() == [True, False]
        # The last stretch has two pictures, and both are shown the neighbor's edge.
        assert after == 3 and forwards[0].frame == 0 and forwards[0].mask is not None
        assert before == 5 and backwards[0].frame == 4 and backwards[0].mask is not None
        centers = [np.nonzero(mask)[1].mean() for mask in masks]
        # The stand-in's outline moves by 2 px a picture, through all stretches.
        assert centers[1] - centers[0] == pytest.approx(6, abs=0.1)
        assert centers[0] - centers[2] == pytest.approx(10, abs=0.1)

    def test_outlines_are_remembered(self):
        notes, helpers = NotesInMemory(), StandInHelpers()
        first = self.masks(self.session(helpers, notes), 1, 6)
        assert len(helpers.outlines.told) == 2
        again = self.masks(self.session(helpers, notes), 1, 6)
        assert len(helpers.outlines.told) == 2 and np.array_equal(first, again)
        self.masks(self.session(helpers, notes, mask_points=written([MaskPoint(1, 0.5, 0.5)])), 1)
        assert len(helpers.outlines.told) == 3

    def test_outlines_of_the_largest_person_are_not_those_of_who_was_chosen(self):
        # The same pictures and choice: only whether a face is looked for tells whose body it is.
        notes, helpers = NotesInMemory(), StandInHelpers()
        options = {"helpers": helpers, "notes": notes, "tracking": "full", "mask_from": "sam2"}
        for told, faces in ((1, "person"), (2, "body"), (2, "person"), (2, "body")):
            session, _ = opened(*[picture("astronaut")] * 2, faces=faces, **options)
            self.masks(session, 0)
            assert len(helpers.outlines.told) == told

    def gone(self, monkeypatch, *lost):
        """Outlines of a network that loses the person in pictures of some brightness; with its stand-in."""
        follow = StandInMasks.masks

        def masks(self, frames, seeds, told):
            found = follow(self, frames, seeds, told)
            found[[int(frame[32, 32, 0]) in [10 * n + 10 for n in lost] for frame in frames]] = False
            return found

        monkeypatch.setattr(StandInMasks, "masks", masks)
        helpers = StandInHelpers()
        session = self.session(helpers, NotesInMemory(), mask_points=written([MaskPoint(1, 0.4, 0.4)]))
        return session, helpers

    @pytest.mark.parametrize(("lost", "last", "place"), [([3], 2, 0), ([1, 2, 3], 0, 0), ([3, 4, 5, 6, 7], 2, 0)])
    def test_who_is_lost_at_an_edge_is_followed_from_where_they_were_seen_last(self, monkeypatch, lost, last, place):
        session, helpers = self.gone(monkeypatch, *lost)
        before = helpers.bodies.looked
        (mask,) = self.masks(session, 9)
        count, (seed,) = helpers.outlines.told[-1]
        assert seed.mask is not None and seed.frame == place and count == 3
        assert mask.any() and helpers.bodies.looked == before
        (seen,) = self.masks(session, last)
        # The stand-in's outline moves by 2 px a picture that it is shown.
        shown = 2 if 4 in lost else 4 + 2
        assert np.nonzero(mask)[1].mean() - np.nonzero(seen)[1].mean() == pytest.approx(2 * shown, abs=0.1)

    def test_who_was_never_seen_is_not_looked_for(self, monkeypatch):
        session, helpers = self.gone(monkeypatch, *range(4))
        assert not self.masks(session, 9)[0].any()
        assert len(helpers.outlines.told) == 1 and helpers.bodies.looked == 0
        assert any("Mask Points" in warning for warning in session.warnings)

    def test_pictures_without_a_body_begin_with_the_matte(self, monkeypatch):
        monkeypatch.setattr(shot, "seeds_of_bodies", lambda bodies: [])
        square = np.zeros((SIZE_PX, SIZE_PX), bool)
        square[10:20, 10:20] = True
        monkeypatch.setattr(shot.Shot, "_matte", lambda self, n: square if n == 2 else np.zeros_like(square))
        helpers = StandInHelpers()
        self.masks(self.session(helpers), 0)
        ((_, (seed,)),) = helpers.outlines.told
        assert seed.frame == 2 and np.array_equal(seed.mask, square)

    def test_pictures_that_were_never_rendered_are_not_needed(self, tmp_path):
        """What lies before a trimmed start is not there; 6 and 7 are in a stretch that begins there."""
        files = tuple(tmp_path / f"{number:06d}.png" for number in range(self.PICTURES))
        for number, file in enumerate(files):
            write_frame(Picture(np.full((64, 64, 3), 10 * number + 10, np.uint8)), file)
        source, every, some = Source(SourceKind.SEQUENCE, tuple(map(str, files)), gaps=True), [], []
        for found in (every, some):
            helpers = StandInHelpers()
            options = {"faces": "body", "tracking": "full", "mask_from": "sam2", "mode": "replace", "mask_grow": 0}
            session = open_session(open_source(source), helpers=helpers, notes=NotesInMemory(), **options)
            found += self.masks(session, 6, 7, 8, 9)
            requests = [request(n, n) for n in (6, 7, 8, 9)]
            found += [shown.pixels for _, shown in session.stage("pose", requests, lambda: None)]
            assert helpers.outlines.told[0][0] == 4
            for file in files[:6]:
                file.unlink(missing_ok=True)
        assert all(mask.any() for mask in some[:4])
        # Bodies are of a picture alone, and so are the masks of stretches without gaps.
        assert all(np.array_equal(*pair) for pair in zip(every[2:], some[2:], strict=True))
