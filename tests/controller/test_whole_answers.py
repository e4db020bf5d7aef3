"""Everything that a pump says in one small case after another: causes, details, priorities, order. Through the door.

The limits are those of the dual-channel cassette: 6 psi = 41.37 kPa behind the pump, over below three quarters of it;
-6 psi ahead of it, over above half; a bubble of 0.1 mL, 0.25 mL of bubbles; near end 3 min before; KVO 1 mL/h; a step of
0.1 uL, so 10,000 steps are a mL.
"""

from dataclasses import replace

import pytest

from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.inputs import (
    Acknowledge,
    ChangeMode,
    DeviceEvent,
    DeviceEventKind,
    LoadProgram,
    Start,
    Stop,
    Tick,
    Titrate,
)
from pumpsim.vocabulary.program import LineMode
from tests.build import S, program
from tests.controller.answers import answers, shown

ML = 1_000_000
PIGGYBACK, CONCURRENT = LineMode.PIGGYBACK, LineMode.CONCURRENT
A, B = LoadProgram("A", program(60)), LoadProgram("B", program(30, mode=CONCURRENT))
BOTH_RUN = ((0, A), (0, B), (0, Start()))
SAID_BY_BOTH = [
    "0 DeliveryEvent program-loaded A ready 0 <operator>",
    "0 DeliveryEvent program-loaded B ready 0 <operator>",
    "0 DeliveryEvent delivery-started A infusing 60 <operator>",
    "0 DeliveryEvent delivery-started B infusing 30 <operator>",
    "0 motor A 60, B 30",
]


def test_the_life_of_a_line():
    """4 mL at 60 mL/h, titrated; near end comes and goes with the rate: 3 min at 60 mL/h are 3 mL, 30,000 steps."""
    assert answers(
        (0, LoadProgram("A", replace(program(60, 4, call_back=True), ordered="as ordered"))),
        (1, Start("A")),
        (30, Titrate("A", 120 * ML)),
        (31, Titrate("A", 120 * ML)),
        (60, Titrate("A", 90 * ML, "ordered")),
        (62, Titrate("A", 60 * ML)),
        (100, shown(9_999)),
        (101, shown(10_000)),
        (110, Titrate("A", 10 * ML)),
        (112, Titrate("A", 60 * ML)),
        (250, shown(39_999)),
        (251, shown(40_000)),
        (252, Titrate("A", 10 * ML)),
        (260, Stop("A")),
        (261, Start("A")),
        (262, LoadProgram("A", program(50, 10))),
        (263, Start()),
        (264, Stop()),
        (265, Stop()),
    ) == [
        "0 DeliveryEvent program-loaded A ready 0 <as ordered>",
        "1 DeliveryEvent delivery-started A infusing 60 <operator>",
        "1 motor A 60 to 40000, B 0",
        "30 DeliveryEvent rate-changed A infusing 120 <operator>",
        "30 AlarmRaised near-end A low <>",
        "30 motor A 120 to 40000, B 0",
        "60 DeliveryEvent rate-changed A infusing 90 <ordered>",
        "60 motor A 90 to 40000, B 0",
        "62 DeliveryEvent rate-changed A infusing 60 <operator>",
        "62 AlarmCleared near-end A",
        "62 motor A 60 to 40000, B 0",
        "101 AlarmRaised near-end A low <>",
        "110 DeliveryEvent rate-changed A infusing 10 <operator>",
        "110 AlarmCleared near-end A",
        "110 motor A 10 to 40000, B 0",
        "112 DeliveryEvent rate-changed A infusing 60 <operator>",
        "112 AlarmRaised near-end A low <>",
        "112 motor A 60 to 40000, B 0",
        "251 AlarmCleared near-end A",
        "251 DeliveryEvent delivery-complete A kvo 1 <>",
        "251 AlarmRaised infusion-complete A low <>",
        "251 AlarmRaised call-back A medium <>",
        "251 motor A 1, B 0",
        "252 CommandRejected <titrate> A <line A is kvo: there is no rate to change>",
        "260 DeliveryEvent delivery-stopped A complete 0 <operator>",
        "260 motor A 0, B 0",
        "261 CommandRejected <start> A <line A has its volume in: load a program>",
        "262 AlarmCleared infusion-complete A",
        "262 AlarmCleared call-back A",
        "262 DeliveryEvent program-loaded A ready 0 <operator>",
        "263 DeliveryEvent delivery-started A infusing 50 <operator>",
        "263 motor A 50 to 140000, B 0",
        "264 DeliveryEvent delivery-stopped A held 0 <operator>",
        "264 motor A 0, B 0",
        "265 CommandRejected <stop> None <nothing to stop: line A is held, line B is empty>",
    ]


