# The files that are rendered, and the ones they are rendered from.
{ lib }:
lib.fileset.toSource {
  root = ../.;
  fileset = lib.fileset.unions [
    ../config
    ../process-compose.yaml
  ];
}
