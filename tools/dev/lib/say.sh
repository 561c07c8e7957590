# shellcheck shell=bash
# What ./dev itself says goes to standard error; results of the tools go to standard output.

say() {
    printf '%s\n' "$*" >&2
}

# One line with the reason and the next command, then the exit status.
stop_with() {
    local status=$1
    shift
    say "dev: $*"
    exit "$status"
}

# The comment at the head of a command's file is its help.
print_help() {
    awk '/^# shellcheck/ { next }
         /^#!/ { next }
         /^#/ { sub(/^# ?/, ""); print; next }
         { exit }' "$1"
}

# A command with a deadline, where the machine has a way to set one.
within() {
    local seconds=$1
    shift
    if command -v timeout >/dev/null; then
        timeout "$seconds" "$@"
    elif command -v perl >/dev/null; then
        perl -e 'alarm shift; exec @ARGV' "$seconds" "$@"
    else
        "$@"
    fi
}

# Waits until a command succeeds, at most so many seconds; 1 when it never did.
wait_until() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.1
    done
}
