# shellcheck shell=bash
# Usage: ./dev shell [-- COMMAND ...]
#
# A shell with every tool on PATH and the environment set, as `nix develop` gives it;
# with a command, only that command in it (exit status: the command's). In it,
# `process-compose up` starts the cluster and `cluster-verify check` verifies it.

[ "${1:-}" != -- ] || shift
ensure_tools
mkdir -p "$TASKER_CLUSTER_STATE/bin" "$PROC_COMP_CONFIG"
if [ $# -gt 0 ]; then exec "$@"; fi
if [ ! -x "$TASKER_CLUSTER_STATE/bin/cluster-verify" ]; then
    say "cluster-verify is not built yet: ./dev up builds it"
fi
say "the shell of the Tasker cluster; leave it with exit"
exec bash --rcfile "$DEV_ROOT/tools/dev/lib/interactive.sh"
