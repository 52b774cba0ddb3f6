//! Carries the web client into the executable, and says how that is linked: finds or builds its `dist` folder and writes the
//! table that `server/http/client.rs` includes. Invariant: downloads nothing but what `npm ci` needs, writes nothing outside
//! `OUT_DIR` and what npm itself writes, and does nothing when nothing changed.

use std::{
    collections::BTreeSet,
    env,
    ffi::OsStr,
    fmt::Write as _,
    fs::{self, File},
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

/// A sentence for the person who builds, and below it perhaps what npm said.
type Fault = String;

const DIST_VARIABLE: &str = "P2PCHAT_CLIENT_DIST";
const NPM_LINES_MAX: usize = 30;
const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

fn main() {
    if let Err(fault) = run() {
        for line in fault.lines() {
            println!("cargo::error={line}");
        }
    }
}

fn run() -> Result<(), Fault> {
    // The lines for backtraces, the standard library's among them, take a third of their size so. Backtraces read them.
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|it| it == "linux") {
        println!("cargo::rustc-link-arg-bins=-Wl,--compress-debug-sections=zlib");
    }
    println!("cargo::rerun-if-env-changed={DIST_VARIABLE}");
    let dist = match env::var_os(DIST_VARIABLE).filter(|it| !it.is_empty()) {
        Some(folder) => {
            println!("cargo::rerun-if-changed={}", Path::new(&folder).display());
            PathBuf::from(folder)
        }
        None => built_client(&variable("CARGO_MANIFEST_DIR")?.join("client-js"))?,
    };
    if !dist.join("index.html").is_file() {
        return Err(format!("{} holds no index.html: it is not a build of the web client.", dist.display()));
    }
    embed(&dist, &variable("OUT_DIR")?)
}

fn variable(name: &str) -> Result<PathBuf, Fault> {
    env::var_os(name).map(PathBuf::from).ok_or_else(|| format!("cargo did not set {name}."))
}

fn at(path: &Path) -> impl Fn(io::Error) -> Fault {
    move |err| format!("{}: {err}", path.display())
}

/// The client's `dist`, made by npm where it is missing or older than its sources.
fn built_client(client: &Path) -> Result<PathBuf, Fault> {
    let (dist, package) = (client.join("dist"), client.join("package.json"));
    if !package.is_file() {
        return Err(format!(
            "There is no web client to build: {} is missing. Fetch it with the rest of the sources, or set \
             {DIST_VARIABLE} to the folder of a built client.",
            package.display()
        ));
    }
    // The sources are looked at before npm runs. `dist` is not announced: what a build script writes itself is always
    // newer than its start, and cargo would run it again each time.
    let newest = newest_source(client)?;
    // Cargo may build for two profiles or targets at once; the second waits here and then finds all done.
    let lock = File::open(&package).map_err(at(&package))?;
    lock.lock().map_err(at(&package))?;
    if modified(&dist.join("index.html")).is_some_and(|built| built >= newest) {
        return Ok(dist);
    }
    if Command::new(NPM).arg("--version").output().is_err() {
        return Err(format!(
            "The web client is not built ({} is missing or older than its sources) and npm was not found: install \
             Node.js with npm, or set {DIST_VARIABLE} to the folder of a built client.",
            dist.display()
        ));
    }
    let installed = modified(&client.join("node_modules/.package-lock.json"));
    if installed.is_none() || installed < modified(&client.join("package-lock.json")) {
        npm(client, &["ci", "--no-audit", "--no-fund"])?;
    }
    // What a build that fails or is broken off leaves behind must not pass for a finished one.
    let page = dist.join("index.html");
    let forget = || if page.exists() { fs::remove_file(&page).map_err(at(&page)) } else { Ok(()) };
    forget()?;
    match npm(client, &["run", "build"]) {
        Ok(()) => Ok(dist),
        Err(fault) => forget().and(Err(fault)),
    }
}

fn npm(client: &Path, arguments: &[&str]) -> Result<(), Fault> {
    let said = Command::new(NPM).args(arguments).current_dir(client).output().map_err(|err| format!("npm: {err}"))?;
    if said.status.success() {
        return Ok(());
    }
    let text = [said.stdout, said.stderr].map(|it| String::from_utf8_lossy(&it).trim().to_owned()).join("\n");
    let lines: Vec<&str> = text.lines().collect();
    Err(format!(
        "`npm {}` failed in {}. The last it said:\n{}",
        arguments.join(" "),
        client.display(),
        lines[lines.len().saturating_sub(NPM_LINES_MAX)..].join("\n")
    ))
}

/// Announces every source to cargo and says when the last one changed. A path that does not exist would make cargo
/// run this script each time, so only what is there is announced.
fn newest_source(client: &Path) -> Result<SystemTime, Fault> {
    let mut newest = SystemTime::UNIX_EPOCH;
    for entry in fs::read_dir(client).map_err(at(client))? {
        let path = entry.map_err(at(client))?.path();
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let is_source = matches!(name, "src" | "public" | "index.html" | "package.json" | "package-lock.json")
            || name.starts_with("tsconfig") && name.ends_with(".json")
            || name.starts_with("vite.") && !name.contains(".timestamp-");
        if is_source {
            println!("cargo::rerun-if-changed={}", path.display());
            newest = newest.max(newest_within(&path)?);
        }
    }
    Ok(newest)
}

