"""The Alaris Asena GH and CC as their hosts know them: commands by name, and what a host must do to be allowed to give them.

``COMMANDS`` has every command: what it answers when it is asked, what it does when it is given values, and what that needs.
What is told of an infusion comes from the pump. Sources: captures of real pumps in public clients (OpenICE, EasyTIVA), infupy,
the directions for use of the Asena GH (15 s of silence: communications time-out). What none of them says stands in ALARIS.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from firmware_bridge.protocols._bedside import Bedside, Target
from firmware_bridge.protocols.alaris_frames import Reader, crc, frame
from firmware_bridge.protocols.alaris_words import (
    AFTER_VTBI,
    AT_END,
    CODES,
    RATE,
    S_NS,
    VOLUME,
    Fields,
    number,
    rate,
    time_left,
    volume,
)
from firmware_bridge.virtual_pump.dialect import Dialect, Options, not_among
from firmware_bridge.virtual_pump.world import Look, PumpPort
from pumpsim import units
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.inputs import DeviceEvent, DeviceEventKind

MMHG_KPA = float(units.MMHG_KPA)
PERMITTED = ("****", "PERMIT", "0", "ms")
"""What follows ENABLED or DISABLED in the answer of a real pump that permits remote control."""
SYRINGE = "syringe that the motor step is for"
OPTIONS = {
    "serial": "8002-51740",
    "protocol": "Asena Rev 2.1.5",
    "response_max_ms": "4000",
    "watchdog_s": "15",
    "refusal": "name",
    "control_needs_cfg": "no",
    "permit": "yes",
}

WORDS = {"refusal": ("name", "silence"), "control_needs_cfg": ("no", "yes"), "permit": ("yes", "no")}


class Need(Enum):
    """What a host must have before a command with values is carried out."""

    NOTHING = 0
    CONTROL = 1
    CONFIG = 2


class Cap(Enum):
    """What has a highest rate that a host may lower."""

    INFUSION = "infusion"
    BOLUS = "bolus"


@dataclass(frozen=True, slots=True)
class Command:
    """``ask``: the answer's fields to the bare name. ``act``: what is done with values, or with the bare name where ``ask`` is
    None; it gives the answer's fields, or None when it is refused."""

    ask: Callable[["Alaris"], Fields] | None = None
    act: Callable[["Alaris", Fields], Fields | None] | None = None
    needs: Need = Need.NOTHING


