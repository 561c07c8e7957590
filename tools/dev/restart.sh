# shellcheck shell=bash
# Usage: ./dev restart NAME ...
#
# Restarts instances of the running cluster, through its supervisor: one after the other, each
# healthy before the next one stops. NAME is a service (worker-python), an instance
# (worker-rust-2) or `workers`. Exit status: 0 all are healthy again, 1 one is not (its last
# lines are shown), 3 there is no such instance.

[ $# -gt 0 ] || stop_with 3 "restart needs the name of a service or instance; ./dev restart --help"
case $1 in -*) stop_with 3 "restart knows no option '$1'; ./dev restart --help" ;; esac
needs_a_cluster
chosen=()
choose_instances "$(running_file)" "$@"
restart_instances "${chosen[@]}"
