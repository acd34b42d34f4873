"""Family codes by HTTP: asked for, proved, shown, seen in records, and ended."""

import secrets
from typing import Any

import pytest
from sqlalchemy import select, update

from codeservice import keeper, tying
from codeservice.city import city_date, midnight
from codeservice.code import Kind, read_code
from codeservice.credential import IdNumber, id_check_character, mask_name
from codeservice.errors import Rejected
from codeservice.household import REQUEST_LIFE
from codeservice.reason import Reason
from codeservice.scan import Policy
from codeservice.scene import SCENES
from codeservice.store import account, grant, household, person
from codeservice.store.models import AuditEntry, Person
from tests.conftest import City
from tests.families import TIES, adults, ask, certificate, consent, families, helper_of, notices, parent_of, tie_of
from tests.phone import Phone, decision


def accepted(city: City, phone: Phone, terminal: str = "bus-1") -> tuple[str, str | None]:
    """Show a code of this moment."""
    return decision(city.terminal(terminal).scan(phone.show(city.clock.now)))


def child_of_age_in(city: City, days: int) -> tuple[Phone, dict[str, Any], str]:
    """Make a child of the first family who is eighteen in so many days; returns the parent's phone and the tie."""
    family = families(city)[0]
    day = city_date(city.clock.now + days * 86400)
    first17 = f"349901{day.year - 18:04d}{day:%m%d}997"
    number = IdNumber(first17 + id_check_character(first17))
    holder = person.Holder(
        secrets.token_hex(16), "王小明", number, "349901", family.parent.holder.household, "child", None
    )
    with city.services.database.write() as connection:
        person.add_holders(connection, city.services.vault, [holder])
    phone = city.phone(family.parent)
    answer = phone.call("POST", TIES, {"kind": "parent", "name": holder.name, "id_number": number.text})
    assert answer.get_json()["state"] == "active"
    return phone, answer.get_json(), holder.id


def test_a_parent_of_the_same_household_shows_a_childs_code_that_verifies_like_any_other(any_city: City) -> None:
    family = families(any_city)[0]
    phone, tie = parent_of(any_city, family)
    assert tie["name"] == mask_name(family.child.holder.name)
    assert phone.fetch(any_city.clock.now, tie=tie["id"]).status_code == 200
    code = read_code(phone.show(any_city.clock.now))
    with any_city.services.database.read() as connection:
        issued = grant.find(connection, code.grant.list, code.grant.idx)
    assert issued is not None
    assert (issued.person, issued.device, issued.proxy) == (family.child.holder.id, phone.device, tie["id"])
    assert accepted(any_city, phone) == ("accepted", None)
    assert notices(phone)[0] == "tie_active"


def test_a_birth_certificate_that_names_the_household_proves_a_child_who_lives_elsewhere(city: City) -> None:
    family = families(city)[0]
    with city.services.database.write() as connection:
        connection.execute(update(Person).where(Person.id == family.child.holder.id).values(household="elsewhere"))
    phone = city.phone(family.parent)
    others = certificate(families(city)[-1].child)
    waiting = ask(phone, "parent", family.child, birth_certificate=others).get_json()
    assert waiting["state"] == "waiting_review"
    assert phone.call("DELETE", f"{TIES}/{waiting['id']}").status_code == 200
    proved = ask(phone, "parent", family.child, birth_certificate=certificate(family.child)).get_json()
    assert proved["state"] == "active"


