# shellcheck shell=bash
# Counts, modes, a split database, one service at a time: each seen running, on small clusters.
. "$TASKER_CLUSTER_ROOT/tools/dev/lib/stage.sh"

export TASKER_CLUSTER_STATE=$TASKER_TEST_STATE/modes TASKER_PORT_OFFSET=$((TASKER_TEST_PORT_OFFSET + 1000))
unset PC_SOCKET_PATH TASKER_POSTGRES_HOME
# What is built here is what runs; nothing of a cluster that somebody has running is used.
trap './dev down' EXIT
# With a new database: what earlier runs left in the queues hides who takes from them.
./dev down
rm -rf "$TASKER_CLUSTER_STATE"

verify() { "$TASKER_CLUSTER_STATE/bin/cluster-verify" "$@"; }

fails_with() {
    local expected=$1 status=0
    shift
    "$@" || status=$?
    [ "$status" = "$expected" ] || {
        printf 'exit status %s instead of %s: %s\n' "$status" "$expected" "$*"
        exit 1
    }
}

# The instances of a kind that are up, by their own pid files.
running() {
    verify status --quick -o json | python3 -c '
import json, sys
print(" ".join(it["instance"] for it in json.load(sys.stdin)["instances"] if it["status"] == "running"))'
}

# Who takes from a namespace, by the locks and the work in the recorded evidence.
subscribers() {
    python3 - "$1" "$TASKER_CLUSTER_STATE/evidence.json" <<'END'
import json, sys
seen = json.load(open(sys.argv[2]))["subscriptions"]
seen = seen.get("seen", seen)
print(" ".join(sorted({it["instance"] for it in seen["polls"] + seen["work"] if it["namespace"] == sys.argv[1]})))
END
}

expect() {
    [ "$2" = "$3" ] || {
        printf '%s: %s instead of %s\n' "$1" "$2" "$3"
        exit 1
    }
}

printf '\n--- one service at a time, and counts by variables: one server, three Rust workers\n'
export TASKER_ORCHESTRATION_INSTANCES=1 TASKER_WORKER_RUST_INSTANCES=3
export TASKER_WORKER_RUBY_INSTANCES=0 TASKER_WORKER_PYTHON_INSTANCES=0 TASKER_WORKER_TS_INSTANCES=0
./dev up --wait worker-rust-1
expect 'up worker-rust-1' "$(running)" 'orchestration-1 worker-rust-1'
./dev up --wait --no-build
expect 'up' "$(running)" 'orchestration-1 worker-rust-1 worker-rust-2 worker-rust-3'
fails_with 3 ./dev stop worker-go
./dev stop worker-rust-2
expect 'stop worker-rust-2' "$(running)" 'orchestration-1 worker-rust-1 worker-rust-3'
fails_with 1 verify check --quick --only 201

printf '\n--- a restart in the middle of a run: every task is accounted for\n'
./dev up --wait --no-build workers
verify run mathematical_sequence -n 20 -c 4 >"$TASKER_CLUSTER_STATE/run.txt" &
run=$!
./dev restart worker-rust-2
wait "$run" || {
    cat "$TASKER_CLUSTER_STATE/run.txt"
    exit 1
}
./dev logs worker-rust -n 1
verify check --only 1,2,3 --record "$TASKER_CLUSTER_STATE/evidence.json"
expect 'subscribers of rust_e2e_linear' "$(subscribers rust_e2e_linear)" 'worker-rust-1 worker-rust-2 worker-rust-3'

printf '\n--- a second cluster on the same ports is refused, with who holds them\n'
other=$TASKER_TEST_STATE/modes-other
mkdir -p "$other"
cp -R "$TASKER_CLUSTER_STATE/bin" "$other/bin"
fails_with 3 env TASKER_CLUSTER_STATE="$other" ./dev up --detach --no-build 2>"$TASKER_TEST_STATE/refused.txt"
cat "$TASKER_TEST_STATE/refused.txt"
grep -q "is taken by pid [0-9]*: orchestration .*$TASKER_CLUSTER_STATE/run/orchestration-1" "$TASKER_TEST_STATE/refused.txt"
rm -rf "$other"
./dev down
unset TASKER_ORCHESTRATION_INSTANCES TASKER_WORKER_RUST_INSTANCES
unset TASKER_WORKER_RUBY_INSTANCES TASKER_WORKER_PYTHON_INSTANCES TASKER_WORKER_TS_INSTANCES

printf '\n--- one of each, on the ports of a single cluster\n'
./dev up --wait --mode single --no-build
ports=$(verify env | sed -n 's/^TASKER_TEST_[A-Z_]*_URL=.*:\([0-9]*\)$/\1/p' | sort -u | tr '\n' ' ')
first=$((8080 + TASKER_PORT_OFFSET))
expect 'ports' "$ports" "$first $((first + 1)) $((first + 2)) $((first + 3)) $((first + 5)) "
verify check
./dev down

printf '\n--- what was known of one profile is not held against the next\n'
./dev up --wait --mode minimal --profile polling --no-build
verify check | tee "$TASKER_CLUSTER_STATE/polling.txt"
grep -q '^history since .* when this profile began' "$TASKER_CLUSTER_STATE/polling.txt"

printf '\n--- two servers and two workers that poll do not race\n'
verify run mathematical_sequence -n 20 -c 4 --strict
./dev down

printf '\n--- the queues in a database of their own\n'
./dev up --wait --mode minimal --split --no-build
verify check
queues=$(verify queues --quick | grep -c '^worker_')
[ "$queues" -gt 5 ] || expect 'queues in the second database' "$queues" 'more than 5'
verify env worker-rust-1 --write "$TASKER_CLUSTER_STATE/split.env"
grep -q '^PGMQ_DATABASE_URL=.*/tasker_queues$' "$TASKER_CLUSTER_STATE/split.env"
