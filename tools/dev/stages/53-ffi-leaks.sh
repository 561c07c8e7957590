# shellcheck shell=bash
# The C interface of the engine: nothing leaks at the boundary.
. "$TASKER_CLUSTER_ROOT/tools/dev/lib/stage.sh"

if ! command -v valgrind >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    printf 'installing valgrind with apt\n'
    { apt-get -qq update && apt-get -qq -y -o DPkg::Lock::Timeout=300 --no-install-recommends install valgrind >/dev/null; } ||
        printf 'apt could not install it\n'
fi
use_worker_library
status=0
services/worker-ffi/tests/leaks "$TASKER_WORKER_FFI" || status=$?
# The answers were looked at all the same. In CI nothing may be skipped.
if [ "$status" = 3 ] && [ -z "${CI:-}" ] && [ "$(uname)" != Darwin ] && ! command -v valgrind >/dev/null; then
    skip 'there is no valgrind to look for leaks: apt-get install valgrind'
fi
exit "$status"
