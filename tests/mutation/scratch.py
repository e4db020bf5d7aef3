"""The scratch folder ``mutants/``: which verdicts of an earlier run may stand, and what must go.

mutmut tries the mutants of a function again when that function has changed, and lets every other verdict stand. That is too
kind: a test, or another function, may have changed. So a fingerprint of all that the tests can see is kept; when it differs,
whatever was not killed is tried again, and which test reaches which function is found out anew. A killed mutant is believed to
be dead until its function changes; ``FRESH=1`` believes nothing.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from mutmut.mutation.data import SourceFileMutationData
from mutmut.stats import status_by_exit_code

from tests.mutation.survey import VERDICTS, Verdict

MUTANTS = Path("mutants")
FINGERPRINT = MUTANTS / "fingerprint"
SEEN, UNSEEN = ("pumpsim", "tests"), (".pyc", ".toml")


def prepare(files: Iterable[Path], *, fresh: bool) -> None:
    """Make the scratch folder fit for a run on these sources."""
    now = fingerprint()
    if fresh or not FINGERPRINT.exists():
        shutil.rmtree(MUTANTS, ignore_errors=True)
    elif FINGERPRINT.read_text(encoding="utf-8") != now:
        for path in [*MUTANTS.rglob("*.py"), *MUTANTS.rglob("*.meta")]:
            source = path.relative_to(MUTANTS)
            if not source.with_name(source.name.removesuffix(".meta")).exists():
                path.unlink()
        shutil.rmtree(MUTANTS / "tests", ignore_errors=True)
        (MUTANTS / "mutmut-stats.json").unlink(missing_ok=True)
        for file in files:
            _forget_living(file)
    MUTANTS.mkdir(exist_ok=True)
    FINGERPRINT.write_text(now, encoding="utf-8")


def _forget_living(file: Path) -> None:
    """Let every mutant of a file that was not killed be tried again."""
    data = SourceFileMutationData(path=file)
    data.load()
    if data.exit_code_by_key:
        for name, code in data.exit_code_by_key.items():
            if VERDICTS.get(status_by_exit_code[code]) is not Verdict.KILLED:
                data.exit_code_by_key[name] = None
        data.save()


def fingerprint(chosen: Iterable[Path] = ()) -> str:
    """A hash of all sources, tests and settings, of the tool's version, and of the names of the files chosen."""
    digest = hashlib.sha256(json.dumps([version("mutmut"), *map(str, chosen)]).encode())
    paths = [
        path for folder in SEEN for path in Path(folder).rglob("*") if path.is_file() and path.suffix not in UNSEEN
    ]
    for path in [*sorted(paths), Path("pyproject.toml")]:
        digest.update(json.dumps([path.as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()]).encode())
    return digest.hexdigest()
