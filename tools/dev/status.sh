# shellcheck shell=bash
# Usage: ./dev status [--quick] [--watch] [-o json] [NAME ...]
#
# One line an instance: whether it runs and is healthy, its pid, its port, its restarts. NAME
# is a service, an instance or `workers`. --watch looks again every second. Everything after
# `status` goes to `cluster-verify status`; exit status 0 when all are healthy.

command -v cluster-verify >/dev/null ||
    stop_with 1 "nothing was built or started here yet: ./dev up --wait"
cd "$DEV_ROOT" || exit
exec cluster-verify status "$@"
