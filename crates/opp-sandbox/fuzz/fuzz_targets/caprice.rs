//! The text form of caprices.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| assert!(opp_sandbox::probe::caprice(bytes)));
