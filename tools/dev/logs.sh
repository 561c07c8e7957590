# shellcheck shell=bash
# Usage: ./dev logs [-f | --no-follow] [-n LINES] [NAME ...]
#
# What the instances wrote: those of all instances, or of what is named: services
# (orchestration), instances (worker-rust-1), `workers`, or postgres, migrate and
# process-compose. The lines of several instances are put in the order of their time, each
# behind the name of its instance.
#
#   -f, --follow   go on with new lines until Ctrl-C; so it does on a terminal by itself
#   --no-follow    end after the last line, also on a terminal
#   -n LINES       so many of the last lines of each instance (200 for one, else 15)
#
# Exit status: 0 done, 1 there are no logs or no new lines, 3 there is none of that name.

follow=
[ ! -t 1 ] || follow=1
lines=
names=()
while [ $# -gt 0 ]; do
    case $1 in
    -f | --follow) follow=1 ;;
    --no-follow) follow= ;;
    -n)
        case ${2:-} in '' | *[!0-9]*) stop_with 3 "-n needs a number of lines; ./dev logs --help" ;; esac
        lines=$2
        shift
        ;;
    -*) stop_with 3 "logs knows no option '$1'; ./dev logs --help" ;;
    *) names+=("$1") ;;
    esac
    shift
done

# Of a running cluster only its own: another mode may have left logs of other instances.
processes=
if supervisor_answers; then processes=" process-compose $(supervised | awk '{ print $1 }' | tr '\n' ' ')"; fi
known=()
for file in "$TASKER_CLUSTER_STATE"/logs/*.log; do
    [ -e "$file" ] || continue
    name=$(basename "$file" .log)
    case ${processes:-" $name "} in *" $name "*) known+=("$name") ;; esac
done
[ ${#known[@]} -gt 0 ] ||
    stop_with 1 "there are no logs in $TASKER_CLUSTER_STATE/logs: nothing was started yet: ./dev up"

chosen=()
for name in ${names[@]+"${names[@]}"}; do
    found=$(printf '%s\n' "${known[@]}" | instances_called "$name") ||
        stop_with 3 "there is no log of '$name'; there are: ${known[*]}"
    # shellcheck disable=SC2206 # a list of names
    chosen+=($found)
done
if [ ${#names[@]} -eq 0 ]; then
    # shellcheck disable=SC2207 # a list of names
    chosen=($(printf '%s\n' "${known[@]}" | grep -E '^(orchestration|worker-[a-z]+)-[0-9]+$' || true))
    [ ${#chosen[@]} -gt 0 ] || chosen=("${known[@]}")
fi
if [ -z "$lines" ]; then
    if [ ${#chosen[@]} -eq 1 ]; then lines=200; else lines=15; fi
fi

# Only what the supervisor runs has new lines that it can tell.
followed=()
if [ -n "$follow" ] && [ -n "$processes" ]; then
    for name in "${chosen[@]}"; do
        [ "$name" = process-compose ] || followed+=("$name")
    done
fi
if [ ${#followed[@]} -eq 0 ]; then
    files=()
    for name in "${chosen[@]}"; do files+=("$TASKER_CLUSTER_STATE/logs/$name.log"); done
    if [ -n "$follow" ] && [ -n "$processes" ]; then exec tail -n "$lines" -f -- "${files[@]}"; fi
    exec python3 "$DEV_ROOT/tools/dev/lib/interleave.py" "$lines" "${files[@]}"
fi
# It ends by Ctrl-C, which is its proper end.
trap 'exit 0' INT
list=$(IFS=, && printf '%s' "${followed[*]}")
status=0
process-compose process logs "$list" --follow --tail "$lines" 2>"$TASKER_CLUSTER_STATE/follow.txt" |
    python3 -u "$DEV_ROOT/tools/dev/lib/interleave.py" --prefixed "${followed[@]}" || status=$?
# SIGPIPE: whoever read the lines has had enough.
case $status in 0 | 141) exit 0 ;; esac
# Kept until here: it also says something each time that the supervisor ends.
cat "$TASKER_CLUSTER_STATE/follow.txt" >&2
supervisor_answers || stop_with 1 "the cluster was stopped, so there are no new lines"
stop_with 1 "process-compose does not tell new lines; its reason is above"
