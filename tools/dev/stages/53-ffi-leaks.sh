# shellcheck shell=bash
# The C interface of the engine: nothing leaks at the boundary.
. "$TASKER_CLUSTER_ROOT/tools/dev/lib/stage.sh"

exec services/worker-ffi/tests/leaks
