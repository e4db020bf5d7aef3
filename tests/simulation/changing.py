"""What is hung, put on and filled in, and the path of a syringe: for the tests of changes."""

from hypothesis import strategies as st

from pumpsim.catalogue.syringe_pumps import SYRINGE_PUMP, with_syringe
from pumpsim.catalogue.syringes import SYRINGES
from pumpsim.vocabulary.disturbances import Change
from pumpsim.vocabulary.path import Access, AdministrationSet, DrugContent, Fluid, LineSetup, PathSetup, Transport
from tests.build import DRUG, SALINE

STRONG = Fluid("drug 4 mg/mL", (DrugContent("drug", 4.0),))
OTHER = Fluid("other 2 mg/mL", (DrugContent("other", 2.0),))
BD_50 = SYRINGES["bd-plastipak-50"]
SYRINGE = with_syringe(SYRINGE_PUMP, BD_50)


def bag(fluid: Fluid = STRONG, volume: float = 250.0, line: str = "B", head_kpa: float | None = None) -> Change:
    return Change(line, "bag", volume, fluid, head_kpa)


def syringe_path(
    *, compliance: float = 0.001, resistance: float = 0.05, transport: Transport = Transport.PLUG, volume: float = 50.0
) -> PathSetup:
    line = LineSetup("A", "syringe", volume, DRUG, syringe=BD_50)
    return PathSetup(
        (line,), AdministrationSet("set", 1.0, SALINE, compliance, resistance, transport), Access("access", 0.0)
    )


def fresh(fluid: Fluid = STRONG, volume: float = 50.0, *, purged: bool = False, bolus: float = 0.0) -> Change:
    return Change("A", "syringe", volume, fluid, purged=purged, bolus_ml=bolus)


fluids = st.sampled_from([SALINE, DRUG, STRONG, OTHER])
