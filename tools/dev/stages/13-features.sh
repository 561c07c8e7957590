# shellcheck shell=bash
# The tests ask for the same features of every crate as what runs: else the engine is compiled twice.
. "$TASKER_CLUSTER_ROOT/tools/dev/lib/stage.sh"

features() {
    cargo tree --locked --workspace --prefix none --format '{p} {f}' --edges "$1" | sed 's/ (\*)$//' | sort -u
}
# Of crates that both have, what is only in the second list; what tests alone use may have any.
differing=$(awk '{crate = $1 " " $2} NR == FNR {runs[crate]; line[$0]; next} crate in runs && !($0 in line)' \
    <(features normal,build) <(features normal,build,dev))
[ -z "$differing" ] || {
    printf 'a dev-dependency turns on more of these:\n%s\n' "$differing"
    exit 1
}
