#!/bin/sh
# Install Debian packages that tests and benchmarks use where they are there: postgresql, chromium, wrk.
#   scripts/install-system-packages.sh PACKAGE…        PARCOURS_NO_APT=1 keeps it from doing anything
# It acts only as root on a machine with apt, prints one line, and never fails: what is then still missing is skipped,
# with its reason, by whoever needs it.
set -u
[ -z "${PARCOURS_NO_APT:-}" ] || exit 0
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && command -v dpkg-query >/dev/null || exit 0

is_there() {
    case $1 in
        postgresql) command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 ;;
        wrk) command -v wrk >/dev/null ;;
        chromium) command -v chromium >/dev/null || command -v chromium-browser >/dev/null ;;
        *) dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q '^install ok installed$' ;;
    esac
}

absent=""
for package in "$@"; do
    is_there "$package" || absent="$absent $package"
done
[ -n "$absent" ] || exit 0

export DEBIAN_FRONTEND=noninteractive
install() { timeout 300 apt-get install -y -q --no-install-recommends $absent >/dev/null 2>&1 </dev/null; }

# Tests start PostgreSQL servers of their own: keep Debian from making and starting one of the machine.
no_cluster=/etc/postgresql-common/createcluster.d/parcours-tests.conf
case $absent in
    *postgresql*)
        mkdir -p "$(dirname "$no_cluster")" && echo "create_main_cluster = false" >"$no_cluster"
        trap 'rm -f "$no_cluster"' EXIT
        ;;
esac

echo "Installing with apt:$absent …"
install || { timeout 120 apt-get update -q >/dev/null 2>&1; install; } ||
    echo "apt could not install$absent; what needs it will be skipped"
exit 0
