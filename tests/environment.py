"""The environment variables that say the settings of a city."""

from codeservice.settings import Settings


def environment_of(settings: Settings) -> dict[str, str]:
    """Write what a command needs to open the city of a test."""
    return {
        "CITY_DATABASE": settings.database,
        "REDIS_URL": settings.redis,
        "CITY_KEYS": str(settings.keys),
        "CITY_ORIGIN": settings.origin,
        "CITY_PASSPHRASE_FILE": str(settings.passphrase_file),
        "CITY_VAULT_FILE": str(settings.vault_file),
        "CITY_MASTER_KEY": settings.master_key,
        "CITY_DEMO": "1",
    }
