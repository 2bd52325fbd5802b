//! What commands do beside printing: exit codes, secrets from standard input, where things are kept.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Platform, Run, run};
use opp_cli::Exit;
use opp_sandbox::{Caprice, Config, Rule, Sandbox, Tls};

const CREATE: &str = "consent create --bank ESSESESS --app --until 2031-04-01";

fn caprice(platform: &Platform, operation: &str, caprice: Caprice) {
    let rule = Rule { caprices: vec![caprice], operation: Some(operation.to_owned()), ..Rule::default() };
    platform.sandbox.control().add_caprice(rule);
}

/// A profile for the platform, made from standard input.
fn login(platform: &Platform, secret: &str) -> Run {
    let (auth, api) = (platform.sandbox.auth_url(), platform.sandbox.api_url());
    let id = &platform.sandbox.application().client_id;
    let line = format!("login mine --client-id {id} --auth-url {auth} --api-url {api} --bank ESSESESS");
    platform.run(&line, &format!("{secret}\n"))
}

#[test]
fn a_secret_comes_from_standard_input_and_is_tried_before_it_is_kept() {
    let platform = Platform::start();
    let wrong = login(&platform, "wrong");
    assert_eq!(wrong.exit, Exit::Denied, "{}", wrong.err);
    assert!(wrong.err.contains("the credentials do not work") && !platform.folder.path().join("secrets").exists());
    let nowhere = platform.run("login mine --client-id id --redirect-uri localhost/back", "secret\n");
    assert_eq!(nowhere.exit, Exit::Usage, "{}", nowhere.err);
    let missing = login(&platform, "");
    assert_eq!(missing.exit, Exit::Usage, "{}", missing.err);

    let secret = platform.sandbox.application().client_secret.clone();
    login(&platform, &secret).ok();
    let shown = platform.run("profile show mine --json", "").ok() + &platform.run("profile list", "").ok();
    assert!(shown.contains("ESSESESS") && !shown.contains(&secret), "{shown}");
    let settings = std::fs::read_to_string(platform.folder.path().join("profiles.toml")).unwrap();
    assert!(!settings.contains(&secret), "{settings}");
    assert!(platform.run("banks --profile mine", "").ok().contains("ESSESESS"));
}

#[cfg(unix)]
#[test]
fn a_secret_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let platform = Platform::start();
    login(&platform, &platform.sandbox.application().client_secret).ok();
    let file = platform.folder.path().join("secrets/mine.json");
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let refusal = platform.run("banks --profile mine", "");
    assert_eq!(refusal.exit, Exit::Error);
    assert!(refusal.err.contains("can be read by others"), "{}", refusal.err);
}

#[test]
fn variables_are_enough_for_a_job() {
    let platform = Platform::start();
    let mut variables = platform.variables();
    variables.remove("OPP_SANDBOX");
    let application = platform.sandbox.application();
    for (name, value) in [
        ("OPP_CLIENT_ID", application.client_id.as_str()),
        ("OPP_CLIENT_SECRET", application.client_secret.as_str()),
        ("OPP_AUTH_URL", platform.sandbox.auth_url()),
        ("OPP_API_URL", platform.sandbox.api_url()),
    ] {
        variables.insert(name.to_owned(), value.to_owned());
    }
    assert!(run("banks", &variables, "").ok().contains("ESSESESS"));
    variables.insert("OPP_ENVIRONMENT".to_owned(), "production".to_owned());
    let refusal = run("banks", &variables, "");
    assert_eq!(refusal.exit, Exit::Usage);
    assert!(refusal.err.contains("--live"), "{}", refusal.err);
}

#[test]
fn each_end_has_its_exit_code() {
    let platform = Platform::start();
    // Nobody knows whether it was done.
    caprice(&platform, "createConsent", Caprice::Reset { done: true });
    let lost = platform.run(CREATE, "");
    assert_eq!(lost.exit, Exit::Unknown, "{}", lost.err);
    assert!(lost.err.contains("/psd2/consent/v1/consents"), "{}", lost.err);
    platform.sandbox.control().clear_caprices();

    for person in ["99990109001", "99990101005"] {
        let refused =
            platform.run(&format!("consent create --bank SWEDSESS --app --psu {person} --until 2031-04-01"), "");
        assert_eq!(refused.exit, Exit::Denied, "{}", refused.err);
    }

    platform.run(&format!("{CREATE} --once"), "").ok();
    platform.run("accounts --unattended", "").ok();
    let second = platform.run("accounts --unattended", "");
    assert_eq!(second.exit, Exit::Exhausted, "a consent for once is read once: {}", second.err);

    caprice(&platform, "getAccountList", Caprice::ConsentExpired);
    let expired = platform.run("accounts", "");
    assert_eq!(expired.exit, Exit::Denied, "{}", expired.err);
    assert!(expired.err.contains("opp consent renew"), "{}", expired.err);
    // It is known from now on, without asking.
    assert!(platform.run("consent list --csv", "").ok().contains("expired"));
}

#[test]
fn a_mistake_in_the_profiles_is_named_by_its_line_and_not_repeated() {
    let platform = Platform::start();
    for (text, line) in [("[profiles.mine]\nclient_id = 7\n", 2), ("\n[profiles.mine]\n\nPsu = \"199311219639\"\n", 4)]
    {
        std::fs::write(platform.folder.path().join("profiles.toml"), text).unwrap();
        let refused = platform.run("profile list", "");
        assert_eq!(refused.exit, Exit::Error, "{}", refused.err);
        assert!(refused.err.contains(&format!("profiles.toml, line {line}: ")), "{text}{}", refused.err);
        assert!(!refused.err.contains("199311219639"), "{}", refused.err);
    }
}

