//! A demo in this process, a browser without a screen or scripts, and somebody with a telephone.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(dead_code, unreachable_pub, reason = "each suite uses its part")]

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use opp_demo::{Demo, Platform, Settings};
use opp_sandbox::{Caprice, Rule};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Method, Response, redirect};

/// A demo that keeps its state in a folder of its own.
pub struct House {
    pub demo: Demo,
    folder: tempfile::TempDir,
}

impl House {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::open(folder, |_| {}).await
    }

    /// A demo whose simulated platform lives in another time.
    pub async fn at(time: chrono::DateTime<chrono::Utc>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::open(folder, |settings| {
            if let Platform::Simulated(config) = &mut settings.platform {
                config.start_time = Some(time);
            }
        })
        .await
    }

    /// Ends it, and starts another on the same port with what was kept.
    pub async fn restart(self) -> Self {
        let Self { demo, folder } = self;
        let port = demo.port();
        demo.stop().await.unwrap();
        Self::open(folder, |settings| settings.port = port).await
    }

    /// As if it had been killed: what the simulated platform would have kept at its end is not there.
    pub async fn crash(self) -> Self {
        let Self { demo, folder } = self;
        let port = demo.port();
        demo.stop().await.unwrap();
        std::fs::remove_file(folder.path().join("sandbox.json")).unwrap();
        Self::open(folder, |settings| settings.port = port).await
    }

    /// The platform's clock stands still until a test moves it: a slow machine is no slow guest.
    async fn open(folder: tempfile::TempDir, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::new(folder.path());
        change(&mut settings);
        let house = Self { demo: Demo::start(settings).await.unwrap(), folder };
        house.control().stop_clock();
        house
    }

    /// Lets time go by at the platform.
    pub fn pass(&self, seconds: u64) {
        self.control().advance(Duration::from_secs(seconds));
    }

    pub fn url(&self) -> &str {
        self.demo.url()
    }

    pub fn control(&self) -> &opp_sandbox::Control {
        self.demo.sandbox().unwrap().control()
    }

    /// From now on banks remark this on each good answer to an operation.
    pub fn remark(&self, operation: &str, text: &str) {
        let (caprices, operation) = (vec![Caprice::Remark(text.to_owned())], Some(operation.to_owned()));
        self.control().add_caprice(Rule { caprices, operation, ..Rule::default() });
    }

    /// Whether any file of the store holds a text.
    pub fn keeps(&self, text: &str) -> bool {
        contents(&self.folder.path().join("store")).contains(text)
    }

    /// All files that the demo keeps, with their names.
    pub fn everything_kept(&self) -> String {
        contents(self.folder.path())
    }

    /// How many calls of this method and this part of a path the platform has seen, those that sign apart.
    pub fn calls(&self, method: &str, part: &str) -> usize {
        let calls = self.control().requests();
        let own = |path: &str| path.contains(part) && !path.contains("/authorisations");
        calls.iter().filter(|call| call.method == method && own(&call.path)).count()
    }

    /// Answers for the person with the telephone: `approve` or `reject`, as soon as there is something to answer.
    pub async fn phone(&self, action: &str) {
        let (http, phone) = (Client::new(), format!("{}/bankid", self.demo.sandbox().unwrap().auth_url()));
        for _ in 0..200 {
            let page = http.get(&phone).send().await.unwrap().text().await.unwrap();
            if let Some(round) = between(&page, "name=\"round\" value=\"", "\"") {
                let form = [("round", round.as_str()), ("action", action)];
                let answer = http.post(&phone).form(&form).send().await.unwrap();
                assert!(answer.status().is_success(), "{answer:?}");
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("nothing rings");
    }
}

/// What is in a folder and those below it: names and contents.
fn contents(folder: &Path) -> String {
    let files = std::fs::read_dir(folder).unwrap().filter_map(Result::ok).map(|file| file.path());
    let shown = files.map(|path| {
        let inside = if path.is_dir() {
            contents(&path)
        } else {
            String::from_utf8_lossy(&std::fs::read(&path).unwrap_or_default()).into_owned()
        };
        format!("{}\n{inside}\n", path.display())
    });
    shown.collect()
}

/// A browser without a screen: it keeps its cookie, follows nothing by itself and runs no script.
pub struct Visitor {
    http: Client,
    base: String,
    cookie: Mutex<String>,
}

impl Visitor {
    pub fn new(base: &str) -> Self {
        let http = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        Self { http, base: base.to_owned(), cookie: Mutex::default() }
    }

    /// The value of its cookie.
    pub fn cookie(&self) -> String {
        self.cookie.lock().unwrap().split_once('=').unwrap().1.to_owned()
    }

    pub async fn send(&self, method: Method, path: &str, form: Option<&[(&str, &str)]>) -> Response {
        let request = self.http.request(method, format!("{}{path}", self.base));
        let request = request.header(COOKIE, self.cookie.lock().unwrap().clone()).header("user-agent", "Test");
        let request = match form {
            Some(form) => request.form(form),
            None => request,
        };
        let answer = request.send().await.unwrap();
        if let Some(set) = answer.headers().get(SET_COOKIE) {
            set.to_str().unwrap().split(';').next().unwrap().clone_into(&mut self.cookie.lock().unwrap());
        }
        answer
    }

    pub async fn get(&self, path: &str) -> Response {
        self.send(Method::GET, path, None).await
    }

    pub async fn text(&self, path: &str) -> String {
        let answer = self.get(path).await;
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        text
    }

    /// The token that this visitor's forms carry.
    pub async fn token(&self) -> String {
        between(&self.text("/consents").await, "name=\"token\" value=\"", "\"").unwrap()
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let token = self.token().await;
        let form: Vec<_> = fields.iter().copied().chain([("token", token.as_str())]).collect();
        self.send(Method::POST, path, Some(&form)).await
    }

    /// Asks a bank for a permission; gives the path of the page to sign at.
    pub async fn ask(&self, bank: &str, way: &str) -> String {
        self.ask_as("199311219639", bank, way).await
    }

    pub async fn ask_as(&self, person: &str, bank: &str, way: &str) -> String {
        let form = [("person", person), ("days", "90"), ("way", way)];
        let answer = self.post(&format!("/banks/{bank}"), &form).await;
        location(&answer).unwrap_or_else(|| panic!("{answer:?}"))
    }

    /// Looks at a page until it says something.
    pub async fn until(&self, path: &str, wanted: &str) -> String {
        let mut page = String::new();
        for _ in 0..200 {
            page = self.text(path).await;
            if page.contains(wanted) {
                return page;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{path} never says {wanted}: {page}");
    }

    /// Looks at a page until it says one thing or the other; true for the other.
    async fn either(&self, path: &str, one: &str, other: &str) -> bool {
        for _ in 0..200 {
            let page = self.text(path).await;
            if page.contains(one) || page.contains(other) {
                return page.contains(other);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{path} says neither {one} nor {other}");
    }

    /// Opens a bank from beginning to end; gives the path of its first account.
    pub async fn open(&self, house: &House, bank: &str) -> String {
        let page = self.ask(bank, "qr").await;
        // One bank asks nobody, others once or twice.
        while !self.either(&page, "QR code", "See your accounts").await {
            house.phone("approve").await;
        }
        let accounts = plain(&self.text("/accounts").await);
        let path = between(&accounts, "<a href=\"/accounts/", "\"").unwrap();
        format!("/accounts/{path}")
    }
}

pub fn location(answer: &Response) -> Option<String> {
    Some(answer.headers().get(LOCATION)?.to_str().unwrap().to_owned())
}

/// What stands between two texts, the first time.
pub fn between(text: &str, before: &str, after: &str) -> Option<String> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0.to_owned())
}

/// A page with what was escaped in addresses as it was.
pub fn plain(page: &str) -> String {
    page.replace("&#x2f;", "/").replace("&amp;", "&").replace("&#x27;", "'")
}