class Alaris:
    """One pump at one port. Raises ValueError for more than one pump, or for an option that cannot be."""

    def __init__(self, pumps: Mapping[int, PumpPort], options: Options) -> None:
        if len(pumps) != 1:
            raise ValueError(f"an Asena has a line of its own: {len(pumps)} pumps on one")
        more = {**OPTIONS, **options.more}
        if faults := option_faults(more):
            raise ValueError("; ".join(faults))
        self.serial, self.protocol, self.response_max_ms = more["serial"], more["protocol"], more["response_max_ms"]
        self._watchdog_ns = round(float(more["watchdog_s"]) * S_NS)
        self._says_refusals = more["refusal"] == "name"
        self._control_needs_cfg, self._permits = more["control_needs_cfg"] == "yes", more["permit"] == "yes"
        self.bed = Bedside(next(iter(pumps.values())))
        self._log, self._off = 0, False
        self._logged: tuple[object, ...] = ()
        self._begin()

    def _begin(self) -> None:
        """As it comes up: local control, nobody heard, caps open."""
        model = self.bed.port.model
        self._power_on = self.bed.port.power_ons
        self._reader, self._heard_ns = Reader(), 0
        self.enabled: set[Need] = set()
        self.bolus = self._ours = self._timed_out = False
        self.most = {Cap.INFUSION: model.max_rate_nl_per_h, Cap.BOLUS: model.bolus_nl_per_h}
        self.caps = dict(self.most)

    def take(self, link_ns: int, data: bytes) -> Sequence[bytes]:
        """Answer what is complete by now; a pump without power hears nothing. ``pass_time`` comes before and after."""
        if self._off:
            return ()
        answers: list[bytes] = []
        for message in self._reader.take(data):
            self._heard_ns = link_ns
            answers += self._answered(message)
        return answers

    def pass_time(self, link_ns: int) -> Sequence[bytes]:
        """Take note of hands at the pump and of a host that is silent. It never speaks unasked."""
        look = self.bed.look()
        self._off = look.off
        if look.off or self.bed.port.power_ons != self._power_on:
            self._begin()
        if self.bed.is_touched():
            self._revoke()
            self._restore()
        self._ours = self._ours and look.line(self.bed.line).state.delivering
        if self.enabled and link_ns - self._heard_ns >= self._watchdog_ns:
            self._time_out()
        self._keep_log(look)
        return ()

    @property
    def wake_ns(self) -> int | None:
        """When the host will have been silent for too long."""
        return self._heard_ns + self._watchdog_ns if self.enabled else None

    def _time_out(self) -> None:
        """Take remote control away; what was started over the line alarms and stops."""
        ours = self._ours
        self._revoke()
        if ours:
            self._timed_out = True
            self.bed.port.do(DeviceEvent(DeviceEventKind.COMMUNICATION_LOST, "no valid message from the host"))
            self.bed.hold()

    def _revoke(self) -> None:
        self.enabled.clear()
        self._ours = False

    def _restore(self) -> None:
        """The host is back, or somebody at the pump has taken over: the communication alarm has no cause any more."""
        if self._timed_out:
            self._timed_out = False
            self.bed.port.do(DeviceEvent(DeviceEventKind.COMMUNICATION_RESTORED))

    def _keep_log(self, look: Look) -> None:
        """Number what has changed: an entry for each change of state, rate or alarms."""
        line = look.line(self.bed.line)
        now = line.state, line.rate_nl_per_h, tuple((alarm.alarm, alarm.line) for alarm in look.standing)
        if now != self._logged:
            self._log, self._logged = self._log + 1, now

    def _answered(self, message: Fields) -> list[bytes]:
        name, *values = message
        command = COMMANDS.get(name)
        fields = None if command is None else self._carried_out(command, tuple(values))
        if fields is not None:
            return [frame(name, *fields)]
        silent = not self._says_refusals or (command is not None and command.ask is None)
        return [] if silent else [frame(name)]

    def _carried_out(self, command: Command, values: Fields) -> Fields | None:
        if not values and command.ask is not None:
            return command.ask(self)
        return command.act(self, values) if command.act is not None and self._may(command.needs) else None

    def _may(self, needs: Need) -> bool:
        wanted = {needs} - {Need.NOTHING}
        if needs is Need.CONTROL and self._control_needs_cfg:
            wanted.add(Need.CONFIG)
        return wanted <= self.enabled

    @property
    def alarm(self) -> str:
        """The code of what stands with the highest priority."""
        for standing in self.bed.alarms():
            if standing.alarm is AlarmId.INFUSION_COMPLETE:
                return AFTER_VTBI.get(self.bed.state, CODES[standing.alarm])
            return CODES[standing.alarm]
        return "NOALM"

    def status(self) -> Fields:
        """The fields of INF: the line that hosts live by."""
        look = self.bed.look()
        line = look.line(self.bed.line)
        return (
            self.serial,
            "A" if look.standing else "-",
            "SET" if line.state.delivering else "HLD",
            *rate(line.rate_nl_per_h),
            "",
            *volume(self.bed.infused_nl),
            f"{self.bed.port.distal_kpa / MMHG_KPA:.2f}",
            "mmHg",
            time_left(self.bed.left_ns),
            "EVENT",
            str(self._log),
        )

    def syringe(self) -> Fields:
        """Maker and size of the syringe, and whether it is in place."""
        value = next((entry.value for entry in self.bed.port.model.sources if entry.figure == SYRINGE), "")
        maker, _, size = value.partition(",")[0].rpartition("-")
        off = any(standing.alarm is AlarmId.SYRINGE_OFF for standing in self.bed.alarms())
        return maker.replace("-", " ").upper(), f"{size:>3}", "UNCONF" if off else "CONF"

    def target(self) -> Fields:
        """The VTBI with what of it is left."""
        target = self.bed.target
        if target is None:
            return ("DEACT", "", "", "")
        return "ACTIV", *volume(target.volume_nl), AT_END[target.at_end or self.bed.port.model.at_end]

    def set_remote(self, what: Need, values: Fields) -> Fields | None:
        """Enable or disable remote control or configuration."""
        match values:
            case ("ENABLED", check) if self._permits and check == crc(self.serial):
                self.enabled.add(what)
                self._restore()
            case ("DISABLED",) | ("DISABLED", _):
                self.enabled.discard(what)
                self._ours = self._ours and Need.CONTROL in self.enabled
            case _:
                return None
        return self.remote(what)

    def remote(self, what: Need) -> Fields:
        """Whether remote control or configuration is enabled."""
        return "ENABLED" if what in self.enabled else "DISABLED", *PERMITTED

    def set_rate(self, values: Fields) -> Fields | None:
        """Set the rate, at most the cap."""
        wanted = number(values, RATE)
        if wanted is None or wanted > self.caps[Cap.INFUSION] or self.bed.set_rate(wanted) is not None:
            return None
        return rate(wanted)

    def set_target(self, values: Fields) -> Fields | None:
        """Set a VTBI and what follows it, or none any more."""
        match values:
            case ("DEACT",):
                refused = self.bed.set_target(None)
            case ("ACTIV", *amount, end) if end in AT_END.values():
                wanted = number(tuple(amount), VOLUME)
                at_end = next(word for word, said in AT_END.items() if said == end)
                refused = "no volume" if wanted is None else self.bed.set_target(Target(wanted, at_end))
            case _:
                return None
        return self.target() if refused is None else None

    def start(self, values: Fields) -> Fields | None:
        """Start the infusion; from then on the host is watched."""
        stood = not self.bed.state.delivering
        if values or self.bed.start() is not None:
            return None
        self._ours = self._ours or stood
        return ()

    def stop(self, values: Fields) -> Fields | None:
        """Hold the infusion."""
        return () if not values and self.bed.hold() is None else None

    def clear(self, values: Fields) -> Fields | None:
        """Count the volume infused from 0."""
        if values:
            return None
        self.bed.clear_infused()
        return ()

    def set_bolus(self, values: Fields) -> Fields | None:
        """Allow boluses or not; or give one of a volume, at the rate of the cap."""
        match values:
            case ("ENABLED",) | ("DISABLED",) if self._may(Need.CONTROL):
                self.bolus = values == ("ENABLED",)
                return values
            case _:
                wanted = number(values, VOLUME)
                if wanted is None or not self.bolus:
                    return None
                return volume(wanted) if self.bed.give_bolus(wanted, self.caps[Cap.BOLUS]) is None else None

    def set_cap(self, cap: Cap, values: Fields) -> Fields | None:
        """Set the highest rate of an infusion, or the rate of a bolus."""
        wanted = number(values, RATE)
        if wanted is None or not 0 < wanted <= self.most[cap]:
            return None
        self.caps[cap] = wanted
        return rate(wanted)


