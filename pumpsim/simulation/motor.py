"""What a mechanism makes of what it is told: just that, unless its motor has failed."""

from pumpsim.vocabulary.motor import PPM, MotorFault
from pumpsim.vocabulary.outputs import LineMotion, MotorCommand

SOUND = MotorFault()


class Motor:
    """The motor of one pump."""

    def __init__(self) -> None:
        self._fault, self._told = SOUND, MotorCommand(())
        self._ran: dict[str, int] = {}

    @property
    def sound(self) -> bool:
        """Whether it does what it is told."""
        return self._fault == SOUND

    def told(self, command: MotorCommand) -> MotorCommand:
        """Give what the mechanism does from now on."""
        self._told = command
        if self.sound:
            return command
        return MotorCommand(tuple(map(self._done, command.lines)))

    def without_power(self, still: MotorCommand) -> MotorCommand:
        """Stand, whatever has failed, and begin with nothing when there is power again."""
        self._told, self._ran = still, {}
        return still

    def failing(self, fault: MotorFault) -> MotorCommand:
        """Let it fail, or be in order again; give what the mechanism does from now on."""
        self._fault, self._ran = fault, {}
        return self.told(self._told)

    def _done(self, told: LineMotion) -> LineMotion:
        rate, stop = told.rate_nl_per_h, told.stop_at_step
        if self._fault.runs_on:
            rate = rate or self._ran.get(told.line, 0)
            self._ran[told.line], stop = rate, None
        return LineMotion(told.line, rate * self._fault.ppm // PPM, stop)
