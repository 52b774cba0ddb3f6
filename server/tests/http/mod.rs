//! The pages as a browser gets them: each test asks the router itself, no socket in between.

mod below;
mod client;
mod headers;
mod limits;
mod paths;
mod shared;
mod views;
