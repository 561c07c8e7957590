# shellcheck shell=bash
# Python as ruff writes it, and its rules.
. "$TASKER_CLUSTER_ROOT/tools/dev/lib/stage.sh"

ruff format --check .
ruff check .
