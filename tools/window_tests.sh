#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The panel in a real window, where this machine can have one: root, for chroots with Debian's Blenders (trixie's 4.3,
# sid's 5.2), and debootstrap (3 minutes and 2 GB each the first time, kept in /var/cache/restage-ui). Elsewhere it says
# why not, and that is no error.
set -eu
cd "$(dirname -- "$0")/.."
skip() { echo "The window was not tested$1"; exit 0; }

[ "$(uname -s)" = Linux ] || skip ": that takes a Linux."
[ "$(id -u)" = 0 ] || skip ": that needs root, for a chroot with Debian's Blender."
command -v debootstrap >/dev/null || apt-get install -y -q --no-install-recommends debootstrap >/dev/null 2>&1 ||
    [ -x "${RESTAGE_UI_CHROOT:-/var/cache/restage-ui/trixie}/usr/bin/blender" ] ||
    skip ": that needs debootstrap, which can't be had here."
whole() { # all there is, but for the panel, which was tested
    echo "The extension in $1's Blender: installed, locked, by hand, cancelled and quit in the middle:"
    RESTAGE_UI_SUITE=$1 .venv/bin/python -m pytest tests/ui --ignore tests/ui/test_panel.py \
        -o addopts="--import-mode=importlib -q"
}
panel() { # one suite's Blender; stops at the first test that fails, for each goes on where the one before ended
    echo "The panel in the window of $1's Blender:"
    RESTAGE_UI_SUITE=$1 .venv/bin/python -m pytest -x tests/ui/test_panel.py -o addopts="--import-mode=importlib -q"
}

if [ -n "${RESTAGE_UI_CHROOT:-}" ]; then # one of the developer's own
    tests/ui/provision.sh "${RESTAGE_UI_SUITE:-trixie}" >/dev/null
    panel "${RESTAGE_UI_SUITE:-trixie}"
    exit
fi
tests/ui/provision.sh trixie >/dev/null || skip ": the chroot with Debian's Blender could not be made; why is above."
# While the first is tested the second is fetched.
mkdir -p .cache
tests/ui/provision.sh sid >.cache/sid.log 2>&1 &
second=$!
trap 'kill $second 2>/dev/null || true' EXIT
panel trixie
whole trixie
if wait $second; then panel sid; else skip " on sid's Blender, which could not be had: $(tail -n 1 .cache/sid.log)"; fi
