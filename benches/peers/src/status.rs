use std::fs;

/// Bytes of this process in memory now and at most, and those of mapped files among the first; 0
/// where the system does not say.
pub(crate) fn memory() -> [u64; 3] {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    ["VmRSS:", "VmHWM:", "RssFile:"].map(|key| kib(&status, key).unwrap_or(0))
}

fn kib(status: &str, key: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    line.split_whitespace()
        .next()?
        .parse::<u64>()
        .ok()?
        .checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_by_their_keys() {
        let status = "VmHWM:\t   24 kB\nVmRSS:\t   16 kB\n";
        assert_eq!(kib(status, "VmRSS:"), Some(16 << 10));
        assert_eq!(kib(status, "VmHWM:"), Some(24 << 10));
        assert_eq!(kib(status, "RssFile:"), None);
    }
}
