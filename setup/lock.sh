#!/bin/sh
# Re-makes every lock: the Python ones from requirements/*.in for all supported Pythons and systems, and package-lock.json.
# Arguments go to uv: --upgrade takes newer versions, --upgrade-package NAME takes one.
set -eu

# A release younger than a week is not taken: most poisoned ones are found and withdrawn within days.
age="7 days"

# run comes first: test and fuzz take its versions.
for name in lock node run test fuzz oracle; do
    # A package of the oracle asks for another one with an extra, which pip takes only where the lock names it.
    extras=--strip-extras
    [ "$name" != oracle ] || extras=--no-strip-extras
    .venv-lock/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 "$extras" \
        --no-emit-index-url --no-emit-find-links --no-header --exclude-newer "$age" "$@" \
        --output-file "requirements/$name.txt" "requirements/$name.in"
done

if command -v npm >/dev/null; then
    npm install --package-lock-only --ignore-scripts --no-audit --no-fund --loglevel=error
else
    echo "No npm here: package-lock.json stays as it is." >&2
fi
