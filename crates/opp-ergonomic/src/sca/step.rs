//! What to show, and how it all ended.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use opp_raw::types::{ChallengeData, ChallengeText, TppMessage2Xx};
use serde::{Deserialize, Serialize};

use super::bankid::AutoStart;
use super::method::{ANIMATED_IMAGE, ANIMATED_TOKEN, Device, Method, SAME_DEVICE};
use crate::reply::Warning;
use crate::secret::{Secret, print_only};

/// What the user is to see now. Draw it whenever it changes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// A QR code with this content.
    ShowQr {
        /// What the code says: give it to `sca::qr` (feature `qr`), or to a library of the page.
        payload: Secret,
        /// Whether it is a frame of an animation: poll once a second, and draw each.
        animated: bool,
        /// What to say.
        prompt: Prompt,
    },
    /// A picture that the bank has made, mostly a QR code.
    ShowImage {
        /// The picture.
        image: Image,
        /// What to say.
        prompt: Prompt,
    },
    /// A link that opens the app on the same device.
    OpenLink {
        /// Links in both forms; the user comes back by the address that you give them.
        start: AutoStart,
        /// What to say.
        prompt: Prompt,
    },
    /// Send the user to this address.
    Redirect {
        /// The address: it has the `state` in it, which is good once.
        url: Secret,
        /// What to say.
        prompt: Prompt,
    },
    /// Let the user choose, and say which with [`Flow::choose`](super::Flow::choose).
    ChooseMethod {
        /// What the bank offers.
        methods: Vec<Method>,
    },
    /// Nothing new to show: what is on the screen is over, or there is something to be waited for.
    Wait {
        /// What to say.
        prompt: Prompt,
    },
    /// It is over.
    Done(Ending),
}

/// What to say to the user.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Prompt {
    /// What it is about, to be put in words of your own.
    pub kind: PromptKind,
    /// What the bank says: show it, as plain text.
    pub message: Option<String>,
}

print_only!(Prompt { kind });

/// What a prompt is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PromptKind {
    /// It is being prepared.
    Prepare,
    /// Log in.
    Authenticate,
    /// Approve a payee that is new to the bank.
    ApproveCreditor,
    /// Sign.
    Sign,
    /// Open the signing app: it has something to sign, and the bank has given nothing to open it with.
    OpenApp,
    /// Go on at the bank.
    AtBank,
    /// Wait for the bank.
    Wait,
    /// What is on the user's screen still holds. A flow that was kept in a store says so, since it does not know what
    /// that is: challenges are not stored.
    GoOn,
}

impl Step {
    pub(super) fn wait(kind: PromptKind) -> Self {
        Self::Wait { prompt: Prompt { kind, message: None } }
    }
}

impl fmt::Display for PromptKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prepare => "One moment.",
            Self::Authenticate => "Log in with BankID.",
            Self::ApproveCreditor => "Approve the payee with BankID.",
            Self::Sign => "Sign with BankID.",
            Self::OpenApp => "Open the BankID app on your telephone.",
            Self::AtBank => "Go on at your bank.",
            Self::Wait => "Waiting for the bank.",
            Self::GoOn => "Go on as shown.",
        })
    }
}

/// A picture from a bank.
#[derive(Debug, Clone, PartialEq)]
pub struct Image(Secret);

impl Image {
    /// Takes a data URI, an address, or the base64 of a PNG: all of them have been seen. `None` for anything else,
    /// which has no place in a page.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.starts_with("data:image/") || text.starts_with("https://") {
            return Some(Self(Secret::from(text)));
        }
        let compact: String = text.chars().filter(|sign| !sign.is_ascii_whitespace()).collect();
        STANDARD.decode(&compact).ok().filter(|bytes| !bytes.is_empty())?;
        Some(Self(Secret::new(format!("data:image/png;base64,{compact}"))))
    }

    /// What goes into the `src` of an `<img>`: a data URI or an `https` address.
    pub fn src(&self) -> &str {
        self.0.expose()
    }
}

