//! Several at once, and odd places: nobody's change is lost, nobody reads half a file, and what cannot be done is said.
//!
//! The storm is short unless `STRONGROOM_STORM=full`.

mod handles;
mod held;
mod hosts;
mod links;
mod meanwhile;
mod others;
mod places;
mod storm;
mod systems;
mod writers;
