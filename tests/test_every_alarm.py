"""Every row of the alarm catalogue is raised by a scenario that expects it; that its expectations hold says test_scenarios."""

import tomllib
from pathlib import Path

import pytest

from pumpsim.catalogue.pumps import MODELS
from pumpsim.vocabulary.alarms import AlarmId

SCENARIOS = sorted((Path(__file__).resolve().parents[1] / "scenarios").glob("*.toml"))
NOT_BY_A_SCENARIO = {
    AlarmId.RATE_LIMIT: "no controller of ours commands beyond the limits: tests/controller/test_interlock.py lets one do so",
    AlarmId.WATCHDOG: "virtual time never calls late: tests/controller/test_interlock.py does, and so does a suspended bridge",
    AlarmId.COMMUNICATION_LOST: "there is no wire in a simulation: tests/bridge cuts one",
}
"""Rows that nothing can raise on virtual time, and what raises them instead."""


def expected_somewhere() -> set[str]:
    found = set()
    for path in SCENARIOS:
        for clause in tomllib.loads(path.read_text(encoding="utf-8")).get("expect", []):
            delay = clause.get("alarm_delay", {})
            found |= {clause[key] for key in ("alarm",) if key in clause and not clause.get("absent")}
            found |= {delay["alarm"]} if delay else set()
    return found


@pytest.mark.parametrize("row", list(AlarmId), ids=lambda row: row.value)
def test_a_scenario_raises_it(row):
    assert (row.value in expected_somewhere()) != (row in NOT_BY_A_SCENARIO)


def test_every_id_is_a_row_of_some_model():
    """But the rise of pressure, which is a setting of the scenario."""
    rows = {row.id for model in MODELS.values() for row in model.alarms}
    assert set(AlarmId) - rows == {AlarmId.PRESSURE_RISE}