/// How it ended. This is about signing and what came of it at once; whether money has moved, [`Standing`] says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Ending {
    /// Signed.
    Finalised(Standing),
    /// The bank waived the signature: a success as well.
    Exempted(Standing),
    /// Refused, broken off, or not possible.
    Failed(Failure),
    /// Nobody was seen to sign in time. Whoever is still at the bank may sign later: read the status of what was to be
    /// signed before it is asked for again.
    Expired,
    /// You have called it off. Whoever was shown something to sign before may sign it all the same: read the status of
    /// what was to be signed before it is asked for again.
    Cancelled,
}

impl Ending {
    /// Whether it was signed, or did not have to be. Look at [`standing`](Self::standing) before anything is shipped.
    pub fn is_success(&self) -> bool {
        self.standing().is_some()
    }

    /// How the consent or payment stood at the end.
    pub fn standing(&self) -> Option<&Standing> {
        match self {
            Self::Finalised(standing) | Self::Exempted(standing) => Some(standing),
            _ => None,
        }
    }
}

/// How a consent or payment stands after the signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Standing {
    /// The consent is valid.
    Valid,
    /// More people have to sign.
    NeedsMoreSigners,
    /// The bank has not followed yet, with the last status that it gave: look again later. `ACTC` is here.
    Open(String),
    /// The bank carries the payment out; it is not paid yet.
    InProgress,
    /// Some of a bulk is accepted.
    Partial,
    /// The money has left the payer's account.
    Paid,
    /// The payment is cancelled, as was asked for.
    Cancelled,
}

/// Why it failed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Failure {
    /// A word to decide by, such as `USER_CANCEL` or the status of what was to be signed.
    pub code: Option<String>,
    /// What the bank says to the user. It is neither printed nor serialised, since it may name anybody: of a flow that
    /// was stored only the code is left.
    #[serde(skip)]
    pub message: Option<String>,
}

print_only!(Failure { code });

impl Failure {
    pub(super) fn code(code: impl Into<String>) -> Self {
        Self { code: Some(code.into()), message: None }
    }

    /// What a bank has said with an answer, which is a failure if its status says so.
    pub(super) fn said(message: Option<&str>, notes: &[TppMessage2Xx]) -> Self {
        let code = notes.iter().find_map(|note| Some(note.code.as_ref()?.as_str().to_owned()));
        Self { code, message: message.map(str::to_owned) }
    }

    /// Whether the same user may try again at once, with a new flow: not without an active BankID or the right to sign
    /// (platform-facts 10), and not while the flow lacks what the bank's page needs.
    pub fn may_try_again(&self) -> bool {
        let permanent = [
            "BANKID_NOT_ACTIVATED",
            "PSU_RIGHTS_MISSING",
            "TPP_KYC_INVALID",
            "EMBEDDED",
            "NO_REDIRECT_URI",
            "NO_CLIENT_ID",
        ];
        !self.code.as_deref().is_some_and(|code| permanent.contains(&code))
    }

    /// Whether this says what the bank remarked already: whoever shows the failure need not show the remark beside it.
    pub fn says(&self, remark: &Warning) -> bool {
        self.code == remark.code && (remark.text.is_none() || self.message == remark.text)
    }
}

/// What BankID's animated codes begin with; tokens that start the app do not.
const FRAME: &str = "bankid.";

