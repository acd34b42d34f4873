#!/bin/sh
# Makes sure that the browser tests find a Chromium: installs Debian's when run as root, else says what to install.
set -eu

for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then exit 0; fi
done

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "==> Installing Chromium for the browser tests"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq </dev/null
    apt-get install -y -qq chromium fonts-noto-cjk </dev/null
else
    echo "The tests drive a browser: install Chromium, for example: sudo apt-get install chromium fonts-noto-cjk" >&2
    exit 1
fi