@pytest.mark.parametrize("kind", ["parent", "guardian_by_court", "helper"])
def test_an_answer_does_not_tell_whether_anybody_exists(city: City, kind: str) -> None:
    """The person, the number with another name, and nobody at all: the same answers, listed and asked again."""
    phone_owner = families(city)[0].parent
    phone = city.phone(phone_owner)
    known = families(city)[-1].child if kind == "parent" else adults(city)[-1]
    first17 = known.holder.id_number.text[:14] + "998"
    nobody = first17 + id_check_character(first17)
    answers = []
    for name, number in ((known.holder.name, known.holder.id_number.text), (known.holder.name, nobody)):
        body = {"kind": kind, "name": name, "id_number": number}
        made = phone.call("POST", TIES, body)
        again = phone.call("POST", TIES, body)
        listed = tie_of(phone, made.get_json()["id"])
        answers.append(
            (
                made.status_code,
                made.get_json() | {"id": ""},
                again.status_code,
                again.get_json()["code"],
                listed | {"id": ""},
            )
        )
    assert answers[0] == answers[1]
    wrong_name = {"kind": kind, "name": "无此人", "id_number": known.holder.id_number.text}
    other = city.phone(next(one for one in adults(city) if one not in (phone_owner, known)))
    assert other.call("POST", TIES, wrong_name).get_json()["state"] == answers[0][1]["state"]


@pytest.mark.parametrize(
    ("kind", "adult", "code"),
    [
        ("parent", True, "dependant_of_age"),
        ("helper", False, "dependant_is_minor"),
        ("guardian_by_court", False, "dependant_is_minor"),
    ],
)
def test_a_kind_of_tie_that_does_not_fit_the_age_is_refused(city: City, kind: str, adult: bool, code: str) -> None:  # noqa: FBT001
    about = adults(city)[-1] if adult else families(city)[0].child
    assert ask(city.phone(families(city)[0].parent), kind, about).get_json()["code"] == code


def test_an_unreadable_number_a_strange_scene_and_oneself_are_refused(city: City) -> None:
    me = adults(city)[0]
    phone = city.phone(me)
    body = {"kind": "helper", "name": "x", "id_number": "34990119900101000X"}
    assert phone.call("POST", TIES, body).get_json()["code"] == "id_number_not_readable"
    assert ask(phone, "helper", adults(city)[1], scenes=["moon"]).get_json()["code"] == "scene_not_found"
    assert ask(phone, "helper", adults(city)[1], scenes=[]).status_code == 400
    assert ask(phone, "helper", me).get_json()["code"] == "id_number_not_readable"
    assert ask(phone, "uncle", adults(city)[1]).status_code == 404


def test_requests_are_limited_by_the_day(city: City) -> None:
    phone = city.phone(families(city)[0].parent)
    child = families(city)[-1].child
    codes = [ask(phone, "parent", child).status_code for _ in range(11)]
    assert codes[0] == 201
    assert codes[-1] == 429


def test_a_helper_acts_only_after_the_adult_has_consented_with_their_own_phone(any_city: City) -> None:
    helper, elder = adults(any_city)[:2]
    mine, theirs = any_city.phone(helper), any_city.phone(elder)
    tie = ask(mine, "helper", elder).get_json()
    assert tie["state"] == "requested"
    assert mine.fetch(any_city.clock.now, tie=tie["id"]).status_code == 404
    assert mine.call("POST", f"{TIES}/{tie['id']}/messages", {}).status_code == 404
    assert notices(theirs)[0] == "tie_requested"
    assert consent(any_city, theirs, tie["id"], password="000000").get_json()["code"] == "one_time_password_refused"
    assert consent(any_city, theirs, tie["id"]).get_json()["state"] == "active"
    assert mine.fetch(any_city.clock.now, tie=tie["id"]).status_code == 200
    assert accepted(any_city, mine) == ("accepted", None)
    assert consent_again(theirs, tie["id"]) == 404


def consent_again(phone: Phone, tie: str) -> int:
    """Ask to confirm what is confirmed."""
    return phone.call("POST", f"{TIES}/{tie}/messages", {}).status_code


def test_a_password_for_signing_in_confirms_no_tie(city: City) -> None:
    helper, elder = adults(city)[:2]
    mine, theirs = city.phone(helper), city.phone(elder)
    tie = ask(mine, "helper", elder).get_json()["id"]
    city.clock.now += 61
    sent = theirs.call("POST", "/sign-in/messages", {"phone": elder.phone}).get_json()
    body = {"challenge": sent["challenge"], "one_time_password": city.password()}
    assert theirs.call("POST", f"{TIES}/{tie}/consent", body).status_code == 403


