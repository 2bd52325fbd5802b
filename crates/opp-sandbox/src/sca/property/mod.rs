//! The machine against a small model of it, over random acts of the client, the person and time.
//!
//! Consents and payments alike. The model shares nothing with the machine: its sequences are written out again, from platform-facts 8.2, and it
//! keeps a plain number of seconds for its clock.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod model;
mod real;

use model::{CASES, MANNERS, Model, Place, Waits};
use proptest::prelude::*;
use real::Real;

use super::bankid::Answer;
use super::{Progress, Stage, calls};

#[derive(Clone, Copy, Debug)]
enum Act {
    Choose,
    Wait(i64),
    Scan,
    Approve,
    Reject,
    SignIn,
    ApproveAtBank,
    DenyAtBank,
    Exchange,
    /// A program opens the bank's page.
    Open,
}

/// What has become of the consent or the payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Open,
    HalfSigned,
    Signed,
    Rejected,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        3 => Just(Act::Choose),
        4 => (0_i64..40).prop_map(Act::Wait),
        1 => (0_i64..700).prop_map(Act::Wait),
        2 => Just(Act::Scan),
        3 => Just(Act::Approve),
        1 => Just(Act::Reject),
        2 => Just(Act::SignIn),
        3 => Just(Act::ApproveAtBank),
        1 => Just(Act::DenyAtBank),
        2 => Just(Act::Exchange),
        2 => Just(Act::Open),
    ];
    proptest::collection::vec(act, 1..16)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_machine_is_where_the_facts_say(
        case in 0..CASES.len(),
        manner in 0..MANNERS.len(),
        person_after in prop_oneof![1 => Just(None), 2 => (0_i64..32).prop_map(Some), 2 => (25_i64..240).prop_map(Some)],
        acts in acts(),
    ) {
        let (case, manner) = (&CASES[case], MANNERS[manner]);
        let mut model = Model { case, manner, person_after, now: 0, place: Place::Received };
        let mut real = Real::new(case, manner, person_after);
        for (index, act) in acts.iter().enumerate() {
            model.act(*act);
            model.wait(0);
            real.act(*act, case, manner);
            let authorisation = real.authorisation();
            let told = calls::sca_status(&real.world, authorisation);
            let place = &authorisation.stage;
            prop_assert_eq!(&told, model.status(), "{} {:?} after {:?}: {:?}", case.bic, manner, &acts[..=index], place);
            prop_assert_eq!(real.fate(), model.fate());
            if let (Stage::Failed { code, .. }, Place::Failed(expected)) = (place, model.place) {
                prop_assert_eq!(code, expected);
            }
            if let Stage::AtBank { progress, .. } = place {
                let approved = matches!(model.place, Place::AtBank { approved: true, .. });
                prop_assert_eq!(*progress == Progress::Approved, approved);
            }
            // A phone shows what waits, and nothing that is over.
            let waiting = real.world.state.rounds.iter().filter(|(_, round)| round.answer == Answer::Waiting).count();
            let asked = matches!(model.place, Place::Step { at, .. } if case.steps[at].1 == Waits::Person);
            prop_assert_eq!(waiting, usize::from(asked));
            if let Place::Step { scanned, .. } = model.place {
                let opened = real.world.state.rounds.get(&real.round()).and_then(|round| round.scanned);
                prop_assert_eq!(asked.then_some(opened).flatten().is_some(), scanned.is_some());
            }
        }
    }
}
