# shellcheck shell=bash
# Usage: ./dev stop NAME ...
#
# Stops instances of the running cluster, through its supervisor; the others go on running.
# NAME is a service (worker-python), an instance (worker-rust-2) or `workers`.
# ./dev up NAME starts them again. Exit status: 0 they do not run, 1 one did not stop, 3 there
# is no such instance.

[ $# -gt 0 ] || stop_with 3 "stop needs the name of a service or instance; everything stops with ./dev down"
case $1 in -*) stop_with 3 "stop knows no option '$1'; ./dev stop --help" ;; esac
needs_a_cluster
chosen=()
choose_instances "$(running_file)" "$@"
stop_instances "${chosen[@]}"
