# shellcheck shell=bash
# The binaries and the library of the workers, as ./dev up builds them, for the stages after this.
. "$TASKER_CLUSTER_ROOT/tools/dev/lib/stage.sh"

DEV_ROOT=$TASKER_CLUSTER_ROOT TASKER_CLUSTER_STATE=$TASKER_TEST_STATE
for part in say build; do
    # shellcheck source=/dev/null
    . "$DEV_ROOT/tools/dev/lib/$part.sh"
done
mkdir -p "$TASKER_CLUSTER_STATE/bin"
build
