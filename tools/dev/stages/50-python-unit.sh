# shellcheck shell=bash
# The Python worker's unit tests.
. "$TASKER_CLUSTER_ROOT/tools/dev/lib/stage.sh"

python -m unittest discover --start-directory services/worker-python/tests --top-level-directory services/worker-python
