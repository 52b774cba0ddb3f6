//! Several nodes that share rooms: as a simulation of their rules, and with a Redis.
mod failing;
pub(crate) mod redis;
mod simulation;
mod together;
mod world;
