"""Administration sets: what all lines share between pump and access.

The first rows are generic; those made by ``_tube`` are defined by a bore: volume and resistance follow from its length and
width (Poiseuille, water at 20 degC, 1.002 mPa s). Which bore a set has is an assumption wherever it says so. A volume here is
that of the tubing from the pump to the end; what is above the pump belongs to the limb. A scenario may replace any figure.
"""

from pumpsim.catalogue.fluids import FLUIDS, head_kpa
from pumpsim.catalogue.rows import figures
from pumpsim.catalogue.tubing import PA_S_PER_M3, bore_ml, poiseuille_kpa_h_per_ml, poiseuille_pa_s_per_m3
from pumpsim.vocabulary.model import Sourced
from pumpsim.vocabulary.path import AdministrationSet

COMPLIANCE = "compliance of the set"
RESISTANCE = "resistance of the set"
COMMON_VOLUME = "common volume of the set"
"""The figures by the names under which a scenario may replace them."""
BORE = "bore and length of the set"
VALVE = "opening pressure of the valve"
DROPS = "drops of water in 1 mL"
PRIMING = "priming volume of the whole set"
ASSUMED = "unverified: assumption"
RECALL = "unverified: from memory"
TIME_TO_ALARM = "B. Braun Infusomat Space IFU, US, 586U, p. 72 (time to alarm)"

DUAL_CHANNEL_CASSETTE_SET = AdministrationSet(
    name="dual-channel-cassette-set",
    common_ml=10.6,
    priming=FLUIDS["saline-0.9"],
    compliance_ml_per_kpa=0.006,
    resistance_kpa_h_per_ml=7.560e8 * PA_S_PER_M3,
    sources=(
        Sourced(COMMON_VOLUME, "10.6 mL", "unverified: volume of the assumed bore, 1.5 m x 3 mm"),
        Sourced(COMPLIANCE, "6 uL/kPa", f"unverified: within 5.0-7.6 uL/kPa, derived from {TIME_TO_ALARM}"),
        Sourced(RESISTANCE, "7.560e8 Pa s/m3", "unverified: Poiseuille for the assumed bore, 1.5 m x 3 mm"),
        Sourced(BORE, "3 mm, 150 cm", ASSUMED),
    ),
    bore_mm=3.0,
    length_cm=150.0,
)
MICROBORE_EXTENSION = AdministrationSet(
    name="microbore-extension-150",
    common_ml=1.178,
    priming=FLUIDS["saline-0.9"],
    compliance_ml_per_kpa=0.001,
    resistance_kpa_h_per_ml=6.124e10 * PA_S_PER_M3,
    sources=(
        Sourced(COMMON_VOLUME, "1.178 mL", "derived: volume of a bore of 1.5 m x 1.0 mm"),
        Sourced(COMPLIANCE, "1 uL/kPa", ASSUMED),
        Sourced(RESISTANCE, "6.124e10 Pa s/m3", "derived: Poiseuille for 1.5 m x 1.0 mm, water at 20 degC"),
        Sourced(BORE, "1 mm, 150 cm", "by definition: the bore and length that the row is named for"),
    ),
    bore_mm=1.0,
    length_cm=150.0,
)
IDEAL = AdministrationSet(
    name="ideal",
    common_ml=0.0,
    priming=FLUIDS["saline-0.9"],
    compliance_ml_per_kpa=0.0,
    resistance_kpa_h_per_ml=0.0,
    sources=(
        Sourced(COMMON_VOLUME, "0 mL", "by definition: what is pumped reaches the access at once"),
        Sourced(COMPLIANCE, "0 uL/kPa", "by definition: for analytic cases; it cannot be occluded"),
        Sourced(RESISTANCE, "0 Pa s/m3", "by definition: for analytic cases"),
    ),
)


