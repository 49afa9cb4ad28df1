"""Splits whole streams."""


def split(splitter, chunks):
    """The events of the chunks, in order."""
    at, found = 0.0, []
    for at, data in chunks:
        found += splitter.feed(at, data)
    return [*found, *splitter.close(at)]