COMMANDS: dict[str, Command] = {
    "INST_SERIALNO": Command(ask=lambda pump: (pump.serial,)),
    "COMMS_PROTOCOL": Command(ask=lambda pump: (pump.protocol,)),
    "COMMS_RESPONSE_MAX": Command(ask=lambda pump: (pump.response_max_ms, "ms")),
    "SYRINGE_STATUS": Command(ask=Alaris.syringe),
    "INF": Command(ask=Alaris.status),
    "INF_RATE": Command(lambda pump: rate(pump.bed.rate_nl_per_h or 0), Alaris.set_rate, Need.CONTROL),
    "INF_RATE_MAX_SYRINGE": Command(ask=lambda pump: rate(pump.bed.port.model.max_rate_nl_per_h)),
    "INF_VI": Command(ask=lambda pump: volume(pump.bed.infused_nl)),
    "INF_VI_CLEAR": Command(act=Alaris.clear, needs=Need.CONTROL),
    "INF_VTBI": Command(Alaris.target, Alaris.set_target, Need.CONTROL),
    "INF_START": Command(act=Alaris.start, needs=Need.CONTROL),
    "INF_STOP": Command(act=Alaris.stop, needs=Need.CONTROL),
    "INF_BOLUS": Command(lambda pump: ("ENABLED" if pump.bolus else "DISABLED",), Alaris.set_bolus, Need.CONTROL),
    "INF_BOLUS_CAP_RATE": Command(
        lambda pump: rate(pump.caps[Cap.BOLUS]),
        lambda pump, values: pump.set_cap(Cap.BOLUS, values),
        Need.CONFIG,
    ),
    "INF_CAP_RATE": Command(
        lambda pump: rate(pump.caps[Cap.INFUSION]),
        lambda pump, values: pump.set_cap(Cap.INFUSION, values),
        Need.CONFIG,
    ),
    "INF_PURGE_RATE": Command(ask=lambda pump: rate(pump.bed.port.model.bolus_nl_per_h)),
    "ALARM": Command(ask=lambda pump: (f"AL_{pump.alarm}", " ", " ")),
    "REMQUERY": Command(
        ask=lambda _: ("DEACT", "", "", "", ""),
        act=lambda _, values: ("DEACT", "", "", "", "") if values == ("DEACT",) else None,
    ),
    "REMOTE_CTRL": Command(
        lambda pump: pump.remote(Need.CONTROL), lambda pump, values: pump.set_remote(Need.CONTROL, values)
    ),
    "REMOTE_CFG": Command(
        lambda pump: pump.remote(Need.CONFIG), lambda pump, values: pump.set_remote(Need.CONFIG, values)
    ),
}
"""Every command by its name."""


