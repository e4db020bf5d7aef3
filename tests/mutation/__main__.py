"""`make mutants`: change the controller a thousand times, and see that some test notices.

Runs mutmut over the files named (all that it is set to mutate, if none) and ``tables`` over their tables and constants, prints
a score per file and every survivor with its explanation from ``survivors.toml``, and fails below ``FLOOR_PERCENT``. A mutant
that runs into the time limit counts as killed; one that no test reaches counts as alive.
"""

import argparse
import fnmatch
import os
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from time import monotonic

from tests.mutation import scratch
from tests.mutation.survey import Mutant, Verdict, functions, mutants_of, rows_of
from tests.mutation.survivors import Explained, read_survivors

FLOOR_PERCENT = 85
SURVIVORS = Path(__file__).with_name("survivors.toml")
LOG = scratch.MUTANTS / "mutmut.log"
TABLES, TABLES_OF = scratch.MUTANTS / "tables.json", scratch.MUTANTS / "tables.fingerprint"


def main() -> int:
    """Run, sum up, and judge; 0 when the score is reached."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("files", nargs="*", help="paths or names (interlock); none: all")
    parser.add_argument("--fresh", action="store_true", help="believe no verdict of an earlier run")
    parser.add_argument("--strict", action="store_true", help="fail on a survivor without explanation, too")
    parser.add_argument("--children", type=int, default=os.cpu_count() or 2, help="mutants at a time")
    given = parser.parse_args()
    every = mutable_files()
    chosen = chosen_files(every, given.files)
    explained = read_survivors(SURVIVORS)
    begin = monotonic()
    scratch.prepare(every, fresh=given.fresh)
    run_mutmut(chosen if given.files else [], given.children)
    run_tables(chosen, given.children)
    rows = list(rows_of(TABLES))
    found = {file: [*mutants_of(file), *(row for row in rows if row.change.file == file.as_posix())] for file in chosen}
    print_scores(found, explained)
    unexplained = print_living(found, explained)
    stale = print_stale(found, explained)
    print_untouched(chosen)
    score = percent([mutant for mutants in found.values() for mutant in mutants])
    print(f"\nscore {score:.1f} %, at least {FLOOR_PERCENT} % wanted; {monotonic() - begin:.0f} s")
    unchecked = sum(m.verdict is Verdict.NOT_CHECKED for mutants in found.values() for m in mutants)
    if unchecked:
        print(f"{unchecked} mutants were not checked: run it again, it goes on where it stopped")
    return int(bool(score < FLOOR_PERCENT or unchecked or (given.strict and (unexplained or stale))))


def mutable_files() -> list[Path]:
    """The sources that pyproject.toml lets mutmut change."""
    settings = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    paths = sorted(path for folder in settings["source_paths"] for path in Path(folder).rglob("*.py"))
    return [path for path in paths if any(fnmatch.fnmatch(path.as_posix(), only) for only in settings["only_mutate"])]


def chosen_files(every: list[Path], names: list[str]) -> list[Path]:
    """The files meant by paths, folders or bare names; all without names. SystemExit when a name means nothing."""
    chosen = []
    for name in names:
        meant = [file for file in every if file.is_relative_to(name) or file.stem == name]
        if not meant:
            raise SystemExit(f"{name}: no file that is mutated")
        chosen += meant
    return list(dict.fromkeys(chosen)) if names else every


def run_mutmut(files: list[Path], children: int) -> None:
    """Let mutmut work; its own words go to the terminal, or to a log where there is none. SystemExit when it fails."""
    patterns = [".".join(file.with_suffix("").parts).removesuffix(".__init__") + ".x*" for file in files]
    script = Path(__file__).with_name("mutate.py")
    command = [sys.executable, str(script), "run", "--max-children", str(children), *patterns]
    if sys.stdout.isatty():
        code = subprocess.run(command, check=False).returncode
    else:
        with LOG.open("w", encoding="utf-8") as log:
            code = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False).returncode
    if code:
        words = LOG.read_text(encoding="utf-8").replace("\r", "\n")[-3000:] if LOG.exists() else ""
        raise SystemExit(f"{words}\nmutmut failed with exit code {code}")


def run_tables(files: list[Path], children: int) -> None:
    """Try the rows of tables and the constants, if they have not been tried as everything stands. SystemExit when it fails."""
    if TABLES.exists() and TABLES_OF.exists() and TABLES_OF.read_text(encoding="utf-8") == scratch.fingerprint(files):
        return
    command = [sys.executable, "-m", "tests.mutation.tables", str(TABLES), *map(str, files)]
    environment = {**os.environ, "CHILDREN": str(children)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{done.stdout[-3000:]}{done.stderr[-3000:]}\nthe tables could not be tried")
    TABLES_OF.write_text(scratch.fingerprint(files), encoding="utf-8")


def percent(mutants: list[Mutant]) -> float:
    """The share of mutants that were killed; 100 where there is none."""
    return 100 * sum(m.dead for m in mutants) / len(mutants) if mutants else 100.0


def print_scores(found: dict[Path, list[Mutant]], explained: tuple[Explained, ...]) -> None:
    """One row for each file, and their sum."""
    known = {entry.change for entry in explained}
    columns = ("mutants", "killed", "too slow", "survived", "explained", "untested", "score")
    print(f"{'file':<44}" + "".join(f"{column:>10}" for column in columns))
    total = [mutant for mutants in found.values() for mutant in mutants]
    for name, mutants in [*((file.as_posix(), found[file]) for file in found), ("all", total)]:
        count = Counter(mutant.verdict for mutant in mutants)
        why = sum(not m.dead and m.change in known for m in mutants)
        numbers = [len(mutants), *(count[v] for v in (Verdict.KILLED, Verdict.TOO_SLOW, Verdict.SURVIVED)), why]
        row = "".join(f"{number:>10}" for number in [*numbers, count[Verdict.NO_TESTS]])
        print(f"{name:<44}{row}" + (f"{percent(mutants):>8.1f} %" if mutants else f"{'-':>10}"))


def print_living(found: dict[Path, list[Mutant]], explained: tuple[Explained, ...]) -> int:
    """Every mutant that lives, with its explanation; how many have none."""
    reasons = {entry.change: entry.why for entry in explained}
    living = [m for mutants in found.values() for m in mutants if m.verdict in (Verdict.SURVIVED, Verdict.NO_TESTS)]
    bare = [mutant for mutant in living if mutant.change not in reasons]
    for title, mutants in (("explained", [m for m in living if m.change in reasons]), ("not explained", bare)):
        print(f"\n{len(mutants)} {title}" + (":" if mutants else ""))
        for mutant in mutants:
            name = f"  [{mutant.name}]" if mutant.name else ""
            print(f"{mutant.change.file}:{mutant.line} {mutant.change.where}: {mutant.verdict.value}{name}")
            print(f"  - {mutant.change.was}\n  + {mutant.change.now}")
            if mutant.change in reasons:
                print(f"  {reasons[mutant.change]}")
    return len(bare)


def print_stale(found: dict[Path, list[Mutant]], explained: tuple[Explained, ...]) -> int:
    """Explanations of the files tried whose mutant is gone or has been killed; how many."""
    mutants = [mutant for of_file in found.values() for mutant in of_file]
    there = {mutant.change for mutant in mutants}
    living = {mutant.change for mutant in mutants if not mutant.dead}
    tried = [e for e in explained if Path(e.change.file) in found or not Path(e.change.file).exists()]
    gone = [entry for entry in tried if entry.change not in there]
    killed = [entry for entry in tried if entry.change in there - living]
    for entry, what in [*((e, "no such mutant") for e in gone), *((e, "is killed") for e in killed)]:
        print(f"\nstale explanation, {what}: {entry.change.file} {entry.change.where}")
        print(f"  - {entry.change.was}\n  + {entry.change.now}")
    return len(gone) + len(killed)


def print_untouched(files: list[Path]) -> None:
    """What mutmut cannot change, so that the score says nothing of it."""
    alone = [f"{file.as_posix()} {where}" for file in files for where, _, left_alone in functions(file) if left_alone]
    if alone:
        print("\ndecorated, and so not mutated: " + ", ".join(alone))


sys.exit(main())
