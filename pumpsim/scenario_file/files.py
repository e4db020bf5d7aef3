"""Files as texts and as data: what cannot be read is a fault of the file, never an exception."""

import stat
import tomllib
from pathlib import Path

from pumpsim.scenario_file.checks import Document, Faults

LARGEST_BYTES = 1_000_000


def printable(text: str) -> str:
    """A file's name as it can be written, whatever bytes it is made of."""
    return text.encode("utf-8", "backslashreplace").decode()


def text_of(path: Path, faults: Faults, what: str = "scenario") -> str | None:
    """Read a file's text; None after a fault. ``what``: of what it is the file."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            faults.add((), f"is a folder; a {what} file is wanted")
        elif not stat.S_ISREG(status.st_mode):
            faults.add((), "is no regular file")
        elif status.st_size > LARGEST_BYTES:
            faults.add((), f"has {status.st_size} bytes; a {what} has at most {LARGEST_BYTES}")
        else:
            return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        faults.add((), f"is no text: byte {error.start + 1} is not UTF-8")
    except FileNotFoundError:
        faults.add((), "there is no such file")
    except OSError as error:
        faults.add((), f"cannot be read: {error.strerror or error}")
    except ValueError as error:  # a NUL in the path
        faults.add((), f"cannot be read: {error}")
    return None


def document_of(text: str, faults: Faults) -> Document | None:
    """Read TOML, and let faults be looked up in it from now on; None after a fault."""
    if not text.strip():
        faults.add((), "is empty")
        return None
    try:
        document: Document = tomllib.loads(text)
    except RecursionError:
        faults.add((), "is no TOML: nested too deeply")
        return None
    except ValueError as error:
        faults.add((), f"is no TOML: {error}")
        return None
    faults.document = document
    return document
