//! Forms at the token endpoint.

#![no_main]

use libfuzzer_sys::fuzz_target;
use opp_sandbox::probe::Probe;

thread_local! {
    static PROBE: Probe = Probe::new().expect("the data are sound");
}

fuzz_target!(|bytes: &[u8]| {
    PROBE.with(|probe| {
        let status = probe.body(true, "POST", "/connect/token", "application/x-www-form-urlencoded", bytes);
        assert!(matches!(status, Some(200 | 400)), "{status:?}");
    });
});
