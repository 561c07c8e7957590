# shellcheck shell=bash
# Clippy over everything, warnings denied.
. "$TASKER_CLUSTER_ROOT/tools/dev/lib/stage.sh"

# Clippy is a wrapper itself, the same in every checkout (tools/rustc-of-this-checkout says
# why that matters); its arguments are what it is asked again for.
checkout=$(printf '%s' "$PWD" | cksum | cut -d' ' -f1)
# Each level of the suite by itself, since the others run with all that the last one adds.
for level in test-cluster test-services test-messaging test-db; do
    cargo clippy --locked --workspace --all-targets --features "cluster-tests/$level" -- -D warnings --cfg "checkout_$checkout"
done