def test_a_wrong_password_is_counted_and_the_sixth_try_is_refused(city: City) -> None:
    helper, elder = adults(city)[:2]
    mine, theirs = city.phone(helper), city.phone(elder)
    tie = ask(mine, "helper", elder).get_json()["id"]
    city.clock.now += 61
    challenge = theirs.call("POST", f"{TIES}/{tie}/messages", {}).get_json()["challenge"]
    with city.services.database.read() as connection:
        text = account.newest_messages(connection, city.services.vault, limit=1)[0][1]
    right = text.split("确认码 ")[1][:6]
    wrong = "000000" if right != "000000" else "000001"
    for password in (*[wrong] * 5, right):
        body = {"challenge": challenge, "one_time_password": password}
        assert theirs.call("POST", f"{TIES}/{tie}/consent", body).status_code == 403


def test_a_dependant_may_refuse_and_a_request_lapses_after_a_week(any_city: City) -> None:
    helper, elder, other = adults(any_city)[:3]
    mine, theirs = any_city.phone(helper), any_city.phone(elder)
    tie = ask(mine, "helper", elder).get_json()["id"]
    assert theirs.call("DELETE", f"{TIES}/{tie}").status_code == 200
    assert tie_of(mine, tie)["reason"] == "by_dependant"
    assert tie_of(mine, tie)["name"] == "*"
    lapsing = ask(mine, "helper", other).get_json()["id"]
    any_city.clock.now += REQUEST_LIFE
    assert any_city.phone(other).call("POST", f"{TIES}/{lapsing}/messages", {}).status_code == 404
    assert tying.end_past(any_city.services) == 1
    assert tie_of(mine, lapsing)["reason"] == "not_answered"


def test_the_dependant_narrows_the_scenes_and_the_guardian_gets_no_other(any_city: City) -> None:
    helper, elder = adults(any_city)[:2]
    mine, _theirs, tie = helper_of(any_city, helper, elder, scenes=["bus"])
    now = any_city.clock.now
    assert mine.fetch(now, scene="hospital", tie=tie).get_json()["code"] == "scene_not_allowed"
    assert mine.fetch(now, scene="all", tie=tie).status_code == 200
    assert accepted(any_city, mine, "clinic-1") == ("refused", "wrong_scene")
    assert accepted(any_city, mine) == ("accepted", None)
    assert mine.call("POST", "/papers", {"tie": tie}).get_json()["code"] == "scene_not_allowed"


def test_consent_to_no_scene_that_was_asked_for_is_no_consent(city: City) -> None:
    helper, elder = adults(city)[:2]
    mine, theirs = city.phone(helper), city.phone(elder)
    tie = ask(mine, "helper", elder, scenes=["bus"]).get_json()["id"]
    assert consent(city, theirs, tie, scenes=["hospital"]).get_json()["code"] == "scene_not_allowed"
    assert tie_of(mine, tie)["state"] == "requested"


@pytest.mark.parametrize("side", ["guardian", "dependant"])
def test_either_side_ends_a_tie_and_its_codes_die_at_once_and_no_others(any_city: City, side: str) -> None:
    helper, elder = adults(any_city)[:2]
    mine, theirs, tie = helper_of(any_city, helper, elder)
    own = mine.grants
    assert mine.fetch(any_city.clock.now, tie=tie).status_code == 200
    shown, ending = mine.show(any_city.clock.now), mine if side == "guardian" else theirs
    assert ending.call("DELETE", f"{TIES}/{tie}").get_json() == {"revoked": 2}
    bus = any_city.terminal("bus-1")
    assert decision(bus.scan(shown)) == ("refused", "revoked")
    assert mine.fetch(any_city.clock.now, tie=tie).status_code == 404
    mine.grants = own
    assert accepted(any_city, mine) == ("accepted", None)
    any_city.clock.now += 1
    assert accepted(any_city, theirs) == ("accepted", None)
    assert ending.call("DELETE", f"{TIES}/{tie}").get_json()["code"] == "tie_closed"
    assert notices(mine)[0] == notices(theirs)[0] == "tie_ended"
    assert tie_of(mine, tie)["reason"] == f"by_{side}"


