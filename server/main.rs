//! `p2pchat-server`: reads the settings, starts the server, and says in one sentence what keeps it from starting.
use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use clap::Parser;
use p2pchat_server::{
    admin::{self, Answer, Ask, say_as_json, say_as_table},
    app::{self, App, Given, Invite, PassedSockets, Reload, StartupError, Threads},
    cli::{Cli, Command, write_completions, write_manual},
    config::{self, BadSetting, Config, Flags},
    doctor, telemetry,
};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// A setting is wrong.
const EXIT_SETTINGS: u8 = 2;
/// The machine does not let us.
const EXIT_SYSTEM: u8 = 1;

/// An exit code, and what is wrong in a sentence.
type Failure = (u8, String);

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, sentence)) => {
            // Docker knows 0 and 1 as answers of a health check.
            let code = if cli.health_check { EXIT_SYSTEM } else { code };
            // Where standard error is closed there is nobody to tell.
            let _ = writeln!(io::stderr(), "p2pchat-server: {sentence}");
            ExitCode::from(code)
        }
    }
}

fn run(cli: &Cli) -> Result<(), Failure> {
    if let Some(done) = without_settings(cli) {
        return done;
    }
    let settings = |sentence: String| (EXIT_SETTINGS, sentence);
    let (config, file) = read_settings(&cli.flags()).map_err(|it| settings(it.to_string()))?;
    app::settings::check(&config).map_err(|it| settings(it.to_string()))?;
    if let Some(command) = &cli.command {
        return with_settings(command, &config);
    }
    if cli.print_config {
        return say(&config.to_toml()).map_err(|it| system(it.to_string()));
    }
    // It changes the environment, so that it comes before there are other threads.
    let passed = PassedSockets::from_environment().map_err(startup)?;
    let _pending = if cli.health_check { None } else { Some(telemetry::start(&config.log).map_err(settings)?) };
    let config = with_folders(config);
    let file = file.map_or_else(|| "no settings file".to_owned(), |it| it.display().to_string());
    let threads = Threads::start(&config).map_err(|it| system(it.to_string()))?;
    threads.block_on(async {
        if cli.health_check {
            return app::health_check(&config).await.map_err(system);
        }
        if cli.check_config {
            app::check(&config).await.map_err(|it| settings(it.to_string()))?;
            return say(&format!("The settings are all right ({file}).\n")).map_err(|it| system(it.to_string()));
        }
        // Before it says that it is ready, so that a signal in answer to that is heard.
        let stop = app::stop_signal().map_err(|it| system(it.to_string()))?;
        let flags = cli.flags();
        let read = move || read_settings(&flags).map(|it| with_folders(it.0)).map_err(|it| it.to_string());
        let reload = Reload::new(Some(Arc::new(read))).map_err(|it| system(it.to_string()))?;
        let given = Given { passed, media: threads.media(), ..Given::default() };
        let app = App::bind_with(config, given).await.map_err(startup)?.reload_by(reload);
        for advice in app.advice() {
            tracing::warn!("{advice}");
        }
        tracing::info!(url = app.url(), file, "listening");
        for address in app.further_addresses().map_err(|it| system(it.to_string()))? {
            tracing::info!(%address, "listening there too");
        }
        if let Some(port) = app.relay_port() {
            tracing::info!(port, "the relay listens by UDP and TCP; open this port too, to whoever is to connect");
        }
        if let Some(address) = app.metrics_address() {
            tracing::info!(%address, "figures for Prometheus are there, at /metrics");
        }
        // An operator may have closed standard output; the log says the same.
        let _ = say(&format!("P2PChat is ready: open {}\n{}", app.url(), app.greeting().unwrap_or_default()));
        app.serve(stop).await.map_err(|it| system(format!("the server ended: {it}")))
    })
}

/// What is done wherever the settings are no good. `None`: it is something else that is asked for.
fn without_settings(cli: &Cli) -> Option<Result<(), Failure>> {
    let mut text = Vec::new();
    match cli.command.as_ref()? {
        Command::Doctor { url, token } => return Some(examine(url.as_deref()?, token.as_deref())),
        Command::Completions { shell } => write_completions(*shell, &mut text),
        Command::Man => {
            if let Err(error) = write_manual(&mut text) {
                return Some(Err(system(error.to_string())));
            }
        }
        _ => return None,
    }
    Some(io::stdout().write_all(&text).map_err(|it| system(it.to_string())))
}

