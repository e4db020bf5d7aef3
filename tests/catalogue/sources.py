"""What the sources of a row name."""


def names_of(sources):
    return {figure.figure for figure in sources}
