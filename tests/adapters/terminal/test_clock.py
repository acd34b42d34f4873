"""The time that a terminal keeps."""

from dataclasses import dataclass

import pytest

from adapters.terminal.clock import LONGEST_DARK, TOLERANCE, LinuxMachine, TerminalClock

NOW = 1_800_000_000


@dataclass
class Machine:
    """A machine whose clocks a test sets."""

    time: float = NOW
    since_start: float = 100.0
    name: str = "first"

    def wall(self) -> float:
        return self.time

    def steady(self) -> float:
        return self.since_start

    def boot(self) -> str:
        return self.name


def clock_of(machine: Machine, *, mark: int = 0, has_battery: bool = False) -> TerminalClock:
    return TerminalClock(machine, anchor=None, mark=mark, has_battery=has_battery)


def restarted(clock: TerminalClock, machine: Machine, *, has_battery: bool = False) -> TerminalClock:
    """Return the clock of the next run of the program, with what the run before has kept."""
    return TerminalClock(machine, anchor=clock._anchor, mark=clock.mark, has_battery=has_battery)


def test_a_terminal_that_was_never_in_contact_has_no_time() -> None:
    assert clock_of(Machine()).now() is None
    assert clock_of(Machine(), has_battery=True).now() is None


def test_the_service_says_the_time_and_the_steady_clock_goes_on() -> None:
    machine = Machine(time=NOW - 300)
    clock = clock_of(machine)
    assert clock.set(NOW, asked=100.0) is not None
    machine.since_start += 4 * 3600
    assert clock.now() == NOW + 4 * 3600


@pytest.mark.parametrize("jump", [-10 * 365 * 86400, -300, 300, 10 * 365 * 86400])
def test_a_jump_of_the_machines_clock_changes_nothing(jump: int) -> None:
    machine = Machine()
    clock = clock_of(machine)
    clock.set(NOW, asked=100.0)
    machine.time += jump
    assert clock.now() == NOW


def test_half_of_a_slow_answers_way_is_taken_off() -> None:
    machine = Machine()
    clock = clock_of(machine)
    machine.since_start = 110.0
    clock.set(NOW, asked=100.0)
    assert clock.now() == NOW + 5


def test_a_new_run_of_the_program_keeps_the_time_and_a_new_start_of_the_machine_does_not() -> None:
    machine = Machine()
    clock = clock_of(machine)
    clock.set(NOW, asked=100.0)
    machine.since_start += 60
    assert restarted(clock, machine).now() == NOW + 60
    machine.name, machine.since_start = "second", 3.0
    assert restarted(clock, machine).now() is None


@pytest.mark.parametrize(
    ("wall", "trusted"),
    [
        pytest.param(NOW + 3600, True, id="an hour in the dark"),
        pytest.param(NOW - TOLERANCE, True, id="as far behind as two contacts may be"),
        pytest.param(NOW - TOLERANCE - 1, False, id="before what it has lived through"),
        pytest.param(1_000, False, id="1970, the battery is empty"),
        pytest.param(NOW + LONGEST_DARK + 1, False, id="further ahead than anybody leaves a terminal"),
    ],
)
def test_a_clock_with_a_battery_is_believed_within_bounds(wall: int, *, trusted: bool) -> None:
    machine = Machine()
    clock = clock_of(machine)
    clock.set(NOW, asked=100.0)
    clock.now()
    machine.name, machine.time = "second", wall
    assert (restarted(clock, machine, has_battery=True).now() is not None) is trusted


def test_a_service_that_says_an_earlier_time_than_the_mark_is_not_believed() -> None:
    clock = clock_of(Machine(), mark=NOW)
    assert clock.set(NOW - TOLERANCE - 1, asked=100.0) is None
    assert clock.now() is None
    assert clock.set(NOW - TOLERANCE, asked=100.0) is not None


def test_the_mark_follows_the_time_and_never_goes_back() -> None:
    machine = Machine()
    clock = clock_of(machine)
    clock.set(NOW, asked=100.0)
    machine.since_start += 1000
    clock.now()
    machine.since_start -= 20
    assert (clock.now(), clock.mark) == (NOW + 980, NOW + 1000)
    machine.since_start -= TOLERANCE
    assert clock.now() is None


def test_the_clocks_of_this_machine_are_read() -> None:
    machine = LinuxMachine()
    assert machine.wall() > NOW - 10 * 365 * 86400
    assert machine.steady() > 0
    assert machine.boot() == LinuxMachine().boot()
