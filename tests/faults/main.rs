//! A fault at every system call of every command that writes, over the real binary: no vault is ever lost.
//!
//! Each command runs once under strace, which lists its calls. Then it runs once for each call and fault, from the same
//! beginning, with that one call failing or with the process killed at it; and after each of these the old or the new
//! version is there, whole, with everything that [`judge`] demands. `STRONGROOM_FAULTS=full` takes every call and every
//! fault; without it, a selection that always has the calls a save consists of.

#![cfg(target_os = "linux")]

mod calls;
mod commands;
mod judge;
mod matrix;
mod stage;
mod state;
mod world;

use matrix::Extent;

#[test]
fn no_fault_at_any_call_loses_a_vault() {
    let test = "no_fault_at_any_call_loses_a_vault";
    if !strongroom_tests::have("strace", "--version") {
        return strongroom_tests::skip(test, "strace is not installed");
    }
    if !strongroom_tests::strace_sees_through() {
        return strongroom_tests::skip(test, "strace cannot look into the program, or inject, here");
    }
    let extent = match std::env::var("STRONGROOM_FAULTS").as_deref() {
        Ok("full") => Extent::Full,
        _ => Extent::Quick,
    };
    matrix::run(extent).assert(extent);
}
