"""Files that are written whole or not at all."""

import contextlib
import os
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write a text beside its place, then swap it in, so that a reader never sees half of it.

    Raises OSError, which names ``path``; what stood there before stands then.
    """
    beside = path.parent / f".{path.name}.{os.getpid()}.new"
    try:
        beside.write_text(text, encoding="utf-8", newline="\n")
        beside.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
