# shellcheck shell=bash
# Usage: ./dev down
#
# Stops the cluster in order (workers, orchestration, database), within twelve seconds.
# Also stops what a killed supervisor left behind: processes are recognised by the
# environment and the folder that only this cluster gives them. Says what it stopped;
# exit status 0 also when nothing was running.

[ $# -eq 0 ] || stop_with 3 "down takes no arguments; ./dev down --help"

trap 'stop_with 130 "interrupted; ./dev down goes on with it"' INT TERM HUP

begun=$SECONDS
stopped=
wake_halted
if supervisor_answers; then
    running=$(supervised | awk '$2 == "Running" { print $1 }' | tr '\n' ' ') || true
    say "stopping ${running:-the cluster}"
    stop_supervisor || say "the supervisor did not finish in time; stopping the rest by hand"
    stopped=1
fi
if anything_is_left; then
    stopped=1
    stop_left_over "$begun" || stop_with 1 "something is still running; see the lines above"
fi
rm -f "$PC_SOCKET_PATH" "$TASKER_CLUSTER_STATE"/pids/*.pid \
    "$TASKER_CLUSTER_STATE"/{selection.json,process-compose.yaml,wishes}
if [ -n "$stopped" ]; then
    say "stopped in $((SECONDS - begun)) s"
else
    say "nothing was running"
fi
