"""Tokens of SoftHSM for tests: a hardware security module in software, in a folder of its own."""

import itertools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

PIN, OFFICER_PIN = b"24681357", b"97531864"
PLACES = ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/opt/homebrew/lib")
_NUMBER = itertools.count()


class SoftHsm:
    """A SoftHSM whose tokens this process, and those that it starts, can use."""

    def __init__(self) -> None:
        found = [path for place in PLACES if (path := Path(place, "softhsm/libsofthsm2.so")).exists()]
        assert found, "no SoftHSM found; `make test` installs it, or says what to install"
        self.module = found[0]
        self._folder = Path(tempfile.mkdtemp(prefix="city-softhsm-"))
        self.tokens = self._folder / "tokens"
        self.tokens.mkdir()
        configuration = self._folder / "softhsm2.conf"
        configuration.write_text(
            f"directories.tokendir = {self.tokens}\nobjectstore.backend = file\nlog.level = ERROR\n"
        )
        # The module reads its environment when it is initialised, so that this stays for the whole run.
        os.environ["SOFTHSM2_CONF"] = str(configuration)

    def new_token(self) -> str:
        """Make an empty token and return its address."""
        label = f"city {next(_NUMBER)}"
        self.run("softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", OFFICER_PIN, "--pin", PIN)
        return f"pkcs11:token={quote(label)}?module-path={self.module}"

    def run(self, *command: str | bytes) -> str:
        """Run a command that finds the tokens; returns what it said."""
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def close(self) -> None:
        """Remove every token."""
        shutil.rmtree(self._folder, ignore_errors=True)
