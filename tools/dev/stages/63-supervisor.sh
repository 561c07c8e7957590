# shellcheck shell=bash
# The supervisor killed, interrupted, started by hand, and asked twice: nothing is left running.
. "$TASKER_CLUSTER_ROOT/tools/dev/lib/stage.sh"

export TASKER_CLUSTER_STATE=$TASKER_TEST_STATE/supervisor TASKER_PORT_OFFSET=$((TASKER_TEST_PORT_OFFSET + 1000))
unset PC_SOCKET_PATH TASKER_POSTGRES_HOME
# One server and one Rust worker: what stands below is about the supervisor.
export TASKER_ORCHESTRATION_INSTANCES=1 TASKER_WORKER_RUST_INSTANCES=1
export TASKER_WORKER_RUBY_INSTANCES=0 TASKER_WORKER_PYTHON_INSTANCES=0 TASKER_WORKER_TS_INSTANCES=0
./dev down
rm -rf "$TASKER_CLUSTER_STATE"
trap './dev down' EXIT

DEV_ROOT=$TASKER_CLUSTER_ROOT
for part in say processes supervisor ports; do
    # shellcheck source=/dev/null
    . "$DEV_ROOT/tools/dev/lib/$part.sh"
done
# As ./dev sees them: the socket and the database's folder are computed from the state folder.
# shellcheck source=/dev/null
. "$DEV_ROOT/tools/env.sh"

fail() {
    printf '%s\n' "$*"
    exit 1
}

nothing_is_left() {
    local holders
    ! anything_is_left || fail "something is left: $(supervisor_pids) $(instance_pids) $(postgres_pid)"
    # shellcheck disable=SC2046 # a list of numbers
    holders=$(python3 tools/dev/lib/listeners.py $(ports_of "$TASKER_CLUSTER_STATE/cluster.yaml"))
    [ -z "$holders" ] || fail "a port is still held: $holders"
}

is_answered() {
    cluster-verify status worker-rust-1 >/dev/null 2>&1
}

printf '\n--- the supervisor is killed\n'
./dev up --wait
# The file goes with the cluster.
cp "$TASKER_CLUSTER_STATE/process-compose.yaml" "$TASKER_CLUSTER_STATE/cluster.yaml"
kill -KILL "$(supervisor_pids)"
./dev down
nothing_is_left

printf '\n--- down a second time\n'
said=$(./dev down 2>&1)
[ "$said" = 'nothing was running' ] || fail "down said: $said"

printf '\n--- interrupted while it starts\n'
# In a group of its own, as a shell starts it, so that Ctrl-C can reach all of it.
set -m
./dev up --wait --no-build 2>"$TASKER_CLUSTER_STATE/interrupted.txt" &
up=$!
set +m
wait_until 30 postgres_pid >/dev/null || fail "PostgreSQL did not start"
kill -INT -- "-$up"
status=0
wait "$up" || status=$?
cat "$TASKER_CLUSTER_STATE/interrupted.txt"
[ "$status" = 130 ] || fail "exit status $status instead of 130"
nothing_is_left

printf '\n--- process-compose up by hand, with no flag\n'
(cd "$DEV_ROOT" && cluster-verify render --run >/dev/null)
# Its display would need a terminal, and the checked-in file is that of the whole cluster.
set -m
./dev shell -- env PC_DISABLE_TUI=1 PC_CONFIG_FILES="$TASKER_CLUSTER_STATE/process-compose.yaml" process-compose up \
    >"$TASKER_CLUSTER_STATE/by-hand.txt" 2>&1 &
hand=$!
set +m
wait_until 60 is_answered || fail "no cluster: $(tail -n 5 "$TASKER_CLUSTER_STATE/by-hand.txt")"
# Ctrl-C there stops it in order.
kill -INT -- "-$hand"
wait "$hand" || true
nothing_is_left
