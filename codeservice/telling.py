"""What follows an act when its transaction has ended: the cache forgets dead grants, and holders get a short message.

The message says only that there is a notice. Nothing here may fail the act: the record and the notice stand already.
"""

from dataclasses import dataclass

from codeservice import logs
from codeservice.errors import ServiceError
from codeservice.services import Services
from codeservice.store import person

MESSAGE = "【城市码】您有一条新通知，请打开城市码查看。You have a new notice in City Code."


@dataclass(frozen=True)
class Effect:
    """Grants that died (list, idx) and people who got a notice, in a transaction that has yet to end."""

    revoked: tuple[tuple[int, int], ...] = ()
    told: tuple[str, ...] = ()

    def __add__(self, other: "Effect") -> "Effect":
        return Effect(self.revoked + other.revoked, self.told + other.told)


def carry_out(services: Services, effect: Effect) -> None:
    """Carry out what follows a transaction that has ended well."""
    services.revoked.add(effect.revoked)
    now = services.clock()
    for told in dict.fromkeys(effect.told):
        try:
            with services.database.read() as connection:
                phone = person.find_holder(connection, services.vault, told).phone
            if phone is not None:
                services.messages.send(phone, MESSAGE, now=now)
        except ServiceError as error:
            logs.event("message_not_sent", kind=error.code)
