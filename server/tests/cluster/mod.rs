//! Several nodes that share rooms: as a simulation of their rules, and with a Redis.
mod away;
mod balancers;
mod checks;
mod client;
mod cut_off;
mod failing;
mod failover;
mod given;
mod moving;
pub(crate) mod redis;
mod relays;
mod simulation;
mod store;
mod together;
mod world;
