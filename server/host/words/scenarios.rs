//! Words of guests, and what is said for them.