def test_a_delayed_start():
    assert answers(
        (0, LoadProgram("A", program(60, 4, delay_ns=60 * S))),
        (1, Start("A")),
        (60.999_999_999, Tick()),
        (61, Tick()),
        (70, Stop("A")),
        (80, Start("A")),
    ) == [
        "0 DeliveryEvent program-loaded A ready 0 <operator>",
        "1 DeliveryEvent delivery-delayed A delayed 0 <operator>",
        "61 DeliveryEvent delivery-started A infusing 60 <>",
        "61 motor A 60 to 40000, B 0",
        "70 DeliveryEvent delivery-stopped A held 0 <operator>",
        "70 motor A 0, B 0",
        "80 DeliveryEvent delivery-started A infusing 60 <operator>",
        "80 motor A 60 to 40000, B 0",
    ], "held, not delayed once more"


def test_a_piggyback_pauses_resumes_and_is_taken_over():
    assert answers(
        (0, A),
        (0, Start()),
        (1, LoadProgram("B", program(120, 1, PIGGYBACK))),
        (2, Start("B")),
        (32, shown(0, 10_000)),
        (40, Stop("A")),
        (41, LoadProgram("B", program(100, 1, PIGGYBACK))),
        (44, Start("B")),
        (80, shown(0, 20_000)),
        (90, Start("A")),
        (91, ChangeMode("B", CONCURRENT)),
        (92, ChangeMode("B", CONCURRENT)),
    ) == [
        "0 DeliveryEvent program-loaded A ready 0 <operator>",
        "0 DeliveryEvent delivery-started A infusing 60 <operator>",
        "0 motor A 60, B 0",
        "1 DeliveryEvent program-loaded B ready 0 <operator>",
        "2 DeliveryEvent delivery-started B infusing 120 <operator>",
        "2 AlarmRaised near-end B low <>",
        "2 DeliveryEvent delivery-paused A paused 0 <B infuses as piggyback>",
        "2 motor A 0, B 120 to 10000",
        "32 AlarmCleared near-end B",
        "32 DeliveryEvent delivery-complete B complete 0 <>",
        "32 AlarmRaised infusion-complete B low <>",
        "32 DeliveryEvent delivery-resumed A infusing 60 <B has ended, stopped or changed mode>",
        "32 motor A 60, B 0",
        "40 DeliveryEvent delivery-stopped A held 0 <operator>",
        "40 motor A 0, B 0",
        "41 AlarmCleared infusion-complete B",
        "41 DeliveryEvent program-loaded B ready 0 <operator>",
        "44 DeliveryEvent delivery-started B infusing 100 <operator>",
        "44 AlarmRaised near-end B low <>",
        "44 motor A 0, B 100 to 20000",
        "80 AlarmCleared near-end B",
        "80 DeliveryEvent delivery-complete B kvo 1 <>",
        "80 AlarmRaised infusion-complete B low <>",
        "80 motor A 0, B 1",
        "90 DeliveryEvent delivery-started A infusing 60 <operator>",
        "90 DeliveryEvent delivery-stopped B complete 0 <A delivers>",
        "90 motor A 60, B 0",
        "91 DeliveryEvent mode-changed B complete 0 <concurrent>",
    ]


