"""Imports run down: the layers of the house, read from the source with ast."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROWS = {
    "pumpsim": 0,
    "pumpsim.units": 0,
    "pumpsim.errors": 0,
    "pumpsim.vocabulary": 1,
    "pumpsim.catalogue": 1,
    "pumpsim.requirements": 1,
    "pumpsim.controller": 2,
    "pumpsim.fluidics": 2,
    "pumpsim.codec": 3,
    "pumpsim.scenario": 3,
    "pumpsim.scenario_file": 3,
    "pumpsim.trace": 3,
    "pumpsim.journal": 3,
    "pumpsim.replay": 3,
    "pumpsim.simulation": 4,
    "pumpsim.analysis": 5,
    "firmware_bridge": 6,
    "pumpsim.verification": 6,
    "pumpsim.figures": 7,
    "pumpsim.report": 8,
    "pumpsim.listing": 10,
    "pumpsim.cli": 10,
    "pumpsim.__main__": 10,
    "firmware_bridge.cli": 10,
}
"""Room to row. A room may import lower rows and itself; rooms of one row never meet, but for the exceptions below."""
SAME_ROW = {("pumpsim.catalogue", "pumpsim.vocabulary"), ("pumpsim.scenario_file", "pumpsim.scenario")}
STANDARD_ONLY = {
    "pumpsim",
    "pumpsim.units",
    "pumpsim.errors",
    "pumpsim.vocabulary",
    "pumpsim.catalogue",
    "pumpsim.requirements",
    "pumpsim.controller",
}
PURE_ROWS = {0, 1, 2, 3, 5}
NOT_PURE = {"time", "random", "threading", "socket", "asyncio"}
OWNERS = {
    "matplotlib": {"pumpsim.figures"},
    "simpy": {"pumpsim.simulation", "firmware_bridge.virtual"},
    "serial": {"firmware_bridge.transports.serial_port"},
}


def modules() -> list[tuple[str, Path]]:
    found = []
    for package in ("pumpsim", "firmware_bridge"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found.append((name, path))
    return found


def room(name: str) -> str:
    """The longest known room that a module lies in; files directly in pumpsim are rooms of their own."""
    if name in ROWS:
        return name
    parts = name.split(".")
    for n in range(len(parts) - 1, 0, -1):
        candidate = ".".join(parts[:n])
        if candidate in ROWS and candidate != "pumpsim":
            return candidate
    raise AssertionError(f"{name}: no row is known for this module; add it to ROWS")


def imports(path: Path) -> list[tuple[int, str]]:
    """Every module that is imported, with its line; imports for type checking count too."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            found += [
                (node.lineno, f"{node.module}.{a.name}" if is_module(f"{node.module}.{a.name}") else str(node.module))
                for a in node.names
            ]
    return found


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


@pytest.mark.parametrize(("name", "path"), modules(), ids=[name for name, _ in modules()])
def test_imports_run_down(name, path):
    here = room(name)
    for line, imported in imports(path):
        top = imported.split(".")[0]
        where = f"{path.relative_to(ROOT)}:{line}: {name} imports {imported}"
        if top in ("pumpsim", "firmware_bridge"):
            there = room(imported)
            same_row = ROWS[here] == ROWS[there]
            loose_files = same_row and not any((ROOT / r.replace(".", "/")).is_dir() for r in (here, there))
            allowed = here == there or loose_files or (here, there) in SAME_ROW or ROWS[there] < ROWS[here]
            assert allowed, f"{where}: row {ROWS[here]} may not import row {ROWS[there]}"
            assert not (name.startswith("pumpsim") and top == "firmware_bridge"), (
                f"{where}: pumpsim never sees the bridge"
            )
            last = imported.split(".")[-1]
            assert not (last.startswith("_") and here != there), (
                f"{where}: files that begin with _ stay in their folder"
            )
        elif here in STANDARD_ONLY:
            assert top in sys.stdlib_module_names, f"{where}: standard library only"
        if top in OWNERS:
            assert {here, name} & OWNERS[top], f"{where}: only {', '.join(sorted(OWNERS[top]))} imports {top}"


@pytest.mark.parametrize(("name", "path"), [(n, p) for n, p in modules() if ROWS[room(n)] in PURE_ROWS])
def test_lower_rows_read_no_clock_and_print_nothing(name, path):
    for line, imported in imports(path):
        assert imported.split(".")[0] not in NOT_PURE, f"{path.relative_to(ROOT)}:{line}: imports {imported}"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "print", f"{path.relative_to(ROOT)}:{node.lineno}: print"
        if isinstance(node, ast.Attribute):
            assert node.attr != "now" or not isinstance(node.value, ast.Name) or node.value.id != "datetime"


def test_controller_uses_no_float_sum_and_no_transcendental_function():
    """DESIGN 2.7: decisions replay bit for bit on every machine."""
    for path in sorted((ROOT / "pumpsim" / "controller").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [a.name for a in node.names] + [getattr(node, "module", None)]
                assert not {"math", "cmath", "statistics"} & set(names), path
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("sum", "set", "frozenset", "pow"), f"{path}:{node.lineno}"


@pytest.mark.parametrize(
    ("imported", "absent"),
    [
        ("pumpsim", ("numpy", "simpy", "matplotlib", "pydantic")),
        ("pumpsim.controller", ("numpy", "simpy", "matplotlib", "pydantic")),
        ("pumpsim.simulation", ("matplotlib", "scipy", "serial")),
        ("pumpsim.cli", ("numpy", "matplotlib", "simpy", "pydantic")),
    ],
)
def test_imports_stay_light(imported, absent):
    code = f"import sys, {imported}; print([m for m in {absent!r} if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
