//! Bodies of the control API, restored states among them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use opp_sandbox::probe::Probe;

thread_local! {
    static PROBE: Probe = Probe::new().expect("the data are sound");
}

fuzz_target!(|bytes: &[u8]| {
    PROBE.with(|probe| {
        for path in ["/_sandbox/clock", "/_sandbox/caprices", "/_sandbox/scenarios", "/_sandbox/restore"] {
            let status = probe.body(false, "POST", path, "application/json", bytes);
            assert!(status.is_some_and(|status| status < 500), "{path}: {status:?}");
        }
        // Whatever was restored: the world goes on, and what is due in the next month happens.
        let month = br#"{"advanceSeconds":2678400}"#;
        let status = probe.body(false, "POST", "/_sandbox/clock", "application/json", month);
        assert_eq!(status, Some(200));
        probe.body(false, "POST", "/_sandbox/reset", "application/json", b"{}");
    });
});
