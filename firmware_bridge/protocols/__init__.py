"""The dialects that a device may speak, one file each, and the one list of them."""

from dataclasses import dataclass

from firmware_bridge.protocols import alaris, fresenius, harvard_11, native, new_era, ultra, zyno
from firmware_bridge.virtual_pump.dialect import Dialect


@dataclass(frozen=True, slots=True)
class DeviceProtocol:
    """The protocol of a device without a controller: its name, what it is for, the baud rate it begins with."""

    name: str
    title: str
    baud: int


PROTOCOLS: dict[str, DeviceProtocol | Dialect] = {
    "native": DeviceProtocol("native", "motor level: rates and stop counts down, steps and pressures up", native.BAUD),
    "ultra": ultra.ULTRA,
    "elite-11": ultra.ELITE_11,
    "33-dds": ultra.DDS_33,
    "harvard-11": harvard_11.HARVARD_11,
    "zyno": zyno.ZYNO,
    "new-era": new_era.NEW_ERA,
    "alaris": alaris.ALARIS,
    "fresenius": fresenius.FRESENIUS,
}
"""Every dialect by its name."""
