"""Every protocol as an ear needs it: how its frames are found, what they mean, what in them is redacted."""

from firmware_bridge.setting_up import dialects
from firmware_bridge.traffic.of_alaris import ALARIS
from firmware_bridge.traffic.of_fresenius import FRESENIUS
from firmware_bridge.traffic.of_harvard import CLASSIC, ULTRA
from firmware_bridge.traffic.of_native import NATIVE
from firmware_bridge.traffic.of_new_era import NEW_ERA
from firmware_bridge.traffic.of_zyno import ZYNO
from firmware_bridge.traffic.reading import UNNAMED, Language
from pumpsim.errors import UnknownNameError

LANGUAGES: dict[str, Language] = {
    "ultra": ULTRA,
    "elite-11": ULTRA,
    "33-dds": ULTRA,
    "harvard-11": CLASSIC,
    "zyno": ZYNO,
    "new-era": NEW_ERA,
    "alaris": ALARIS,
    "fresenius": FRESENIUS,
    "native": NATIVE,
}


def language_of(protocol: str) -> Language:
    """The language of a protocol's name; runs of bytes for none, and for a dialect that is not understood here.

    Raises PumpsimError for a name that no protocol has.
    """
    if protocol and protocol not in LANGUAGES and protocol not in dialects():
        raise UnknownNameError(f"protocol: {protocol!r}", protocol, LANGUAGES)
    return LANGUAGES.get(protocol, UNNAMED)