def test_pressure_behind_the_pump_stops_all_lines():
    assert answers(
        *BOTH_RUN,
        (1, shown(kpa=41.4)),
        (2, shown(kpa=50)),
        (3, Start("A")),
        (4, Acknowledge(AlarmId.OCCLUSION_DISTAL)),
        (5, shown(kpa=31)),
        (6, Start("B")),
    ) == [
        *SAID_BY_BOTH,
        "1 AlarmRaised occlusion-distal None high <41.40 kPa, limit 41.37 kPa>",
        "1 DeliveryEvent delivery-stopped A alarm 0 <occlusion-distal>",
        "1 DeliveryEvent delivery-stopped B alarm 0 <occlusion-distal>",
        "1 motor A 0, B 0",
        "3 CommandRejected <start> A <alarm occlusion-distal stands>",
        "4 AlarmAcknowledged occlusion-distal None",
        "5 AlarmCleared occlusion-distal None",
        "6 DeliveryEvent delivery-started B infusing 30 <operator>",
        "6 motor A 0, B 30",
    ]


def test_what_is_ahead_of_the_pump_stops_its_own_line():
    assert answers(
        *BOTH_RUN,
        (1, shown(proximal=(-41.5, 4.9))),
        (2, shown(proximal=(-41.5, 4.9), air=(False, True))),
        (3, Start("A")),
        (3, Start("B")),
        (4, shown(proximal=(-20, 4.9), air=(False, True))),
        (4, Start("B")),
        (5, Start("A")),
        (6, shown()),
        (6, Start()),
    ) == [
        *SAID_BY_BOTH,
        "1 AlarmRaised occlusion-proximal A high <-41.50 kPa, limit -41.37 kPa>",
        "1 DeliveryEvent delivery-stopped A alarm 0 <occlusion-proximal>",
        "1 motor A 0, B 30",
        "2 AlarmRaised air-in-line-proximal B high <>",
        "2 DeliveryEvent delivery-stopped B alarm 0 <air-in-line-proximal>",
        "2 motor A 0, B 0",
        "3 CommandRejected <start> A <alarm occlusion-proximal stands>",
        "3 CommandRejected <start> B <alarm air-in-line-proximal stands>",
        "4 AlarmCleared occlusion-proximal A",
        "4 CommandRejected <start> B <alarm air-in-line-proximal stands>",
        "5 AlarmAcknowledged occlusion-proximal A",
        "5 DeliveryEvent delivery-started A infusing 60 <operator>",
        "5 motor A 60, B 0",
        "6 AlarmCleared air-in-line-proximal B",
        "6 AlarmAcknowledged air-in-line-proximal B",
        "6 DeliveryEvent delivery-started B infusing 30 <operator>",
        "6 motor A 60, B 30",
    ]


def test_air_behind_the_pump_stops_all_lines():
    assert answers(
        *BOTH_RUN,
        (1, shown(bubble=0.1)),
        (2, shown(bubble=0.1, counted=0.3)),
        (3, shown(counted=0.12)),
        (4, Stop("A")),
    ) == [
        *SAID_BY_BOTH,
        "1 AlarmRaised air-in-line-distal None high <0.100 mL, limit 0.100 mL>",
        "1 DeliveryEvent delivery-stopped A alarm 0 <air-in-line-distal>",
        "1 DeliveryEvent delivery-stopped B alarm 0 <air-in-line-distal>",
        "1 motor A 0, B 0",
        "2 AlarmRaised air-accumulated-distal None high <0.300 mL, limit 0.250 mL>",
        "3 AlarmCleared air-in-line-distal None",
        "3 AlarmCleared air-accumulated-distal None",
        "4 DeliveryEvent delivery-stopped A held 0 <operator>",
    ]


