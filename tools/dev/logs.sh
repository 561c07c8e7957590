# shellcheck shell=bash
# Usage: ./dev logs [-f] [INSTANCE]
#
# The last lines that every instance wrote, or the last 200 of one; -f goes on with new
# ones until Ctrl-C. INSTANCE is for instance worker-rust-1, postgres or process-compose.

follow=()
instance=
for word in "$@"; do
    case $word in
    -f | --follow) follow=(-f) ;;
    -*) stop_with 3 "logs knows no option '$word'; ./dev logs --help" ;;
    *) instance=$word ;;
    esac
done

known=
for file in "$TASKER_CLUSTER_STATE"/logs/*.log; do
    [ ! -e "$file" ] || known="$known $(basename "$file" .log)"
done
[ -n "$known" ] || stop_with 1 "there are no logs in $TASKER_CLUSTER_STATE/logs: nothing was started yet: ./dev up"
cd "$TASKER_CLUSTER_STATE/logs" || exit
if [ -z "$instance" ]; then
    exec tail -n 15 ${follow[@]+"${follow[@]}"} -- *.log
fi
[ -e "$instance.log" ] || stop_with 3 "there is no log of '$instance'; there are:$known"
exec tail -n 200 ${follow[@]+"${follow[@]}"} -- "$instance.log"
