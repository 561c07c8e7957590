# What is rendered from config/cluster.toml, and checked in, is what the verifier renders today.
{
  lib,
  runCommand,
  cluster-verify,
  rendered-source,
}:
runCommand "rendered-files-are-current" { nativeBuildInputs = [ cluster-verify ]; } ''
  cp -r ${rendered-source} now
  chmod -R u+w now
  export HOME=$PWD
  cluster-verify --project now render
  if ! diff -r ${rendered-source} now; then
    echo "rendered files differ from config/cluster.toml; run \`cluster-verify render\` and commit" >&2
    exit 1
  fi
  touch "$out"
''
