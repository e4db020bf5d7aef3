"""The native driver: two counts of steps, two clocks, and which message a motor command becomes."""

import pytest

from firmware_bridge.drivers.native import NativeDriver
from firmware_bridge.protocols.native import Cause, Identity, Move, MoveLine, State, Stop, Telemetry, TelemetryLine
from pumpsim.catalogue.pumps import DUAL_CHANNEL_CASSETTE as MODEL
from pumpsim.vocabulary.inputs import LineReading, SensorReading
from pumpsim.vocabulary.outputs import LineMotion, MotorCommand

S, MS, US = 10**9, 10**6, 10**3


def identity(epoch: int = 1, lines: int = 2, step_fl: int = MODEL.mechanism.step_fl) -> Identity:
    return Identity(1, epoch, State.LOCKED, 2_000, step_fl, 1, lines, "model", "firmware")


def telemetry(a: int, b: int, uptime_ns: int = 0) -> Telemetry:
    lines = (TelemetryLine(a, -1_500, False, False), TelemetryLine(b, 40, True, False))
    return Telemetry(1, uptime_ns // US, Cause.ASKED, State.READY, 0, 41_370, lines)


def attached(a: int = 0, b: int = 0) -> NativeDriver:
    driver = NativeDriver(MODEL)
    driver.attach(identity())
    driver.reading(0, telemetry(a, b))
    return driver


def test_reading_is_in_the_units_of_the_pump() -> None:
    driver = NativeDriver(MODEL)
    driver.attach(identity())
    assert driver.reading(0, telemetry(0, 0)) == SensorReading(
        (LineReading("A", 0, -1.5, False), LineReading("B", 0, 0.04, True)), 41.37
    )


def test_pump_counts_from_its_own_power_on() -> None:
    driver = attached(5_000, 700)
    assert driver.steps == (0, 0)
    driver.reading(S, telemetry(5_010, 703))
    assert driver.steps == (10, 3)
    command = MotorCommand((LineMotion("A", 100, 1_000), LineMotion("B", 50)))
    assert driver.message(command) == Move(1, (MoveLine(100, True, 6_000), MoveLine(50, False, 0)))


def test_new_power_on_counts_anew_and_the_pump_goes_on() -> None:
    driver = attached(5_000, 700)
    driver.reading(S, telemetry(5_010, 703))
    assert driver.attach(identity(epoch=1)) is False
    assert driver.attach(identity(epoch=2)) is True
    driver.reading(2 * S, telemetry(0, 0))
    assert driver.steps == (10, 3)
    command = MotorCommand((LineMotion("A", 100, 1_000), LineMotion("B", 0)))
    assert driver.message(command) == Move(2, (MoveLine(100, True, 990), MoveLine(0, False, 0)))


@pytest.mark.parametrize(
    ("rates", "stops"), [((0, 0), True), ((1, 0), False), ((0, 1), False)], ids=["none", "first", "second"]
)
def test_command_that_moves_nothing_is_stop(rates: tuple[int, int], stops: bool) -> None:
    command = MotorCommand(tuple(LineMotion(line, rate, 5) for line, rate in zip("AB", rates, strict=True)))
    assert isinstance(attached().message(command), Stop if stops else Move)


def test_line_that_a_command_does_not_name_stands() -> None:
    message = attached().message(MotorCommand((LineMotion("B", 7),)))
    assert message == Move(1, (MoveLine(0, False, 0), MoveLine(7, False, 0)))


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (identity(lines=1), "the device has 1 line(s), model dual-channel-cassette has 2"),
        (identity(step_fl=1_000_000), "the device's motor step is 1 nL, that of model dual-channel-cassette is 100 nL"),
    ],
)
def test_device_that_does_not_fit_is_named(other: Identity, said: str) -> None:
    assert NativeDriver(MODEL).mismatch(other) == said
    assert NativeDriver(MODEL).mismatch(identity()) is None


def test_age_is_the_delay_beyond_the_fastest_answer() -> None:
    driver = NativeDriver(MODEL)
    driver.attach(identity())
    ages = [
        driver.reading(100 * S + n * S + late_ns, telemetry(0, 0, 7 * S + n * S)).age_ns
        for n, late_ns in enumerate((5 * MS, 2 * MS, 30 * MS, 2 * MS))
    ]
    assert ages[:2] == [0, 0]
    assert ages[2] == pytest.approx(28 * MS, abs=MS)
    assert ages[3] <= MS


@pytest.mark.parametrize("ppm", [-200, 200])
def test_age_does_not_grow_because_the_clocks_run_apart(ppm: int) -> None:
    driver = NativeDriver(MODEL)
    driver.attach(identity())
    ages = [
        driver.reading(n * 20 * MS, telemetry(0, 0, n * 20 * (MS + ppm * MS // 1_000_000))).age_ns
        for n in range(0, 180_000, 100)
    ]
    assert max(ages) <= MS
