"""Write a recorded conversation as one HTML page: no network, no script; the ladder of frames, reply times, faults."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pumpsim.analysis.traffic import ReplyTimes, Session, reply_times, shown
from pumpsim.report.content import DISCLAIMER
from pumpsim.report.whole import write_whole

HERE = Path(__file__).parent
LONG = 50
"""Characters of a frame's bytes that are shown before it is folded."""
LONG_MEANING = 150
"""The same of what it means."""


def render(session: Session) -> str:
    """Draw the figures and fill the page in."""
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    stretches, times = shown(session.rungs), reply_times(session.rungs)
    styles = "".join((HERE / name).read_text(encoding="utf-8") for name in ("report.css", "session.css"))
    return environment.get_template("session.html.j2").render(
        session=session,
        times=times,
        stretches=stretches,
        shown_count=sum(len(stretch.rungs) for stretch in stretches),
        left_out=sum(stretch.left_out for stretch in stretches),
        figures=_figures(session, times),
        long=LONG,
        long_says=LONG_MEANING,
        disclaimer=DISCLAIMER,
        css=Markup(styles),
    )


def write_session(path: Path, session: Session) -> None:
    """Render and write, whole or not at all."""
    write_whole(path, render(session))


def _figures(session: Session, times: ReplyTimes | None) -> list[dict[str, str | Markup]]:
    if times is None and not session.troubles:
        return []
    from pumpsim.figures.traffic import drawings

    return [
        {"title": drawn.title, "caption": drawn.caption, "svg": Markup(drawn.svg)}
        for drawn in drawings(times, session.troubles, session.end_ns)
    ]
