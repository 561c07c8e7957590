# shellcheck shell=bash
# Compiles our binaries and copies them into the state folder, where the cluster runs them:
# the target folder is shared, and another checkout may build into it at any time.

BINARIES="cluster-verify cluster-database orchestration worker-rust libworker_ffi.so libworker_ffi.dylib"

build() {
    mkdir -p "$CARGO_TARGET_DIR" ||
        stop_with 1 "cannot make $CARGO_TARGET_DIR: make room or make it writable, or set CARGO_TARGET_DIR"
    if [ ! -e "$TASKER_CLUSTER_STATE/bin/cluster-verify" ]; then
        say "building the cluster (the first time about ten minutes: it compiles the engine)"
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
    copy_binaries
    exec 9>&-
}

copy_binaries() {
    local name from to
    for name in $BINARIES; do
        from=$CARGO_TARGET_DIR/debug/$name
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
