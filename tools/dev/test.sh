# shellcheck shell=bash
# Usage: ./dev test [STAGE ...]
#
# Runs every test there is, and leaves nothing running, also when it fails or is
# interrupted. A stage is a file in tools/dev/stages/, run in the order of the names;
# with arguments only those whose name contains one of them. The cluster of the tests
# has a state folder and ports of its own, so a cluster that you have running stays.
#
#   ./dev test 10 11 12        the formats and lints
#   ./dev test rust            whatever has `rust` in its name
#   --port-offset N            the clusters' ports are N higher, and of one of them 1000 more
#                              (12000, or TASKER_TEST_PORT_OFFSET)
#
# What this machine cannot run is skipped with the reason; with CI set it fails. Exit status:
# 0 nothing failed, 1 a stage failed, 3 there is no such stage, or the tests of this checkout
# run already, 130 interrupted.

for word in "$@"; do
    case $word in -*) stop_with 3 "test knows no option '$word'; ./dev test --help" ;; esac
done
stages=()
for file in "$DEV_ROOT"/tools/dev/stages/*.sh; do
    name=$(basename "$file" .sh)
    wanted=$([ $# -eq 0 ] && echo 1 || true)
    for word in "$@"; do case $name in *"$word"*) wanted=1 ;; esac done
    [ -z "$wanted" ] || stages+=("$name")
done
[ ${#stages[@]} -gt 0 ] || stop_with 3 "no stage is called '$*'; they are the files in tools/dev/stages/"

# The stages take ports up to 1000 higher, and the database's is the highest.
[ "${TASKER_TEST_PORT_OFFSET:-0}" -le 49000 ] 2>/dev/null ||
    stop_with 3 "--port-offset $TASKER_TEST_PORT_OFFSET: of the tests the highest is 49000"

prepare_state
export TASKER_TEST_STATE=$TASKER_CLUSTER_STATE/test
mkdir -p "$TASKER_TEST_STATE"
# Two at once would stop each other's clusters.
exec 8>>"$TASKER_TEST_STATE/run.lock"
if command -v flock >/dev/null && ! flock -n 8; then
    stop_with 3 "the tests of this checkout run already, as pid $(cat "$TASKER_TEST_STATE/run.lock"): wait for them, or stop them with Ctrl-C there"
fi
echo $$ >"$TASKER_TEST_STATE/run.lock"

ensure_tools
# Below 32768, where the system takes ports for outgoing connections.
export TASKER_TEST_PORT_OFFSET=${TASKER_TEST_PORT_OFFSET:-12000}
. "$DEV_ROOT/tools/dev/lib/stages.sh"
trap 'leave_nothing_running' EXIT
trap 'interrupted' INT TERM HUP
run_stages "${stages[@]}"