#[test]
fn a_consent_is_found_by_the_beginning_of_its_id_and_given_back() {
    let platform = Platform::start();
    let id = platform.run(&format!("{CREATE} --csv"), "").ok();
    let id = id.lines().nth(1).unwrap().split(',').next().unwrap().to_owned();
    let begin = &id[..6];
    assert!(platform.run(&format!("consent show {begin}"), "").ok().contains(&id));
    assert!(platform.run(&format!("accounts --consent {begin}"), "").ok().contains("Lönekonto"));
    let renewed = platform.run(&format!("consent renew {begin} --csv"), "").ok();
    assert!(!renewed.contains(&id), "{renewed}");
    assert!(!platform.run("consent list --csv", "").ok().contains(&id), "the old one is given back");
    let new = renewed.lines().nth(1).unwrap().split(',').next().unwrap();
    platform.run(&format!("consent delete {new}"), "").ok();
    assert_eq!(platform.run("accounts", "").exit, Exit::Denied);
}

#[test]
fn the_demonstration_takes_less_than_ten_seconds_and_asks_nobody() {
    let platform = Platform::start();
    let start = std::time::Instant::now();
    let shown = platform.run("demo", "");
    assert_eq!(shown.exit, Exit::Ok, "{}", shown.err);
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    for call in ["GET /psd2/aspspinformation", "POST /psd2/consent", "PUT /psd2/consent", "/transactions?", "DELETE "] {
        assert!(shown.err.contains(call), "{call} is missing:\n{}", shown.err);
    }
    assert!(platform.run("consent list --csv", "").ok().lines().count() == 1, "it keeps nothing");
}

#[test]
fn each_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    run(&format!("man --all {}", folder.path().display()), &std::collections::BTreeMap::new(), "").ok();
    for page in ["opp.1", "opp-consent-create.1", "opp-transactions.1"] {
        let text = std::fs::read_to_string(folder.path().join(page)).unwrap();
        assert!(text.contains(".SH SYNOPSIS"), "{page}: {text}");
    }
}

#[test]
fn production_wants_a_certificate_and_says_how_to_give_it() {
    let platform = Platform::start();
    let refusal = platform.run("login live --client-id id --environment production", "secret\n");
    assert_eq!(refusal.exit, Exit::Usage, "{}", refusal.err);
    assert!(refusal.err.contains("--certificate"), "{}", refusal.err);
}

#[test]
fn production_is_announced_before_anything_is_done_there() {
    let platform = Platform::start();
    let variables = platform.elsewhere(&[
        ("OPP_CLIENT_ID", "id"),
        ("OPP_CLIENT_SECRET", "secret"),
        ("OPP_ENVIRONMENT", "production"),
        ("OPP_CERTIFICATE", "/nowhere.pem"),
    ]);
    let run = run("banks --live", &variables, "");
    assert!(run.err.starts_with("Production: real banks.") && run.err.contains("/nowhere.pem"), "{}", run.err);
}

#[test]
fn nothing_secret_or_personal_is_told_even_with_all_details() {
    let platform = Platform::start();
    // A process of its own, since what is logged goes past the streams of the library.
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_opp"));
    let line = "consent create --bank SWEDSESS --app --psu 199311219639 --until 2031-04-01 -vv";
    let output = command.args(line.split(' ')).envs(platform.variables()).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap() + &String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("Signed") && told.contains("createConsent"), "{told}");
    for hidden in ["199311219639", "127.0.0.1;", "Bearer ", platform.sandbox.application().client_secret.as_str()] {
        assert!(!told.contains(hidden), "{hidden} is told: {told}");
    }
}

#[test]
fn an_authority_of_the_network_is_trusted_if_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let tls = Some(Tls { folder: folder.path().to_owned() });
    let platform = Platform { sandbox: Sandbox::start(Config { tls, ..Config::default() }).unwrap(), folder };
    let (files, application) = (platform.sandbox.certificates().unwrap(), platform.sandbox.application());
    let path = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let (certificate, authority) = (path(&files.client_pkcs12), path(&files.authority));
    let own = [
        ("OPP_CLIENT_ID", application.client_id.as_str()),
        ("OPP_CLIENT_SECRET", application.client_secret.as_str()),
        ("OPP_AUTH_URL", platform.sandbox.auth_url()),
        ("OPP_API_URL", platform.sandbox.api_url()),
        ("OPP_CERTIFICATE", &certificate),
        ("OPP_CERTIFICATE_PASSWORD", files.password),
    ];
    let mut variables = platform.elsewhere(&own);
    assert_eq!(run("banks", &variables, "").exit, Exit::Error);
    variables.insert("OPP_AUTHORITY".into(), authority);
    assert!(run("banks", &variables, "").ok().contains("ESSESESS"));
    variables.insert("OPP_AUTHORITY".into(), "/nowhere.pem".into());
    let refused = run("banks", &variables, "");
    assert_eq!(refused.exit, Exit::Usage);
    assert!(refused.err.contains("OPP_AUTHORITY"), "{}", refused.err);
}
