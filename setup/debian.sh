#!/bin/sh
# Installs Debian packages when run as root, else says what to install: setup/debian.sh PURPOSE PACKAGE ...
set -eu

purpose=$1
shift
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "==> Installing $* for $purpose"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq </dev/null
    apt-get install -y -qq "$@" </dev/null
else
    echo "For $purpose, install what is missing, for example: sudo apt-get install $*" >&2
    exit 1
fi
