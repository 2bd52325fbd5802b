//! What the demo promises to browsers, banks and strangers, looked at without a browser.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{House, Visitor, between, location, plain};
use opp_demo::{Demo, Settings};
use opp_sandbox::{Caprice, Rule};
use reqwest::{Client, Method, StatusCode, redirect};

#[tokio::test]
async fn pages_load_nothing_from_elsewhere_and_are_kept_nowhere() {
    let house = House::start().await;
    let answer = Visitor::new(house.url()).get("/").await;
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    let policy = header("content-security-policy");
    for part in ["default-src 'none'", "script-src 'self'", "form-action 'self'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(header("cache-control"), "no-store");
    let page = plain(&answer.text().await.unwrap());
    assert!(!page.contains("src=\"http") && !page.contains("style=\""), "{page}");
}

#[tokio::test]
async fn the_one_script_is_no_longer_than_the_readme_says() {
    let house = House::start().await;
    let visitor = Visitor::new(house.url());
    let page = plain(&visitor.text("/").await);
    assert_eq!(page.matches("<script").count(), 1, "{page}");
    let lines = visitor.text("/app.js").await.lines().count();
    assert!(lines <= 60, "{lines} lines: correct the README");
}

#[tokio::test]
async fn a_port_that_nobody_asked_for_is_replaced_if_it_is_taken() {
    let (house, folder) = (House::start().await, tempfile::tempdir().unwrap());
    let mut settings = Settings::new(folder.path());
    (settings.port, settings.port_is_wanted) = (house.demo.port(), false);
    let other = Demo::start(settings).await.unwrap();
    assert_ne!(other.port(), house.demo.port());
    Visitor::new(other.url()).text("/").await;
}

#[tokio::test]
async fn another_name_of_the_machine_leads_to_the_one_address() {
    let house = House::start().await;
    let other = house.url().replace("localhost", "127.0.0.1");
    let http = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
    let answer = http.get(format!("{other}/accounts?x=1")).send().await.unwrap();
    assert_eq!(location(&answer), Some(format!("{}/accounts?x=1", house.url())));
    let answer = http.post(format!("{other}/forget")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn a_form_without_the_guests_token_does_nothing() {
    let house = House::start().await;
    let (anna, bo) = (Visitor::new(house.url()), Visitor::new(house.url()));
    let stolen = bo.token().await;
    anna.token().await;
    for token in ["", "0", stolen.as_str()] {
        let form = [("person", "199311219639"), ("days", "90"), ("way", "qr"), ("token", token)];
        let answer = anna.send(Method::POST, "/banks/ESSESESS", Some(&form)).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    }
    assert_eq!(house.calls("POST", "/consents"), 0);
}

#[tokio::test]
async fn a_form_that_is_not_filled_in_says_where() {
    let house = House::start().await;
    let visitor = Visitor::new(house.url());
    let answer = visitor.post("/banks/ESSESESS", &[("person", " "), ("days", "7"), ("way", "pigeon")]).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = answer.text().await.unwrap();
    for part in ["Say who you are", "Choose for how long", "Choose how you want to sign", "aria-invalid"] {
        assert!(page.contains(part), "{part} in {page}");
    }
}

/// Goes to the bank and says yes there; gives the path to come back to.
async fn approved(page: &str) -> String {
    let link = between(&plain(page), "class=\"button main\" href=\"", "\"").unwrap();
    let http = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
    let answer = http.post(link).form(&[("decision", "approve")]).send().await.unwrap();
    let back = location(&answer).unwrap();
    back[back.find("/callback").unwrap()..].to_owned()
}

#[tokio::test]
async fn a_callback_counts_once_and_for_whoever_was_sent() {
    let house = House::start().await;
    let (anna, bo) = (Visitor::new(house.url()), Visitor::new(house.url()));
    let page = anna.ask("OKOYFIHH", "bank").await;
    let back = approved(&anna.until(&page, "Go on to").await).await;
    let own = bo.ask("OKOYFIHH", "bank").await;
    bo.until(&own, "Go on to").await;

    let invented = "/callback?code=x&state=0123456789";
    let mut said = Vec::new();
    for path in [invented, back.replace("state=", "state=0").as_str(), "/callback?state="] {
        let answer = bo.get(path).await;
        said.push((answer.status(), answer.text().await.unwrap()));
    }
    assert_eq!(said[0].0, StatusCode::BAD_REQUEST);
    assert_eq!(said[0], said[1], "strangers learn nothing");

    let answer = anna.get(&back).await;
    assert_eq!(location(&answer), Some(page.clone()));
    anna.until(&page, "See your accounts").await;
    let again = anna.get(&back).await;
    assert_eq!((again.status(), again.text().await.unwrap()), said[0], "used");
    bo.until(&own, "Go on to").await;
}

#[tokio::test]
async fn a_callback_in_anothers_browser_opens_nothing_and_the_right_one_goes_on() {
    let house = House::start().await;
    let (anna, bo) = (Visitor::new(house.url()), Visitor::new(house.url()));
    let page = anna.ask("OKOYFIHH", "bank").await;
    let back = approved(&anna.until(&page, "Go on to").await).await;
    bo.token().await;
    let answer = bo.get(&back).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert!(bo.text("/accounts").await.contains("You have not opened a bank yet"));
    assert_eq!(location(&anna.get(&back).await), Some(page.clone()));
    anna.until(&page, "See your accounts").await;
}

#[tokio::test]
async fn two_guests_never_see_each_others_data() {
    let house = House::start().await;
    let (anna, bo) = (Visitor::new(house.url()), Visitor::new(house.url()));
    let account = anna.open(&house, "ESSESESS").await;
    let signing = anna.ask("ESSESESS", "qr").await;
    for path in [&account, &format!("{account}/transactions.csv"), &signing, &format!("{signing}/events")] {
        assert_eq!(anna.get(path).await.status(), StatusCode::OK, "{path}");
        assert_eq!(bo.get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    for path in [format!("{signing}/cancel"), format!("{signing}/again")] {
        assert_eq!(bo.post(&path, &[]).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    assert!(bo.text("/accounts").await.contains("You have not opened a bank yet"));
    assert!(bo.text("/consents").await.contains("You have given none"));
    anna.until(&signing, "QR code").await;
}

#[tokio::test]
async fn what_goes_wrong_is_said_with_the_id_of_the_call() {
    let house = House::start().await;
    let visitor = Visitor::new(house.url());
    let account = visitor.open(&house, "ESSESESS").await;
    house.control().add_caprice(Rule {
        caprices: vec![Caprice::ConsentExpired],
        operation: Some("getAccountList".to_owned()),
        times: Some(1),
        ..Rule::default()
    });
    let page = visitor.text("/accounts").await;
    assert!(page.contains("no longer accepts the permission") && page.contains("Ask the bank anew"), "{page}");
    let id = between(&page, "<code>", "</code>").unwrap();
    assert_eq!(id.len(), 36, "{id}");
    let answer = visitor.get(&account).await;
    assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
    assert!(answer.text().await.unwrap().contains("Ask the bank anew"));
    assert_eq!(visitor.get("/nowhere").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn transactions_are_searched_turned_over_and_taken_along() {
    let house = House::start().await;
    let visitor = Visitor::new(house.url());
    let account = visitor.open(&house, "ESSESESS").await;
    let page = visitor.text(&format!("{account}?days=365")).await;
    assert!(page.contains("Page 1 of") && page.contains("rel=\"next\""), "{page}");
    assert!(visitor.text(&format!("{account}?days=365&page=2")).await.contains("Page 2 of"));
    assert!(visitor.text(&format!("{account}?q=no+such+shop")).await.contains("0 transactions"));

    let json: serde_json::Value =
        serde_json::from_str(&visitor.text(&format!("{account}/transactions.json?days=365")).await).unwrap();
    let rows = json.as_array().unwrap();
    assert!(rows.len() > 100 && rows[0]["amount"].is_string(), "{}", rows.len());
    let csv = visitor.text(&format!("{account}/transactions.csv?days=365")).await;
    assert_eq!(csv.lines().count(), rows.len() + 1);
    assert!(csv.starts_with("booking_date,value_date,amount,currency,"), "{csv}");
}

#[tokio::test]
async fn what_a_sender_writes_is_no_formula_for_a_spreadsheet() {
    let house = House::start().await;
    let visitor = Visitor::new(house.url());
    let account = visitor.open(&house, "ESSESESS").await;
    let confirm = location(&order(&visitor, &account, "1", "+46 70 174 06 05").await).unwrap();
    let page = location(&visitor.post(&confirm, &[]).await).unwrap();
    visitor.until(&page, "QR code").await;
    house.phone("approve").await;
    house.pass(2);
    visitor.until(&page, "Open the BankID app").await;
    house.phone("approve").await;
    visitor.until(&page, "Follow the payment").await;
    house.pass(10);
    let csv = visitor.text(&format!("{account}/transactions.csv")).await;
    assert!(csv.contains(",'+46 70 174 06 05,"), "{csv}");
    let json = visitor.text(&format!("{account}/transactions.json")).await;
    assert!(json.contains("\"+46 70 174 06 05\""), "a program gets what was written: {json}");
}

#[tokio::test]
async fn a_permission_is_taken_back_at_the_bank() {
    let house = House::start().await;
    let visitor = Visitor::new(house.url());
    visitor.open(&house, "ESSESESS").await;
    let page = plain(&visitor.text("/consents").await);
    assert!(page.contains("91 days left"), "{page}");
    let action = between(&page, "action=\"", "\"").unwrap();
    assert_eq!(location(&visitor.post(&action, &[]).await).as_deref(), Some("/consents"));
    assert_eq!(house.calls("DELETE", "/consents/"), 1);
    assert!(visitor.text("/consents").await.contains("You have given none"));
}

#[tokio::test]
async fn a_permission_that_waits_for_another_signer_is_not_called_open() {
    let house = House::start().await;
    let visitor = Visitor::new(house.url());
    let page = visitor.ask_as("99990101002", "HANDSESS", "qr").await;
    visitor.until(&page, "Signed by you").await;
    assert!(visitor.text("/consents").await.contains("perhaps somebody else has to sign"));
    assert!(visitor.text("/accounts").await.contains("You have not opened a bank yet"));
}

#[tokio::test]
async fn a_guest_is_known_after_a_restart_and_can_be_forgotten() {
    let house = House::start().await;
    let visitor = Visitor::new(house.url());
    let account = visitor.open(&house, "ESSESESS").await;
    let house = house.restart().await;
    assert!(visitor.text(&account).await.contains("Transactions"));
    visitor.post("/forget", &[]).await;
    assert_eq!(visitor.get(&account).await.status(), StatusCode::NOT_FOUND);
    drop(house);
}

#[tokio::test]
async fn after_a_crash_the_simulated_bank_knows_no_permission_and_a_new_one_is_offered() {
    let house = House::start().await;
    let visitor = Visitor::new(house.url());
    visitor.open(&house, "ESSESESS").await;
    let house = house.crash().await;
    let page = visitor.text("/accounts").await;
    assert!(page.contains("no longer accepts the permission") && page.contains("Ask the bank anew"), "{page}");
    drop(house);
}

#[tokio::test]
async fn what_is_forgotten_is_in_no_file_any_more() {
    let house = House::start().await;
    let visitor = Visitor::new(house.url());
    let account = visitor.open(&house, "ESSESESS").await;
    order(&visitor, &account, "12.50", "Lunch").await;
    assert!(house.keeps("199311219639") && house.keeps("Anna"), "or this test looks at nothing");
    visitor.post("/forget", &[]).await;
    assert!(!house.keeps("199311219639") && !house.keeps("Anna"));
}

#[tokio::test]
async fn a_guest_changes_to_the_app_on_the_same_device() {
    let house = House::start().await;
    let visitor = Visitor::new(house.url());
    let page = visitor.ask("ESSESESS", "qr").await;
    visitor.until(&page, "QR code").await;
    let answer = visitor.post(&format!("{page}/again"), &[("other_device", "1")]).await;
    let page = location(&answer).unwrap();
    let shown = plain(&visitor.until(&page, "Open BankID").await);
    let back = format!("redirect={}", house.url().replace(':', "%3A").replace('/', "%2F"));
    assert!(shown.contains("https://app.bankid.com/?autostarttoken=") && shown.contains(&back), "{shown}");
    house.phone("approve").await;
    visitor.until(&page, "See your accounts").await;
}

#[tokio::test]
async fn an_invoice_is_paid_to_its_giro() {
    let house = House::start().await;
    let visitor = Visitor::new(house.url());
    let account = visitor.open(&house, "SWEDSESS").await;
    let form =
        [("kind", "bankgiro"), ("to", "991-2346"), ("name", "Elbolaget"), ("amount", "845"), ("ocr", "1234567897")];
    let answer = visitor.post(&account.replacen("/accounts", "/pay", 1), &form).await;
    let confirm = location(&answer).unwrap_or_else(|| panic!("{answer:?}"));
    assert!(visitor.text(&confirm).await.contains("1234567897"));
    let page = location(&visitor.post(&confirm, &[]).await).unwrap();
    for _ in 0..3 {
        visitor.until(&page, "QR code").await;
        house.phone("approve").await;
    }
    let shown = plain(&visitor.until(&page, "Follow the payment").await);
    let payment = format!("/payments/{}", between(&shown, "href=\"/payments/", "\"").unwrap());
    house.pass(10);
    visitor.until(&payment, "The money has left your account").await;
}

#[tokio::test]
async fn a_bank_that_wants_national_numbers_gets_them() {
    let house = House::start().await;
    let visitor = Visitor::new(house.url());
    let account = visitor.open(&house, "HANDSESS").await;
    let path = account.replacen("/accounts", "/pay", 1);
    let form = [("kind", "account"), ("to", "401975231"), ("name", "Anna Åkesson"), ("amount", "10")];
    let refused = visitor.post(&path, &form).await;
    assert!(refused.text().await.unwrap().contains("wants the payee&#x27;s clearing number"));
    let form: Vec<_> = form.into_iter().chain([("clearing", "1000")]).collect();
    let confirm = location(&visitor.post(&path, &form).await).unwrap();
    let page = location(&visitor.post(&confirm, &[]).await).unwrap();
    visitor.until(&page, "Follow the payment").await;
}

/// Fills in a transfer between the guest's own accounts; gives the answer.
async fn order(visitor: &Visitor, account: &str, amount: &str, message: &str) -> reqwest::Response {
    let path = account.replacen("/accounts", "/pay", 1);
    let to = [("to", "SE2550000000054400047903"), ("kind", "account"), ("name", "Anna Åkesson")];
    let form: Vec<_> = to.into_iter().chain([("amount", amount), ("message", message)]).collect();
    visitor.post(&path, &form).await
}

#[tokio::test]
async fn an_order_is_checked_while_it_is_filled_in_and_when_it_is_sent() {
    let house = House::start().await;
    let visitor = Visitor::new(house.url());
    let account = visitor.open(&house, "ESSESESS").await;
    let path = account.replacen("/accounts", "/pay", 1);
    let form = [("kind", "bankgiro"), ("to", "991-2345"), ("amount", "-1"), ("ocr", "123"), ("day", "2020-01-01")];
    let answer = visitor.post(&format!("{path}/check"), &form).await.text().await.unwrap();
    let wrong: serde_json::Value = serde_json::from_str(&answer).unwrap();
    for field in ["to", "amount", "ocr", "name"] {
        assert!(wrong[field].is_string(), "{field} in {wrong}");
    }
    let answer = order(&visitor, &account, "12.345", "Lunch").await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().await.unwrap().contains("Write an amount in SEK"));
}

#[tokio::test]
async fn an_order_is_sent_once_however_often_it_is_confirmed() {
    let house = House::start().await;
    let visitor = Visitor::new(house.url());
    let account = visitor.open(&house, "ESSESESS").await;
    let confirm = location(&order(&visitor, &account, "249,50", "Lunch").await).unwrap();
    assert!(visitor.text(&confirm).await.contains("249.50"));
    let (one, other) = tokio::join!(visitor.post(&confirm, &[]), visitor.post(&confirm, &[]));
    let went_on = [&one, &other].into_iter().filter_map(location).filter(|path| path.starts_with("/sign/"));
    assert_eq!(went_on.count(), 1, "{one:?} {other:?}");
    assert_eq!(visitor.post(&confirm, &[]).await.status(), StatusCode::GONE);
    assert_eq!(house.calls("POST", "/payments/domestic"), 1);
}

#[tokio::test]
async fn a_payment_whose_answer_is_lost_is_not_called_failed() {
    let house = House::start().await;
    let visitor = Visitor::new(house.url());
    let account = visitor.open(&house, "ESSESESS").await;
    let confirm = location(&order(&visitor, &account, "12.50", "Lunch").await).unwrap();
    house.control().add_caprice(Rule {
        caprices: vec![Caprice::Reset { done: true }],
        operation: Some("initiatePayment".to_owned()),
        times: Some(1),
        ..Rule::default()
    });
    let answer = visitor.post(&confirm, &[]).await;
    let page = plain(&answer.text().await.unwrap());
    assert!(page.contains("It is not known what happened"), "{page}");
    let payment = between(&page, "class=\"button main\" href=\"", "\"").unwrap();
    let page = visitor.text(&payment).await;
    assert!(page.contains("It is not known whether this was sent") && page.contains("<code>"), "{page}");
}
