//! The demo in a real browser: a headless Chromium, driven over `WebDriver`, with the accessibility rules of axe on
//! every page, by day and by night.
//!
//! Needs `chromium` and `chromedriver`, and axe in `target/tools`, where `cargo xtask test browser` puts it. Without them
//! the suite says loudly that it was skipped; with `CI=true` it fails.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test fails by panicking")]

#[path = "../../opp-sandbox/tests/browser/mod.rs"]
#[allow(dead_code, reason = "the sandbox's own suite uses more of it")]
mod browser;
mod common;
mod page;

use common::{House, Visitor};
use opp_sandbox::{Caprice, Rule};
use page::Guest;

/// Enter, as a key.
const ENTER: &str = "\u{e007}";

/// Runs a test in a browser of its own, or says that there is none.
macro_rules! in_browser {
    ($house:ident, $guest:ident, $body:block) => {
        let $house = House::start().await;
        let Some($guest) = Guest::start($house.url()).await else { return };
        $body
        $guest.browser.stop().await;
    };
}

#[tokio::test]
async fn a_guest_signs_with_a_moving_code_and_sees_accounts_and_charts() {
    in_browser!(house, guest, {
        guest.open("/").await;
        guest.look("banks").await;
        guest.browser.type_into("#q", "seb").await;
        guest.browser.press("Search").await;
        assert!(guest.main().await.contains("No bank is called that"));
        guest.open("/?country=FI").await;
        assert!(!guest.main().await.contains("Swedbank"));
        house.remark("createConsent", "Your agreement with us ends in June.");
        guest.open("/banks/ESSESESS").await;
        guest.look("permission").await;
        guest.browser.press("Go on and sign").await;
        guest.until("main", "Sign with BankID").await;
        guest.look("code").await;
        let code = "return document.querySelector('[data-picture]').innerHTML";
        let first = guest.browser.ask(code).await;
        assert_eq!(guest.browser.text("[data-left]").await, "10:00");
        house.pass(1);
        guest.until("[data-left]", "9:59").await;
        guest.wait_for(&format!("return document.querySelector('[data-picture]').innerHTML !== {first}")).await;

        house.phone("approve").await;
        guest.until("h1", "Signed").await;
        assert!(guest.main().await.contains("remarks: Your agreement with us ends in June."));
        guest.look("signed").await;
        guest.browser.press("See your accounts").await;
        assert!(guest.main().await.contains("SE37 5000 0000 0544 0004 7881"));
        guest.look("accounts").await;
        guest.browser.press("Lönekonto").await;
        let charts = guest.browser.ask("return document.querySelectorAll('svg[role=img]').length").await;
        assert_eq!(charts, 2);
        guest.browser.ask("document.querySelector('details').open = true").await;
        guest.look("transactions").await;
        guest.browser.press("Older").await;
        assert!(guest.main().await.contains("Page 2 of"));
        guest.open("/consents").await;
        guest.browser.ask("document.querySelector('details').open = true").await;
        guest.look("permissions").await;
    });
}

#[tokio::test]
async fn a_guest_signs_at_the_banks_page_and_comes_back() {
    in_browser!(house, guest, {
        guest.open("/banks/OKOYFIHH").await;
        guest.browser.press("Go on and sign").await;
        guest.look("way").await;
        guest.browser.press("Go on to OP Ryhmä").await;
        assert!(guest.browser.url().await.starts_with(house.demo.sandbox().unwrap().auth_url()));
        guest.browser.type_into("#secret", "123456").await;
        guest.browser.press("Sign in").await;
        guest.browser.press("Approve").await;
        assert!(guest.browser.url().await.starts_with(&format!("{}/sign/", house.url())));
        guest.until("h1", "Signed").await;
        guest.browser.press("See your accounts").await;
        assert!(guest.main().await.contains("EUR"));
    });
}

