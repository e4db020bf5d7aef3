"""The ports that real clients are tried on: a pseudo-terminal of our own, and a pair of them that socat has made."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from firmware_bridge.setting_up import opener_of
from firmware_bridge.transports.pseudo_terminal import PseudoTerminal
from firmware_bridge.transports.serial_port import SerialPort
from firmware_bridge.virtual_pump.engine import VirtualPump
from tests.bridge.dialects.serving import Serve, served
from tests.bridge.processes import socat_pair


@pytest.fixture(scope="module")
def socat_ends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """One pair for all tests of a file: they leave it as they found it, closed at both ends."""
    with socat_pair(tmp_path_factory.mktemp("socat")) as ends:
        yield ends


@pytest.fixture(params=["pseudo-terminal", "socat"])
def on_a_port(request: pytest.FixtureRequest) -> Serve:
    """Put a virtual pump on a port: on a new one, and on an end of socat's as ``emulate --port`` opens it."""

    @contextmanager
    def serve(pump: VirtualPump) -> Iterator[str]:
        if request.param == "pseudo-terminal":
            terminal = PseudoTerminal()
            with served(pump, terminal):
                yield terminal.path
            return
        near, far = request.getfixturevalue("socat_ends")
        port = opener_of(str(near), None, 19_200)()
        assert isinstance(port, SerialPort)
        with served(pump, port):
            yield str(far)

    return serve
