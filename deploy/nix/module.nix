# NixOS: services.p2pchat-server. The unit is the one of deploy/, with the settings from here.
self:
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.p2pchat-server;
  format = pkgs.formats.toml { };
  file = format.generate "p2pchat-server.toml" cfg.settings;
  port = lib.attrByPath [ "http" "port" ] (if cfg.settings ? tls.acme.names then 443 else 8080) cfg.settings;
  redirect = lib.attrByPath [ "tls" "redirect_port" ] 0 cfg.settings;
  relay = lib.attrByPath [ "relay" "port" ] 3478 cfg.settings;
  hosts = lib.attrByPath [ "host" "enabled" ] false cfg.settings;
  host = lib.attrByPath [ "host" "port" ] 3479 cfg.settings;
in
{
  options.services.p2pchat-server = {
    enable = lib.mkEnableOption "the P2PChat server";
    package = lib.mkOption {
      type = lib.types.package;
      default = self.packages.${pkgs.stdenv.hostPlatform.system}.default;
      defaultText = lib.literalMD "the package of this flake";
      description = "The package to run.";
    };
    settings = lib.mkOption {
      inherit (format) type;
      default = { };
      description = ''
        What default_config.toml lists. It can be read by every user of the machine: put secrets into `environmentFile`.
      '';
    };
    environmentFile = lib.mkOption {
      type = lib.types.nullOr lib.types.path;
      default = null;
      example = "/run/secrets/p2pchat-server";
      description = "A file with settings as variables, such as P2PCHAT_METRICS__TOKEN.";
    };
    openFirewall = lib.mkEnableOption "the ports of pages and of the relay in the firewall";
  };

  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
    users.users.p2pchat = {
      isSystemUser = true;
      group = "p2pchat";
    };
    users.groups.p2pchat = { };
    networking.firewall = lib.mkIf cfg.openFirewall {
      allowedTCPPorts = [ port relay ] ++ lib.optional (redirect != 0) redirect;
      allowedUDPPorts = [ relay ] ++ lib.optional hosts host;
    };
    systemd.packages = [
      (pkgs.runCommand "p2pchat-server-unit" { } ''
        install -D -m 644 ${../p2pchat-server.service} $out/lib/systemd/system/p2pchat-server.service
      '')
    ];
    systemd.services.p2pchat-server = {
      wantedBy = [ "multi-user.target" ];
      reloadTriggers = [ file ];
      serviceConfig = {
        # An empty one first: the unit's own names a path that NixOS has not.
        ExecStart = [
          ""
          "${lib.getExe cfg.package} --config /etc/p2pchat-server/config.toml"
        ];
        EnvironmentFile = lib.mkIf (cfg.environmentFile != null) cfg.environmentFile;
      };
    };
    # A path that stays: the running server reads it again.
    environment.etc."p2pchat-server/config.toml".source = file;
  };
}
