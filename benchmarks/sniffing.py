"""What a sniffer costs: a question to a pump of its own process, straight and through ``firmware-bridge sniff``, in turn.

python -m benchmarks.sniffing
"""

import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import serial

COMMAND = (sys.executable, "-c", "from firmware_bridge.cli import main; main()")
ROUNDS, QUESTIONS = 10, 200
BAUD = 19_200


@contextmanager
def serving(*arguments: str) -> Iterator[str]:
    """A command that serves a port, for the while: what to open."""
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGINT)


def times_ms(port: serial.Serial) -> list[float]:
    """How long each answer took."""
    found: list[float] = []
    for _ in range(QUESTIONS):
        begin = perf_counter()
        port.write(b"\r")
        assert port.read_until(b"\x03").endswith(b"\x03")
        found.append((perf_counter() - begin) * 1e3)
    return found


def main() -> None:
    """Measure and print."""
    straight: list[float] = []
    through: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        journal = str(Path(folder) / "wire.jsonl")
        with (
            serving("emulate", "--protocol", "new-era") as pump,
            serving("emulate", "--protocol", "new-era") as other,
            serving("sniff", "pty", other, "--protocol", "new-era", "--wire", journal) as sniffed,
            serial.Serial(pump, BAUD, timeout=5.0) as near,
            serial.Serial(sniffed, BAUD, timeout=5.0) as far,
        ):
            for _ in range(ROUNDS):
                straight += times_ms(near)
                through += times_ms(far)
        lines = len(Path(journal).read_text(encoding="ascii").splitlines())
    for word, ms in (("straight", straight), ("through the sniffer", through)):
        p99 = sorted(ms)[-(-99 * len(ms) // 100) - 1]
        print(f"{word}: median {statistics.median(ms):.3f} ms, 99th percentile {p99:.3f} ms, of {len(ms)}")
    print(
        f"added by the sniffer, median: {statistics.median(through) - statistics.median(straight):.3f} ms; {lines} lines"
    )


if __name__ == "__main__":
    main()
