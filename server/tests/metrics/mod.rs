//! Figures for Prometheus: who may read them, in which format they are, and that each says what happened.
mod access;
mod documents;
mod scenario;
