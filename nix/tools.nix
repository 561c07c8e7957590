# The shell's tools, from the one list that the tool chain without Nix installs from too: each
# entry of tools/tools.toml with its package. Its `nix` key is an attribute of nixpkgs; where
# this flake has a part of its own for it, that part is meant.
{
  lib,
  pkgs,
  postgresql,
  python,
}:
let
  ours = {
    "postgresql_18" = postgresql;
    "postgresql_18.pkgs.pgmq" = postgresql;
    "python313" = python;
  };

  packageOf =
    tool:
    let
      attribute = tool.nix or (throw "tools/tools.toml: `${tool.name}` has no `nix` key");
      unknown = throw "tools/tools.toml: `${tool.name}` names `${attribute}`, which nixpkgs does not have";
    in
    ours.${attribute} or (lib.attrByPath (lib.splitString "." attribute) unknown pkgs);
in
map (tool: tool // { package = packageOf tool; })
  (builtins.fromTOML (builtins.readFile ../tools/tools.toml)).tool
