# Python, and what it takes to package a wheel for it.
{
  lib,
  derive,
  packageOf,
}:
let
  commands = (import ./attributes.nix).python313;

  # The engine's binding depends on these; other names do not exist here.
  libraries = lib.genAttrs [
    "httpx"
    "pydantic"
    "pydantic-settings"
    "pyee"
    "pyyaml"
  ] (name: packageOf name [ ]);

  drvPaths = map (package: package.drvPath);
in
{
  interpreter = packageOf "python3" commands // {
    pkgs = libraries // {
      buildPythonPackage =
        {
          pname,
          version,
          format,
          src,
          dependencies,
          nativeBuildInputs ? [ ],
          buildInputs ? [ ],
          pythonImportsCheck,
          meta,
        }:
        assert format == "wheel";
        builtins.deepSeq (drvPaths (dependencies ++ nativeBuildInputs ++ buildInputs)) (
          derive "python-${pname}-${version}" { inherit src; } ''
            mkdir -p "$out/bin"
            cp "$src" "$out/wheel"
          ''
          // {
            inherit src meta;
          }
        );
    };

    withPackages =
      choose:
      builtins.deepSeq (drvPaths (choose libraries)) (
        packageOf "python3-env" commands // { chosen = choose libraries; }
      );
  };

  # Downloads nothing: the file is the wheel's name, which the tests hold against the pinned list.
  fetchPypi =
    {
      pname,
      version,
      format,
      dist,
      python,
      abi,
      platform,
      hash,
    }:
    assert format == "wheel" && dist == python;
    assert builtins.match "sha256-[A-Za-z0-9+/]{43}=" hash != null;
    derive "${pname}-${version}-${python}-${abi}-${platform}.whl" { } ''echo "$name" > "$out"''
    // {
      inherit hash;
    };
}
