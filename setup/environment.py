"""Makes .venv with the locked packages, fetches the front-end libraries and copies them to where each client looks.

Usage: python3 setup/environment.py run|test|fuzz|lock. A second call does nothing while the locks stay the same.
Standard library only: this runs before anything is installed.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NODE_MODULES = ROOT / "node_modules"
LIBRARIES = ROOT / "wallet" / "lib"
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"

# Each file of LIBRARIES and its source in node_modules. The folder is flat, so that one route serves it.
COPIES = {
    "qr.js": "qr/index.js",
    "qr.LICENSE.txt": "qr/LICENSE",
    "sm_crypto.js": "sm-crypto-v2/dist/index.umd.js",
    "sm_crypto.LICENSE.txt": "sm-crypto-v2/LICENCE_MIT",
    "zxing_reader.js": "zxing-wasm/dist/es/reader/index.js",
    "zxing_reader.wasm": "zxing-wasm/dist/reader/zxing_reader.wasm",
    "zxing_share.js": "zxing-wasm/dist/es/share.js",
    "zxing.LICENSE.txt": "zxing-wasm/LICENSE",
}
# The reader imports its other half from the folder above; in the flat folder the two stand side by side.
IMPORT_IN_PACKAGE, IMPORT_IN_COPY = '"../share.js"', '"./zxing_share.js"'

RUNTIME = "glass-easel"
"""WeChat's own component runtime: the tests run the mini-program on it."""

ALONE = ("fuzz", "lock")
"""Purposes that need nothing but an environment of their own."""

OLDEST_NPM = 7  # the first that reads the format of package-lock.json


def main(purpose: str) -> None:
    """Prepare this folder to `run`, to `test`, to `fuzz` or to `lock`."""
    if purpose in ALONE:
        prepare_alone(purpose)
        return
    environment = ROOT / ".venv"
    make_environment(environment)
    # The test lock holds all of the run lock: what can test can run.
    if purpose == "test" or not is_installed(environment, "test"):
        install(environment, purpose)
    if purpose == "test":
        prepare_alone("oracle")
    fetch_libraries(environment, purpose)
    call(sys.executable, "-m", "setup.join")
    call(sys.executable, "-m", "setup.miniprogram")


def prepare_alone(lock: str) -> None:
    """Make an environment of its own for a lock whose packages must not stand beside the others."""
    environment = ROOT / f".venv-{lock}"
    make_environment(environment)
    install(environment, lock)


def make_environment(environment: Path) -> None:
    """Make a virtual environment; make it anew if it was made by another Python version."""
    pip = environment / "lib" / PYTHON / "site-packages" / "pip"
    if pip.is_dir() and (environment / "bin" / "python").exists():
        return
    if importlib.util.find_spec("ensurepip") is None:
        install_ensurepip()
    say(f"Making {environment.name} with Python {sys.version.split()[0]}")
    venv.create(environment, clear=True, symlinks=True, with_pip=True)


def install_ensurepip() -> None:
    """Install what Debian leaves out of its Python: by itself as root, else by saying what to install."""
    package = f"{PYTHON}-venv"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.exit(f"This Python makes no virtual environments. Install {package}: sudo apt-get install {package}")
    say(f"Installing {package}")
    call("apt-get", "update", "-qq")
    call("apt-get", "install", "-y", "-qq", package)


def install(environment: Path, lock: str) -> None:
    """Install a lock, hashes checked, and leave a stamp so that the next call has nothing to do."""
    if is_installed(environment, lock):
        return
    say(f"Installing requirements/{lock}.txt into {environment.name}")
    pip = (str(environment / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input")
    call(*pip, "install", "--quiet", "--require-hashes", "--requirement", str(lock_file(lock)))
    stamp_file(environment, lock).write_text(digest(lock_file(lock)))


def is_installed(environment: Path, lock: str) -> bool:
    """Tell whether this very lock has been installed."""
    return holds(stamp_file(environment, lock), digest(lock_file(lock)))


def fetch_libraries(environment: Path, purpose: str) -> None:
    """Fetch the front-end libraries of package-lock.json and copy their files to where they are served."""
    stamp = LIBRARIES / ".stamp"
    wanted = digest(ROOT / "package-lock.json", Path(__file__))
    if holds(stamp, wanted) and all((LIBRARIES / name).is_file() for name in COPIES) and has_packages(purpose):
        return
    npm = find_npm(environment)
    say("Fetching the front-end libraries")
    wide = () if purpose == "test" else ("--omit=dev",)
    call(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", *wide)
    LIBRARIES.mkdir(parents=True, exist_ok=True)
    for name, source in COPIES.items():
        shutil.copyfile(NODE_MODULES / source, LIBRARIES / name)
    join_reader(LIBRARIES / "zxing_reader.js")
    stamp.write_text(wanted)


def has_packages(purpose: str) -> bool:
    """Tell whether node_modules holds what the purpose needs."""
    wanted = ("@noble/curves", "esbuild", "qr", *((RUNTIME,) if purpose == "test" else ()))
    return all((NODE_MODULES / name).is_dir() for name in wanted)


def join_reader(reader: Path) -> None:
    """Let the copied reader find its other half; stop if a new release is put together differently."""
    text = reader.read_text(encoding="utf-8")
    if text.count(IMPORT_IN_PACKAGE) != 1:
        sys.exit(f"zxing-wasm no longer imports {IMPORT_IN_PACKAGE} once: mend COPIES in setup/environment.py")
    reader.write_text(text.replace(IMPORT_IN_PACKAGE, IMPORT_IN_COPY), encoding="utf-8")


def find_npm(environment: Path) -> str:
    """Return the machine's npm if it is new enough, else install one from the locked wheel."""
    npm = shutil.which("npm")
    if npm and shutil.which("node"):
        answer = subprocess.run([npm, "--version"], cwd=ROOT, capture_output=True, text=True, check=False)
        major = answer.stdout.strip().partition(".")[0]
        if major.isdecimal() and int(major) >= OLDEST_NPM:
            return npm
    install(environment, "node")
    return str(environment / "bin" / "npm")


def lock_file(lock: str) -> Path:
    """Return the file of a lock."""
    return ROOT / "requirements" / f"{lock}.txt"


def stamp_file(environment: Path, lock: str) -> Path:
    """Return the file that remembers which state of a lock was installed."""
    return environment / f".{lock}.stamp"


def digest(*files: Path) -> str:
    """Return a digest of the files' contents."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def holds(stamp: Path, wanted: str) -> bool:
    """Tell whether a stamp is there and says what is wanted."""
    return stamp.is_file() and stamp.read_text() == wanted


def call(*command: str) -> None:
    """Run a command without standard input; if it fails, stop with one line after its own words."""
    settings = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    if subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, env=settings, check=False).returncode:
        sys.exit(f"Set-up stopped, this failed: {' '.join(command)}")


def say(text: str) -> None:
    """Tell what is going on."""
    print(f"==> {text}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