#[tokio::test]
async fn a_guest_who_declines_is_told_so_and_can_try_again() {
    in_browser!(house, guest, {
        guest.open("/banks/NDEAFIHH").await;
        guest.browser.press("Go on and sign").await;
        guest.browser.press("Go on to Nordea Bank Abp").await;
        guest.browser.press("Decline").await;
        guest.until("h1", "It was not signed").await;
        assert!(guest.main().await.contains("It was declined. Nothing has happened."));
        guest.look("declined").await;

        guest.open("/banks/ESSESESS").await;
        guest.browser.press("Go on and sign").await;
        guest.until("main", "Sign with BankID").await;
        house.phone("reject").await;
        guest.until("h1", "It was not signed").await;
        guest.browser.press("Try again").await;
        assert!(guest.browser.url().await.ends_with("/banks/ESSESESS"));
    });
}

#[tokio::test]
async fn time_runs_out_and_the_guest_signs_again() {
    in_browser!(house, guest, {
        guest.open("/banks/ESSESESS").await;
        guest.browser.press("Go on and sign").await;
        guest.until("main", "Sign with BankID").await;
        // BankID waits for half a minute to be opened.
        house.pass(40);
        guest.until("main", "BankID was not opened in time").await;
        guest.browser.press("Sign again").await;
        guest.until("main", "Sign with BankID").await;
        house.phone("approve").await;
        guest.until("h1", "Signed").await;
    });
}

#[tokio::test]
async fn a_signature_survives_a_restart_while_the_page_is_open() {
    in_browser!(house, guest, {
        guest.open("/banks/SWEDSESS").await;
        guest.browser.press("Go on and sign").await;
        guest.until("main", "Log in with BankID").await;
        let house = house.restart().await;
        house.phone("approve").await;
        guest.until("main", "Sign with BankID").await;
        house.phone("approve").await;
        guest.until("h1", "Signed").await;
    });
}

#[tokio::test]
async fn a_guest_at_the_bank_comes_back_to_a_demo_that_was_restarted() {
    in_browser!(house, guest, {
        guest.open("/banks/OKOYFIHH").await;
        guest.browser.press("Go on and sign").await;
        guest.browser.press("Go on to OP Ryhmä").await;
        let house = house.restart().await;
        guest.browser.type_into("#secret", "123456").await;
        guest.browser.press("Sign in").await;
        guest.browser.press("Approve").await;
        guest.until("h1", "Signed").await;
        drop(house);
    });
}

#[tokio::test]
async fn two_guests_sign_side_by_side() {
    in_browser!(house, anna, {
        let Some(bo) = Guest::start(house.url()).await else { return };
        for guest in [&anna, &bo] {
            guest.open("/banks/OKOYFIHH").await;
            guest.browser.press("Go on and sign").await;
        }
        anna.browser.press("Go on to OP Ryhmä").await;
        anna.browser.type_into("#secret", "123456").await;
        anna.browser.press("Sign in").await;
        anna.browser.press("Approve").await;
        anna.until("h1", "Signed").await;
        bo.until("main", "Go on at your bank").await;
        bo.open("/accounts").await;
        assert!(bo.main().await.contains("You have not opened a bank yet"));
        bo.browser.stop().await;
    });
}

#[tokio::test]
async fn the_back_button_shows_what_is_and_pays_nothing_twice() {
    in_browser!(house, guest, {
        let account = guest.with_bank(&house).await;
        guest.open(&account.replacen("/accounts", "/pay", 1)).await;
        guest.fill_in_order().await;
        guest.browser.press("Look it over").await;
        guest.browser.press("Send to the bank and sign").await;
        guest.until("main", "Log in with BankID").await;
        guest.back().await;
        guest.until("main", "has been sent already").await;
        guest.look("sent").await;
        guest.open("/pay").await;
        assert!(guest.main().await.contains("Waits for your signature"));
        assert_eq!(house.calls("POST", "/payments/domestic"), 1);
    });
}

