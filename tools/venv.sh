#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Make a virtual environment with the bpy wheel of one Blender series and what Restage needs.
# Usage: tools/venv.sh FOLDER [4.2|4.5|5.2]; without a series, the newest this machine has a Python for, in
# FOLDER-SERIES, with FOLDER linked to it.
# Exit 3: this machine has no Python for that series.
set -eu
folder=$1
series=${2:-}
root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/tools/debian.sh"

find_python() { # $1 = 3.11; prints a Python that really starts (a pyenv shim may exist and refuse)
    for candidate in "python$1" "$HOME/.pyenv/versions/$1"*/bin/python /usr/bin/python"$1" python3; do
        if "$candidate" -c "import sys, venv; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" 2>/dev/null; then
            echo "$candidate"
            return 0
        fi
    done
    return 1
}

wanted() { case $1 in 4.2 | 4.5) echo 3.11 ;; 5.2) echo 3.13 ;; *) echo "unknown Blender series $1" >&2; exit 2 ;; esac; }

if [ -z "$series" ]; then
    for series in 5.2 4.5 none; do
        [ "$series" = none ] && { echo "restage: needs Python 3.11 or 3.13 (bpy wheels exist for no other)." >&2; exit 3; }
        find_python "$(wanted "$series")" >/dev/null && break
    done
    ln -sfn "$(basename "$folder")-$series" "$folder"
    folder=$folder-$series
fi
python=$(find_python "$(wanted "$series")") || { echo "no Python $(wanted "$series") for bpy $series" >&2; exit 3; }
stamp=$folder/.done-$series
[ "$stamp" -nt "$root/requirements.txt" ] && [ "$stamp" -nt "$root/tools/wheels.txt" ] && exit 0
if [ -e "$stamp" ] && "$folder/bin/pip" --version >/dev/null 2>&1; then
    echo "Bringing $folder up to date" >&2
else
    echo "Making $folder: bpy $series on $("$python" --version)" >&2
    # Debian splits venv's pip from Python.
    "$python" -c 'import ensurepip' 2>/dev/null || debian_install python3-venv
    "$python" -m venv --clear "$folder"
fi
numpy=
[ "$series" = 4.2 ] && numpy='numpy==1.26.*' # what Blender 4.2 ships; its wheel leaves it open
# The constraints are what the extension bundles: what is tested is what ships.
"$folder/bin/pip" --quiet --disable-pip-version-check install "bpy==$series.*" $numpy \
    -r "$root/requirements.txt" -c "$root/tools/wheels.txt"
mkdir -p "$folder/package"
ln -sfn "$root" "$folder/package/restage" # the repository root is the package, whatever the clone is called
"$folder/bin/python" - "$folder" <<'PY'
import pathlib, sys, sysconfig
pathlib.Path(sysconfig.get_path("purelib"), "restage.pth").write_text(str(pathlib.Path(sys.argv[1], "package").resolve()) + "\n")
PY
debian_blender_libraries "$folder"
touch "$stamp"
