# shellcheck shell=bash
# Every shell script through shellcheck.
. "$TASKER_CLUSTER_ROOT/tools/dev/lib/stage.sh"

scripts=()
while IFS= read -r file; do
    [ -f "$file" ] || continue
    case $file in
    *.sh) scripts+=("$file") ;;
    *) case $(head -c 64 "$file" | head -n 1 | tr -d '\0') in '#!'*sh) scripts+=("$file") ;; esac ;;
    esac
done < <(project_files)
printf '%s scripts\n' "${#scripts[@]}"
shellcheck "${scripts[@]}"
