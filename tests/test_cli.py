"""The command as people and scripts use it: exit codes, what is printed where, what is left on disk."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAIN = ROOT / "scenarios" / "dopamine_with_saline.toml"
BENCH = ROOT / "scenarios" / "bench_60s.toml"


def pumpsim(*args: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pumpsim", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False, timeout=120)


def failing(tmp_path: Path) -> Path:
    text = BENCH.read_text(encoding="utf-8").replace('volume = "4.97 mL"', 'volume = "9.97 mL"')
    file = tmp_path / "failing.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_run_prints_a_table_and_leaves_the_run(tmp_path):
    done = pumpsim("run", MAIN, "--out", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "pass" in done.stdout
    assert "report.html" in done.stdout
    left = {p.name for p in (tmp_path / MAIN.stem).iterdir()}
    assert left == {"report.html", "trace.csv", "events.jsonl", "summary.json", "inputs.jsonl"}


def test_the_same_seed_gives_the_same_digest_in_every_run(tmp_path):
    digests = [
        json.loads(pumpsim("run", MAIN, "--out", tmp_path, "--no-report", "--json").stdout)["digest"] for _ in "ab"
    ]
    assert digests[0] == digests[1]


def test_json_is_the_only_thing_on_standard_output(tmp_path):
    one = pumpsim("run", BENCH, "--out", tmp_path, "--no-report", "--json", "--seed", 5)
    summary = json.loads(one.stdout)
    assert summary["seed"] == 5
    assert summary["passed"] is True
    assert summary == json.loads((tmp_path / "bench_60s" / "summary.json").read_text(encoding="utf-8"))
    several = json.loads(pumpsim("run", BENCH, MAIN, "--out", tmp_path, "--no-report", "--json").stdout)
    assert [s["scenario"] for s in several] == ["bench_60s", MAIN.stem]


def test_exit_1_when_an_expectation_fails_and_the_measured_value_is_shown(tmp_path):
    done = pumpsim("run", failing(tmp_path), "--out", tmp_path / "runs", "--no-report")
    assert done.returncode == 1
    assert "FAIL" in done.stdout
    assert "1 of" in done.stdout
    assert json.loads((tmp_path / "runs" / "failing" / "summary.json").read_text(encoding="utf-8"))["passed"] is False


def test_exit_1_when_a_refusal_was_not_expected(tmp_path):
    text = (
        BENCH.read_text(encoding="utf-8") + '\n[[operator]]\nat = "50 s"\ntitrate = { line = "A", rate = "450 mL/h" }\n'
    )
    (tmp_path / "surprise.toml").write_text(text, encoding="utf-8")
    done = pumpsim("run", tmp_path / "surprise.toml", "--out", tmp_path, "--no-report", "--json")
    assert done.returncode == 1
    last = json.loads(done.stdout)["expectations"][-1]
    assert last["passed"] is False
    assert "above the concurrent limit" in last["measured"]


def test_exit_2_with_every_fault_of_every_file_and_nothing_is_run(tmp_path):
    bad = tmp_path / "bad.toml"
    bad.write_text(
        'title = "x"\nduration = "1 h"\n[pump]\nmodel = "dual-chanel-cassette"\ncolour = 1\n', encoding="utf-8"
    )
    done = pumpsim("run", BENCH, bad, tmp_path / "absent.toml", tmp_path, "--out", tmp_path / "runs")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    for part in ("dual-channel-cassette", "colour", "absent.toml", "is a folder"):
        assert part in done.stderr
    assert not (tmp_path / "runs").exists()


def test_check_and_list_and_help():
    assert pumpsim("check", *sorted((ROOT / "scenarios").glob("*.toml"))).returncode == 0
    shown = pumpsim("list")
    assert shown.returncode == 0
    for word in ("dual-channel-cassette", "20G-peripheral", "saline-0.9", "unverified"):
        assert word in shown.stdout
    helped = pumpsim("--help")
    assert "not a medical" in " ".join(helped.stdout.split())
    assert pumpsim("rum").returncode == 2


def test_replay_says_equal_or_where_it_parts(tmp_path):
    pumpsim("run", BENCH, "--out", tmp_path, "--no-report")
    journal = tmp_path / "bench_60s" / "inputs.jsonl"
    assert "every one bit-equal" in pumpsim("replay", journal).stdout
    changed = tmp_path / "changed.jsonl"
    changed.write_text(journal.read_text(encoding="utf-8").replace('"distal_kpa":41.', '"distal_kpa":11.', 1))
    done = pumpsim("replay", changed)
    assert done.returncode == 1
    assert "they part at input" in done.stdout
    absent = pumpsim("replay", tmp_path / "absent.jsonl")
    assert (absent.returncode, "Traceback" in absent.stderr) == (2, False)


def test_an_output_folder_that_cannot_be_written_is_one_message(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    done = pumpsim("run", BENCH, "--out", blocked, "--no-report")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_leaves_the_last_whole_result_and_says_so(tmp_path):
    pumpsim("run", MAIN, "--out", tmp_path, "--no-report")
    before = (tmp_path / MAIN.stem / "summary.json").read_bytes()
    command = [sys.executable, "-m", "pumpsim", "run", str(MAIN), "--out", str(tmp_path)]
    for wait in (0.05, 0.4, 0.8):
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ)
        time.sleep(wait)
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=60)
        left = {p.name for p in tmp_path.iterdir()}
        assert left == {MAIN.stem}, "nothing half-written beside it"
        if running.returncode == 130:
            assert b"Traceback" not in errors
    assert json.loads(before)["digest"] == json.loads((tmp_path / MAIN.stem / "summary.json").read_bytes())["digest"]


def test_the_schema_names_every_table_and_the_models():
    schema = json.loads(pumpsim("schema").stdout)
    assert {"pump", "junction", "operator", "fault", "expect"} <= set(schema["properties"])
    assert "omnipod" in json.dumps(schema)