#[tokio::test]
async fn a_guest_pays_and_follows_the_payment() {
    in_browser!(house, guest, {
        let account = guest.with_bank(&house).await;
        guest.open("/pay").await;
        guest.look("pay").await;
        guest.open(&account.replacen("/accounts", "/pay", 1)).await;
        guest.look("order").await;
        guest.browser.press("Look it over").await;
        assert!(guest.main().await.contains("Something is missing or not right"));
        guest.look("order-wrong").await;
        guest.browser.type_into("#amount", "nothing").await;
        guest.browser.type_into("#name", "Anna Åkesson").await;
        // What is wrong is said before anything is sent.
        guest.until("#amount-wrong", "Write an amount").await;
        guest.fill_in_order().await;
        guest.until_not("#amount-wrong", "Write an amount").await;
        guest.browser.press("Look it over").await;
        assert!(guest.main().await.contains("249.50"));
        guest.look("confirm").await;
        guest.browser.press("Send to the bank and sign").await;
        guest.until("main", "Log in with BankID").await;
        house.phone("approve").await;
        house.pass(2);
        guest.until("main", "Open the BankID app").await;
        house.phone("approve").await;
        guest.until("h1", "Signed").await;
        guest.browser.press("Follow the payment").await;
        house.pass(10);
        guest.until("main", "The money has left your account").await;
        guest.look("payment").await;
    });
}

#[tokio::test]
async fn the_keyboard_is_enough() {
    in_browser!(house, guest, {
        guest.open("/").await;
        guest.browser.tab_to(".skip").await;
        guest.browser.tab_to("a[href$=ESSESESS]").await;
        guest.browser.keys(ENTER).await;
        guest.browser.tab_to("#person").await;
        guest.browser.tab_to("button.main").await;
        guest.browser.keys(ENTER).await;
        guest.until("main", "Sign with BankID").await;
        house.phone("approve").await;
        guest.until("h1", "Signed").await;
        guest.browser.tab_to(".button.main").await;
        guest.browser.keys(ENTER).await;
        guest.browser.tab_to(".accounts a").await;
        guest.browser.keys(ENTER).await;
        assert!(guest.main().await.contains("Transactions"));
    });
}

#[tokio::test]
async fn troubles_and_empty_pages_can_be_read_by_everybody() {
    in_browser!(house, guest, {
        for (path, name) in [("/accounts", "accounts-none"), ("/consents", "permissions-none"), ("/pay", "pay-none")] {
            guest.open(path).await;
            guest.look(name).await;
        }
        guest.open("/nowhere").await;
        guest.look("nowhere").await;
        guest.with_bank(&house).await;
        let caprices = vec![Caprice::RateLimit { retry_after: None }];
        house.control().add_caprice(Rule { caprices, ..Rule::default() });
        guest.open("/accounts").await;
        assert!(guest.main().await.contains("Wait a while before you try again"));
        guest.look("accounts-trouble").await;
    });
}

#[tokio::test]
async fn pages_fit_a_small_phone() {
    in_browser!(house, guest, {
        let account = guest.with_bank(&house).await;
        guest.browser.narrow().await;
        let order = account.replacen("/accounts", "/pay", 1);
        for path in ["/", "/banks/SWEDSESS", "/accounts", &account, "/consents", "/pay", &order] {
            guest.open(path).await;
            let wider = guest.browser.ask("return document.documentElement.scrollWidth - window.innerWidth").await;
            assert!(wider.as_i64().unwrap() <= 0, "{path} scrolls sideways by {wider}");
        }
    });
}

#[tokio::test]
async fn a_page_moves_on_without_scripts_too() {
    let house = House::start().await;
    let visitor = Visitor::new(house.url());
    let page = visitor.ask("ESSESESS", "qr").await;
    let shown = visitor.until(&page, "QR code").await;
    assert!(shown.contains("<noscript><meta http-equiv=\"refresh\"") && shown.contains("<svg"), "{shown}");
    assert!(shown.contains("Time left: <span data-left aria-live=\"off\">10:00"), "{shown}");
}
