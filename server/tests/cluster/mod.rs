//! Several nodes that share rooms.
mod simulation;
mod world;
