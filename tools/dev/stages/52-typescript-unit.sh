# shellcheck shell=bash
# The TypeScript worker: its types, then its unit tests.
. "$TASKER_CLUSTER_ROOT/tools/dev/lib/stage.sh"

use_worker_library
cd services/worker-ts
# By package-lock.json, which bun reads; Node's npm is not part of the tool chain.
bun install --no-save --frozen-lockfile --ignore-scripts
bun run check
bun test
