"""A pump as it comes out of the cupboard, for whoever names a model and no scenario: what hangs on it is what suits its kind.

Everything here is an assumption of ours: a scenario file says what is really hung, and into what it runs.
"""

from pumpsim.catalogue.pumps import MODELS
from pumpsim.errors import PumpsimError, nearest_name
from pumpsim.errors import hint as did_you_mean
from pumpsim.vocabulary.model import Drive, PumpClass, PumpModel

SALINE: object = "saline-0.9"
INSULIN: object = {"drug": "insulin", "concentration": "100 U/mL"}
HUNG: dict[PumpClass, dict[str, object]] = {
    PumpClass.LARGE_VOLUME: {"container": {"bag": "1000 mL", "fluid": SALINE}, "limb_volume": "10 mL"},
    PumpClass.GRAVITY: {"container": {"bag": "1000 mL", "fluid": SALINE}},
    PumpClass.PCA: {"container": {"reservoir": "100 mL", "fluid": SALINE}},
    PumpClass.INSULIN: {"container": {"cartridge": "3 mL", "fluid": INSULIN}},
    PumpClass.IMPLANTED: {"container": {"reservoir": "20 mL", "fluid": SALINE}},
}
IN_A_SYRINGE: dict[str, object] = {"container": {"syringe": "bd-plastipak-50", "fluid": SALINE}}
INTO_A_VEIN = (PumpClass.LARGE_VOLUME, PumpClass.SYRINGE, PumpClass.PCA, PumpClass.GRAVITY)


def plain_document(model: str) -> dict[str, object]:
    """Write the scenario file of a pump of this model, with something on every line. Raises PumpsimError for no model."""
    if model not in MODELS:
        raise PumpsimError(
            f"unknown model {model!r}; known: {', '.join(MODELS)}{did_you_mean(nearest_name(model, MODELS))}"
        )
    row = MODELS[model]
    document: dict[str, object] = {
        "title": f"{model} out of the cupboard",
        "duration": "1 h",
        "pump": {"model": model},
        "line": dict.fromkeys(row.lines, _hung(row)),
    }
    if row.kind in INTO_A_VEIN:
        document["set"] = {"access": "20G-peripheral"}
    return document


def _hung(model: PumpModel) -> dict[str, object]:
    return IN_A_SYRINGE if model.mechanism.drive is Drive.LEAD_SCREW else HUNG[model.kind]