def _tube(
    name: str,
    *,
    bore: tuple[float, float, str],
    compliance: tuple[float, str],
    valve: tuple[float, str] | None = None,
    also: tuple[Sourced, ...] = (),
) -> AdministrationSet:
    """A set that is defined by its bore (mm, cm, source), its compliance (uL/kPa, source) and its valve (kPa, source)."""
    bore_mm, length_cm, source = bore
    doubt = "unverified: of the assumed bore, " if source.startswith("unverified") else "derived: "
    geometry = f"{length_cm:g} cm x {bore_mm:g} mm"
    volume_ml, resistance = bore_ml(length_cm, bore_mm), poiseuille_pa_s_per_m3(length_cm, bore_mm)
    return AdministrationSet(
        name=name,
        common_ml=volume_ml,
        priming=FLUIDS["saline-0.9"],
        compliance_ml_per_kpa=compliance[0] / 1000,
        resistance_kpa_h_per_ml=poiseuille_kpa_h_per_ml(length_cm, bore_mm),
        sources=(
            Sourced(COMMON_VOLUME, f"{volume_ml:.4g} mL", f"{doubt}volume of {geometry}"),
            Sourced(COMPLIANCE, f"{compliance[0]:g} uL/kPa", compliance[1]),
            Sourced(RESISTANCE, f"{resistance:.4g} Pa s/m3", f"{doubt}Poiseuille for {geometry}, water at 20 degC"),
            Sourced(BORE, f"{bore_mm:g} mm, {length_cm:g} cm", source),
            *(figures(valve[1], (VALVE, f"{valve[0]:g} kPa")) if valve else ()),
            *also,
        ),
        valve_kpa=valve[0] if valve else None,
        bore_mm=bore_mm,
        length_cm=length_cm,
    )


def _filter(name: str, volume_ml: float, flow_ml_per_min: float) -> AdministrationSet:
    """An in-line filter: not a bore; its resistance is that which lets a nominal flow pass under 1 m of water."""
    return AdministrationSet(
        name=name,
        common_ml=volume_ml,
        priming=FLUIDS["saline-0.9"],
        compliance_ml_per_kpa=0.0005,
        resistance_kpa_h_per_ml=head_kpa(100.0) / (flow_ml_per_min * 60),
        sources=figures(
            RECALL,
            (COMMON_VOLUME, f"{volume_ml:g} mL hold-up"),
            (COMPLIANCE, "0.5 uL/kPa"),
            (RESISTANCE, f"{flow_ml_per_min:g} mL/min under 1 m of water"),
        ),
    )


MILITARY = "US Commercial Item Description A-A-51886 (1987): tubing 0.106 in wide, 74 in long"
ISO_DROPS = "ISO 8536-4:2020, 7.8 (distilled water, 23 degC, 50 drops/min, +-10 %)"
PVC = (3.0, "unverified: assumption, as half of a pump set")
STIFF = (0.2, "unverified: assumption, polyethylene or thick-walled PVC")
MACRO = "Perfusion a domicile, prolongateur: 2.5 mm is the wide bore, 1 mm the microbore"


def _gravity(name: str, drops: str, source: str) -> AdministrationSet:
    return _tube(name, bore=(2.69, 188.0, MILITARY), compliance=PVC, also=figures(source, (DROPS, drops)))


