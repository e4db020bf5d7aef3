"""The whole of a scenario file as a pydantic model: which keys there are, and what each may hold by itself.

What needs more than one table (a line that the model has not, a window beyond the end) is checked in ``scenario_file.pumps``,
``scenario_file.script`` and ``scenario_file.expect``. ``ScenarioTable`` is the whole file; its JSON Schema serves editors.
"""

from typing import Annotated

from pydantic import Discriminator, Field, Tag

from pumpsim.requirements import LISTED_IN, REQUIREMENTS
from pumpsim.scenario_file.expect_tables import ExpectTable, OrderedTable
from pumpsim.scenario_file.fields import Choice, Span
from pumpsim.scenario_file.happening_tables import ChangeTable, FaultTable, OperatorTable
from pumpsim.scenario_file.library_tables import LibraryTable
from pumpsim.scenario_file.pump_tables import (
    TABLE,
    TEXT,
    LineTable,
    PumpTable,
    SetTable,
    Table,
    Text1,
    WholePumpTable,
    text_or_table,
)
from pumpsim.scenario_file.wire_tables import WireTable

RequirementId = Annotated[str, Choice("requirement", {id: id for id in REQUIREMENTS}, LISTED_IN)]


LibraryField = Annotated[
    Annotated[Text1, Tag(TEXT)] | Annotated[LibraryTable, Tag(TABLE)],
    Discriminator(text_or_table),
]


class RecordTable(Table):
    """How the run is recorded in ``trace.csv``."""

    every: Span


class HeadTable(Table):
    """What stands at the top of the file. ``requirements``: ids of those that the scenario's expectations show.
    ``care_area``: of the drug library, for every pump that names none."""

    title: Text1
    description: str = ""
    duration: Span
    seed: int = Field(default=0, ge=0, le=2**63 - 1)
    record: RecordTable | None = None
    requirements: list[RequirementId] | None = None
    care_area: Text1 | None = None


class ScenarioTable(HeadTable):
    """The whole file. ``pump``: one pump, or a table of pumps by id; ``line`` and ``set``: those of the one pump;
    ``junction``: places where sets meet, each with the tubing from there on; ``library``: a drug library, or the name of
    the file that holds it."""

    pump: PumpTable | dict[str, WholePumpTable]
    line: dict[str, LineTable] | None = None
    set: SetTable | None = None
    junction: dict[str, SetTable] | None = None
    library: LibraryField | None = None
    operator: list[OperatorTable] | None = None
    fault: list[FaultTable] | None = None
    change: list[ChangeTable] | None = None
    wire: list[WireTable] | None = None
    order: list[OrderedTable] | None = None
    expect: list[ExpectTable] | None = None
