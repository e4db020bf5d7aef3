"""The command ``pumpsim``: run, check, list, replay, verify, and what generates pages.

Exit codes: 0 all is well; 1 an expectation or a case failed, or a replay parted; 2 a file or an argument is bad;
130 interrupted.
Heavy modules are imported by the commands that need them, so that ``--help`` is quick.
"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from pumpsim.errors import PumpsimError

if TYPE_CHECKING:
    from pumpsim.analysis.expectations import Outcome
    from pumpsim.analysis.summary import Plain
    from pumpsim.scenario import Scenario
    from pumpsim.simulation import Run

NOTICE = "Engineering software, not a medical device: never connect to a person, nor use results for dosing."

app = typer.Typer(
    help=f"Simulate infusion pumps and see what reaches the patient. {NOTICE}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
Files = Annotated[list[Path], typer.Argument(help="Scenario files (TOML).", metavar="FILE...")]


@app.command()
def run(
    files: Files,
    out: Annotated[Path, typer.Option(help="Folder in which each scenario gets its own.")] = Path("runs"),
    no_report: Annotated[bool, typer.Option("--no-report", help="Write the records only, no report.html.")] = False,
    seed: Annotated[int | None, typer.Option(help="Use this seed instead of the files'.", min=0)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON and nothing else.")] = False,
    breakpoints: Annotated[bool, typer.Option("--breakpoints", help="Also write every breakpoint: trace.npz.")] = False,
) -> None:
    """Simulate scenarios; print each expectation with its measured value; leave records and a report."""
    from pumpsim.scenario_file import load_scenarios

    scenarios = load_scenarios(files, seed)
    summaries: list[dict[str, Plain]] = []
    for scenario in scenarios:
        folder = out / scenario.name
        result, outcomes, summary = _simulate(scenario)
        _leave(folder, result, outcomes, summary, report=not no_report, breakpoints=breakpoints)
        summaries.append(summary)
        if not as_json:
            _show(result, outcomes, summary, folder, report=not no_report)
    if as_json:
        print(json.dumps(summaries[0] if len(summaries) == 1 else summaries, indent=2, ensure_ascii=False))
    if not all(summary["passed"] for summary in summaries):
        raise typer.Exit(1)


@app.command()
def check(files: Files) -> None:
    """Read scenario files and say everything that is wrong with them, without running any."""
    from pumpsim.scenario_file import load_scenarios

    for scenario in load_scenarios(files):
        print(f"{scenario.name}: good ({len(scenario.pumps)} pump(s), {len(scenario.expectations)} expectations)")
        for note in scenario.notes:
            print(f"{scenario.name}: note: {note}")


@app.command("list")
def list_catalogue(
    name: Annotated[
        str | None, typer.Argument(help="A row: show all its figures with their sources.", metavar="NAME")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Show the pump models, syringes, sets, accesses and fluids of the catalogue; with a name, one of them in full."""
    from pumpsim.listing import print_catalogue, print_json, print_row

    if as_json:
        print_json(name)
    elif name is None:
        print_catalogue()
    else:
        print_row(name)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a scenario file, for editors that complete and check while one writes."""
    from pumpsim.scenario_file.tables import ScenarioTable

    print(json.dumps(ScenarioTable.model_json_schema(), indent=2, ensure_ascii=False))


@app.command()
def replay(
    files: Annotated[
        list[Path], typer.Argument(help="Journals: inputs.jsonl of a run or of the bridge.", metavar="FILE...")
    ],
) -> None:
    """Give a fresh pump the recorded inputs and prove that every step comes out the same, or say where they part."""
    from pumpsim.codec import encode
    from pumpsim.replay import replay as replay_file

    parted = False
    for file in files:
        result = replay_file(file)
        about = f"{file}: pump {result.header.pump}, {result.header.model.id}"
        if result.parting is None:
            print(f"{about}: {result.equal} steps, every one bit-equal")
            continue
        parted = True
        at = result.parting
        replayed = at.replayed if isinstance(at.replayed, str) else json.dumps(encode(at.replayed))
        print(f"{about}: {result.equal} steps equal, then they part at input {at.number}, {at.taken.at_ns} ns")
        print(f"  input:    {json.dumps(encode(at.taken.input))}")
        print(f"  recorded: {json.dumps(encode(at.taken.step))}")
        print(f"  replayed: {replayed}")
    if parted:
        raise typer.Exit(1)


@app.command()
def plots(
    files: Files,
    out: Annotated[Path, typer.Option(help="Folder of the gallery.")] = Path("plots"),
) -> None:
    """Render each scenario's figures as SVG, with an index page to look through."""
    from pumpsim.report.gallery import write_gallery
    from pumpsim.scenario_file import load_scenarios
    from pumpsim.simulation import simulate

    scenarios = load_scenarios(files)
    write_gallery(scenarios, [simulate(scenario).traces for scenario in scenarios], out)
    print(f"{out}: figures of {len(scenarios)} scenarios")


