//! What the operating system says of this machine; what it does not say is `None`.

use std::fs;

/// Bytes of memory in all, and those that programs can still have.
pub(crate) fn memory() -> (Option<u64>, Option<u64>) {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    (kib(&text, "MemTotal"), kib(&text, "MemAvailable"))
}

fn kib(text: &str, key: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(key))?;
    let number = rest.trim_start_matches(':').split_whitespace().next()?;
    number.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_proc_are_read() {
        let text = "MemTotal:       24 kB\nMemAvailable:\t16 kB\n";
        assert_eq!(kib(text, "MemTotal"), Some(24 * 1024));
        assert_eq!(kib(text, "MemAvailable"), Some(16 * 1024));
        assert_eq!(kib(text, "VmRSS"), None);
    }
}
