"""``firmware-bridge inject``: one request to the control channel of pumps that run, in words that people type."""

import json
import re
import socket
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from firmware_bridge.transports.tcp import loopback_address
from pumpsim.errors import PumpsimError

ANSWER_S = 10.0
KEY_VALUE = re.compile(r"([A-Za-z_-]+)=(.*)", re.DOTALL)


def inject(place: str, words: Sequence[str], lasting: str | None) -> int:
    """Send one request to a control channel and show the answer; the exit code. Raises PumpsimError."""
    request = request_of(words)
    if lasting is not None:
        request["for"] = lasting
    answer = asked(loopback_address(place), request)
    if not answer.get("ok"):
        why = str(answer.get("error", "no answer that can be read"))
        bare = len(words) == 1 and why.startswith(f"{words[0]} = true: ")
        raise PumpsimError(f"no value was given: {why}" if bare else why)
    print(json.dumps(answer["pumps"], indent=2) if "read" in request else "done")
    return 0


def request_of(words: Sequence[str]) -> dict[str, object]:
    """A request from words: ``occlude "patient end" for="30 s"``. Values are TOML where they can be, else text."""
    first, *rest = words
    request: dict[str, object] = {}
    if KEY_VALUE.fullmatch(first):
        rest = [first, *rest]
    elif rest and not KEY_VALUE.fullmatch(rest[0]):
        request[first] = value_of(rest.pop(0))
    else:
        request[first] = True
    for word in rest:
        pair = KEY_VALUE.fullmatch(word)
        if pair is None:
            raise PumpsimError(f"{word!r}: KEY=VALUE is wanted behind the first two words")
        request[pair[1]] = value_of(pair[2])
    return request


def value_of(text: str) -> object:
    """Read a value as TOML has it; what is none is text."""
    try:
        found = tomllib.loads(f"value = {text}")
    except ValueError:
        return text
    return found["value"] if list(found) == ["value"] and "\n" not in text else text


def asked(address: tuple[str, int], request: Mapping[str, object]) -> dict[str, Any]:
    """Ask a control channel one thing. Raises PumpsimError when nobody is there, or no answer comes."""
    try:
        with socket.create_connection(address, ANSWER_S) as link:
            link.sendall(json.dumps(request).encode() + b"\n")
            with link.makefile("rb") as lines:
                answer = json.loads(lines.readline() or b"{}")
    except (OSError, ValueError) as error:
        raise PumpsimError(f"no answer from the control channel at {address[0]}:{address[1]}: {error}") from error
    return answer if isinstance(answer, dict) else {}
