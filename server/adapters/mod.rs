//! Adapters: bind a transport library to the hub. Each library is named in one folder.
pub mod socketio;
