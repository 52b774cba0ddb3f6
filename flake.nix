# `nix build`, `nix run`, and a module for NixOS (nixosModules.default): docs/deployment.md.
{
  description = "P2PChat server: signalling server and web app for talking from browser to browser";

  # The compiler there has to be as new as rust-version in Cargo.toml.
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "aarch64-darwin"
      ];
      each = nixpkgs.lib.genAttrs systems;
    in
    {
      packages = each (system: {
        default = nixpkgs.legacyPackages.${system}.callPackage ./deploy/nix/package.nix { };
      });
      nixosModules.default = import ./deploy/nix/module.nix self;
    };
}
