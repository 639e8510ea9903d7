//! The command line as a stranger meets it: the real binary, its exit codes, its two streams, the files it leaves.
//!
//! One file per story. What is claimed here is what users and their scripts rely on.

mod adopt;
mod bot;
mod check;
mod collisions;
mod damage;
mod dotenv;
mod edit;
mod exchanges;
mod exit_codes;
mod export;
mod guided;
mod handed_over;
mod hostile;
mod hummingbot;
mod import;
mod names;
mod once;
mod overlap;
mod pins;
mod records;
mod reports;
mod rotate;
mod run;
mod safety;
mod second_reader;
mod second_texts;
mod several;
mod terminal;
mod unlock;
mod ways_in;
