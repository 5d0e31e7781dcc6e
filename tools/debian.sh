# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced by tools/venv.sh: install Debian packages a bare machine lacks, or say which are missing.

debian_install() { # packages…
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        as_root=
    elif command -v apt-get >/dev/null && sudo -n true 2>/dev/null; then
        as_root='sudo -n'
    else
        echo "restage: this machine lacks system packages; install them once with:" >&2
        echo "    sudo apt-get install -y $*" >&2
        return 1
    fi
    echo "Installing with apt-get: $*" >&2
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 && return 0
    $as_root apt-get update -qq >/dev/null
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# The bpy wheel is Blender without a window, but linked against what a window needs.
debian_blender_libraries() { # folder of the virtual environment
    library=$(ls "$1"/lib/python3*/site-packages/bpy/__init__*.so 2>/dev/null | head -n 1)
    if [ -n "$library" ] && ldd "$library" 2>/dev/null | grep -q 'not found'; then
        debian_install libx11-6 libxext6 libxrender1 libxfixes3 libxi6 libxkbcommon0 libsm6 libice6 libgl1 libegl1
    fi
}
