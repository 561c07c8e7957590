# shellcheck shell=bash
# Usage: ./dev check [OPTION ...]
#
# Sets up what is missing, starts the cluster when none runs, and verifies it. Options go
# to `cluster-verify check`: -o json, --only CV301, --strict; `cluster-verify check --help`
# lists them. The cluster goes on running. With --offline, --replay or --cluster nothing is
# started. Exit status: 0 nothing that counts was found, 1 findings, 2 unknown, 3 wrong usage
# or configuration.

patience=(--wait)
elsewhere=
for word in "$@"; do
    case $word in
    --wait | --wait=*) patience=() ;;
    --offline | --replay | --replay=* | --cluster | --cluster=*) elsewhere=1 ;;
    esac
done
if supervisor_answers; then
    tell_what_is_newer
else
    prepare_state
    ensure_tools
    build
    # Wrong options end it before anything is started; --help lets the right ones do nothing.
    (cd "$DEV_ROOT" && cluster-verify check "$@" --help >/dev/null) || exit
fi
if [ -n "$elsewhere" ]; then
    cd "$DEV_ROOT" || exit
    exec cluster-verify check "$@"
fi
if ! supervisor_answers; then
    # In a shell of its own: `up` ends by itself when something is in the way.
    status=0
    "$DEV_ROOT/dev" up --wait --no-build || status=$?
    # A cluster that runs and does not get healthy is just what the verifier is for.
    [ "$status" = 0 ] || supervisor_answers || exit "$status"
    patience=()
fi
status=0
(cd "$DEV_ROOT" && cluster-verify check ${patience[@]+"${patience[@]}"} "$@") || status=$?
say "the cluster goes on running: ./dev status shows it, ./dev down stops it"
exit "$status"
