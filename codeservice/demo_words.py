"""What a person reads when the city on one machine is up: addresses, and people to try it with."""

from pathlib import Path

from codeservice import demo
from codeservice.credential import CredentialType
from codeservice.scene import SCENES
from codeservice.services import Services
from codeservice.store import fact
from codeservice.store.client import StoredClient


def welcome(
    services: Services, data: Path, links: list[tuple[StoredClient, str]], *, redis_is_private: bool
) -> list[str]:
    """Return the lines that `run` prints."""
    origin = services.settings.origin
    lines = [
        "",
        "城市码已启动 · The city is up. Ctrl-C stops it; the data stays in " + str(data),
        "",
        f"  Wallet 钱包        {origin}/wallet/",
        f"  Messages 演示短信  {origin}/demo/messages     (one-time passwords appear here)"
        if services.settings.demo
        else "",
        f"  State 运行状态     {origin}/state   {origin}/readyz   {origin}/openapi.json",
        f"  Redis              {'private, inside this command' if redis_is_private else 'the one given by REDIS_URL'}",
        "",
        "Scanners 核验终端: open each link once in the browser that is to be the terminal",
    ]
    lines += [f"  {SCENES[entry.scene].title.zh} {entry.id:<12} {link}" for entry, link in links]
    if services.settings.demo:
        lines += _people(services)
    return [*lines, ""]


def _people(services: Services) -> list[str]:
    with services.database.read() as connection:
        seed, count = fact.get(connection, "demo_seed"), fact.get(connection, "demo_people")
    if seed is None or count is None:
        return []
    lines = ["", "People to sign in as 演示市民 (phone, name, ID number, social-security card); none of them exists"]
    for title, citizen in demo.showcase(seed=int(seed), people=int(count)):
        number = next(card.number for card in citizen.cards if card.type is CredentialType.SOCIAL_SECURITY_CARD)
        holder = citizen.holder
        lines.append(f"  {title:<14} {citizen.phone}  {holder.name}  {holder.id_number.text}  {number}")
    return lines
