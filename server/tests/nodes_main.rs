#![allow(clippy::unwrap_used, clippy::expect_used, dead_code, unused_imports, missing_docs)]
mod cluster;
mod harness;
