#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The panel in a real window, where this machine can have one: root, for a chroot with Debian's Blender, and debootstrap
# (three minutes and 2 GB the first time, kept in /var/cache/restage-ui). Elsewhere it says why not, and that is no error.
set -eu
cd "$(dirname -- "$0")/.."
skip() { echo "The window was not tested: $1"; exit 0; }

[ "$(uname -s)" = Linux ] || skip "that takes a Linux."
[ "$(id -u)" = 0 ] || skip "that needs root, for a chroot with Debian's Blender."
command -v debootstrap >/dev/null || apt-get install -y -q --no-install-recommends debootstrap >/dev/null 2>&1 ||
    [ -x "${RESTAGE_UI_CHROOT:-/var/cache/restage-ui/trixie}/usr/bin/blender" ] ||
    skip "that needs debootstrap, which can't be had here."
tests/ui/provision.sh >/dev/null || skip "the chroot with Debian's Blender could not be made; what was wrong is above."
exec .venv/bin/python -m pytest -x tests/ui/test_panel.py -o addopts="--import-mode=importlib -q"
