# shellcheck shell=bash
# What the interactive shell reads: the user's own settings, and then the project's, since
# many a .bashrc puts other versions of the tools first on PATH.
# shellcheck source=/dev/null
[ ! -f ~/.bashrc ] || . ~/.bashrc
# shellcheck source=/dev/null
. "$TASKER_CLUSTER_ROOT/tools/env.sh"
PS1="(tasker) ${PS1:-\\$ }"
