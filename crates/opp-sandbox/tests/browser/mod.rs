//! A headless Chromium and what every page has to stand in front of it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../common/skip.rs"]
mod skip;

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

pub(crate) use skip::skip;

/// A browser of its own, with its own profile, gone at the end of the test.
pub(crate) struct Browser {
    pub(crate) client: Client,
    driver: Child,
    profile: PathBuf,
}

/// The program that a browser is told by what to do, and its port. It takes a port that is free for one version of IP
/// and ends if the other version has it in use, as happens beside tests with thousands of connections: then another one
/// is taken.
async fn driver() -> Option<(Child, String)> {
    for _ in 0..20 {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .ok()?;
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        while let Some(line) = lines.next_line().await.unwrap() {
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                // Whatever else it says has to be read, or it stops when the pipe is full.
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return Some((driver, port.trim_end_matches('.').to_owned()));
            }
        }
    }
    panic!("chromedriver ends as soon as it is started");
}

impl Browser {
    /// `None`, said loudly, where there is no browser; a failure under `CI=true`.
    pub(crate) async fn start() -> Option<Self> {
        let (Some(chromium), Some((driver, port))) = (chromium(), driver().await) else {
            skip("the pages were NOT tested; install the packages chromium and chromium-driver");
            return None;
        };
        let profile = std::env::temp_dir().join(format!("opp-sandbox-browser-{}-{port}", std::process::id()));
        let options = json!({ "binary": chromium, "args": [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            // By a pipe, so that the browser ends with the driver, even where a test fails in between.
            "--remote-debugging-pipe", "--disable-dev-shm-usage", "--window-size=760,1000", format!("--user-data-dir={}", profile.display()),
        ] });
        let mut wanted = serde_json::Map::new();
        wanted.insert("goog:chromeOptions".to_owned(), options);
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(wanted)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap();
        Some(Self { client, driver, profile })
    }

    pub(crate) async fn stop(mut self) {
        self.client.clone().close().await.ok();
        self.driver.kill().await.ok();
    }

    pub(crate) async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    pub(crate) async fn url(&self) -> String {
        self.client.current_url().await.unwrap().to_string()
    }

    pub(crate) async fn text(&self, css: &str) -> String {
        self.client.find(Locator::Css(css)).await.unwrap().text().await.unwrap()
    }

    /// Runs a line in the page, which the test may do and the page itself may not.
    pub(crate) async fn ask(&self, script: &str) -> Value {
        self.client.execute(script, vec![]).await.unwrap()
    }

    pub(crate) async fn type_into(&self, css: &str, text: &str) {
        let field = self.client.find(Locator::Css(css)).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Presses the button, or follows the link, that reads like this, and waits for the next page.
    pub(crate) async fn press(&self, label: &str) {
        let path = format!("//*[self::button or self::a][normalize-space()='{label}']");
        let button = self.client.find(Locator::XPath(&path)).await.unwrap_or_else(|_| panic!("no button {label}"));
        self.ask("document.documentElement.dataset.old = 1").await;
        button.click().await.unwrap();
        self.next_page().await;
    }

    async fn next_page(&self) {
        for _ in 0..100 {
            let fresh = "return !document.documentElement.dataset.old && document.readyState == 'complete'";
            if self.client.execute(fresh, vec![]).await.is_ok_and(|answer| answer == true) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no next page came");
    }

    /// Presses keys where the focus is; after Enter, waits for the next page.
    pub(crate) async fn keys(&self, keys: &str) {
        self.ask("document.documentElement.dataset.old = 1").await;
        self.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
        if keys.ends_with('\u{e007}') {
            self.next_page().await;
        }
    }

    /// Goes on with Tab until an element has the focus, and sees to it that the focus shows.
    pub(crate) async fn tab_to(&self, css: &str) {
        for _ in 0..20 {
            let tab: char = Key::Tab.into();
            self.client.active_element().await.unwrap().send_keys(&tab.to_string()).await.unwrap();
            if self.ask(&format!("return document.activeElement.matches('{css}')")).await == true {
                let outline = self.ask("return getComputedStyle(document.activeElement).outlineStyle").await;
                assert_ne!(outline, "none", "the focus on {css} cannot be seen");
                return;
            }
        }
        panic!("no way to {css} with the Tab key");
    }

    pub(crate) async fn narrow(&self) {
        self.client.set_window_size(320, 640).await.unwrap();
        let page = json!({ "width": 320, "height": 640, "deviceScaleFactor": 1, "mobile": true });
        self.devtools("Emulation.setDeviceMetricsOverride", &page).await;
    }

    /// What every page has to stand, by day and by night: names for its fields and buttons, a title, one main heading,
    /// a language, and contrast as WCAG 2 AA wants it. Keeps a picture when `OPP_SANDBOX_SHOTS` names a folder.
    pub(crate) async fn look(&self, name: &str) {
        for scheme in ["light", "dark"] {
            let feature = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
            self.devtools("Emulation.setEmulatedMedia", &feature).await;
            let night = self.ask("return matchMedia('(prefers-color-scheme: dark)').matches").await;
            assert_eq!(night, scheme == "dark");
            let complaints = self.ask(include_str!("look.js")).await;
            assert_eq!(complaints, json!([]), "{name}, {scheme}");
            if let Ok(folder) = std::env::var("OPP_SANDBOX_SHOTS") {
                std::fs::create_dir_all(&folder).unwrap();
                let picture = self.client.screenshot().await.unwrap();
                std::fs::write(format!("{folder}/{name}-{scheme}.png"), picture).unwrap();
            }
        }
    }

    /// Gives the browser a command of Chromium's own.
    pub(crate) async fn devtools(&self, command: &str, parameters: &Value) {
        let command = DevTools(json!({ "cmd": command, "params": parameters }));
        self.client.issue_cmd(command).await.unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.driver.start_kill().ok();
        std::fs::remove_dir_all(&self.profile).ok();
    }
}

fn chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join("chromium")).find(|file| file.is_file())
}

/// Chromium's own extension of `WebDriver`.
#[derive(Debug)]
struct DevTools(Value);

impl fantoccini::wd::WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.0.to_string()))
    }
}
