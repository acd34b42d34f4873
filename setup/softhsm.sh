#!/bin/sh
# Makes sure that the tests find a SoftHSM: installs Debian's when run as root, else says what to install.
set -eu

for place in /usr/lib /usr/lib64 /usr/local/lib /opt/homebrew/lib; do
    if [ -e "$place/softhsm/libsofthsm2.so" ] && command -v softhsm2-util >/dev/null; then exit 0; fi
done

exec sh "$(dirname "$0")/debian.sh" "the tests of keys in hardware modules" softhsm2
