//! JSON bodies of the two calls that create something.

#![no_main]

use libfuzzer_sys::fuzz_target;
use opp_sandbox::probe::Probe;

thread_local! {
    static PROBE: Probe = Probe::new().expect("the data are sound");
}

fuzz_target!(|bytes: &[u8]| {
    PROBE.with(|probe| {
        for path in ["/psd2/consent/v1/consents", "/psd2/paymentinitiation/v1/payments/domestic"] {
            let status = probe.body(false, "POST", path, "application/json", bytes);
            assert!(status.is_some_and(|status| status < 500), "{path}: {status:?}");
        }
    });
});
