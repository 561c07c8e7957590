# shellcheck shell=bash
# The installer's own logic, and that both readers of the pins agree.
. "$TASKER_CLUSTER_ROOT/tools/dev/lib/stage.sh"

python3 -m unittest discover --start-directory tools/tests --top-level-directory tools
