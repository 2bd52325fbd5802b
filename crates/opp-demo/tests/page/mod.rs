//! A guest in front of a browser: what they open, wait for and fill in, and the rules that every page has to keep.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::browser::{Browser, skip};
use crate::common::House;

/// Where `cargo xtask test browser` puts axe.
const AXE: &str = "target/tools/axe/node_modules/axe-core/axe.min.js";

/// Runs axe with the rules of WCAG 2 up to AA and its own good practice, and gives what it has found.
const RUN_AXE: &str = "const done = arguments[0];
    axe.run(document, { resultTypes: ['violations'] }).then((found) => done(found.violations.map((one) =>
        `${one.id}: ${one.help}: ${one.nodes.map((node) => node.html + ' ' + node.failureSummary).join(' | ')}`)));";

/// A guest with a browser of their own.
pub(crate) struct Guest {
    pub(crate) browser: Browser,
    base: String,
    axe: String,
}

impl Guest {
    /// `None`, said loudly, where there is no browser or no axe; a failure under `CI=true`.
    pub(crate) async fn start(base: &str) -> Option<Self> {
        let browser = Browser::start().await?;
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        let Ok(axe) = std::fs::read_to_string(root.join(AXE)) else {
            browser.stop().await;
            skip(&format!("the pages were NOT tested; `cargo xtask test browser` fetches {AXE}"));
            return None;
        };
        Some(Self { browser, base: base.to_owned(), axe })
    }

    pub(crate) async fn open(&self, path: &str) {
        self.browser.open(&format!("{}{path}", self.base)).await;
    }

    pub(crate) async fn main(&self) -> String {
        self.browser.text("main").await
    }

    /// Goes back, as the browser's button does.
    pub(crate) async fn back(&self) {
        self.browser.client.back().await.unwrap();
    }

    /// Waits until a script says yes.
    pub(crate) async fn wait_for(&self, script: &str) {
        for _ in 0..200 {
            if self.browser.client.execute(script, vec![]).await.is_ok_and(|answer| answer == true) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("never: {script} on {}", self.main().await);
    }

    /// Waits until an element says something, without the page being loaded again by hand.
    pub(crate) async fn until(&self, css: &str, text: &str) {
        self.wait_for(&format!("return (document.querySelector('{css}')?.textContent || '').includes('{text}')")).await;
    }

    pub(crate) async fn until_not(&self, css: &str, text: &str) {
        self.wait_for(&format!("return !document.querySelector('{css}').textContent.includes('{text}')")).await;
    }

    /// Holds the page against axe, by day and by night. Keeps a picture when `OPP_DEMO_SHOTS` names a folder.
    pub(crate) async fn look(&self, name: &str) {
        for scheme in ["light", "dark"] {
            let feature = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
            self.browser.devtools("Emulation.setEmulatedMedia", &feature).await;
            self.browser.ask(&self.axe).await;
            let complaints = self.browser.client.execute_async(RUN_AXE, vec![]).await.unwrap();
            assert_eq!(complaints, Value::Array(vec![]), "{name}, {scheme}");
            if let Ok(folder) = std::env::var("OPP_DEMO_SHOTS") {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(format!("{folder}/{name}-{scheme}.png"), self.picture().await).unwrap();
            }
        }
    }

    /// The window as a PNG.
    pub(crate) async fn picture(&self) -> Vec<u8> {
        self.browser.client.screenshot().await.unwrap()
    }

    /// Opens SEB from beginning to end; gives the path of the first account.
    pub(crate) async fn with_bank(&self, house: &House) -> String {
        self.open("/banks/ESSESESS").await;
        self.browser.press("Go on and sign").await;
        self.until("main", "Sign with BankID").await;
        house.phone("approve").await;
        self.until("h1", "Signed").await;
        self.open("/accounts").await;
        let path = self.browser.ask("return document.querySelector('.accounts a').getAttribute('href')").await;
        path.as_str().unwrap().to_owned()
    }

    /// Fills in a transfer to the guest's savings.
    pub(crate) async fn fill_in_order(&self) {
        for (field, text) in [
            ("#name", "Anna Åkesson"),
            ("#to", "SE25 5000 0000 0544 0004 7903"),
            ("#amount", "249.50"),
            ("#message", "Lunch"),
        ] {
            self.browser.type_into(field, text).await;
        }
    }
}
