# shellcheck shell=bash
# The TypeScript worker's unit tests.
. "$TASKER_CLUSTER_ROOT/tools/dev/lib/stage.sh"

cd services/worker-ts
bun test
