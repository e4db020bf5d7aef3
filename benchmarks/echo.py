"""The least that can stand on a pseudo-terminal: so many ports, and whatever comes goes back. The floor of reply times."""

import os
import selectors
import sys
import tty


def main(count: int) -> None:
    """Print the ports, then echo until it is ended."""
    selector, kept = selectors.DefaultSelector(), []
    for _ in range(count):
        master, slave = os.openpty()
        tty.setraw(slave)
        kept.append(slave)
        selector.register(master, selectors.EVENT_READ)
        print(os.ttyname(slave))
    sys.stdout.flush()
    while True:
        for key, _ in selector.select():
            os.write(key.fd, os.read(key.fd, 4096))


if __name__ == "__main__":
    main(int(sys.argv[1]))
