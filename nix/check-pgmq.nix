# The pinned PostgreSQL starts, and its PGMQ is new enough, takes a message and gives it back.
{
  lib,
  runCommand,
  postgresql,
  tools,
}:
let
  pgmq = lib.findFirst (tool: tool.name == "pgmq") (throw "tools/tools.toml has no `pgmq`") tools;
in
runCommand "pgmq-works" { nativeBuildInputs = [ postgresql ]; } ''
  initdb --no-sync --auth trust --username tasker -D data
  trap 'pg_ctl -D data -m immediate stop || true' EXIT
  # On a socket in the build folder: a sandbox may have no network, not even its own.
  if ! pg_ctl -D data -l server.log -o "-F -k $PWD -c listen_addresses=" -w start; then
    cat server.log
    exit 1
  fi
  psql -h "$PWD" -U tasker -d postgres -v ON_ERROR_STOP=1 -At > answers <<'SQL'
  CREATE EXTENSION pgmq;
  SELECT 'pgmq ' || extversion FROM pg_extension WHERE extname = 'pgmq';
  SELECT 'created' FROM pgmq.create('checked');
  SELECT 'sent ' || pgmq.send('checked', '{"answer": 42}');
  SELECT 'read ' || (message ->> 'answer') FROM pgmq.read('checked', 30, 1);
  SELECT 'native uuidv7' WHERE uuidv7() IS NOT NULL;
  SQL
  cat answers
  grep -qx 'sent 1' answers
  grep -qx 'read 42' answers
  grep -qx 'native uuidv7' answers

  found=$(sed -n 's/^pgmq //p' answers)
  if [ "$(printf '%s\n' ${pgmq.version} "$found" | sort -V | head -n 1)" != ${pgmq.version} ]; then
    echo "PGMQ is $found; tools/tools.toml asks for ${pgmq.version} or newer" >&2
    exit 1
  fi
  touch "$out"
''
