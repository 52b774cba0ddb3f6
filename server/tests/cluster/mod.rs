//! Several nodes that share rooms: as a simulation of their rules, and with a Redis.
mod balancers;
mod failing;
mod moving;
pub(crate) mod redis;
mod simulation;
mod together;
mod world;
