"""infupy's Fresenius back end, as it comes from the package index, working a rack at the port that is given. Prints JSON."""

import json
import queue
import sys
import time

from infupy.backends.common import CommandError
from infupy.backends.fresenius import FreseniusBase, FreseniusComm, VarId


def main(port: str) -> dict[str, object]:
    found: dict[str, object] = {}
    comm = FreseniusComm(port)
    base = FreseniusBase(comm)
    found["base"], found["modules"] = base.readDeviceType().decode(), base.listModules()
    syringe, other = base.connectSyringe(1), base.connectSyringe(2)
    found["module"], found["at rest"] = syringe.readDeviceType().decode(), syringe.readRate()
    try:
        syringe.stopInfusion()
    except CommandError as error:
        found["manual"] = error.args[0].name
    syringe.remoteControl(True)
    found["started"] = str(syringe.execRawCommand(b"PR;2EE0").error)
    found["rate"], found["other"] = syringe.readRate(), other.readRate()
    syringe.registerEvent(VarId.volume)
    other.registerEvent(VarId.mode)
    until = time.monotonic() + 5.0  # longer than a host may be silent
    events = []
    while time.monotonic() < until:
        try:
            _, origin, text = comm.eventq.get(timeout=0.1)
        except queue.Empty:
            continue
        events.append([origin, text.decode()])
    found["events"] = events
    syringe.clearEvents()
    found["volume"] = syringe.readVolume()
    syringe.stopInfusion()
    found["stopped"] = syringe.readRate()
    syringe.resetVolume()
    found["zeroed"] = syringe.readVolume()
    syringe.remoteControl(False)
    syringe.disconnect()
    found["opened again"] = syringe.readRate()
    base.disconnect()
    try:
        syringe.readRate()
    except CommandError as error:
        found["closed"] = error.args[0].name
    return found


print(json.dumps(main(sys.argv[1])))
