# shellcheck shell=bash
# What a stage of the tests begins with: stops at the first failure, in the project's folder.
set -euo pipefail
cd "$TASKER_CLUSTER_ROOT"

skip() {
    printf 'skipped: %s\n' "$*"
    exit 77
}

# Files that git knows or would add, so that nothing generated is looked at.
project_files() {
    git ls-files --cached --others --exclude-standard
}
