"""The generated page of the verification cases with its figure, as files."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pumpsim.figures.svg import to_svg
from pumpsim.figures.time_to_alarm import Level, time_to_alarm
from pumpsim.verification.case import Case
from pumpsim.verification.occlusion import INFUSOMAT, INFUSOMAT_RATES, infusomat_s
from pumpsim.verification.page import CAPTION, FIGURE, page

ACCEPTED = 0.30
"""Share of a published time by which one compliance may miss it (PHYSICS V3)."""


def write_verification(cases: Sequence[Case], folder: Path) -> Iterator[Path]:
    """Write ``verification.md`` and its figure; give what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("verification.md", page(cases)), (FIGURE, infusomat_svg())):
        path = folder / name
        path.write_text(text, encoding="utf-8", newline="\n")
        yield path


def infusomat_svg() -> str:
    """The nine cells of the maker's table and the model's lines through them."""
    levels = [
        Level(f"{mmhg} mmHg", INFUSOMAT_RATES, [infusomat_s(mmhg, rate) for rate in INFUSOMAT_RATES], published)
        for mmhg, published in INFUSOMAT.items()
    ]
    figure = time_to_alarm(levels, ACCEPTED)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + to_svg(figure, "time-to-alarm", "Time to alarm", CAPTION)
