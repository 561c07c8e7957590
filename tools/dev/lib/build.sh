# shellcheck shell=bash
# Compiles our binaries and copies them into the state folder, where the cluster runs them:
# the target folder is shared, and another checkout may build into it at any time.

BINARIES="cluster-verify cluster-database orchestration worker-rust libworker_ffi.so libworker_ffi.dylib"

# Against the published engine, or the checkout that --engine or config/cluster.local.toml names.
build() {
    local engine=${1:-}
    if [ -z "$engine" ]; then
        engine=$(python3 "$DEV_ROOT/tools/dev/lib/engine.py" chosen "$DEV_ROOT") || exit
    fi
    if [ -n "$engine" ]; then build_with "$engine"; else build_published; fi
}

build_published() {
    mkdir -p "$CARGO_TARGET_DIR" ||
        stop_with 1 "cannot make $CARGO_TARGET_DIR: make room or make it writable, or set CARGO_TARGET_DIR"
    if [ ! -e "$TASKER_CLUSTER_STATE/bin/cluster-verify" ]; then
        say "building the cluster (the first time about five minutes on two cores: it compiles the engine)"
    fi
    # Held from building to copying: two checkouts put their binaries into the same place.
    exec 9>"$CARGO_TARGET_DIR/.tasker-cluster.lock"
    if command -v flock >/dev/null && ! flock -n 9; then
        say "another build into $CARGO_TARGET_DIR is running; waiting for it"
        flock 9
    fi
    # All crates, as the tests take them: a part of them would ask the engine for fewer
    # features, and compile it once more.
    (cd "$DEV_ROOT" && cargo build --locked --workspace 9>&-) ||
        stop_with 1 "the build failed; the compiler's message is above"
    rm -f "$TASKER_CLUSTER_STATE/bin/engine.json"
    copy_binaries "$CARGO_TARGET_DIR"
    exec 9>&-
}

# In a target folder of its own: the engine's crates are compiled anew, and the others are not
# to be compiled again when it is the published engine's turn.
build_with() {
    local engine=$1 workspace=$TASKER_CLUSTER_STATE/engine target=$CARGO_TARGET_DIR-engine words=() line
    python3 "$DEV_ROOT/tools/dev/lib/engine.py" prepare "$DEV_ROOT" "$engine" "$workspace" \
        >"$TASKER_CLUSTER_STATE/engine.arguments" || exit
    while IFS= read -r line; do words+=("$line"); done <"$TASKER_CLUSTER_STATE/engine.arguments"
    say "building against the engine in $engine (the first time about five minutes on two cores)"
    say "worker-python keeps the published engine: its package brings one"
    mkdir -p "$target" || stop_with 1 "cannot make $target: make room or make it writable, or set CARGO_TARGET_DIR"
    exec 9>"$target/.tasker-cluster.lock"
    if command -v flock >/dev/null; then flock 9; fi
    # The wrapper's path tells checkouts apart that share a target folder.
    (cd "$workspace" && TASKER_ENGINE_VERSION=$(engine_version "$workspace") CARGO_TARGET_DIR=$target \
        cargo build "${words[@]}" --workspace --exclude cluster-tests 9>&-) ||
        stop_with 1 "the build against $engine failed; the compiler's message is above"
    python3 "$DEV_ROOT/tools/dev/lib/engine.py" verify "$workspace" || exit
    copy_binaries "$target"
    cp "$workspace/engine.json" "$TASKER_CLUSTER_STATE/bin/engine.json"
    exec 9>&-
}

engine_version() {
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["version"])' "$1/engine.json"
}

copy_binaries() {
    local name from to
    for name in $BINARIES; do
        from=$1/debug/$name
        to=$TASKER_CLUSTER_STATE/bin/$name
        [ -e "$from" ] || continue
        if cmp -s "$from" "$to"; then continue; fi
        # A rename, since a running process may not be written over.
        { cp "$from" "$to.new" && mv -f "$to.new" "$to"; } || {
            rm -f "$to.new"
            stop_with 1 "cannot copy $name into $TASKER_CLUSTER_STATE/bin: make room, then run it again"
        }
    done
}
