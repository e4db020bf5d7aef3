"""Scenarios made by chance, sound and unsound: any models, sets, junctions, valves, heights and disturbances, from a seed."""

from random import Random

from pumpsim.catalogue.accesses import ACCESSES
from pumpsim.catalogue.pumps import MODELS
from pumpsim.catalogue.sets import SETS
from pumpsim.catalogue.syringes import SYRINGES
from pumpsim.vocabulary.model import PumpModel
from tests.helpers import Document

DRUG = {"drug": "d", "concentration": "2 mg/mL"}
TUBING = (
    ("common_volume", ("0 mL", "2 mL")),
    ("compliance", ("0 uL/kPa", "4 uL/kPa")),
    ("resistance", ("0 kPa/(mL/h)", "1 kPa/(mL/h)")),
    ("valve", ("0 kPa", "3 kPa")),
    ("transport", ("plug", "mixed", "laminar")),
    ("air", ("0.2 mL",)),
)
FAULTS: tuple[Document, ...] = (
    {"occlude": "patient end"},
    {"occlude": "line A"},
    {"height": "30 cm"},
    {"height": "-50 cm"},
    {"back_pressure": "20 mmHg"},
    {"leak": "1 kPa/(mL/h)"},
    {"disconnect": "patient end"},
    {"narrow": {"place": "patient end", "by": "2 kPa/(mL/h)"}},
    {"narrow": {"place": "patient end", "by": "2 kPa/(mL/h)", "over": "3 min"}},
    {"release_plunger": True},
    {"occlude": "junction x"},
    {"disconnect": "junction x"},
    {"air": {"line": "A", "volume": "0.3 mL"}},
    {"air": {"line": "A", "volume": "0.05 mL", "place": "container"}},
    {"power": "off"},
    {"device": "mains lost"},
    {"device": "door open"},
)


def by_chance(seed: int) -> Document:
    """A scenario of one to three pumps and none to two junctions, at most 20 min long; not always a sound one."""
    chance = Random(seed)
    count = chance.choice((1, 1, 2, 3))
    junctions = ["x", "y"][: chance.choice((0, 0, 1, 2)) if count > 1 else chance.choice((0, 0, 1))]
    models = {f"p{i}": MODELS[chance.choice(list(MODELS))] for i in range(count)}
    return {
        "title": f"by chance, {seed}",
        "duration": f"{chance.choice((5, 20))} min",
        "pump": {id: _pump(chance, model, junctions) for id, model in models.items()},
        "junction": {
            name: _tubing(chance, [*junctions[i + 1 :]] if chance.random() < 0.7 else [])
            for i, name in enumerate(junctions)
        },
        "operator": [entry for id, model in models.items() for entry in _orders(chance, id, model)],
        "fault": [_fault(chance, list(models)) for _ in range(chance.choice((0, 1, 2, 4)))],
        "change": [_change(chance, *chance.choice(list(models.items()))) for _ in range(chance.choice((0, 0, 1, 3)))],
    }


def _pump(chance: Random, model: PumpModel, junctions: list[str]) -> Document:
    pump: Document = {"model": model.id, "line": {line: _line(chance, model) for line in model.lines}}
    pump["set"] = _tubing(chance, junctions)
    if chance.random() < 0.3:
        pump["height"] = chance.choice(("-40 cm", "0 cm", "30 cm"))
    if chance.random() < 0.2:
        pump["drive"] = "smooth"
    return pump


def _line(chance: Random, model: PumpModel) -> Document:
    if model.mechanism.screw is not None:
        kind = chance.choice(("bd-plastipak-50", *SYRINGES)) if chance.random() < 0.5 else "bd-plastipak-50"
        container: Document = {"syringe": kind, "fluid": DRUG}
    else:
        kind = chance.choice(("bag", "burette", "cartridge", "reservoir"))
        fluid = chance.choice(("saline-0.9", "blood", DRUG))
        container = {kind: chance.choice(("3 mL", "20 mL", "500 mL")), "fluid": fluid}
    line: Document = {"container": container}
    if chance.random() < 0.3:
        line["head"] = chance.choice(("-20 cm", "80 cm"))
    if chance.random() < 0.3:
        line["limb_volume"] = "5 mL"
    return line


def _tubing(chance: Random, junctions: list[str]) -> Document:
    tubing: Document = {"kind": chance.choice(list(SETS))} if chance.random() < 0.5 else {}
    tubing |= {key: chance.choice(values) for key, values in TUBING if chance.random() < 0.25}
    if tubing.get("kind") == "ideal":
        tubing["common_volume"] = "2 mL"
    if junctions and chance.random() < 0.9:
        return tubing | {"into": chance.choice(junctions)}
    return tubing | {"access": chance.choice(list(ACCESSES))} if chance.random() < 0.8 else tubing


def _orders(chance: Random, pump: str, model: PumpModel) -> list[Document]:
    band = model.rate_bands[0]
    entries: list[Document] = []
    for i, line in enumerate(model.lines):
        rate = min(band.low_nl_per_h + band.step_nl_per_h * chance.choice((0, 5, 50)), band.high_nl_per_h)
        load: Document = {"line": line, "rate": f"{rate / 1e6:.6f} mL/h"}
        if i:
            load["mode"] = chance.choice(("concurrent", "piggyback"))
        if chance.random() < 0.5 or i:
            load["vtbi"] = chance.choice(("1 mL", "2 mL"))
        entries.append({"at": "0 s", "pump": pump, "load": load})
    entries.append({"at": "10 s", "pump": pump, "do": "start"})
    if chance.random() < 0.5:
        entries.append({"at": "4 min", "pump": pump, "do": "start"})
    return entries


def _fault(chance: Random, pumps: list[str]) -> Document:
    at = chance.choice((1, 2, 3))
    fault: Document = {"at": f"{at} min", "pump": chance.choice(pumps), **chance.choice(FAULTS)}
    if chance.random() < 0.6 and "air" not in fault:
        fault["until"] = f"{at + 1} min"
    return fault


def _change(chance: Random, pump: str, model: PumpModel) -> Document:
    """Syringes of the type that half of the pumps have; what does not fit is refused."""
    change: Document = {"at": f"{chance.choice((0, 60, 90, 240))} s", "pump": pump, "line": chance.choice(model.lines)}
    if model.mechanism.screw is not None:
        change["container"] = {"syringe": "bd-plastipak-50", "fluid": chance.choice(("saline-0.9", DRUG))}
        return change | chance.choice(({}, {"purged": True}, {"bolus": "30 uL"}, {"bolus": "-20 uL"}))
    if chance.random() < 0.2:
        return change | {
            "refill": {"volume": "5 mL", "fluid": DRUG, "withdraw": chance.choice(("0 mL", "1 mL", "1 L"))}
        }
    change["container"] = {"bag": chance.choice(("3 mL", "100 mL")), "fluid": chance.choice(("blood", DRUG))}
    return change | chance.choice(({}, {"gap": "20 s"}, {"head": "-30 cm"}))
