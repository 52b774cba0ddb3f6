# The executable with the web app inside, its manual and the completions of shells.
{
  lib,
  stdenv,
  rustPlatform,
  buildNpmPackage,
  importNpmLock,
  installShellFiles,
  runCommand,
  nodejs_24,
}:
let
  top = ../..;
  manifest = lib.importTOML (top + "/Cargo.toml");
  version = manifest.workspace.package.version;

  # The lock file names no registry, so npm is asked for its own; what comes from there is held to the lock's hashes.
  registry = lib.removeSuffix "\n" (
    builtins.readFile (
      runCommand "npm-registry" { } "HOME=$TMPDIR ${lib.getExe' nodejs_24 "npm"} config get registry >$out"
    )
  );
  lock = lib.importJSON (top + "/client-js/package-lock.json");
  located =
    path: it:
    let
      name = it.name or (lib.last (lib.splitString "node_modules/" path));
    in
    it
    // lib.optionalAttrs (it ? integrity) {
      resolved = "${registry}${name}/-/${baseNameOf name}-${it.version}.tgz";
    };

  client = buildNpmPackage {
    pname = "p2pchat-web-app";
    inherit version;
    src = top + "/client-js";
    nodejs = nodejs_24;
    npmDeps = importNpmLock {
      package = lib.importJSON (top + "/client-js/package.json");
      packageLock = lock // {
        packages = lib.mapAttrs located lock.packages;
      };
    };
    npmConfigHook = importNpmLock.npmConfigHook;
    installPhase = "cp -r dist $out";
  };
in
rustPlatform.buildRustPackage {
  pname = "p2pchat-server";
  inherit version;
  src = lib.fileset.toSource {
    root = top;
    fileset = lib.fileset.unions [
      (top + "/.cargo")
      (top + "/Cargo.toml")
      (top + "/Cargo.lock")
      (top + "/build.rs")
      (top + "/default_config.toml")
      (top + "/server")
    ];
  };
  cargoLock.lockFile = top + "/Cargo.lock";
  buildType = "dist";
  env = {
    P2PCHAT_CLIENT_DIST = client;
  }
  # Pages of 64 KiB: what is built so runs with smaller ones as well.
  // lib.optionalAttrs stdenv.hostPlatform.isAarch64 { JEMALLOC_SYS_WITH_LG_PAGE = "16"; };
  nativeBuildInputs = [ installShellFiles ];
  # They take the whole repository, and browsers.
  doCheck = false;
  postInstall = ''
    $out/bin/p2pchat-server man >p2pchat-server.1
    installManPage p2pchat-server.1
    installShellCompletion --cmd p2pchat-server \
      --bash <($out/bin/p2pchat-server completions bash) \
      --zsh <($out/bin/p2pchat-server completions zsh) \
      --fish <($out/bin/p2pchat-server completions fish)
  '';
  meta = {
    description = manifest.package.description;
    license = lib.licenses.mit;
    mainProgram = "p2pchat-server";
    platforms = lib.platforms.unix;
  };
}