def option_faults(more: Mapping[str, str]) -> list[str]:
    """Say what is wrong with options; empty when nothing is."""
    faults = [f"alaris has no option {name!r}; known: {', '.join(OPTIONS)}" for name in more if name not in OPTIONS]
    faults += not_among(more, WORDS)
    seconds = number((more["watchdog_s"], ""), "")
    if not seconds:
        faults.append(f"watchdog_s = {more['watchdog_s']!r}: it is a number of seconds above 0")
    if not re.fullmatch(r"[0-9A-Za-z-]+", more["serial"]):
        faults.append(f"serial = {more['serial']!r}: it has letters, digits and hyphens")
    return faults


ALARIS = Dialect(
    name="alaris",
    title="Alaris Asena GH and CC syringe pumps: software up to 2.3.6, which a host may control",
    baud=38_400,
    framing="8N1",
    model="asena-gh",
    addresses=range(1),
    talk=Alaris,
    options=OPTIONS,
    assumptions=(
        "A message with a wrong check, or that is damaged, is not answered.",
        "A command that is refused is answered by its name without values, with refusal=silence by nothing. One whose success"
        " is the bare name (INF_START, INF_STOP, INF_VI_CLEAR) is never answered when it is refused.",
        "Starting what runs and stopping what stands succeeds.",
        "REMOTE_CTRL alone allows control, as captures show; with control_needs_cfg=yes it takes REMOTE_CFG too. REMOTE_CFG is"
        " needed for INF_CAP_RATE and INF_BOLUS_CAP_RATE, and answers as REMOTE_CTRL does.",
        "Every message with the right check feeds the watchdog. When it runs out, remote control ends; the alarm COMTO, and the"
        " stop, are for an infusion that was started over the line. COMTO is over when the host is allowed control again, or"
        " when somebody touches the pump.",
        "A key at the pump ends remote control; the infusion goes on.",
        "REMOTE_CTRL DISABLED leaves an infusion running, and unwatched.",
        "INF_VTBI: KVO and CONT stand for the other rules at the end; the volume counts down; a new one counts from then on;"
        " it cannot be set while the pump runs at its KVO rate. Without one the answer is DEACT and empty fields.",
        "INF_BOLUS ENABLED and DISABLED allow boluses or not; INF_BOLUS with a volume gives one at INF_BOLUS_CAP_RATE: that"
        " form is ours, as public hosts give boluses by INF_RATE.",
        "INF_PURGE_RATE only tells; INF_CAP_RATE bounds INF_RATE; REMQUERY knows DEACT only.",
        "The alarm codes are those of our conditions by the table CODES; EOIKV, LDSCN, LBTAC, PRDSC, RHIGH and the titration"
        " codes are never sent. The two further fields of ALARM are blanks.",
        "The log number counts changes of state, rate and alarms from the begin on.",
        "A lifted syringe is UNCONF.",
    ),
)