_PUMP_SETS = (
    _tube(
        "infusomat-line",
        bore=(3.0, 150.0, "unverified: assumption, the part below the pump"),
        compliance=(6.3, f"derived: 0.84 uL/mmHg, one constant through {TIME_TO_ALARM}"),
    ),
    _tube(
        "peristaltic-set",
        bore=(3.0, 170.0, "unverified: assumption, the part below the pump"),
        compliance=(6.3, f"unverified: as another maker's set, derived from {TIME_TO_ALARM}"),
        also=figures(
            "infusionnurse.org, IV administration sets: priming volume vs residual volume (2015): most are 15-27 mL",
            (PRIMING, "20 mL, of which 12 mL are below the pump"),
        ),
    ),
    _gravity("gravity-set-10", "10", 'Wikipedia, "Drop (unit)"'),
    _gravity("gravity-set-15", "15", "US Commercial Item Description A-A-53469 (1988), drop test (15 +- 3)"),
    _gravity("gravity-set-20", "20", ISO_DROPS),
    _gravity("gravity-set-60", "60", ISO_DROPS),
    _tube(
        "blood-set-20",
        bore=(3.0, 180.0, RECALL),
        compliance=PVC,
        also=figures(RECALL, (DROPS, "20, behind a 200 um filter")),
    ),
)
_EXTENSIONS = (
    _tube("extension-150", bore=(1.0, 150.0, f"{MACRO}; 150 cm by definition"), compliance=STIFF),
    _tube("macrobore-extension-150", bore=(2.5, 150.0, f"{MACRO}; 150 cm by definition"), compliance=PVC),
    _tube(
        "low-sorbing-filter-extension",
        bore=(1.0, 150.0, "unverified: assumption, lined with polyethylene; its filter is not counted"),
        compliance=STIFF,
    ),
    _filter("in-line-filter-0.2um", 2.7, 30.0),
    _filter("in-line-filter-1.2um", 2.7, 100.0),
    _tube(
        "anti-siphon-valve-extension",
        bore=(1.0, 150.0, ASSUMED),
        compliance=STIFF,
        valve=(12.0, "unverified: makers' valves open at about 100-200 mbar, from memory"),
    ),
    _tube(
        "anti-reflux-extension",
        bore=(1.5, 15.0, ASSUMED),
        compliance=(0.1, ASSUMED),
        valve=(2.0, "unverified: makers' valves open at about 20 mbar, from memory"),
    ),
    _tube(
        "multi-lumen-extension",
        bore=(1.8, 2.0, "unverified: assumption, the end piece: its lumens stay apart until there"),
        compliance=(0.02, ASSUMED),
    ),
    _tube(
        "four-port-manifold",
        bore=(2.5, 10.0, "unverified: assumption, the rail; a line behind it is a set of its own"),
        compliance=(0.1, ASSUMED),
    ),
)
WELLION = "Wellion Micro-Pump manual p. 105 (2.5 U to the alarm at 100 kPa)"
_SMALL = (
    _tube(
        "pca-set",
        bore=(1.0, 150.0, ASSUMED),
        compliance=STIFF,
        valve=(12.0, "unverified: assumption, an anti-siphon valve"),
    ),
    _tube(
        "cadd-set",
        bore=(1.4, 150.0, ASSUMED),
        compliance=(1.0, ASSUMED),
        valve=(12.0, "unverified: assumption, an anti-siphon valve"),
    ),
    _tube(
        "insulin-patch-cannula",
        bore=(0.4, 4.0, ASSUMED),
        compliance=(0.3, "unverified: 3.0 U missed (Omnipod 5 user guide p. 349) at an assumed 100 kPa"),
    ),
    _tube(
        "insulin-tubing-60cm",
        bore=(0.46, 60.0, "unverified: bore from about 10 U of filling, from memory"),
        compliance=(0.1, "derived: Kaleido, public text (1.0 U to the alarm at 1 bar)"),
    ),
    _tube(
        "insulin-tubing-110cm",
        bore=(0.46, 110.0, "unverified: bore as the short one"),
        compliance=(0.18, f"unverified: by length from the short one; derived 0.25 uL/kPa of {WELLION}"),
    ),
    _tube(
        "wellion-infusion-set",
        bore=(0.46, 80.0, "unverified: assumption"),
        compliance=(0.25, f"derived: {WELLION}"),
    ),
    _tube(
        "intrathecal-catheter",
        bore=(0.53, 114.0, "unverified: Medtronic catheters, 0.0022 mL/cm, from memory"),
        compliance=(0.05, ASSUMED),
    ),
)

SETS: dict[str, AdministrationSet] = {
    row.name: row for row in (DUAL_CHANNEL_CASSETTE_SET, MICROBORE_EXTENSION, IDEAL, *_PUMP_SETS, *_EXTENSIONS, *_SMALL)
}
"""Every set by its name."""
