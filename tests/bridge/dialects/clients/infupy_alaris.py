"""infupy's Alaris back end, as it comes from the package index, working a pump at the port that is given. Prints JSON."""

import json
import sys
import time

from infupy.backends.alaris import AlarisComm, AlarisSyringe, Command


def main(port: str) -> dict[str, object]:
    found: dict[str, object] = {}
    syringe = AlarisSyringe(AlarisComm(port))
    found["code"] = syringe.securitycode.decode()
    time.sleep(1.3)  # its keep-alive takes control every second
    found["set"] = syringe.setRate(1200).decode()
    found["started"] = not syringe.execCommand(Command.infstart).error
    time.sleep(3.0)
    found["rate"], found["volume"] = syringe.readRate().decode(), syringe.readVolume().decode()
    found["stopped"] = not syringe.execCommand(Command.infstop).error
    return found


print(json.dumps(main(sys.argv[1])))
