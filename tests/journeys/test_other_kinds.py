"""Digit codes, served codes and paper codes, from issue to the counter, on both databases."""

import pytest

from codeservice.digit import HANDLE_TRIES, LIFE, TERMINAL_TRIES, luhn_digit, write_digit_code
from codeservice.issuing import issue_paper
from codeservice.scene import SCENES
from tests.conftest import City
from tests.phone import Phone, at_once, decision


def digits(city: City, phone: Phone, number: int = 0) -> str:
    """Fetch digit codes and show one of them."""
    code = phone.fetch_digits(city.clock.now).get_json()["codes"][number]
    return write_digit_code(code["handle"], code["seed"], city.clock.now)


def wrong(code: str) -> str:
    """Return the code with another password and a right check digit."""
    digits = code[:9] + f"{(int(code[9:17]) + 1) % 10**8:08d}"
    return digits + luhn_digit(digits)


def print_paper(city: City) -> str:
    """Print a paper code for the citizen."""
    return issue_paper(
        city.services,
        city.citizen().holder.id,
        scenes=tuple(SCENES.values()),
        actor="operator:test",
        now=city.clock.now,
    )


@pytest.mark.parametrize("terminal", ["clinic-1", "till-east", "queue-1"])
def test_a_digit_code_is_accepted_at_a_counter(any_city: City, terminal: str) -> None:
    code = digits(any_city, any_city.phone())
    assert len(code) == 18
    assert decision(any_city.terminal(terminal).scan(code)) == ("accepted", None)


def test_a_digit_code_works_once_among_64_threads(any_city: City) -> None:
    code, desk = digits(any_city, any_city.phone()), any_city.terminal("clinic-1")
    answers = at_once(64, lambda _number: decision(desk.on(any_city.app.test_client()).scan(code)))
    assert answers.count(("accepted", None)) == 1
    assert answers.count(("refused", "replayed")) == 63


def test_the_same_handle_does_not_work_with_its_next_password(city: City) -> None:
    code = city.phone().fetch_digits(city.clock.now)
    first = city.phone().fetch_digits(city.clock.now).get_json()["codes"][0]
    assert code.status_code == 200
    desk = city.terminal("clinic-1")
    assert decision(desk.scan(write_digit_code(first["handle"], first["seed"], city.clock.now)))[0] == "accepted"
    later = write_digit_code(first["handle"], first["seed"], city.clock.now + 30)
    city.clock.now += 30
    assert decision(desk.scan(later)) == ("refused", "replayed")


def test_a_digit_code_that_was_used_is_refused_at_every_other_counter(any_city: City) -> None:
    code = digits(any_city, any_city.phone())
    assert decision(any_city.terminal("clinic-1").scan(code)) == ("accepted", None)
    for terminal in ("clinic-2", "till-east", "queue-1"):
        assert decision(any_city.terminal(terminal).scan(code)) == ("refused", "replayed")


def test_a_password_counts_in_its_step_and_the_two_beside_it(city: City) -> None:
    phone, desk = city.phone(), city.terminal("clinic-1")
    made = phone.fetch_digits(city.clock.now, count=4).get_json()["codes"]
    shown = [
        write_digit_code(code["handle"], code["seed"], city.clock.now + at)
        for code, at in zip(made, (-60, -30, 30, 60), strict=True)
    ]
    assert [decision(desk.scan(code))[0] for code in shown] == ["refused", "accepted", "accepted", "refused"]


def test_five_wrong_passwords_burn_a_handle(any_city: City) -> None:
    code, desk = digits(any_city, any_city.phone()), any_city.terminal("clinic-1")
    for _ in range(HANDLE_TRIES):
        assert decision(desk.scan(wrong(code))) == ("refused", "expired")
    assert decision(desk.scan(code)) == ("refused", "expired")


def test_a_terminal_that_guesses_is_stopped_and_others_are_not(any_city: City) -> None:
    """Trying handles at random does not pay: thirty a minute of a thousand million."""
    code, desk = digits(any_city, any_city.phone()), any_city.terminal("clinic-1")
    unknown = "000000000" + "00000000"
    guess = unknown + luhn_digit(unknown)
    answers = [decision(desk.scan(guess)) for _ in range(TERMINAL_TRIES + 1)]
    assert answers[-1] == ("refused", "terminal_not_allowed")
    assert set(answers[:-1]) == {("refused", "expired")}
    assert decision(any_city.terminal("clinic-2").scan(code)) == ("accepted", None)