@app.command()
def verify(
    docs: Annotated[
        Path | None, typer.Option("--docs", help="Also write verification.md and its figure into this folder.")
    ] = None,
) -> None:
    """Run every verification case against its published or analytic numbers; 1 where one does not hold."""
    from pumpsim.listing import print_verification
    from pumpsim.verification.case import holds
    from pumpsim.verification.cases import CASES

    print_verification(CASES)
    if docs is not None:
        from pumpsim.report.verification import write_verification

        for path in write_verification(CASES, docs):
            print(path)
    if not all(map(holds, CASES)):
        raise typer.Exit(1)


@app.command()
def docs(
    out: Annotated[Path, typer.Option(help="Folder of the generated pages.")] = Path("docs"),
    root: Annotated[Path, typer.Option(help="The project's folder, with tests and scenarios.")] = Path(),
) -> None:
    """Write the pages that are generated from the code: states of a line, alarm conditions, what shows which requirement."""
    from pumpsim.catalogue import alarm_page
    from pumpsim.catalogue.pumps import MODELS
    from pumpsim.controller import diagram
    from pumpsim.verification import traced
    from pumpsim.verification.claims import claims

    pages = {
        "states.md": diagram.page(),
        "alarms.md": alarm_page.page(MODELS.values()),
        "requirements.md": traced.page(claims(root)),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (out / name).write_text(text, encoding="utf-8", newline="\n")
        print(out / name)


def _simulate(scenario: "Scenario") -> "tuple[Run, tuple[Outcome, ...], dict[str, Plain]]":
    from pumpsim.analysis.expectations import judge
    from pumpsim.analysis.summary import summarise
    from pumpsim.simulation import simulate

    result = simulate(scenario)
    outcomes = judge(scenario, result.by_pump)
    return result, outcomes, summarise(scenario, result.by_pump, outcomes, result.digest, result.wall_s)


def _leave(
    folder: Path,
    result: "Run",
    outcomes: "tuple[Outcome, ...]",
    summary: "dict[str, Plain]",
    *,
    report: bool,
    breakpoints: bool,
) -> None:
    """Write the run's folder, whole or not at all."""
    from pumpsim.report.records import BreakpointFile, write_folder, write_records

    def fill(beside: Path) -> None:
        write_records(beside, result.scenario, result.by_pump, result.journal_by_pump, summary)
        if breakpoints:
            archive = BreakpointFile(beside / "trace.npz", result.scenario)
            for trace in result.traces:
                for chunk in trace.chunks:
                    archive.add(trace.pump, chunk)
            archive.close()
        if report:
            from pumpsim.report.content import build_report
            from pumpsim.report.page import write_report

            write_report(beside / "report.html", build_report(result.scenario, result.traces, outcomes, summary))

    write_folder(folder, fill)


def _show(
    result: "Run", outcomes: "tuple[Outcome, ...]", summary: "dict[str, Plain]", folder: Path, *, report: bool
) -> None:
    from pumpsim.listing import print_run

    print_run(result.scenario, outcomes, summary)
    print(f"report: {folder / 'report.html'}" if report else f"records: {folder}")


def fail(message: str) -> NoReturn:
    """Say what is wrong on standard error and end with 2."""
    print(message, file=sys.stderr)
    sys.exit(2)


def main() -> None:
    """Run the command; every refusal is one clear message, never a traceback."""
    try:
        app()
    except PumpsimError as error:
        fail(str(error))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        fail(f"{error.filename or 'file'}: {error.strerror or error}")
    except KeyboardInterrupt:
        print("interrupted; the last whole result stands", file=sys.stderr)
        sys.exit(130)
