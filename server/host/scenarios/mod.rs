//! What guests do and see, in a room with a host.

mod calls;
mod hostile;
mod joining;
mod layers;
mod mending;
mod offers;
mod speakers;

use crate::guests::World;
