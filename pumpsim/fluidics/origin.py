"""A source of fluid, and the part of a line's volume that it fills."""

from dataclasses import dataclass, replace

from pumpsim.vocabulary.path import Source


@dataclass(frozen=True, slots=True)
class Origin:
    """A source of fluid and the part of its line's volume that it fills: from ``begin_ml`` to ``end_ml`` drawn.

    ``held_ml``: all that there was of it. ``since_ns``: when it was hung, None for from the start. ``taken_ml`` of it went
    away with its container, ``mixed_ml`` stayed there when that was filled again. On a line with two containers, whose volume
    tells of neither, ``begin_ml`` is 0 and ``end_ml`` what there was.
    ``let_in``: it is air that came in on the way, or what a trap gave for it, and was in no container. ``driven``: it was
    driven into the line, or its container, from the pump's side.
    """

    source: Source
    line: int
    begin_ml: float
    end_ml: float
    held_ml: float = 0.0
    since_ns: int | None = None
    taken_ml: float = 0.0
    mixed_ml: float = 0.0
    let_in: bool = False
    driven: bool = False

    @property
    def there_ml(self) -> float:
        """What of it can come, or has come, by this line as this source."""
        return self.held_ml - self.taken_ml - self.mixed_ml

    def later(self, by_ml: float) -> "Origin":
        """The same source, coming so much later."""
        return replace(self, begin_ml=self.begin_ml + by_ml, end_ml=self.end_ml + by_ml)