fn newest_within(path: &Path) -> Result<SystemTime, Fault> {
    let mut newest = modified(path).unwrap_or(SystemTime::UNIX_EPOCH);
    if path.is_dir() {
        for entry in fs::read_dir(path).map_err(at(path))? {
            newest = newest.max(newest_within(&entry.map_err(at(path))?.path())?);
        }
    }
    Ok(newest)
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|it| it.modified()).ok()
}

/// Writes `OUT_DIR/client.rs`, and `client.bin` with the bytes of all files one after another: what nobody asks for is not
/// read from the executable, because nothing else lies between. Each file's bytes stay in `client/` under a name made of
/// their hash, so that what has been compressed once is not compressed again.
fn embed(dist: &Path, out: &Path) -> Result<(), Fault> {
    let store = out.join("client");
    fs::create_dir_all(&store).map_err(at(&store))?;
    let (mut rows, mut all, mut kept) = (String::new(), Vec::new(), BTreeSet::new());
    let names = names(dist, "")?;
    for name in &names {
        let bytes = fs::read(dist.join(name)).map_err(at(&dist.join(name)))?;
        let stem = format!("{:016x}", hash(&bytes));
        let mut keep = |suffix: &str, make: &dyn Fn() -> io::Result<Vec<u8>>| -> Result<Option<String>, Fault> {
            let path = store.join(format!("{stem}{suffix}"));
            if !path.exists() {
                fs::write(&path, make().map_err(at(&path))?).map_err(at(&path))?;
            }
            let stored = fs::read(&path).map_err(at(&path))?;
            kept.insert(path.clone());
            if suffix != "-plain" && stored.len() >= bytes.len() {
                return Ok(None);
            }
            let start = all.len();
            all.extend_from_slice(&stored);
            let tag = format!("\"\\\"{:016x}{suffix}\\\"\"", hash(&stored));
            Ok(Some(format!("Representation::fixed(part({start}, {}), {tag})", stored.len())))
        };
        let plain = keep("-plain", &|| Ok(bytes.clone()))?.unwrap_or_default();
        // Source maps are large and read by developers only.
        let quality = if name.ends_with(".map") { 9 } else { 11 };
        let br = option(keep("-br", &|| brotli(&bytes, quality))?);
        let gzip = option(keep("-gz", &|| gzip(&bytes))?);
        let (kind, immutable) = (content_type(name), is_hashed(name));
        writeln!(
            rows,
            "    ({name:?}, StaticFile {{ content_type: HeaderValue::from_static({kind:?}), immutable: {immutable}, \
             plain: {plain}, br: {br}, gzip: {gzip} }}),"
        )
        .map_err(|err| err.to_string())?;
    }
    for entry in fs::read_dir(&store).map_err(at(&store))? {
        let path = entry.map_err(at(&store))?.path();
        if !kept.contains(&path) {
            fs::remove_file(&path).map_err(at(&path))?;
        }
    }
    let bin = out.join("client.bin");
    fs::write(&bin, &all).map_err(at(&bin))?;
    let table = format!(
        "static BYTES: &[u8] = include_bytes!({bin:?});\n\
         static FILES: [(&str, StaticFile); {}] = [\n{rows}];\n",
        names.len()
    );
    fs::write(out.join("client.rs"), table).map_err(at(out))
}

fn option(value: Option<String>) -> String {
    value.map_or("None".to_owned(), |it| format!("Some({it})"))
}

/// The files of `dist` in byte order, as the binary search in `client.rs` wants them; hidden ones are left out.
fn names(dist: &Path, prefix: &str) -> Result<BTreeSet<String>, Fault> {
    let folder = dist.join(prefix);
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(&folder).map_err(at(&folder))? {
        let path = entry.map_err(at(&folder))?.path();
        match path.file_name().and_then(OsStr::to_str) {
            None => return Err(format!("{}: the name is not UTF-8.", path.display())),
            Some(name) if name.starts_with('.') => {}
            Some(name) if path.is_dir() => found.extend(names(dist, &format!("{prefix}{name}/"))?),
            Some(name) => drop(found.insert(format!("{prefix}{name}"))),
        }
    }
    Ok(found)
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

fn brotli(bytes: &[u8], quality: u32) -> io::Result<Vec<u8>> {
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, quality, 22);
    encoder.write_all(bytes)?;
    Ok(encoder.into_inner())
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Whether a bundler put a hash of the content into the name: `assets/NAME-XXXXXXXX.EXT`. A word of eight small
/// letters is no hash, so that `assets/pick-language.js` is not kept for a year.
fn is_hashed(name: &str) -> bool {
    let Some((stem, _)) = name.strip_prefix("assets/").and_then(|it| it.split_once('.')) else { return false };
    let Some((head, mark)) = stem.len().checked_sub(8).and_then(|it| stem.split_at_checked(it)) else { return false };
    head.ends_with('-')
        && mark.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it))
        && mark.bytes().any(|it| it.is_ascii_uppercase() || it.is_ascii_digit())
}

fn content_type(name: &str) -> &'static str {
    match Path::new(name).extension().and_then(OsStr::to_str).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "txt" | "md" => "text/plain; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        _ => "application/octet-stream",
    }
}
