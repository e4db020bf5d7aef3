"""infupy's Alaris back end, as it comes from the package index, working a pump at the port that is given. Prints JSON.

Its keep-alive and its user share one queue of replies without a lock, so that each may get the other's: what is read is read
again until it has the unit that it must have.
"""

import json
import sys
import time
from collections.abc import Callable

from infupy.backends.alaris import AlarisComm, AlarisSyringe, Command


def read(ask: Callable[[], bytes], unit: bytes) -> str:
    for _ in range(5):
        reply = ask()
        if reply.endswith(unit):
            break
    return reply.decode()


def main(port: str) -> dict[str, object]:
    found: dict[str, object] = {}
    syringe = AlarisSyringe(AlarisComm(port))
    found["code"] = syringe.securitycode.decode()
    time.sleep(1.3)  # its keep-alive takes control every second
    found["set"] = read(lambda: syringe.setRate(1200), b"ml/h")
    found["started"] = not syringe.execCommand(Command.infstart).error
    time.sleep(3.0)
    found["rate"], found["volume"] = read(syringe.readRate, b"ml/h"), read(syringe.readVolume, b"ml")
    found["stopped"] = not syringe.execCommand(Command.infstop).error
    return found


print(json.dumps(main(sys.argv[1])))
