"""Air through whole scenarios: which path a pump gets, what is refused, what the accounts say."""

from dataclasses import replace

import pytest

from pumpsim.analysis.air import air_of
from pumpsim.analysis.balance import balance
from pumpsim.catalogue.pumps import MODELS
from pumpsim.scenario_file import parse_scenario
from pumpsim.simulation import simulate
from pumpsim.simulation.paths import is_lone
from pumpsim.vocabulary.disturbances import AirIn
from pumpsim.vocabulary.inputs import LoadProgram, Start, Titrate
from pumpsim.vocabulary.path import ContainerKind
from tests.build import MIN, H, path, program, scenario
from tests.helpers import faults_of

PERISTALTIC = MODELS["linear-peristaltic"]
ONE_LINE = replace(path(bags_ml=(100.0, 1.0)), lines=path(bags_ml=(100.0, 1.0)).lines[:1])


def lone(*entries, hours, model=PERISTALTIC, setup=ONE_LINE):
    given = scenario(*entries, until_ns=hours * H, model=model, setup=setup)
    return is_lone(given.pumps[0], given)


def test_a_pump_keeps_its_own_line_until_it_can_come_to_draw_air():
    """100 mL: 99 mL/h may run for an hour, but not for two; with 50 mL to be infused and KVO of 1 mL/h, for 49 h."""
    load = (0, LoadProgram("A", program(99)))
    assert lone(load, (0, Start()), hours=1)
    assert not lone(load, (0, Start()), hours=2)
    assert lone((0, LoadProgram("A", program(99, 50))), (0, Start()), hours=49)
    assert not lone((0, LoadProgram("A", program(99, 50))), (0, Start()), hours=51)
    assert not lone(load, (H // 2, Titrate("A", 300_000_000)), hours=1)
    assert not lone(load, (0, AirIn("A", 0.1, at_pump=True)), hours=1)
    cartridge = replace(ONE_LINE, lines=(replace(ONE_LINE.lines[0], kind=ContainerKind.CARTRIDGE),))
    assert lone(load, (0, Start()), hours=2, setup=cartridge)
    assert lone(load, (0, Start()), hours=2, model=MODELS["single-channel-cassette"]), "its alarm stops it"


def test_every_account_closes_and_air_is_in_it():
    """A trap of 1 mL: of 1.4 mL let in, 1 mL is kept; the alarm ahead of the pump stops the line before the rest is drawn."""
    cassette = MODELS["single-channel-cassette"]
    setup = replace(path(bags_ml=(500.0, 1.0)), lines=path(bags_ml=(500.0, 1.0)).lines[:1])
    (trace,) = simulate(
        scenario(
            (0, LoadProgram("A", program(100))),
            (0, Start()),
            (MIN, AirIn("A", 1.4, at_pump=False)),
            until_ns=H,
            model=cassette,
            setup=setup,
        )
    ).traces
    air = air_of(trace)
    assert air.trapped_ml == pytest.approx(1.0)
    assert air.came_ml == pytest.approx(1.0 + air.in_line_ml)
    assert air.in_line_ml < 0.34, "what is left of a stroke"
    assert balance(trace).worst <= 1e-9
    assert {account.name for account in balance(trace).sources} >= {"A bag", "A air trap"}


TEXT = """
title = "Air"
duration = "10 min"
[pump]
model = "{model}"
[line.A]
container = {{ {container}, fluid = "saline-0.9" }}
[set]
common_volume = "3 mL"
{set}
[[fault]]
at = "1 min"
air = {{ volume = "0.1 mL"{place} }}
{until}
"""


def text(model="linear-peristaltic", container='bag = "500 mL"', set="", place="", until=""):
    return TEXT.format(model=model, container=container, set=set, place=place, until=until)


@pytest.mark.parametrize(
    ("changes", "key", "says"),
    [
        ({"until": 'until = "2 min"'}, "fault[1].until", "leave until away"),
        ({"set": 'air = "3.1 mL"'}, "set.air", "more than the 3 mL"),
        ({"place": ', place = "pomp"'}, "fault[1].air.place", "unknown place"),
        ({"place": ', line = "B"'}, "fault[1].air.line", "unknown line"),
        (
            {"model": "syringe-pump", "container": 'syringe = "bd-plastipak-50"'},
            "fault[1].air",
            "draws nothing",
        ),
        ({"model": "gravity-20"}, "fault[1].air", "draws nothing"),
    ],
)
def test_what_cannot_be_is_refused(changes, key, says):
    faults = faults_of(text(**changes))
    assert [fault for fault in faults if fault.key == key and says in fault.message], faults


def test_the_least_of_it_is_read():
    (entry,) = parse_scenario(text(set='air = "3 mL"'), "air").entries
    assert entry.action == AirIn("A", 0.1, at_pump=True)


@pytest.mark.parametrize("at", ["1 min", "105 s", "2 min", "10 min"])
@pytest.mark.parametrize("volume", ["500 mL", "4 mL"])
def test_a_bag_changed_before_or_after_air_has_followed_it(at, volume):
    """3 mL at 100 mL/h are empty after 108 s: what was drawn beyond is air, the second bag is whole, and all adds up."""
    text = f"""
title = "x"
duration = "12 min"
[pump]
model = "alaris-gp"
[line.A]
container = {{ bag = "3 mL", fluid = {{ drug = "d", concentration = "1 mg/mL" }} }}
[[operator]]
at = "0 s"
load = {{ rate = "100 mL/h" }}
[[operator]]
at = "0 s"
do = "start"
[[change]]
at = "{at}"
line = "A"
container = {{ bag = "{volume}", fluid = {{ drug = "d", concentration = "4 mg/mL" }} }}
"""
    (trace,) = simulate(parse_scenario(text, "changed")).traces
    found = balance(trace)
    accounts = {account.name: account for account in found.sources}
    assert found.worst <= 1e-9
    assert accounts["A bag"].initial == pytest.approx(3.0, abs=1e-9)
    assert accounts["A bag 2"].hung == pytest.approx(float(volume.split()[0]), abs=1e-3)
    if at in ("2 min", "10 min"):
        assert accounts["A bag"].taken == pytest.approx(0.0, abs=1e-9)
        assert accounts["A air"].initial > 0.0


def test_a_drip_chamber_keeps_what_comes_from_the_container():
    """0.1 mL at the container (no alarm): a chamber of 0.06 mL lets 0.04 mL by, one of 1 mL nothing; none all of it."""
    for chamber, passes in (("0 mL", 0.1), ("0.06 mL", 0.04), ("1 mL", 0.0)):
        text = f"""
title = "x"
duration = "30 min"
[pump]
model = "cadd-solis"
drive = "smooth"
[line.A]
container = {{ bag = "100 mL", fluid = "saline-0.9" }}
drip_chamber = "{chamber}"
[set]
kind = "ideal"
[[operator]]
at = "0 s"
load = {{ rate = "100 mL/h" }}
[[operator]]
at = "0 s"
do = "start"
[[fault]]
at = "1 min"
air = {{ volume = "0.1 mL", place = "container" }}
"""
        (trace,) = simulate(parse_scenario(text, "chamber")).traces
        found = {account.name: account for account in balance(trace).sources}
        assert balance(trace).worst <= 1e-9
        came = found["A air"].at_patient if "A air" in found else 0.0
        assert came == pytest.approx(passes, abs=1e-9)
