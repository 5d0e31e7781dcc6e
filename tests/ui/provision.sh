#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Make (or reuse) a chroot with Debian's Blender (trixie: 4.3.2, sid: 5.2) and a screen in memory. Needs root; prints the
# folder. Usage: tests/ui/provision.sh [trixie|sid]. The folder is $RESTAGE_UI_CHROOT, else /var/cache/restage-ui/SUITE
# (about 2 GB, kept for the next time).
set -eu
root=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)
suite=${1:-trixie}
chroot=${RESTAGE_UI_CHROOT:-/var/cache/restage-ui/$suite}
packages="blender xvfb xauth libgl1-mesa-dri libegl-mesa0 libglx-mesa0 xdotool imagemagick python3-numpy python3-requests"

[ "$(id -u)" = 0 ] || { echo "provision: needs root, for debootstrap and chroot." >&2; exit 3; }

mount_system() { # Blender wants /proc, Xvfb wants /dev
    for name in proc dev; do
        mountpoint -q "$chroot/$name" || mount --bind "/$name" "$chroot/$name"
    done
}

if [ ! -x "$chroot/usr/bin/blender" ] || [ ! -x "$chroot/usr/bin/xdotool" ]; then
    command -v debootstrap >/dev/null || apt-get install -y -q --no-install-recommends debootstrap >&2
    mirror=${RESTAGE_UI_MIRROR:-$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\).*/\2/p' \
        /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1)}
    mkdir -p "$chroot"
    # One that was stopped half-way is taken up again.
    if [ ! -e "$chroot/.base" ]; then
        debootstrap --variant=minbase "$suite" "$chroot" "$mirror" >&2
        touch "$chroot/.base"
    fi
    mount_system
    # The way out is the host's: proxy, certificates, resolver.
    cp /etc/apt/apt.conf.d/*proxy* "$chroot/etc/apt/apt.conf.d/" 2>/dev/null || true
    mkdir -p "$chroot/etc/ssl"
    cp -r /etc/ssl/certs "$chroot/etc/ssl/"
    cp -r /usr/local/share/ca-certificates "$chroot/usr/local/share/" 2>/dev/null || true
    cp /etc/resolv.conf "$chroot/etc/resolv.conf"
    # A mirror that stands still is good enough for a test.
    chroot "$chroot" apt-get -o Acquire::Check-Valid-Until=false update -q >&2
    DEBIAN_FRONTEND=noninteractive chroot "$chroot" dpkg --configure -a >&2
    # shellcheck disable=SC2086 # a list of words
    DEBIAN_FRONTEND=noninteractive chroot "$chroot" apt-get install -y -q --no-install-recommends $packages >&2
fi
if [ "$suite" = sid ] && [ ! -e "$chroot/usr/lib/python3/dist-packages/cattrs" ]; then
    # Its Python is newer than any the zip has wheels for; and Blender's extension system wants some that Debian leaves out.
    "$root/.venv/bin/pip" --quiet --disable-pip-version-check install --target "$chroot/usr/lib/python3/dist-packages" \
        --python-version 3.14 --implementation cp --only-binary=:all: --no-deps -c "$root/tools/wheels.txt" \
        pydantic pydantic-core typing-inspection annotated-types typing-extensions pillow opencv-python-headless cmaes \
        cattrs attrs >&2
fi
mount_system
echo "$chroot"
