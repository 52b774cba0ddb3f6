//! Sessions over real sockets: whose they are, in which order they hear, and how they end.
mod ends;
mod ids;
mod order;
mod slow;
