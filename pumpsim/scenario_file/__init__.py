"""Scenario files: TOML in, validated ``Scenario`` values out, or every fault of every file in one ``ScenarioError``."""

from pumpsim.scenario_file.read import load_scenario, load_scenarios, parse_scenario

__all__ = ["load_scenario", "load_scenarios", "parse_scenario"]
