#!/bin/sh
# Make a virtual environment with a Python that is new enough and can make one: of several, the fastest.
#   scripts/create-venv.sh FOLDER        PYTHON=/path/to/python3 names one instead of looking
# One that was built without optimisation, as version managers do unless told otherwise, takes half as long again for
# everything; where the distribution has one besides, that is the better one.
set -u
folder=$1
here=$(dirname "$0")
tried=""

version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }
is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
can_make_venvs() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }
place_of() { "$1" -c 'import os, sys; print(os.path.realpath(sys.executable))' 2>/dev/null; }
nanoseconds_of() {
    "$1" -I -S -c 'import time, timeit
work, begin = "for i in range(10000): d[i % 97] = f(i)", "d = {}; f = lambda x: (x, str(x))"
print(int(min(timeit.repeat(work, begin, timer=time.process_time, repeat=60, number=1)) * 1e9))' 2>/dev/null
}

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
    set -- python3.11 python3.12 python3.13 python3.14 python3 python \
        /usr/bin/python3 /usr/bin/python3.11 /usr/bin/python3.12 /usr/bin/python3.13 /usr/bin/python3.14
fi
best="" best_ns=0 seen=":"
for candidate in "$@"; do
    version=$(version_of "$candidate") || continue
    tried="$tried  $candidate is Python $version"
    if ! is_new_enough "$candidate"; then
        continue
    elif can_make_venvs "$candidate"; then
        [ -n "${PYTHON:-}" ] && make_with "$candidate"
        place=$(place_of "$candidate")
        case $seen in *":$place:"*) continue ;; esac
        seen="$seen$place:"
        ns=$(nanoseconds_of "$candidate")
        # a difference that small may be the machine's
        if [ -z "$best" ] || [ "${ns:-$best_ns}" -lt $((best_ns * 85 / 100)) ]; then
            best=$candidate best_ns=${ns:-0}
        fi
    elif [ -z "$without_venv" ]; then
        without_venv=$candidate
    fi
done
[ -n "$best" ] && make_with "$best"

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
