"""Every scenario file holds what it says, is in the index, and would fail on a pump or a world that is broken."""

from dataclasses import replace
from pathlib import Path

import pytest

from pumpsim.analysis.expectations import Outcome, judge
from pumpsim.analysis.summary import summarise
from pumpsim.report.content import build_report
from pumpsim.scenario import Scenario
from pumpsim.scenario_file import load_scenario
from pumpsim.simulation import Run, simulate
from pumpsim.vocabulary.courses import Profile, Stages
from pumpsim.vocabulary.disturbances import Disturbance, Powering
from pumpsim.vocabulary.inputs import ChangeMode, DeviceEvent, LoadProgram, Start, Titrate
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.motor import MotorFault
from pumpsim.vocabulary.path import Transport
from pumpsim.vocabulary.program import InfusionProgram

FOLDER = Path(__file__).resolve().parents[1] / "scenarios"
FILES = sorted(FOLDER.glob("*.toml"))


def failures(scenario: Scenario) -> list[str]:
    return failed(judge(scenario, simulate(scenario).by_pump))


def failed(outcomes: tuple[Outcome, ...]) -> list[str]:
    return [f"{outcome.text}: {outcome.measured}" for outcome in outcomes if not outcome.passed]


@pytest.fixture(params=FILES, ids=[file.stem for file in FILES], scope="module")
def scenario(request) -> Scenario:
    """Of the module, so that all tests of one file come together and share its run."""
    return load_scenario(request.param)


@pytest.fixture(scope="module")
def run(scenario) -> Run:
    return simulate(scenario)


@pytest.fixture(scope="module")
def outcomes(run) -> tuple[Outcome, ...]:
    return judge(run.scenario, run.by_pump)


def test_there_are_scenarios():
    assert len(FILES) >= 8


def test_every_expectation_holds(scenario, outcomes):
    assert len(scenario.expectations) >= 3
    assert failed(outcomes) == []


def test_its_report_is_built_and_its_accounts_close(scenario, run, outcomes):
    summary = summarise(scenario, run.by_pump, outcomes, run.digest, run.wall_s)
    report = build_report(scenario, run.traces, outcomes, summary)
    assert [section.id for section in report.pumps if not section.balanced] == []


def test_it_is_in_the_index_and_says_what_to_look_at(scenario):
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"{scenario.name}.toml" in index
    assert len(scenario.description) > 80


def test_it_fails_when_nobody_starts_the_pump(scenario):
    entries = tuple(e for e in scenario.entries if not isinstance(e.action, Start))
    assert failures(replace(scenario, entries=entries))


def test_it_fails_when_the_pump_runs_ten_percent_slow(scenario):
    models = {pump.id: pump.model for pump in scenario.pumps}
    entries = tuple(
        replace(e, action=replace(e.action, program=slowed(models[e.pump], e.action.program)))
        if isinstance(e.action, LoadProgram)
        else e
        for e in scenario.entries
    )
    assert failures(replace(scenario, entries=entries))


def slowed(model: PumpModel, program: InfusionProgram) -> InfusionProgram:
    """A tenth less, on the pump's step; for two lines together below the floor, which is refused."""

    def slow(rate: int) -> int:
        step = next(band.step_nl_per_h for band in model.rate_bands if rate <= band.high_nl_per_h)
        return max(rate * 9 // 10 // step * step, step)

    course = program.course
    match course:
        case Stages(stages):
            course = Stages(tuple(replace(stage, rate_nl_per_h=slow(stage.rate_nl_per_h)) for stage in stages))
        case Profile(segments):
            course = Profile(tuple(replace(segment, rate_nl_per_h=slow(segment.rate_nl_per_h)) for segment in segments))
    rate = program.rate_nl_per_h and slow(program.rate_nl_per_h)
    return replace(program, rate_nl_per_h=rate, course=course)


def test_it_fails_without_its_faults_and_refusals(scenario):
    """Where the story is an occlusion, a titration or a change of mode, leaving it out must be noticed."""
    told = Disturbance | MotorFault | DeviceEvent | Powering | Titrate | ChangeMode
    kept = tuple(e for e in scenario.entries if not isinstance(e.action, told))
    if len(kept) < len(scenario.entries):
        assert failures(replace(scenario, entries=kept))


@pytest.mark.parametrize("name", ["kvo_at_completion", "piggyback_antibiotic"])
def test_it_fails_when_the_keep_open_rate_is_wrong(name):
    scenario = load_scenario(FOLDER / f"{name}.toml")
    pumps = tuple(replace(pump, model=replace(pump.model, kvo_nl_per_h=3_000_000)) for pump in scenario.pumps)
    assert failures(replace(scenario, pumps=pumps))


def test_it_fails_when_the_common_line_is_stirred_or_longer():
    """What reaches the patient, and when, is held by the push-out scenario."""
    scenario = load_scenario(FOLDER / "carrier_push_out.toml")
    for change in ({"transport": Transport.MIXED}, {"common_ml": 3.0}):
        pumps = tuple(
            replace(pump, path=replace(pump.path, set=replace(pump.path.set, **change))) for pump in scenario.pumps
        )
        assert failures(replace(scenario, pumps=pumps))
