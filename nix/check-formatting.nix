# Nix and Rust as their formatters write them. The other languages: `./dev test`.
{
  runCommand,
  cargo,
  rustfmt,
  nixfmt-tree,
  cargo-source,
}:
runCommand "formatting"
  {
    nativeBuildInputs = [
      cargo
      rustfmt
      nixfmt-tree
    ];
  }
  ''
    export HOME=$PWD

    cp -r ${./.} nix
    cp ${../flake.nix} flake.nix
    chmod -R u+w nix flake.nix
    treefmt --ci --walk filesystem --tree-root .

    cp -r ${cargo-source} source
    cargo fmt --check --all --manifest-path source/Cargo.toml
    touch "$out"
  ''
