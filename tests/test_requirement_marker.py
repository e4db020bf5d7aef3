"""What the marker does to a run: claims that are skipped, expected to fail, or of no requirement, fail it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HIDDEN = """
import pytest

@pytest.mark.requirement("GIP 1.2.2")
def test_passes(): ...

@pytest.mark.requirement("GIP 1.2.2")
@pytest.mark.skip(reason="later")
def test_skipped(): ...

@pytest.mark.requirement("GIP 1.2.2")
def test_skips_itself():
    pytest.skip("later")

@pytest.mark.requirement("GIP 1.2.2")
@pytest.mark.xfail(reason="later")
def test_xfailed():
    assert False

@pytest.mark.requirement("GIP 1.2.2")
@pytest.mark.xfail(reason="later", strict=False)
def test_xpassed(): ...

@pytest.mark.requirement("GIP 1.2.2")
@pytest.mark.parametrize("x", [])
def test_of_nothing(x): ...

@pytest.mark.skip(reason="claims nothing")
def test_may_skip(): ...

@pytest.mark.xfail(reason="claims nothing", strict=False)
def test_may_fail():
    assert False
"""
UNKNOWN = '@pytest.mark.requirement("GIP 1.2.22")\ndef test_x(): ...'
SKIPPED_FILE = (
    'pytest.skip("later", allow_module_level=True)\n\n@pytest.mark.requirement("GIP 1.2.2")\ndef test_x(): ...'
)


def run_of(tmp_path: Path, *arguments: str, **files: str) -> tuple[int, str]:
    """Run pytest with our hooks on files of its own; its exit code and what it says."""
    for name, text in files.items():
        (tmp_path / f"{name}.py").write_text(text if "import pytest" in text else f"import pytest\n\n{text}")
    settings = ["-p", "tests.requirement_marker", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", *settings, "--rootdir", str(tmp_path), *arguments, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("spread", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_a_claim_that_is_skipped_or_expected_to_fail_fails(tmp_path, spread):
    code, said = run_of(tmp_path, *spread, test_hidden=HIDDEN)
    assert code == 1
    assert "3 failed, 1 passed, 1 skipped, 1 xfailed, 2 errors" in said
    for test in ("test_xfailed", "test_xpassed"):
        assert f"{test}: is expected to fail, and claims GIP 1.2.2" in said
    for test in ("test_skipped", "test_skips_itself", "test_of_nothing[NOTSET]"):
        assert f"{test}: is skipped, and claims GIP 1.2.2" in said


def test_a_file_with_an_unknown_id_or_skipped_as_a_whole_fails_and_only_that(tmp_path):
    files = {"test_good": "def test_good(): ...", "test_unknown": UNKNOWN, "test_skipped_file": SKIPPED_FILE}
    code, said = run_of(tmp_path, **files)
    assert code == 2
    assert "test_unknown.py::test_x: unknown requirement 'GIP 1.2.22'; docs/requirements.md lists them" in said
    assert "(did you mean 'GIP 1.2.2'?)" in said
    assert "test_skipped_file.py: is skipped, and claims GIP 1.2.2" in said
    assert "2 errors" in said
    assert run_of(tmp_path, "-k", "good", "--ignore", str(tmp_path / "test_unknown.py"), **files)[0] == 2
    (tmp_path / "test_skipped_file.py").unlink()
    code, said = run_of(tmp_path, "--ignore", str(tmp_path / "test_unknown.py"), test_good="def test_good(): ...")
    assert code == 0, "a part of the tests asks nothing of the others"
