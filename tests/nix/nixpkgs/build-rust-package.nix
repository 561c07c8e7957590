# `rustPlatform.buildRustPackage` without a compile: it holds the arguments against the source
# and its lock file, and then takes the binaries that this machine's cargo has built already.
{
  lib,
  derive,
  machine,
}:
{
  pname,
  version,
  src,
  cargoLock,
  cargoBuildFlags,
  cargoTestFlags ? cargoBuildFlags,
  nativeBuildInputs ? [ ],
  nativeCheckInputs ? [ ],
  doCheck ? true,
  outputs ? [ "out" ],
  postInstall ? "",
  meta,
}:
let
  toml = file: builtins.fromTOML (builtins.readFile file);

  members = map (member: rec {
    folder =
      if builtins.pathExists "${src}/${member}/Cargo.toml" then
        "${src}/${member}"
      else
        throw "${pname}: the source lacks ${member}, a member of the workspace";
    manifest = toml "${folder}/Cargo.toml";
    name = manifest.package.name;
    files =
      map (binary: "bin/${binary.name}") (
        manifest.bin or (lib.optional (builtins.pathExists "${folder}/src/main.rs") { inherit name; })
      )
      ++ lib.optional (builtins.elem "cdylib" (manifest.lib.crate-type or [ ])) (
        "lib/lib${
          builtins.replaceStrings [ "-" ] [ "_" ] (manifest.lib.name or name)
        }${machine.library_suffix}"
      );
  }) (toml "${src}/Cargo.toml").workspace.members;

  wanted = builtins.filter (flag: !lib.hasPrefix "--" flag) cargoBuildFlags;
  memberOf =
    crate:
    lib.findFirst (
      member: member.name == crate
    ) (throw "package `${crate}` is not a member of the workspace") members;
  files = lib.concatMap (crate: (memberOf crate).files) wanted;

  # Cargo takes every crate from the lock file, so each must come with its checksum.
  locked = (toml cargoLock.lockFile).package;
  unsummed = builtins.filter (crate: crate ? source && !crate ? checksum) locked;
  dependencies =
    crate:
    builtins.genericClosure {
      startSet = map (key: { inherit key; }) [ crate ];
      operator =
        { key }:
        lib.concatMap (
          entry:
          map (dependency: { key = builtins.head (lib.splitString " " dependency); }) (
            entry.dependencies or [ ]
          )
        ) (byName.${key} or [ ]);
    };
  byName = builtins.groupBy (crate: crate.name) locked;
  needsProtoc = builtins.any (
    crate: builtins.any ({ key }: key == "prost-build") (dependencies crate)
  ) wanted;
  hasProtoc = builtins.any (input: input.name == "protobuf") nativeBuildInputs;
in
if unsummed != [ ] then
  throw "Cargo.lock: ${(builtins.head unsummed).name} has no checksum, so Nix cannot fetch it"
else if needsProtoc && !hasProtoc then
  throw "${pname}: prost-build runs protoc, and nativeBuildInputs has no protobuf"
else
  derive "${pname}-${version}" {
    inherit src outputs;
    nativeBuildInputs = nativeBuildInputs ++ lib.optionals doCheck nativeCheckInputs;
  } ''
    mkdir -p "$out/bin" "$out/lib"
    for file in ${lib.concatStringsSep " " files}; do
      built=${machine.binaries}/$(basename "$file")
      if [ ! -e "$built" ]; then
        echo "$built is missing: build the project first (./dev up)" >&2
        exit 1
      fi
      ln -s "$built" "$out/$file"
    done
    ${postInstall}
  ''
  // {
    inherit meta;
    crates = wanted;
  }
