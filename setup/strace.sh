#!/bin/sh
# Makes sure that the tests find strace, by which they see what a terminal has synced: installs Debian's when run as root.
set -eu

if command -v strace >/dev/null; then exit 0; fi
if [ "$(uname)" != Linux ]; then exit 0; fi

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "==> Installing strace for the tests of power cuts"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq </dev/null
    apt-get install -y -qq strace </dev/null
else
    echo "The tests of power cuts look at what is synced: install strace, for example: sudo apt-get install strace" >&2
    exit 1
fi
