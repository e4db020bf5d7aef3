"""Bytes to command lines for protocols of plain text that end a command by CR: cut anywhere, glued, with LF or without."""

LONGEST = 120
"""Characters of a command: more is no command of any of these pumps."""
CR, LF, BACKSPACE = 0x0D, 0x0A, 0x08


class TextLines:
    """Collects bytes up to CR. LF is dropped wherever it stands; a line that is too long comes out cut, and is no command."""

    def __init__(self) -> None:
        self._held = bytearray()

    def take(self, data: bytes) -> list[str]:
        """The lines that are complete now; bytes beyond ASCII come out as ``?``."""
        lines: list[str] = []
        for byte in data:
            if byte == CR:
                lines.append(self._held.decode("ascii", "replace").replace("�", "?"))
                self._held.clear()
            elif byte == BACKSPACE:
                del self._held[-1:]
            elif byte != LF and len(self._held) <= LONGEST:
                self._held.append(byte)
        return lines


def printable(text: str) -> str:
    """The text as it may be sent back within a reply: what would end a line, or is beyond ASCII, becomes ``?``."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text)