@pytest.mark.parametrize("place", range(18))
def test_a_mistyped_digit_is_found_without_a_try(city: City, place: int) -> None:
    phone, desk = city.phone(), city.terminal("clinic-1")
    code = digits(city, phone)
    mistyped = code[:place] + str((int(code[place]) + 1) % 10) + code[place + 1 :]
    assert decision(desk.scan(mistyped)) == ("refused", "malformed")
    assert decision(desk.scan(code)) == ("accepted", None)


def test_a_digit_code_ends_after_ten_minutes(city: City) -> None:
    made = city.phone().fetch_digits(city.clock.now).get_json()["codes"][0]
    city.clock.now += LIFE
    code = write_digit_code(made["handle"], made["seed"], city.clock.now)
    assert decision(city.terminal("clinic-1").scan(code)) == ("refused", "expired")


def test_a_revoked_device_takes_its_digit_codes_along(any_city: City) -> None:
    phone = any_city.phone()
    code = digits(any_city, phone)
    assert phone.call("DELETE", f"/devices/{phone.device}").status_code == 204
    assert decision(any_city.terminal("clinic-1").scan(code)) == ("refused", "revoked")


def test_a_digit_code_of_one_scene_is_refused_elsewhere(city: City) -> None:
    phone = city.phone()
    made = phone.fetch_digits(city.clock.now, scene="hospital").get_json()["codes"][0]
    code = write_digit_code(made["handle"], made["seed"], city.clock.now)
    assert decision(city.terminal("till-east").scan(code)) == ("refused", "wrong_scene")
    assert decision(city.terminal("clinic-1").scan(code)) == ("accepted", None)


def test_a_bus_takes_no_digit_codes(city: City) -> None:
    assert decision(city.terminal("bus-1").scan(digits(city, city.phone()))) == ("refused", "second_factor_required")


@pytest.mark.parametrize("count", [0, 17, True, "2", None])
def test_a_batch_of_digit_codes_has_a_size(city: City, count: object) -> None:
    assert city.phone().fetch_digits(city.clock.now, count=count).status_code == 400


def test_a_served_code_is_accepted_for_a_minute(any_city: City) -> None:
    made = any_city.phone().call("POST", "/served-codes", {"scene": "all"}).get_json()
    bus = any_city.terminal("bus-1")
    assert decision(bus.scan(made["code"], act="a")) == ("accepted", None)
    assert decision(bus.scan(made["code"], act="b")) == ("refused", "replayed")
    later = any_city.phone().call("POST", "/served-codes", {"scene": "all"}).get_json()
    any_city.clock.now += 60
    assert decision(bus.scan(later["code"])) == ("refused", "expired")


def test_served_codes_of_an_hour_share_a_place_and_die_with_it(any_city: City) -> None:
    phone, bus = any_city.phone(), any_city.terminal("bus-1")
    first = phone.call("POST", "/served-codes", {"scene": "all"}).get_json()["code"]
    any_city.clock.now += 1
    second = phone.call("POST", "/served-codes", {"scene": "all"}).get_json()["code"]
    assert decision(bus.scan(first)) == ("accepted", None)
    phone.call("POST", "/freeze", {})
    assert decision(bus.scan(second)) == ("refused", "revoked")


def test_a_paper_code_needs_a_document_beside_it(any_city: City) -> None:
    paper, desk = print_paper(any_city), any_city.terminal("clinic-1")
    assert decision(desk.scan(paper)) == ("refused", "second_factor_required")
    assert decision(desk.scan(paper, document_checked=True)) == ("accepted", None)
    assert decision(desk.scan(paper, document_checked=True)) == ("accepted", None)


def test_a_new_print_kills_the_old(any_city: City) -> None:
    old = print_paper(any_city)
    new = print_paper(any_city)
    desk = any_city.terminal("clinic-1")
    assert decision(desk.scan(old, document_checked=True)) == ("refused", "revoked")
    assert decision(desk.scan(new, document_checked=True)) == ("accepted", None)


def test_a_paper_code_ends_after_180_days(city: City) -> None:
    paper = print_paper(city)
    city.clock.now += 179 * 24 * 3600
    assert city.services.trust_list().expires < city.clock.now
    assert len(paper) < 400
