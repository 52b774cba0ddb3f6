//! Asks the server that runs on this machine.
use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{Answer, Ask};

/// For the server to say anything.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Why there is no answer: a sentence for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AdminFault(String);

/// Asks the first server that has its socket at one of these places, and hands each line of the answer on as it comes.
///
/// # Errors
/// There is no server, or it may not be asked by this user, or it breaks off.
pub fn ask(places: &[PathBuf], ask: &Ask, mut take: impl FnMut(Answer) -> io::Result<()>) -> Result<(), AdminFault> {
    let (place, stream) = connect(places)?;
    let fault = |error: &dyn std::fmt::Display| {
        AdminFault(format!("the server at {} does not answer: {error}", place.display()))
    };
    stream.set_read_timeout(Some(TIMEOUT)).map_err(|it| fault(&it))?;
    let question = serde_json::to_string(ask).map_err(|it| fault(&it))?;
    (&stream).write_all(format!("{question}\n").as_bytes()).map_err(|it| fault(&it))?;
    for line in BufReader::new(&stream).lines() {
        let line = line.map_err(|it| fault(&it))?;
        match serde_json::from_str(&line).map_err(|it| fault(&it))? {
            Answer::End => return Ok(()),
            Answer::Error(error) => return Err(fault(&error)),
            answer => take(answer).map_err(|error| AdminFault(error.to_string()))?,
        }
    }
    Err(fault(&"it has ended in the middle of its answer"))
}

fn connect(places: &[PathBuf]) -> Result<(&Path, UnixStream), AdminFault> {
    if places.is_empty() {
        return Err(AdminFault("admin.socket is \"off\", or there is no folder for it: set a path".to_owned()));
    }
    for place in places {
        match UnixStream::connect(place) {
            Ok(stream) => return Ok((place, stream)),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return Err(AdminFault(format!(
                    "the server at {} may not be asked by this user: use sudo, or be the server's user",
                    place.display()
                )));
            }
            Err(_) => (),
        }
    }
    let tried: Vec<_> = places.iter().map(|it| it.display().to_string()).collect();
    Err(AdminFault(format!(
        "no server runs that can be asked; there is none at {}: start it, or name its settings with --config",
        tried.join(", ")
    )))
}
