# The pinned process-compose accepts the rendered file; its own strict mode judges.
{
  runCommand,
  process-compose,
  rendered-source,
}:
runCommand "process-compose-accepts-its-file" { nativeBuildInputs = [ process-compose ]; } ''
  cp -r ${rendered-source} project
  chmod -R u+w project
  cd project
  mkdir home
  export HOME=$PWD/home PROC_COMP_CONFIG=$PWD/home
  process-compose up --config process-compose.yaml --tui=false --dry-run
  touch "$out"
''
