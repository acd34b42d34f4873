"""Publishing status lists: signed once in an interval, and only what changed or grows old; never with an issue."""

from hashlib import sha256

from codeservice.services import Services
from codeservice.status_list import StatusList
from codeservice.status_token import LIFE, Published, StatusClaims, address_of, write_cwt, write_jwt
from codeservice.store import status_list
from codeservice.store.status_list import PublishedToken
from keys.key import Purpose


def publish_lists(services: Services) -> int:
    """Sign every list whose places have changed, or whose token is past half its life; returns how many tokens.

    What is published is made from the record and nothing else. Raises KeyNotUsableError or SignerError.
    """
    now = services.clock()
    with services.database.read() as connection:
        marks = status_list.marks(connection, now=now)
        before = status_list.published_digests(connection)
    due: list[tuple[int, Published, bytes, bytes]] = []
    for list_, (_size, revoked, suspended) in marks.items():
        for what, array in ((Published.REVOKED, revoked), (Published.SUSPENDED, suspended)):
            digest = sha256(array).digest()
            signed, known = before.get((list_, what.value), (0, b""))
            if digest != known or now >= signed + LIFE // 2:
                due.append((list_, what, array, digest))
    if not due:
        return 0
    signer = services.signer(Purpose.STATUS)
    for list_, what, array, digest in due:
        claims = StatusClaims(address_of(services.settings.origin, list_, what), now, StatusList(1, array))
        jwt = write_jwt(claims, signer=signer, now=now).encode()
        token = PublishedToken(now, digest, jwt, write_cwt(claims, signer=signer, now=now))
        with services.database.write() as connection:
            status_list.publish(connection, list_, what, token)
    return len(due)
