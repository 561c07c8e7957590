# shellcheck shell=bash
# The Ruby worker: no warning from Ruby itself, and its unit tests.
. "$TASKER_CLUSTER_ROOT/tools/dev/lib/stage.sh"

while IFS= read -r file; do
    warnings=$(ruby -wc "$file" 2>&1)
    [ "$warnings" = "Syntax OK" ] || {
        printf '%s: %s\n' "$file" "$warnings"
        exit 1
    }
done < <(project_files | grep -E '^services/worker-ruby/(bin/|.*\.rb$)')
use_worker_library
ruby services/worker-ruby/test/all.rb