def test_what_the_device_says_of_itself():
    lost = DeviceEvent(DeviceEventKind.COMMUNICATION_LOST, "no answer")
    restored = DeviceEvent(DeviceEventKind.COMMUNICATION_RESTORED)
    assert answers(
        *BOTH_RUN,
        (1, lost),
        (2, lost),
        (3, DeviceEvent(DeviceEventKind.DEVICE_FAULT, "code 7")),
        (4, restored),
        (5, restored),
        (6, Start("A")),
        (7, Acknowledge(AlarmId.COMMUNICATION_LOST)),
        (8, Acknowledge()),
        (9, Acknowledge()),
    ) == [
        *SAID_BY_BOTH,
        "1 AlarmRaised communication-lost None high <no answer>",
        "1 DeliveryEvent delivery-stopped A alarm 0 <communication-lost>",
        "1 DeliveryEvent delivery-stopped B alarm 0 <communication-lost>",
        "1 motor A 0, B 0",
        "3 AlarmRaised device-fault None high <code 7>",
        "4 AlarmCleared communication-lost None",
        "6 CommandRejected <start> A <alarm device-fault stands>",
        "7 AlarmAcknowledged communication-lost None",
        "8 AlarmAcknowledged device-fault None",
        "8 AlarmCleared device-fault None",
        "9 CommandRejected <acknowledge> None <no such alarm stands>",
    ]


@pytest.mark.parametrize(
    ("before", "command", "said"),
    [
        ((), Start(), "<start> None <no line is ready to start>"),
        ((), Start("A"), "<start> A <line A has no program>"),
        ((), Start("C"), "<start> C <model dual-channel-cassette has no line C>"),
        ((), Stop(), "<stop> None <nothing to stop: line A is empty, line B is empty>"),
        ((A,), Stop("A"), "<stop> A <nothing to stop: line A is ready>"),
        ((), Titrate("A", ML), "<titrate> A <line A is empty: there is no rate to change>"),
        ((A,), Titrate("A", 50), "<titrate> A <rate 0.00005 mL/h is outside 0.1 mL/h to 999 mL/h>"),
        ((), ChangeMode("B", PIGGYBACK), "<mode> B <line B has no program>"),
        ((B,), ChangeMode("B", PIGGYBACK), "<mode> B <a piggyback needs a VTBI: it ends when its volume is in>"),
        (
            (A,),
            ChangeMode("A", CONCURRENT),
            "<mode> A <mode concurrent is for the secondary line of a dual-channel pump, not line A>",
        ),
        ((), Acknowledge(), "<acknowledge> None <no such alarm stands>"),
        ((), Acknowledge(AlarmId.NEAR_END), "<acknowledge> <near-end> <no such alarm stands>"),
        (
            (),
            LoadProgram("A", program(0.05, 0.05)),
            "<load> A <rate 0.05 mL/h is outside 0.1 mL/h to 999 mL/h; VTBI 0.05 mL is outside 0.1 mL to 9999 mL>",
        ),
        ((A, Start()), A, "<load> A <line A is infusing: stop it first>"),
        ((A, Start()), Start(), "<start> None <no line is ready to start>"),
        ((A, Start()), Start("A"), "<start> A <line A is infusing already>"),
        (
            (A, B, Start()),
            Titrate("A", 471 * ML),
            "<titrate> A <A 471 mL/h + B 30 mL/h = 501 mL/h is above the concurrent limit of 500 mL/h>",
        ),
    ],
)
def test_refusals(before, command, said):
    script = [(0, given) for given in before]
    assert answers(*script, (1, command))[len(answers(*script)) :] == [f"1 CommandRejected {said}"]


def test_no_start_before_the_first_reading():
    assert answers((0, A), (1, Start()), read=False)[1:] == [
        "1 CommandRejected <start> None <there is no reading from the pump yet>"
    ]
