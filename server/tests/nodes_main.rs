#![allow(clippy::unwrap_used, clippy::expect_used, dead_code, unused_imports)]
mod harness;
mod nodes;
