#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Run the tests that need a Blender on one series: tools/suite.sh 4.2
# Does nothing for the series .venv is linked to: `make test` runs the whole suite there.
set -eu
cd "$(dirname -- "$0")/.."
folder=.venv-$1
[ "$(readlink .venv)" = "$folder" ] && exit 0
tools/venv.sh "$folder" "$1" || {
    [ $? -eq 3 ] || exit 1
    echo "Not tested on bpy $1: this machine has no Python for it."
    mkdir -p .cache
    echo "Blender $1" >>.cache/not-tested # said once more at the end of `make test`
    exit 0
}
echo "bpy $1"
exec "$folder/bin/python" -m pytest -m bpy -n 2 --dist loadfile --no-loadscope-reorder
