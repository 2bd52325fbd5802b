//! Whole requests: method, path, query, headers, body; on both hosts.

#![no_main]

use libfuzzer_sys::fuzz_target;
use opp_sandbox::probe::Probe;

thread_local! {
    static PROBE: Probe = Probe::new().expect("the data are sound");
}

fuzz_target!(|bytes: &[u8]| {
    PROBE.with(|probe| {
        probe.request(bytes.len() % 2 == 0, bytes);
    });
});
