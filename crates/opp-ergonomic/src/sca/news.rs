//! What banks say: whichever call an answer belongs to, it may tell a status, a challenge and a link.

use opp_raw::types::{
    AspspScaApproach, AuthenticationObject, AuthorisationId, ChallengeData, HrefEntry, HrefType, PsuMessageText,
    ScaStatus, ScaStatusResponse, StartScaprocessResponse, UpdatePsuDataResponse,
};

use super::flow::{Flow, Phase, Visit};
use super::method;
use super::step::{Ending, Failure, Prompt, PromptKind, Step, show};

impl Flow {
    #[inline]
    pub(super) fn started(&mut self, answer: &StartScaprocessResponse) {
        let id = answer.authorisation_id.as_ref().map(AuthorisationId::as_str).filter(|id| !id.trim().is_empty());
        let Some(id) = id else { return self.fail("NO_AUTHORISATION_ID") };
        self.authorisation = Some(id.to_owned());
        let offered = method::offered(&answer.sca_methods);
        let links = answer.links.as_ref();
        let oauth = links.and_then(|links| href(links.sca_o_auth.as_ref()));
        let plain = links.and_then(|links| href(links.sca_redirect.as_ref()));
        let chosen = chosen(answer.chosen_sca_method.as_ref());
        // Nothing in a challenge is none, where there are methods to go on with.
        let prompt = Prompt { kind: PromptKind::Wait, message: None };
        let shows = show(answer.challenge_data.as_ref(), chosen.as_deref(), self.device, prompt).is_some();
        let begun = oauth.is_some()
            || plain.is_some()
            || shows
            || (offered.is_empty() && (chosen.is_some() || answer.challenge_data.is_some()))
            || answer.sca_status.as_ref().is_some_and(is_final);
        if begun {
            self.method = chosen;
            self.phase = Phase::Poll;
            let said = Failure::said(answer.psu_message.as_ref().map(PsuMessageText::as_str), &answer.tpp_messages);
            self.hear(answer.sca_status.as_ref(), answer.challenge_data.as_ref(), said);
            self.send_away(oauth, plain);
        } else {
            self.choose_method(offered);
        }
    }

    #[inline]
    pub(super) fn selected(&mut self, answer: &UpdatePsuDataResponse, approach: Option<&AspspScaApproach>) {
        if approach == Some(&AspspScaApproach::Embedded) {
            return self.fail("EMBEDDED");
        }
        self.method = chosen(answer.chosen_sca_method.as_ref()).or(self.method.take());
        self.phase = Phase::Poll;
        let said = Failure::said(answer.psu_message.as_ref().map(PsuMessageText::as_str), &answer.tpp_messages);
        self.hear(answer.sca_status.as_ref(), answer.challenge_data.as_ref(), said);
        // The header decides; where it is missing, the links do (platform-facts 8.1).
        if approach != Some(&AspspScaApproach::Decoupled) {
            let links = answer.links.as_ref();
            let oauth = links.and_then(|links| href(links.sca_o_auth.as_ref()));
            self.send_away(oauth, links.and_then(|links| href(links.sca_redirect.as_ref())));
        }
    }

    #[inline]
    pub(super) fn polled(&mut self, answer: &ScaStatusResponse) {
        let message = answer.extra.read::<String>("psuMessage");
        let said = Failure::said(message.as_deref(), &answer.tpp_messages);
        self.hear(answer.sca_status.as_ref(), answer.challenge_data.as_ref(), said);
        if self.phase == Phase::Poll
            && let Some(failure) = self.turned_back.take()
        {
            self.end(Ending::Failed(failure));
        }
    }

    /// Takes the bank's word for where the signature stands, whichever call it has come with.
    #[inline]
    fn hear(&mut self, status: Option<&ScaStatus>, challenge: Option<&ChallengeData>, said: Failure) {
        match status {
            Some(ScaStatus::Finalised) => return self.phase = Phase::Confirm { exempted: false, times: 0 },
            Some(ScaStatus::Exempted) => return self.phase = Phase::Confirm { exempted: true, times: 0 },
            Some(ScaStatus::Failed) => return self.end(Ending::Failed(said)),
            _ => {}
        }
        // A bank that falls back to the beginning has not: an answer has overtaken another.
        let moved = status.filter(|status| {
            self.status.as_deref() != Some(status.as_str())
                && (self.status.is_none() || **status != ScaStatus::Received)
        });
        if let Some(status) = moved {
            self.status = Some(status.as_str().to_owned());
            self.rounds = self.rounds.saturating_add(u32::from(kind(status) != PromptKind::Wait));
        }
        let now = self.status.as_deref().and_then(opp_raw::Read::read_str);
        let kind = now.map_or(PromptKind::Wait, |status| kind(&status));
        let prompt = Prompt { kind, message: said.message };
        if let Some(step) = show(challenge, self.method.as_deref(), self.device, prompt.clone()) {
            self.show(step);
        } else if moved.is_some() && !matches!(self.visit, Visit::Away { .. }) {
            // What was shown belongs to what is over.
            let kind = match kind {
                PromptKind::Wait => PromptKind::Wait,
                // The first challenge is only late; in a later round the bank may give none at all.
                _ if self.rounds > 1 => PromptKind::OpenApp,
                _ => PromptKind::Prepare,
            };
            self.show(Step::Wait { prompt: Prompt { kind, ..prompt } });
        }
    }
}

fn href(link: Option<&HrefType>) -> Option<&str> {
    link?.href.as_ref().map(HrefEntry::as_str).filter(|href| !href.trim().is_empty())
}

fn chosen(method: Option<&AuthenticationObject>) -> Option<String> {
    method::id(method?).map(str::to_owned)
}

fn is_final(status: &ScaStatus) -> bool {
    matches!(status, ScaStatus::Finalised | ScaStatus::Exempted | ScaStatus::Failed)
}

/// What a status asks of the user.
fn kind(status: &ScaStatus) -> PromptKind {
    match status {
        ScaStatus::AuthenticationStarted => PromptKind::Authenticate,
        ScaStatus::AuthoriseCreditorAccountStarted => PromptKind::ApproveCreditor,
        ScaStatus::Started => PromptKind::Sign,
        _ => PromptKind::Wait,
    }
}
