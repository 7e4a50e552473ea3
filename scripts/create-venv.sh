#!/bin/sh
# Make a virtual environment with the first Python that is new enough and can make one.
#   scripts/create-venv.sh FOLDER        PYTHON=/path/to/python3 names one instead of looking
set -u
folder=$1
here=$(dirname "$0")
tried=""

version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }
is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
can_make_venvs() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

make_with() {
    echo "Making $folder with $1 (Python $(version_of "$1")) …"
    "$1" -m venv --clear "$folder" && exit 0
    echo "$1 could not make $folder" >&2
    exit 1
}

without_venv=""
if [ -n "${PYTHON:-}" ]; then
    set -- "$PYTHON"
else
    set -- python3.11 python3.12 python3.13 python3.14 python3 python
fi
for candidate in "$@"; do
    version=$(version_of "$candidate") || continue
    tried="$tried  $candidate is Python $version"
    if ! is_new_enough "$candidate"; then
        continue
    elif can_make_venvs "$candidate"; then
        make_with "$candidate"
    elif [ -z "$without_venv" ]; then
        without_venv=$candidate
    fi
done

if [ -n "$without_venv" ]; then
    package="python$(version_of "$without_venv")-venv"
    "$here/install-system-packages.sh" "$package"
    can_make_venvs "$without_venv" && make_with "$without_venv"
    echo "$without_venv is new enough, but its venv module is missing." >&2
    echo "On Debian and Ubuntu:  apt-get install $package" >&2
    exit 1
fi

echo "Parcours needs Python 3.11 or newer, and found none${PYTHON:+ at $PYTHON}.${tried:+ Found:$tried.}" >&2
echo "On Debian and Ubuntu:  apt-get install python3 python3-venv      Elsewhere: https://www.python.org/downloads/" >&2
echo "If there is one under another name:  make setup PYTHON=/path/to/python3" >&2
exit 1
