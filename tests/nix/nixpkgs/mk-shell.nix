# `mkShell`: a derivation that `nix develop` takes apart; `stdenv`'s setup puts tools on PATH.
{ derive, setup }:
{
  name,
  packages ? [ ],
  shellHook ? "",
  passthru ? { },
  ...
}@arguments:
derive name (
  builtins.removeAttrs arguments [
    "name"
    "packages"
    "passthru"
  ]
  // {
    nativeBuildInputs = packages;
    outputs = [ "out" ];
    stdenv = setup;
  }
) ''echo "$nativeBuildInputs" > "$out"''
// passthru
