//! What is in the memory of processes that use a vault: their real images are taken from outside and searched.
//!
//! An image is every readable byte of `/proc/PID/mem`, so also what a core dump leaves out; where gdb may attach, its
//! dumps are searched too, which have the registers. Searched for is every part of every secret in every form that
//! programs write, and every key, as the second reader derives them from SPEC.md. Each moment has a table of what must
//! and may be there and why; anything else is a failure. `--nocapture` prints the tables.

#![cfg(target_os = "linux")]

mod control;
mod debugger;
mod fixture;
mod holder;
mod image;
mod ledger;
mod needles;
mod prompts;
mod terminal;
mod traced;
mod working;
