# shellcheck shell=bash
# Compiles our binaries and copies them into the state folder, where the cluster runs them:
# the target folder is shared, and another checkout may build into it at any time.

BINARIES="cluster-verify cluster-database orchestration worker-rust libworker_ffi.so libworker_ffi.dylib"
# What a first build leaves on the disk.
BUILD_MEGABYTES=2500

# Against the published engine, or the checkout that --engine or config/cluster.local.toml names.
build() {
    local engine=${1:-}
    if [ -z "$engine" ]; then
        engine=$(python3 "$DEV_ROOT/tools/dev/lib/engine.py" chosen "$DEV_ROOT") || exit
    fi
    # Its time is that of the beginning: what is edited meanwhile may have been read before.
    touch "$TASKER_CLUSTER_STATE/building" || exit
    if [ -n "$engine" ]; then build_with "$engine"; else build_published; fi
    mv -f "$TASKER_CLUSTER_STATE/building" "$TASKER_CLUSTER_STATE/built"
}

# Says so when a source is newer than the last build here: beside a running cluster nothing is built.
tell_what_is_newer() {
    local manifest folder newer sources=(Cargo.toml Cargo.lock verifier/docs verifier/schema)
    [ -e "$TASKER_CLUSTER_STATE/built" ] || return 0
    for manifest in verifier/Cargo.toml "$DEV_ROOT"/services/*/Cargo.toml; do
        folder=${manifest#"$DEV_ROOT"/}
        folder=${folder%/Cargo.toml}
        sources+=("$folder/Cargo.toml" "$folder/src")
    done
    newer=$(cd "$DEV_ROOT" && find "${sources[@]}" -type f -newer "$TASKER_CLUSTER_STATE/built" | sed -n 1p)
    [ -z "$newer" ] ||
        say "$newer was changed since the last build here, and what runs is of before: ./dev down, then ./dev up --wait builds it"
}

# Makes the target folder, and stops before a first build that would fill the disk.
prepare_target() {
    local target=$1 free
    mkdir -p "$target" ||
        stop_with 1 "cannot make $target: make room or make it writable, or set CARGO_TARGET_DIR"
    [ ! -d "$target/debug" ] || return 0
    free=$(df -Pk "$target" | awk 'NR == 2 { printf "%d", $4 * 1024 / 1000000 }')
    [ "${free:-$BUILD_MEGABYTES}" -ge "$BUILD_MEGABYTES" ] ||
        stop_with 1 "$target has $free MB free, and the first build takes $BUILD_MEGABYTES MB: make room, or set CARGO_TARGET_DIR to a folder on a larger disk"
}

build_published() {
    prepare_target "$CARGO_TARGET_DIR"
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
    prepare_target "$target"
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
