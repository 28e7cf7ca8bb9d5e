"""Stylesheets: the house's, and a clinic's colour that reads whatever it is."""

import re
from uuid import uuid4

import pytest

from api.pages import colours
from api.pages.styles import ASSETS, in_colour
from scheduler.models import Clinic

EXTREMES = ["#000000", "#ffffff", "#808080", "#ffff00", "#0000ff", "#1f5f6b", "#767676", "#ff8a80", "#00ff00"]
SHEET = (ASSETS / "pages.css").read_text()


def test_contrast_is_that_of_wcag():
    assert colours.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colours.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert colours.contrast("#ff0000", "#ffffff") == pytest.approx(4.0, abs=0.005)


@pytest.mark.parametrize("accent", EXTREMES)
def test_text_on_any_colour_reads(accent):
    assert colours.contrast(accent, colours.text_on(accent)) >= colours.TEXT


@pytest.mark.parametrize("accent", EXTREMES)
@pytest.mark.parametrize("ground", [colours.BY_DAY, colours.BY_NIGHT])
@pytest.mark.parametrize("least", [colours.TEXT, colours.LINE])
def test_any_colour_is_moved_until_it_stands_out(accent, ground, least):
    moved = colours.seen_on(ground, accent, least=least)

    assert colours.contrast(ground, moved) >= least
    assert moved == accent or colours.contrast(ground, accent) < least


@pytest.mark.parametrize(("name", "ground"), [("day", colours.BY_DAY), ("night", colours.BY_NIGHT)])
def test_the_grounds_are_those_of_the_sheet(name, ground):
    by_day, by_night = re.findall(r"--chosen: (#\w+);", SHEET)

    assert {"day": by_day, "night": by_night}[name] == ground


def test_the_texts_of_the_sheet_read_on_its_grounds():
    for block in re.findall(r":root \{(.*?)\}", SHEET, re.DOTALL):
        named = dict(re.findall(r"--([\w-]+): (#\w{6});", block))
        for text in ("text", "quiet"):
            for ground in ("ground", "around", "chosen"):
                assert colours.contrast(named[text], named[ground]) >= colours.TEXT, (text, ground)
        assert colours.contrast(named["care-text"], named["care"]) >= colours.TEXT
        assert colours.contrast(named["care-edge"], named["ground"]) >= colours.TEXT
        assert min(colours.contrast(named["edge"], named[on]) for on in ("ground", "chosen")) >= colours.LINE
        assert colours.contrast(named["focus"], named["ground"]) >= colours.LINE


def test_a_clinics_sheet_has_its_colour(client, app, db, clinic):
    db.get_one(Clinic, clinic.id).accent = "#ffe14d"

    sheet = app.test_client().get(f"/assets/clinic/{clinic.id}.css")

    assert (sheet.status_code, sheet.mimetype) == (200, "text/css")
    assert "--accent: #ffe14d; --on-accent: #000000;" in sheet.text
    assert sheet.headers["Cache-Control"] == "public, max-age=3600"


def test_a_clinic_without_a_colour_and_one_nobody_knows_have_the_houses(app, clinic):
    sheets = [app.test_client().get(f"/assets/clinic/{id_}.css").text for id_ in (clinic.id, uuid4())]

    assert sheets == [in_colour(colours.DEFAULT)] * 2


def test_the_sheet_of_the_house_asks_nobody_for_anything(app):
    with app.test_client().get("/assets/pages.css") as sheet:
        assert (sheet.status_code, sheet.mimetype, sheet.text) == (200, "text/css", SHEET)

    assert not re.search(r"url\(|@import|http", SHEET)
