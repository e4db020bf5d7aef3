"""Figures: the same bytes each time, small, every axis with quantity and unit, text as text, nothing computed."""

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from pumpsim.analysis.results import PumpResults, analyse
from pumpsim.figures.draw import Drawing, drawings
from pumpsim.figures.style import time_unit
from pumpsim.figures.svg import to_svg
from pumpsim.figures.thin import thin_band, thin_line, thin_steps
from pumpsim.vocabulary.inputs import LoadProgram, Start
from pumpsim.vocabulary.path import AmountUnit, DrugContent, Fluid
from tests.analysis.cases import CASES, CONCURRENT, trace_of
from tests.build import MIN, SALINE, SMOOTH, H, S, path, program, run

LARGEST = 150_000
KINDS = ["states", "alarms", "rates", "dose-drug", "deviation", "volumes", "pressure"]


@cache
def results_of(name: str) -> PumpResults:
    return analyse(trace_of(name))


@cache
def drawn(name: str) -> dict[str, Drawing]:
    return {drawing.kind: drawing for drawing in drawings(results_of(name))}


def svg_of(drawing: Drawing) -> str:
    return to_svg(drawing.figure, drawing.kind, drawing.title, drawing.caption.text)


def words(svg: str) -> list[str]:
    """Every text in a drawing, as a reader sees it."""
    root = ElementTree.fromstring(svg)
    return ["".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("name", CASES)
def test_every_kind_is_drawn_and_small(name: str) -> None:
    wanted = KINDS if results_of(name).alarms else [kind for kind in KINDS if kind != "alarms"]
    assert list(drawn(name)) == wanted
    for kind, drawing in drawn(name).items():
        svg = svg_of(drawing)
        assert len(svg.encode()) < LARGEST, f"{name} {kind}: {len(svg)}"
        assert svg.startswith("<svg ")
        assert "<metadata" not in svg
        assert "<!--" not in svg
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg\")", svg)


@pytest.mark.parametrize("name", ["occluded", "minute"])
def test_the_same_results_give_the_same_bytes(name: str) -> None:
    again = {drawing.kind: svg_of(drawing) for drawing in drawings(results_of(name))}
    assert again == {kind: svg_of(drawing) for kind, drawing in drawn(name).items()}


def test_two_processes_give_the_same_bytes(tmp_path: Path) -> None:
    """With other hashes, and with settings of the user's own."""
    (tmp_path / "matplotlibrc").write_text(
        "axes.facecolor: black\nfont.size: 20\nsvg.fonttype: path\n", encoding="utf-8"
    )
    code = (
        "import hashlib, tests.test_figures as t;"
        "print(hashlib.sha256(''.join(t.svg_of(d) for d in t.drawn('occluded').values()).encode()).hexdigest())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "MATPLOTLIBRC": settings},
        ).stdout
        for seed, settings in (("1", ""), ("2", str(tmp_path / "matplotlibrc")))
    }
    assert len(outputs) == 1


@pytest.mark.parametrize("name", CASES)
def test_axes_carry_quantity_and_unit(name: str) -> None:
    labelled = re.compile(r".+ \((mL|mL/h|mg/h|mcg/h|%|kPa|s|min|h|d)\)$")
    for kind, drawing in drawn(name).items():
        axes = drawing.figure.axes
        assert labelled.match(axes[-1].get_xlabel()), kind
        assert axes[-1].get_xlabel().startswith("Time since power-on")
        for ax in axes:
            if kind not in ("states", "alarms"):
                assert labelled.match(ax.get_ylabel()), f"{kind}: {ax.get_ylabel()!r}"
            else:
                assert [tick.get_text() for tick in ax.get_yticklabels()]
            assert ax.get_title(loc="left")


def test_text_stays_text_and_is_said_to_a_screen_reader() -> None:
    svg = svg_of(drawn("occluded")["pressure"])
    assert "Time since power-on (min)" in words(svg)
    assert "alarm limit 41.37 kPa" in words(svg)
    assert 'role="img" aria-labelledby="pressure-title pressure-desc"' in svg
    assert '<title id="pressure-title">Pressure behind the pump</title>' in svg


def test_identifiers_carry_the_name_so_that_figures_can_share_a_page() -> None:
    drawing = drawn("occluded")["states"]
    first, second = (to_svg(drawing.figure, name, "t", "d") for name in ("p1-states", "p2-states"))
    ids = [set(re.findall(r'id="([^"]+)"', svg)) for svg in (first, second)]
    assert not ids[0] & ids[1]
    for svg, known in zip((first, second), ids, strict=True):
        assert set(re.findall(r'(?:href="|url\()#([^")]+)', svg)) <= known


