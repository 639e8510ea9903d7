//! What the system does with memory that holds secrets: limits, dumps, swap, huge pages, and whether there is enough.

use std::fs;
use std::path::Path;

use strongroom::{Info, SlotKind};

use super::{Finding, Severity};

/// What the vault's secrets need locked at the most: a large payload and some keys.
#[cfg(unix)]
const LOCKED_BYTES: u64 = 8 * 1024 * 1024;

/// Everything about the machine.
pub fn look(findings: &mut Vec<Finding>) {
    limits(findings);
    if let Ok(pattern) = fs::read_to_string("/proc/sys/kernel/core_pattern") {
        core_pattern(pattern.trim(), findings);
    }
    if let Ok(swaps) = fs::read_to_string("/proc/swaps") {
        swap(&swaps, is_encrypted, findings);
    }
    if let Ok(setting) = fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled") {
        huge_pages(&setting, findings);
    }
}

fn limits(findings: &mut Vec<Finding>) {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit};
        let locked = getrlimit(Resource::Memlock);
        if locked.current.is_some_and(|bytes| bytes < LOCKED_BYTES) {
            let kib = locked.current.unwrap_or_default() / 1024;
            findings.push(
                Finding::new(
                    Severity::Info,
                    "memory-lock-limit",
                    format!("at most {kib} KiB can be kept out of swap; of a large vault the rest may be swapped"),
                )
                .hint("LimitMEMLOCK=64M in the unit, or memlock in /etc/security/limits.conf"),
            );
        }
    }
    #[cfg(not(unix))]
    let _ = findings;
}

/// This program makes no core image; a bot that uses the library decides for itself.
fn core_pattern(pattern: &str, findings: &mut Vec<Finding>) {
    if let Some(program) = pattern.strip_prefix('|') {
        let program = program.split_whitespace().next().unwrap_or_default();
        findings.push(
            Finding::new(
                Severity::Info,
                "core-pattern",
                format!(
                    "when a bot crashes, its memory, secrets included, goes to {program} whatever its core limit is"
                ),
            )
            .hint("run it under strongroom run with LimitCORE=0, or let it make itself undumpable"),
        );
    }
}

/// Swap on a disk keeps secrets after the machine is off, unless it is encrypted.
fn swap(swaps: &str, is_encrypted: impl Fn(&str) -> bool, findings: &mut Vec<Finding>) {
    for line in swaps.lines().skip(1) {
        let Some(device) = line.split_whitespace().next() else { continue };
        // Compressed memory, gone with the power.
        if device.starts_with("/dev/zram") || is_encrypted(device) {
            continue;
        }
        findings.push(
            Finding::new(
                Severity::Warning,
                "swap",
                format!(
                    "the swap {device} is not encrypted, as far as one can see: memory of bots may be written to it"
                ),
            )
            .hint("encrypt the swap, or MemorySwapMax=0 in the unit of the bot"),
        );
    }
}

/// Whether device mapper says that this is dm-crypt.
fn is_encrypted(device: &str) -> bool {
    let Ok(device) = Path::new(device).canonicalize() else { return false };
    let Some(name) = device.file_name().and_then(|name| name.to_str()) else { return false };
    fs::read_to_string(format!("/sys/block/{name}/dm/uuid")).is_ok_and(|uuid| uuid.starts_with("CRYPT-"))
}

fn huge_pages(setting: &str, findings: &mut Vec<Finding>) {
    if setting.contains("[never]") {
        findings.push(
            Finding::new(
                Severity::Info,
                "huge-pages",
                "the system gives no huge pages: unlocking by passphrase takes longer than it could",
            )
            .hint("echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"),
        );
    }
}

/// Whether the passphrase slots can be opened with the memory that there is.
pub fn memory_for(info: &Info, findings: &mut Vec<Finding>) {
    let Some(available) = available_kib() else { return };
    for slot in &info.slots {
        let SlotKind::Passphrase { cost, .. } = slot.kind else { continue };
        if u64::from(cost.memory_kib) > available {
            findings.push(
                Finding::new(
                    Severity::Warning,
                    "memory",
                    format!(
                        "passphrase slot {} needs {} MiB of memory, and {} MiB are available",
                        slot.id,
                        cost.memory_kib / 1024,
                        available / 1024
                    ),
                )
                .hint("use a machine key here (strongroom slot add --machine-key PATH), or passwd --kdf small"),
            );
        }
    }
}

fn available_kib() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(look: impl Fn(&mut Vec<Finding>)) -> Vec<&'static str> {
        let mut findings = Vec::new();
        look(&mut findings);
        findings.iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn only_swap_that_survives_is_found() {
        const HEAD: &str = "Filename Type Size Used Priority\n";
        let swaps = |device: &str| format!("{HEAD}{device} partition 1 0 -2\n");
        let plain = |_: &str| false;
        assert_eq!(found(|findings| swap(HEAD, plain, findings)), Vec::<&str>::new());
        assert_eq!(found(|findings| swap(&swaps("/dev/zram0"), plain, findings)), Vec::<&str>::new());
        assert_eq!(found(|findings| swap(&swaps("/dev/dm-1"), |_| true, findings)), Vec::<&str>::new());
        assert_eq!(found(|findings| swap(&swaps("/dev/sda2"), plain, findings)), ["swap"]);
    }

    #[test]
    fn a_core_pattern_that_is_a_program_is_told() {
        assert_eq!(found(|findings| core_pattern("core", findings)), Vec::<&str>::new());
        assert_eq!(found(|findings| core_pattern("|/usr/lib/systemd/systemd-coredump %P", findings)), ["core-pattern"]);
    }
}
