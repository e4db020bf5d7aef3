"""What happens to a pump's device, and its power, as scenario files write it."""

import pytest

from firmware_bridge.cli.bench import bench_of
from pumpsim.errors import PumpsimError
from pumpsim.report.happenings import happened
from pumpsim.scenario_file import parse_scenario
from pumpsim.scenario_file.device_faults import REPORTS
from pumpsim.scenario_file.happening_tables import DEVICE_FAULTS
from pumpsim.vocabulary.disturbances import PowerBack, PowerCut
from pumpsim.vocabulary.inputs import DeviceEvent, DeviceEventKind
from tests.build import MIN
from tests.helpers import changed, faults_of, good, toml

HEAD = 'title = "s"\nduration = "1 h"\n[pump]\nmodel = "MODEL"\n[line.A]\ncontainer = { CONTAINER, fluid = "water" }\n'
SYRINGE = HEAD.replace("MODEL", "syringe-pump").replace("CONTAINER", 'syringe = "bd-plastipak-50"')
DRIP = HEAD.replace("MODEL", "gravity-20").replace("CONTAINER", 'bag = "500 mL"')
PATCH = HEAD.replace("MODEL", "omnipod").replace("CONTAINER", 'cartridge = "2 mL"')
FINGERS = HEAD.replace("MODEL", "linear-peristaltic").replace("CONTAINER", 'bag = "500 mL"')


def fault(head: str, keys: str) -> str:
    return f'{head}[[fault]]\nat = "1 min"\n{keys}\n'


def test_every_word_has_its_events():
    assert tuple(REPORTS) == DEVICE_FAULTS


@pytest.mark.parametrize("word", DEVICE_FAULTS)
def test_what_a_device_reports(word):
    begins, ends = REPORTS[word]
    until = "" if ends is None else 'until = "2 min"'
    entries = parse_scenario(fault(SYRINGE, f'device = "{word}"\n{until}'), "s").entries
    expected = [(MIN, DeviceEvent(begins))] + ([] if ends is None else [(2 * MIN, DeviceEvent(ends))])
    assert [(e.at_ns, e.action) for e in entries] == expected
    assert all(happened(entry)[1] for entry in entries)


def test_a_cut():
    entries = parse_scenario(fault(FINGERS, 'power = "off"\nuntil = "2 min"'), "s").entries
    assert [(e.at_ns, e.action) for e in entries] == [(MIN, PowerCut()), (2 * MIN, PowerBack())]
    assert [happened(entry)[1] for entry in entries] == ["power cut", "power back, switched on"]


@pytest.mark.parametrize(
    ("head", "keys", "key", "says"),
    [
        (DRIP, 'power = "off"', "fault[1].power", "gravity-20 is a drip: it has no device"),
        (DRIP, 'device = "door open"', "fault[1].device", "is a drip"),
        (FINGERS, 'device = "syringe off"', "fault[1].device", "pump main has no syringe"),
        (PATCH, 'device = "mains lost"', "fault[1].device", "a cell that is spent is power = 'off'"),
        (FINGERS, 'device = "free flow"\nuntil = "2 min"', "fault[1].until", "until it is acknowledged"),
        (FINGERS, 'device = "door"', "fault[1].device", "unknown device fault"),
        (FINGERS, 'power = "on"', "fault[1].power", "unknown state of power"),
        (FINGERS, 'power = "off"\ndevice = "door open"', "fault[1]", "exactly one of"),
        (FINGERS, 'power = "off"\n[[fault]]\nat = "2 min"\npower = "off"', "fault[2].power", "is so already"),
        (FINGERS, 'device = "door open"\n[[fault]]\nat = "2 min"\ndevice = "door open"', "fault[2].device", "already"),
    ],
)
def test_what_cannot_be(head, keys, key, says):
    (found,) = faults_of(fault(head, keys))
    assert (found.key, says in found.message) == (key, True), found


def test_what_stands_until_it_is_acknowledged_may_come_again():
    twice = '[[fault]]\nat = "2 min"\ndevice = "free flow"\n'
    assert len(parse_scenario(fault(FINGERS, 'device = "free flow"\n' + twice), "s").entries) == 2


def test_of_one_instant_the_world_comes_first_then_the_device_then_the_operator():
    document = changed(good(), ("fault",), [
        {"at": "90 min", "device": "door open"},
        {"at": "90 min", "power": "off", "until": "91 min"},
        {"at": "90 min", "occlude": "patient end"},
    ])  # fmt: skip
    document = changed(document, ("operator", 2, "at"), "90 min")
    actions = [type(e.action).__name__ for e in parse_scenario(toml(document), "s").entries if e.at_ns == 90 * MIN]
    assert actions == ["PowerCut", "Occlude", "DeviceEvent", "Start"]


def test_on_a_bench_the_host_is_told_of_a_switch_and_nobody_cuts_the_power():
    bench = bench_of(parse_scenario(fault(FINGERS, 'device = "door open"\nuntil = "2 min"'), "s"))
    assert bench.commands == (
        (MIN, DeviceEvent(DeviceEventKind.DOOR_OPENED)),
        (2 * MIN, DeviceEvent(DeviceEventKind.DOOR_CLOSED)),
    )
    with pytest.raises(PumpsimError, match="nobody cuts the power"):
        bench_of(parse_scenario(fault(FINGERS, 'power = "off"'), "s"))