def test_states_are_told_apart_in_grey() -> None:
    """By hatch, and by a word where there is room."""
    said = words(svg_of(drawn("piggyback")["states"]))
    assert {"infusing", "paused", "KVO", "complete", "Line A", "Line B"} <= set(said)
    patches = [patch for ax in drawn("piggyback")["states"].figure.axes for patch in ax.patches]
    assert len({patch.get_hatch() for patch in patches}) >= 4


def test_captions_say_rate_set_and_window() -> None:
    caption = drawn("push_out")["dose-drug"].caption
    assert caption.rates == "Programmed: A 20, 45, 20 mL/h; B 5 mL/h"
    assert caption.path == "Set set, common volume 2.5 mL, access access"
    assert caption.window == "Window: 6 s"
    assert caption.text.endswith("volume 2.5\u00a0mL, access access. Window: 6\u00a0s.")
    assert drawn("occluded")["rates"].caption.window == "Window: one pumping cycle, at least 5.4 s"
    assert "5 min" in drawn("occluded")["deviation"].caption.window


def test_a_line_that_did_nothing_can_be_drawn() -> None:
    trace = run((0, LoadProgram("A", program(100))), until_ns=MIN)
    kinds = [drawing.kind for drawing in drawings(analyse(trace)) if svg_of(drawing)]
    assert kinds == [kind for kind in KINDS if kind != "alarms"]


def test_little_of_a_drug_is_drawn_in_mcg() -> None:
    fluid = Fluid("mix", (DrugContent("fentanyl", 0.01), DrugContent("insulin ($human$)", 1.0, AmountUnit.U)))
    trace = run(
        (0, LoadProgram("A", program(100))),
        (0, LoadProgram("B", program(5, None, CONCURRENT))),
        (0, Start()),
        until_ns=H,
        model=SMOOTH,
        setup=path(fluids=(SALINE, fluid)),
    )
    found = {d.kind: d.figure.axes[0].get_ylabel() for d in drawings(analyse(trace)) if d.kind.startswith("dose")}
    assert found == {"dose-fentanyl": "Dose rate (mcg/h)", "dose-insulin-human": "Dose rate (U/h)"}


def test_drugs_of_nearly_one_name_get_a_figure_each() -> None:
    drugs = tuple(DrugContent(name, 1.0) for name in ("drug a", "drug-A", "¶", "$^$"))
    trace = run(until_ns=MIN, setup=path(fluids=(SALINE, Fluid("mix", drugs))))
    kinds = [d.kind for d in drawings(analyse(trace)) if d.kind.startswith("dose")]
    assert kinds == ["dose-drug-a", "dose-drug-a-2", "dose-3", "dose-4"]


@pytest.mark.parametrize(
    ("end_ns", "word", "tick"),
    [(60 * S, "s", 5.0), (3 * MIN, "s", 15.0), (3 * MIN + 1, "min", 0.5), (3 * H, "min", 15.0), (24 * H, "h", 2.0)],
)
def test_the_time_axis_suits_the_run(end_ns: int, word: str, tick: float) -> None:
    unit = time_unit(end_ns)
    assert (unit.word, unit.tick) == (word, tick)
    assert time_unit(30 * 24 * H).word == "d"


def test_thinning_keeps_extremes() -> None:
    x = np.linspace(0.0, 1.0, 100_001)
    y = np.zeros_like(x)
    y[12_345], y[77_777] = 5.0, -3.0
    thin_x, thin_y = thin_line(x, y, 400)
    assert len(thin_x) <= 1_600
    assert (thin_y.max(), thin_y.min()) == (5.0, -3.0)
    assert thin_x[np.argmax(thin_y)] == x[12_345]
    steps_x, steps_y = thin_steps(x, y[:-1], 400)
    assert len(steps_x) == 10  # five even stretches
    assert (steps_y.max(), steps_y.min()) == (5.0, -3.0)
    _, low, high = thin_band(x, y[:-1], y[:-1] + 1.0, 400)
    assert (low.min(), high.max()) == (-3.0, 6.0)


def test_thinning_follows_a_slow_drift() -> None:
    """No single step can be seen, all of them together can."""
    edges, values = np.arange(3_001.0), np.linspace(0.0, 1.0, 3_000)
    x, y = thin_steps(edges, values)
    assert np.abs(np.interp(edges[:-1] + 0.5, x, y) - values).max() < 3e-3


def test_matplotlib_is_not_imported_before_a_figure_is_drawn() -> None:
    code = (
        "import sys, pumpsim.analysis.results, pumpsim.report.content, pumpsim.report.page, pumpsim.report.gallery;"
        "sys.exit('matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_settings_do_not_leak() -> None:
    code = (
        "import matplotlib as mpl; before = dict(mpl.rcParams);"
        "import tests.test_figures as t; [t.svg_of(d) for d in t.drawn('minute').values()];"
        "assert dict(mpl.rcParams) == before"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
