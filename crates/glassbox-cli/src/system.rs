//! What the operating system says of this machine; what it does not say is `None`.

use std::fs;

/// Bytes of memory in all, and those that programs can still have.
pub(crate) fn memory() -> (Option<u64>, Option<u64>) {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    (kib(&text, "MemTotal"), kib(&text, "MemAvailable"))
}

/// Bytes of this process that are in memory, mapped files included.
pub(crate) fn resident() -> Option<u64> {
    kib(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS")
}

/// The processor's name.
pub(crate) fn cpu_name() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// Cores that this process may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The processor's features that kernels could use.
pub(crate) fn features() -> Vec<&'static str> {
    #[cfg(target_arch = "x86_64")]
    let all = {
        macro_rules! features {
            ($($name:tt)*) => { [$(($name, std::is_x86_feature_detected!($name))),*] };
        }
        features!("sse4.2" "avx" "f16c" "fma" "avx2" "avxvnni" "avx512f" "avx512bw" "avx512vl"
            "avx512vbmi" "avx512vnni" "avx512bf16" "avx512fp16")
    };
    #[cfg(target_arch = "aarch64")]
    let all = {
        macro_rules! features {
            ($($name:tt)*) => { [$(($name, std::arch::is_aarch64_feature_detected!($name))),*] };
        }
        features!("neon" "fp16" "dotprod" "i8mm" "bf16" "sve" "sve2")
    };
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let all: [(&'static str, bool); 0] = [];
    let there = all.into_iter().filter(|(_, there)| *there);
    there.map(|(name, _)| name).collect()
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