/// What is asked of the server that these settings describe, or of the settings.
fn with_settings(command: &Command, config: &Config) -> Result<(), Failure> {
    let settings = |sentence: String| (EXIT_SETTINGS, sentence);
    match command {
        Command::Doctor { .. } if config.http.proxy_protocol => {
            let text = "http.proxy_protocol is on, so that people come through a proxy alone: name its address, as in \
                        `p2pchat-server doctor https://chat.example.org`";
            Err(settings(text.to_owned()))
        }
        Command::Doctor { token, .. } => examine(&app::url(config, config.http.port), token.as_deref()),
        Command::Rooms { json } => administer(config, &Ask::Rooms, *json),
        Command::Peers { json } => administer(config, &Ask::Peers, *json),
        Command::Close { id, json } => administer(config, &Ask::Close { id: id.clone() }, *json),
        Command::Stats { json } => administer(config, &Ask::Stats, *json),
        Command::Nodes { json } => administer(config, &Ask::Nodes, *json),
        Command::Invite { name, room, right, hours, key } => {
            let rights =
                if right.is_empty() { ["create", "join", "own"].map(str::to_owned).to_vec() } else { right.clone() };
            let lasts = Duration::from_secs(u64::from(*hours) * 3_600);
            let invite = Invite { room: room.clone(), name: name.clone(), rights, lasts, key: key.clone() };
            let link = app::invite(config, &invite).map_err(settings)?;
            say(&format!("{link}\n")).map_err(|it| system(it.to_string()))
        }
        Command::Completions { .. } | Command::Man => Ok(()),
    }
}

fn system(sentence: String) -> Failure {
    (EXIT_SYSTEM, sentence)
}

fn startup(error: StartupError) -> Failure {
    match error {
        StartupError::Settings(sentence) => (EXIT_SETTINGS, sentence),
        StartupError::System(sentence) => (EXIT_SYSTEM, sentence),
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn with_folders(config: Config) -> Config {
    let config = app::settings::with_state_folder(config, config::state_folder(variable));
    app::settings::with_admin_socket(config, config::runtime_folder(variable).as_deref())
}

/// Asks the server that runs on this machine, and ends with 1 where there was nothing to close.
fn administer(config: &Config, ask: &Ask, as_json: bool) -> Result<(), Failure> {
    let runtime_folder = config::runtime_folder(variable);
    let in_folders = app::settings::with_state_folder(config.clone(), config::state_folder(variable));
    let state_folder = app::settings::state_folder(&in_folders);
    let places = config.admin.places(runtime_folder.as_deref(), state_folder.as_deref());
    let (mut is_first, mut is_found, mut to) = (true, true, io::BufWriter::new(io::stdout()));
    admin::ask(&places, ask, |answer| {
        is_found &= answer != Answer::Closed { rooms: 0, peers: 0 };
        if as_json {
            say_as_json(&answer, &mut to)?
        } else {
            say_as_table(&answer, is_first, &mut to)?
        }
        is_first = false;
        Ok(())
    })
    .map_err(|it| (EXIT_SYSTEM, it.to_string()))?;
    to.flush().map_err(|it| (EXIT_SYSTEM, it.to_string()))?;
    if is_found { Ok(()) } else { Err((EXIT_SYSTEM, "nothing was closed".to_owned())) }
}

/// All settings, and the file that some of them are from.
fn read_settings(flags: &Flags) -> Result<(Config, Option<PathBuf>), BadSetting> {
    let places = config::usual_places(variable);
    let environment =
        std::env::vars_os().map(|(k, v)| (k.to_string_lossy().into_owned(), v.to_string_lossy().into_owned()));
    config::read(flags, &places, environment)
}

/// Looks at a server, and ends with 1 where something is to be mended.
fn examine(url: &str, token: Option<&str>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|it| (EXIT_SYSTEM, it.to_string()))?;
    let trust = doctor::system_trust().map_err(|it| (EXIT_SYSTEM, it))?;
    let report = runtime.block_on(doctor::examine(url, token, trust)).map_err(|it| (EXIT_SETTINGS, it))?;
    say(&report.to_string()).map_err(|it| (EXIT_SYSTEM, it.to_string()))?;
    match report.n_faults() {
        0 => Ok(()),
        n => Err((EXIT_SYSTEM, format!("{n} of the steps above went wrong"))),
    }
}

fn say(text: &str) -> io::Result<()> {
    io::stdout().write_all(text.as_bytes())
}
