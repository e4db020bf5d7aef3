"""What our events are called in IEEE 11073-10101, where that could be verified. Data only; never a guess.

A reference id is entered when a public source ties it to the same event of an infusion pump; a numeric code only when
a source gives it beside that id. The standard itself was not at hand. Codes are context-free: 65,536 x partition 3 + code.

What has no entry has no verified name: pause and resumption, rate and mode changes, programmes loaded and delayed, and the
other alarm conditions. Of ``infusion-complete`` only the number is known (3::724, "Infusion volume complete", HL7 FHIR R5,
device operation status reason). An alarm that is over or acknowledged keeps its id; only its phase is another (IHE PCD-04).
"""

from dataclasses import dataclass

from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.outputs import DeliveryEventKind


@dataclass(frozen=True, slots=True)
class IeeeName:
    """A reference id of IEEE 11073-10101, its context-free code (None: not verified), and where both were read."""

    refid: str
    code: int | None
    source: str


IPEC_LIST = (
    "class MDCCode of package com.fs.ie.model.valueset, events of IHE PCD-10 (Infusion Pump Event Communication)"
)
START_MESSAGE = "public HL7 test messages nl-philips-intellibridge, no. 14: 197288^MDC_EVT_PUMP_DELIV_START"
SPACE_PLUS = "codes of PCD-10 and PCD-01 captures of B. Braun SpacePlus pumps, in a public HL7 replay tool for them"
SCHLUTER = "P. Schluter, Event and Alarm Identifiers, 2011-10-20: 196940^MDC_EVT_FLUID_LINE_OCCL, IHE ACM example"
ICU_LIST = "alarm list of a Plum 360 integration (IHE PCD-04; alarm-test.alarm.component.ts)"

DELIVERY: dict[DeliveryEventKind, IeeeName] = {
    DeliveryEventKind.DELIVERY_STARTED: IeeeName(
        "MDC_EVT_PUMP_DELIV_START", 197_288, f"{START_MESSAGE}; {SPACE_PLUS}; {IPEC_LIST}"
    ),
    DeliveryEventKind.DELIVERY_STOPPED: IeeeName("MDC_EVT_PUMP_DELIV_STOP", None, IPEC_LIST),
    DeliveryEventKind.DELIVERY_COMPLETE: IeeeName("MDC_EVT_PUMP_DELIV_COMP", 197_292, f"{SPACE_PLUS}; {IPEC_LIST}"),
}
ALARMS: dict[AlarmId, IeeeName] = {
    AlarmId.OCCLUSION_DISTAL: IeeeName(
        "MDC_EVT_FLUID_LINE_OCCL", 196_940, f'{SCHLUTER}; {ICU_LIST}, there "Distal Occlusion"'
    ),
    AlarmId.OCCLUSION_PROXIMAL: IeeeName("MDC_EVT_FLUID_LINE_OCCL_PROXIMAL", None, f'{ICU_LIST}, "Proximal Occlusion"'),
    AlarmId.AIR_IN_LINE_PROXIMAL: IeeeName("MDC_EVT_FLUID_LINE_AIR", None, f'{ICU_LIST}, "Air in line"'),
    AlarmId.AIR_IN_LINE_DISTAL: IeeeName("MDC_EVT_FLUID_LINE_AIR", None, f'{ICU_LIST}, "Air in line"'),
    AlarmId.NEAR_END: IeeeName("MDC_EVT_VOL_INFUS_NEAR_COMP", 197_334, SPACE_PLUS),
    AlarmId.DEVICE_FAULT: IeeeName("MDC_EVT_MALF", None, f'{ICU_LIST}, "Malfunction"'),
}