/// What a challenge looks like on this device, if there is one in it.
pub(super) fn show(
    challenge: Option<&ChallengeData>,
    method: Option<&str>,
    device: Device,
    mut prompt: Prompt,
) -> Option<Step> {
    let challenge = challenge?;
    let hint = challenge.additional_information.as_ref().filter(|hint| !hint.is_empty());
    prompt.message = prompt.message.take().or_else(|| hint.cloned());
    let image = challenge
        .image
        .as_ref()
        .and_then(|image| Image::read(image.as_str()))
        .or_else(|| Image::read(challenge.image_link.as_ref()?.as_str()));
    let token = challenge.data.first().map(ChallengeText::as_str).filter(|token| !token.trim().is_empty());
    // Whatever the method: NDEASESS gives now a token that starts the app, now one for a code (platform-facts 8.2).
    let is_frame = token.is_some_and(|token| token.starts_with(FRAME));
    Some(match (method, image, token) {
        (_, _, Some(token)) if is_frame && method != Some(ANIMATED_IMAGE) => {
            Step::ShowQr { payload: Secret::from(token), animated: true, prompt }
        }
        // An image that did not come, or makes no sense: what it shows is in the text.
        (Some(ANIMATED_TOKEN), _, Some(token)) | (Some(ANIMATED_IMAGE), None, Some(token)) => {
            Step::ShowQr { payload: Secret::from(token), animated: true, prompt }
        }
        (Some(ANIMATED_IMAGE), Some(image), _) | (_, Some(image), None) => Step::ShowImage { image, prompt },
        (method, _, Some(token)) => {
            let start = AutoStart::new(token);
            if method == Some(SAME_DEVICE) || device == Device::Phone {
                Step::OpenLink { start, prompt }
            } else {
                Step::ShowQr { payload: Secret::new(start.qr()), animated: false, prompt }
            }
        }
        (_, None, None) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(json: &str, method: &str, device: Device) -> Option<Step> {
        let challenge: ChallengeData = serde_json::from_str(json).unwrap();
        show(Some(&challenge), Some(method), device, Prompt { kind: PromptKind::Sign, message: None })
    }

    #[test]
    fn a_token_is_a_link_on_the_phone_and_a_code_on_the_desktop() {
        for json in [r#"{"data":["t1","t2"]}"#, r#"{"data":"t1"}"#] {
            let Some(Step::OpenLink { start, .. }) = shown(json, "mbid", Device::Phone) else { panic!("{json}") };
            assert_eq!(start.qr(), "bankid:///?autostarttoken=t1");
            let Some(Step::ShowQr { payload, animated: false, .. }) = shown(json, "mbid", Device::Desktop) else {
                panic!("{json}")
            };
            assert_eq!(payload.expose(), "bankid:///?autostarttoken=t1");
        }
    }

    #[test]
    fn an_animated_token_is_itself_the_code() {
        let step = shown(r#"{"data":["bankid.1.0.ff"]}"#, ANIMATED_TOKEN, Device::Phone);
        let Some(Step::ShowQr { payload, animated: true, .. }) = step else { panic!("{step:?}") };
        assert_eq!(payload.expose(), "bankid.1.0.ff");
    }

    #[test]
    fn a_frame_is_known_under_any_method_that_came_without_an_image() {
        for method in ["mbid", SAME_DEVICE] {
            let step = shown(r#"{"data":["bankid.1.0.ff"]}"#, method, Device::Desktop);
            let Some(Step::ShowQr { payload, animated: true, .. }) = step else { panic!("{step:?}") };
            assert_eq!(payload.expose(), "bankid.1.0.ff");
        }
        let step = shown(r#"{"data":["bankid.1.0.ff"],"image":"AAAA"}"#, ANIMATED_IMAGE, Device::Desktop);
        assert!(matches!(step, Some(Step::ShowImage { .. })), "{step:?}");
    }

    #[test]
    fn an_image_comes_as_uri_address_or_base64() {
        let forms = [
            (r#"{"image":"data:image/png;base64,AAAA"}"#, "data:image/png;base64,AAAA"),
            (r#"{"image":"AAAA"}"#, "data:image/png;base64,AAAA"),
            (r#"{"image":"https://bank.example/qr.png"}"#, "https://bank.example/qr.png"),
            (r#"{"imageLink":"https://bank.example/qr.png"}"#, "https://bank.example/qr.png"),
        ];
        for (json, src) in forms {
            let Some(Step::ShowImage { image, .. }) = shown(json, ANIMATED_IMAGE, Device::Desktop) else {
                panic!("{json}")
            };
            assert_eq!(image.src(), src);
        }
        assert_eq!(shown(r#"{"image":"javascript:alert(1)"}"#, ANIMATED_IMAGE, Device::Desktop), None);
    }

    #[test]
    fn nothing_in_a_challenge_is_nothing_to_show() {
        for json in ["{}", r#"{"data":null}"#, r#"{"data":[]}"#, r#"{"data":[""]}"#, r#"{"data":[null]}"#] {
            assert_eq!(shown(json, "mbid", Device::Desktop), None, "{json}");
        }
    }

    #[test]
    fn nothing_of_a_challenge_is_printed() {
        let step = shown(r#"{"data":["tok3n"]}"#, "mbid", Device::Phone);
        assert!(!format!("{step:?}").contains("tok3n"));
    }
}
