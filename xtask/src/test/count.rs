//! How many tests ran, read from what the test runner says.

use std::fmt;

/// Tests that ran.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// How many passed.
    pub passed: usize,
    /// How many did not.
    pub failed: usize,
}

impl Count {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { passed: self.passed + other.passed, failed: self.failed + other.failed }
    }

    /// What a line of output adds, if it is a summary: `cargo test` prints one for each binary, nextest one in all.
    pub fn of_line(line: &str) -> Option<Self> {
        if let Some((_, rest)) = line.split_once("test result: ") {
            let (_, counts) = rest.split_once(". ")?;
            return Some(Self::of_parts(counts.split(';')));
        }
        let (head, rest) = line.split_once(" run: ")?;
        head.trim_start().starts_with("Summary [").then(|| Self::of_parts(rest.split(',')))
    }

    fn of_parts<'a>(parts: impl Iterator<Item = &'a str>) -> Self {
        let mut count = Self::default();
        for part in parts {
            let Some((number, what)) = part.trim().split_once(' ') else { continue };
            let Ok(number) = number.parse::<usize>() else { continue };
            match what {
                _ if what.starts_with("passed") => count.passed += number,
                _ if ["failed", "timed out", "exec failed"].iter().any(|bad| what.starts_with(bad)) => {
                    count.failed += number;
                }
                _ => {}
            }
        }
        count
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_runners_are_understood() {
        let plain = "test result: FAILED. 46 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s";
        assert_eq!(Count::of_line(plain), Some(Count { passed: 46, failed: 2 }));
        let nextest = "     Summary [   0.105s] 51 tests run: 46 passed (1 slow), 2 failed, 3 timed out, 4 skipped";
        assert_eq!(Count::of_line(nextest), Some(Count { passed: 46, failed: 5 }));
    }

    #[test]
    fn what_a_test_prints_is_no_summary() {
        assert_eq!(Count::of_line("48 tests run: 48 passed, 0 skipped"), None);
        assert_eq!(Count::of_line("running 3 tests"), None);
    }
}
