"""Copies what the mini-program shares with the web wallet into its folder: WeChat imports nothing from outside.

Usage: python3 -m setup.miniprogram, after the front-end libraries have been fetched. Standard library only. What it
copies is not committed; a second call makes the same files again.
"""

import re
import shutil
from pathlib import Path

from setup.join import join

ROOT = Path(__file__).resolve().parent.parent
CORE = ROOT / "wallet" / "core"
MINIPROGRAM = ROOT / "wallet" / "miniprogram"

BROWSER_ONLY = (
    "algorithms",
    "claims",
    "context",
    "fetch",
    "keys",
    "p256",
    "reader",
    "reasons",
    "scenes",
    "sm2",
    "store",
)
VERIFIER_ONLY = ("places", "profile", "signed", "snapshot", "trust_list", "trust_list_body", "upload", "verifier")
"""Modules of the core that need WebCrypto, IndexedDB or `fetch`, or only judge codes."""

# Each file of the mini-program's `lib` and its source in node_modules.
LIBRARIES = {
    "qr.js": "qr/index.js",
    "qr.LICENSE.txt": "qr/LICENSE",
    "sm_crypto.LICENSE.txt": "sm-crypto-v2/LICENCE_MIT",
    "curves/LICENSE.txt": "@noble/curves/LICENSE",
    "hashes/LICENSE.txt": "@noble/hashes/LICENSE",
    **{
        f"curves/{name}.js": f"@noble/curves/esm/{name}.js"
        for name in (
            "utils",
            "abstract/curve",
            "abstract/modular",
            "abstract/weierstrass",
        )
    },
    **{
        f"hashes/{name}.js": f"@noble/hashes/esm/{name}.js"
        for name in ("_md", "_u64", "crypto", "hmac", "sha2", "utils")
    },
}
SM2_LIBRARY = 'export { sm2, sm3 } from "sm-crypto-v2";'
# One library imports the other by its package's name, which WeChat does not look up.
PACKAGE = re.compile(r"""(["'])@noble/hashes/(\w+)(?:\.js)?\1""")
SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)


def prepare(node_modules: Path, target: Path) -> None:
    """Copy the core and the libraries into a mini-program's folder; what was there before is removed."""
    for folder in ("core", "lib"):
        shutil.rmtree(target / folder, ignore_errors=True)
    left_out = shutil.ignore_patterns(*(f"{name}.js" for name in (*BROWSER_ONLY, *VERIFIER_ONLY)))
    shutil.copytree(CORE, target / "core", ignore=left_out)
    for name, source in LIBRARIES.items():
        copy = target / "lib" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        up = "../" * (len(Path(name).parts) - 1)
        text = (node_modules / source).read_text(encoding="utf-8")
        copy.write_text(SOURCE_MAP.sub("", PACKAGE.sub(rf'"{up}hashes/\2.js"', text)), encoding="utf-8")
    join_sm2(target / "lib" / "sm_crypto.js")


def join_sm2(target: Path) -> None:
    """Join the SM2 library with what it imports, without the ways of loading that WeChat forbids."""
    surroundings = ["--inject:setup/surroundings.js", "--define:globalThis=surroundings"]
    # The one import that only Node.js could answer, and that is never reached.
    surroundings.append("--alias:crypto=@noble/hashes/crypto")
    join(f"--outfile={target}", "--target=es2018", *surroundings, said=SM2_LIBRARY)


if __name__ == "__main__":
    prepare(ROOT / "node_modules", MINIPROGRAM)
