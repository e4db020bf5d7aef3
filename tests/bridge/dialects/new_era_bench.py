"""New Era pumps on a line, for the tests of their protocol."""

from firmware_bridge.protocols import new_era
from firmware_bridge.virtual_pump.dialect import Options
from firmware_bridge.virtual_pump.engine import VirtualPump
from firmware_bridge.virtual_pump.world import World
from pumpsim.scenario_file import parse_scenario

MS = 10**6
LINE = """
[pump.p{address}]
model = "{model}"
[pump.p{address}.line.A]
container = {{ syringe = "{syringe}", volume = "{volume}", fluid = "saline-0.9" }}
[pump.p{address}.set]
kind = "extension-150"
access = "20G-peripheral"
"""


class Bench:
    """A line with pumps at these addresses; ``say`` and ``talk`` take milliseconds of link time."""

    def __init__(
        self,
        addresses=(0,),
        syringe="bd-plastipak-10",
        volume="10 mL",
        model="ne-1000",
        speed=1.0,
        more=None,
        quiet=True,
        **options,
    ):
        text = 'title = "New Era"\ndescription = "On a line."\nduration = "1 h"\n'
        text += "".join(LINE.format(address=a, model=model, syringe=syringe, volume=volume) for a in addresses)
        self.world = World(parse_scenario(text, "new-era"))
        options.setdefault("power_up_alarm", not quiet)
        self.line = new_era.Line({a: self.world.pumps[f"p{a}"] for a in addresses}, Options(more=more or {}, **options))
        self.virtual = VirtualPump(self.world, self.line, speed=speed)
        self.port = self.world.pumps[f"p{addresses[0]}"]
        self.ms = 0.0

    def at(self, ms, data=b""):
        """What comes out by this millisecond, in which these bytes arrive."""
        self.ms = ms
        return self.virtual.step(round(ms * MS), data).data_out

    def say(self, *commands, by_ms=1.0):
        """Basic commands, one a millisecond; the data of their answers, without what stands around it."""
        said = [self.at(self.ms + by_ms, command.encode() + b"\r") for command in commands]
        assert all(frame[:1] == b"\x02" and frame[-1:] == b"\x03" for frame in said), said
        answers = [frame[3:-1].decode() for frame in said]
        return answers[0] if len(answers) == 1 else answers

    def wait(self, ms):
        """Let time pass; what is sent meanwhile."""
        return self.at(self.ms + ms)

    def program(self, *phases):
        """Write a program: each phase a string of commands."""
        for number, phase in enumerate(phases, 1):
            for command in (f"PHN{number}", *phase.split()):
                assert self.say(command) == "S", (number, command)
        assert self.say("PHN1") == "S"

    @property
    def pumped_ml(self):
        return self.port.look().lines[0].pumped_nl / 1e6


QUERIES = (
    *("DIA", "PHN", "FUN", "RAT", "VOL", "DIR", "DIS", "SAF", "TRG", "OUT5", "*ADR"),
    *("AL", "BP", "PF", "LOC", "BUZ", "ROM", "DIN"),
)


def everything(bench):
    """All that a host can ask for, and what the pump itself is at."""
    look = bench.port.look()
    return bench.say(*QUERIES), look.lines[0].state, look.lines[0].program, look.standing
