#!/bin/sh
# Makes sure that the tests find a SoftHSM: installs Debian's when run as root, else says what to install.
set -eu

for place in /usr/lib /usr/lib64 /usr/local/lib /opt/homebrew/lib; do
    if [ -e "$place/softhsm/libsofthsm2.so" ] && command -v softhsm2-util >/dev/null; then exit 0; fi
done

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "==> Installing SoftHSM for the tests of keys in hardware modules"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq </dev/null
    apt-get install -y -qq softhsm2 </dev/null
else
    echo "The tests put keys into a module in software: install SoftHSM, for example: sudo apt-get install softhsm2" >&2
    exit 1
fi
