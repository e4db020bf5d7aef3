"""The requirements that pump and simulator are held against, as data: whose they are, their number, our words, the limit.

What shows them stands beside the evidence: a test says ``@pytest.mark.requirement("GIP 1.2.2")``, a scenario
``requirements = ["GIP 1.2.2"]``. ``verification.claims`` collects both; ``docs/requirements.md`` is made of all of it.
Nothing here may say that a requirement is met: only a test that passes can.
"""

from pumpsim.requirements.gip import GIP
from pumpsim.requirements.gpca import GPCA
from pumpsim.requirements.opca import OPCA
from pumpsim.requirements.requirement import LISTED_IN, TO_COME, Requirement, Section, Source

SECTIONS: tuple[Section, ...] = (*GIP, *OPCA, *GPCA)
"""Every section of every source, in the order of the page."""
REQUIREMENTS: dict[str, Requirement] = {row.id: row for section in SECTIONS for row in section.rows}
"""Every requirement by its id, as markers and scenarios write it."""

__all__ = ["LISTED_IN", "REQUIREMENTS", "SECTIONS", "TO_COME", "Requirement", "Section", "Source"]
