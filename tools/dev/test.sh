# shellcheck shell=bash
# Usage: ./dev test [STAGE ...]
#
# Runs every test there is, and leaves nothing running, also when it fails or is
# interrupted. A stage is a file in tools/dev/stages/, run in the order of the names;
# with arguments only those whose name contains one of them. The cluster of the tests
# has a state folder and ports of its own, so a cluster that you have running stays.

stages=()
for file in "$DEV_ROOT"/tools/dev/stages/*.sh; do
    name=$(basename "$file" .sh)
    wanted=$([ $# -eq 0 ] && echo 1 || true)
    for word in "$@"; do case $name in *"$word"*) wanted=1 ;; esac done
    [ -z "$wanted" ] || stages+=("$name")
done
[ ${#stages[@]} -gt 0 ] || stop_with 3 "no stage is called '$*'; they are the files in tools/dev/stages/"

prepare_state
ensure_tools

export TASKER_TEST_STATE=$TASKER_CLUSTER_STATE/test
# Below 32768, where the system takes ports for outgoing connections.
export TASKER_TEST_PORT_OFFSET=${TASKER_TEST_PORT_OFFSET:-12000}
. "$DEV_ROOT/tools/dev/lib/stages.sh"
trap 'leave_nothing_running' EXIT
trap 'interrupted' INT TERM HUP
run_stages "${stages[@]}"
