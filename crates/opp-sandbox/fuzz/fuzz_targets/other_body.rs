//! XML and multipart bodies of payments.

#![no_main]

use libfuzzer_sys::fuzz_target;
use opp_sandbox::probe::Probe;

thread_local! {
    static PROBE: Probe = Probe::new().expect("the data are sound");
}

fuzz_target!(|bytes: &[u8]| {
    PROBE.with(|probe| {
        let path = "/psd2/paymentinitiation/v1/payments/sepa-credit-transfers";
        for media in ["application/xml", "multipart/form-data; boundary=b"] {
            let status = probe.body(false, "POST", path, media, bytes);
            assert!(status.is_some_and(|status| status < 500), "{media}: {status:?}");
        }
    });
});
