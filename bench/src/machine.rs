//! What is measured on, and what the kernel says a process has used.

use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// A line about the machine and its load.
pub(crate) fn line() -> String {
    let model = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model
        .lines()
        .find_map(|line| {
            line.strip_prefix("model name")?.split_once(':').map(|(_, name)| name.trim().to_owned())
        })
        .unwrap_or_else(|| "unknown processor".into());
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = memory
        .lines()
        .find_map(|line| {
            line.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse::<u64>().ok()
        })
        .unwrap_or_default();
    format!("{cores} x {model}, {} GiB; load {}", memory >> 20, load())
}

/// The load averages.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// Milliseconds all threads of `pid` have run so far, from the scheduler's own counters.
pub(crate) fn cpu_ms(pid: u32) -> Result<f64> {
    let mut nanoseconds = 0_u64;
    for task in fs::read_dir(format!("/proc/{pid}/task")).context("the server is gone")? {
        let text = fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
        nanoseconds +=
            text.split_whitespace().next().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(nanoseconds as f64 / 1e6)
}

/// Resident memory of `pid` in MiB.
pub(crate) fn resident_mib(pid: u32) -> Result<f64> {
    mib(pid, "VmRSS:")
}

/// That part of it in MiB that are pages of files, which the kernel takes back when it needs them.
pub(crate) fn of_files_mib(pid: u32) -> Result<f64> {
    mib(pid, "RssFile:")
}

/// The most memory `pid` was ever resident with, MiB.
pub(crate) fn peak_mib(pid: u32) -> Result<f64> {
    mib(pid, "VmHWM:")
}

/// Bytes the kernel holds for its own objects and in the buffers of TCP, whoever they are for.
pub(crate) fn kernel_bytes() -> f64 {
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let slab: f64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("Slab:")?.split_whitespace().next()?.parse().ok())
        .unwrap_or_default();
    let sockets = fs::read_to_string("/proc/net/sockstat").unwrap_or_default();
    let pages: f64 = sockets
        .lines()
        .find_map(|line| line.strip_prefix("TCP:")?.split(" mem ").nth(1)?.trim().parse().ok())
        .unwrap_or_default();
    slab * 1_024.0 + pages * 4_096.0
}

/// How many files this process may have open: now, and at most.
pub(crate) fn files_max() -> Result<(u64, u64)> {
    let text = fs::read_to_string("/proc/self/limits")?;
    let line = text.lines().find(|line| line.starts_with("Max open files"));
    let mut words = line.context("no limit of open files")?.split_whitespace().skip(3);
    let mut limit = || words.next().map(|word| word.parse().unwrap_or(u64::MAX));
    limit().zip(limit()).context("no limit of open files")
}

fn mib(pid: u32, name: &str) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kib: f64 = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok())
        .with_context(|| format!("no {name}"))?;
    Ok(kib / 1024.0)
}

/// Bytes of all files below `dir`.
pub(crate) fn disk_bytes(dir: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        sum += if meta.is_dir() { disk_bytes(&entry.path())? } else { meta.len() };
    }
    Ok(sum)
}
