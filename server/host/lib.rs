//! A star's host.
mod crypto;
mod lines;
mod settings;
mod words;
pub use settings::*;
#[doc(hidden)]
pub fn x() {
    let _ = crypto::provider();
}