def test_somebody_elses_tie_does_not_exist(city: City) -> None:
    family = families(city)[0]
    phone, tie = parent_of(city, family)
    stranger = city.phone(adults(city)[-1])
    assert stranger.call("DELETE", f"{TIES}/{tie['id']}").status_code == 404
    assert stranger.call("GET", f"{TIES}/{tie['id']}/records").status_code == 404
    assert stranger.fetch(city.clock.now, tie=tie["id"]).status_code == 404
    assert stranger.call("POST", "/papers", {"tie": tie["id"]}).status_code == 404
    assert phone.fetch(city.clock.now, tie="x").status_code == 404


def test_a_dependant_cannot_fetch_the_codes_of_the_guardian(city: City) -> None:
    helper, elder = adults(city)[:2]
    _mine, theirs, tie = helper_of(city, helper, elder)
    assert theirs.fetch(city.clock.now, tie=tie).status_code == 404


def test_wa14_a_ward_who_turns_eighteen_is_shown_by_nobody_from_that_day_on(any_city: City) -> None:
    phone, tie, ward = child_of_age_in(any_city, 1)
    birthday = midnight(city_date(any_city.clock.now + 86400))
    assert tie["until"] == birthday
    any_city.clock.now = birthday - 40
    assert phone.fetch(any_city.clock.now, tie=tie["id"]).status_code == 200
    assert accepted(any_city, phone) == ("accepted", None)
    printed = phone.call("POST", "/papers", {"tie": tie["id"]}).get_json()
    assert printed["expires"] == birthday
    any_city.clock.now = birthday
    # Nothing was revoked yet, and no terminal accepts it, with or without network: the grant itself has ended.
    assert all(made["expires"] <= birthday for made, _key in phone.grants)
    assert accepted(any_city, phone) == ("refused", "expired")
    assert phone.fetch(birthday, tie=tie["id"]).status_code == 404
    assert phone.call("POST", "/papers", {"tie": tie["id"]}).status_code == 404
    assert phone.call("GET", f"{TIES}/{tie['id']}/records").status_code == 404
    assert tie_of(phone, tie["id"])["reason"] == "came_of_age"
    assert tying.end_past(any_city.services) == 1
    assert tying.end_past(any_city.services) == 0
    assert tie_of(phone, tie["id"])["state"] == "ended"
    assert notices(phone)[0] == "tie_ended"
    with any_city.services.database.read() as connection:
        assert household.active_of(connection, ward) == []


def test_wa14_grants_of_the_day_before_do_not_outlive_the_birthday_on_a_terminal_without_network(city: City) -> None:
    phone, tie, _ward = child_of_age_in(city, 1)
    birthday = midnight(city_date(city.clock.now + 86400))
    city.clock.now = birthday - 3600
    assert phone.fetch(city.clock.now, tie=tie["id"], count=4).status_code == 200
    policy = Policy(scene=SCENES["bus"], kinds=frozenset({Kind.DEVICE}))
    for index in range(4):
        shown = phone.show(birthday - 1, index)
        assert city.services.verifier.verify(shown, policy=policy, now=birthday - 1).grant.expires == birthday
        with pytest.raises(Rejected) as caught:
            city.services.verifier.verify(shown, policy=policy, now=birthday)
        assert caught.value.reason is Reason.EXPIRED


def test_wa14_a_guardian_removed_by_a_court_is_refused_at_once(any_city: City) -> None:
    family = families(any_city)[0]
    phone, tie = parent_of(any_city, family)
    assert phone.fetch(any_city.clock.now, tie=tie["id"]).status_code == 200
    revoked = tying.remove_by_court(any_city.services, tie["id"], actor="operator:test", reason="(2027) 民特 1 号")
    assert revoked == 2
    assert accepted(any_city, phone) == ("refused", "revoked")
    assert phone.fetch(any_city.clock.now, tie=tie["id"]).status_code == 404
    assert tie_of(phone, tie["id"])["reason"] == "court_removal"


