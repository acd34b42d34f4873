#!/bin/sh
# Makes sure that the browser tests find a Chromium: installs Debian's when run as root, else says what to install.
set -eu

for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then exit 0; fi
done

exec sh "$(dirname "$0")/debian.sh" "the browser tests" chromium fonts-noto-cjk
