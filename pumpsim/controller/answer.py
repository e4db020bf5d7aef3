"""How a command is refused: one record with every reason, by the name that scenarios call the command."""

from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.inputs import (
    Acknowledge,
    Backprime,
    ChangeMode,
    Confirm,
    GiveBolus,
    LoadProgram,
    OfThePump,
    OperatorCommand,
    PauseAudio,
    RequestDose,
    ResetAir,
    SetClock,
    SetTemporary,
    Standby,
    Start,
    Stop,
    StopBolus,
    Titrate,
    Withdraw,
)
from pumpsim.vocabulary.outputs import CommandRejected

NAMES: dict[type[OperatorCommand], str] = {
    LoadProgram: "load",
    Start: "start",
    Stop: "stop",
    Titrate: "titrate",
    ChangeMode: "mode",
    GiveBolus: "bolus",
    StopBolus: "stop-bolus",
    RequestDose: "request",
    SetTemporary: "temporary",
    Standby: "standby",
    Backprime: "backprime",
    Withdraw: "withdraw",
    SetClock: "clock",
    PauseAudio: "pause-audio",
    ResetAir: "reset-air",
    Confirm: "confirm",
    Acknowledge: "acknowledge",
}
"""What a scenario calls each command."""
OPERATOR = "operator"


def about(command: OperatorCommand) -> tuple[str, str | None]:
    """The name of a command, and the line or the alarm that it is about."""
    if isinstance(command, Acknowledge):
        return NAMES[Acknowledge], command.alarm.value if command.alarm else None
    return NAMES[type(command)], None if isinstance(command, OfThePump) else command.line


def refuse(turn: Turn, command: OperatorCommand, reasons: list[str]) -> None:
    """Refuse a command for these reasons; it changes nothing."""
    turn.said.append(CommandRejected(*about(command), "; ".join(dict.fromkeys(reasons))))