def test_death_ends_every_tie_of_a_person(any_city: City) -> None:
    first, elder, third = adults(any_city)[:3]
    mine, _theirs, tie = helper_of(any_city, first, elder)
    waiting = ask(any_city.phone(third), "helper", elder).get_json()["id"]
    assert tying.end_for_death(any_city.services, elder.holder.id, actor="operator:test") == 2
    assert tie_of(mine, tie)["reason"] == "died"
    with any_city.services.database.read() as connection:
        assert household.find(connection, waiting).state == "refused"


def test_both_records_say_who_showed_a_code_for_whom(any_city: City) -> None:
    helper, elder = adults(any_city)[:2]
    mine, theirs, tie = helper_of(any_city, helper, elder)
    assert mine.fetch(any_city.clock.now, tie=tie).status_code == 200
    accepted(any_city, mine)
    any_city.clock.now += 5
    accepted(any_city, theirs)
    (shown,) = mine.call("GET", "/records").get_json()["records"]
    assert shown["shown_for"] == mask_name(elder.holder.name)
    own, by_helper = theirs.call("GET", "/records").get_json()["records"]
    assert (own["shown_by"], own["shown_for"]) == (None, None)
    assert (by_helper["shown_by"], by_helper["shown_for"]) == (mask_name(helper.holder.name), None)


def test_records_are_seen_by_a_guardian_of_a_minor_and_of_an_adult_only_by_their_word(city: City) -> None:
    family = families(city)[0]
    parent, tie = parent_of(city, family)
    assert parent.fetch(city.clock.now, tie=tie["id"]).status_code == 200
    accepted(city, parent)
    (record,) = parent.call("GET", f"{TIES}/{tie['id']}/records").get_json()["records"]
    assert record["shown_by"] == mask_name(family.parent.holder.name)
    first, second, third = [one for one in adults(city) if one != family.parent][:3]
    closed, _theirs, private = helper_of(city, first, second)
    assert closed.call("GET", f"{TIES}/{private}/records").get_json()["code"] == "records_not_shared"
    opened, _theirs, shared = helper_of(city, second, third, shares_records=True)
    assert opened.call("GET", f"{TIES}/{shared}/records").status_code == 200


def test_a_lost_phone_takes_the_codes_of_dependants_with_it(any_city: City) -> None:
    phone, tie = parent_of(any_city, families(any_city)[0])
    assert phone.fetch(any_city.clock.now, tie=tie["id"]).status_code == 200
    places = [[made["list"], made["idx"]] for made, _key in phone.grants]
    assert phone.call("POST", "/grants/status", {"grants": places}).get_json()["statuses"] == ["valid"] * 2
    shown = phone.show(any_city.clock.now)
    bus = any_city.terminal("bus-1")
    assert phone.call("POST", "/freeze", {}).get_json()["revoked"] == 4
    assert decision(bus.scan(shown)) == ("refused", "revoked")


def test_each_act_stands_in_the_audit_log_without_names(city: City) -> None:
    helper, elder = adults(city)[:2]
    mine, _theirs, tie = helper_of(city, helper, elder)
    mine.call("DELETE", f"{TIES}/{tie}")
    with city.services.database.read() as connection:
        rows = connection.execute(
            select(AuditEntry.action, AuditEntry.details).where(AuditEntry.subject == f"tie:{tie}")
        )
        found = [(row.action, str(row.details)) for row in rows]
    assert [action for action, _ in found] == ["tie_requested", "tie_active", "tie_ended"]
    assert all(elder.holder.name not in text and elder.holder.id_number.text not in text for _, text in found)


def test_what_was_typed_is_forgotten_when_a_tie_closes(any_city: City) -> None:
    phone = any_city.phone(families(any_city)[0].parent)
    tie = ask(phone, "parent", families(any_city)[-1].child).get_json()["id"]
    with any_city.services.database.read() as connection:
        assert household.typed(connection, any_city.services.vault, tie) is not None
    phone.call("DELETE", f"{TIES}/{tie}")
    with any_city.services.database.read() as connection:
        assert household.typed(connection, any_city.services.vault, tie) is None


def test_the_keeper_ends_ties_as_one_of_its_chores() -> None:
    assert tying.end_past in [run for _chore, run in keeper.WORK]
