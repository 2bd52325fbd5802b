//! What goes wrong with this API, a page for each: what happens, what one does wrong by hand, what this crate does.
//!
//! The snippets are tests. Sources are named by the sections of the project's collection of facts about the platform.

#[doc = include_str!("../docs/traps/actc_is_not_paid.md")]
pub mod actc_is_not_paid {}
#[doc = include_str!("../docs/traps/answers_as_they_are.md")]
pub mod answers_as_they_are {}
#[doc = include_str!("../docs/traps/bank_bodies.md")]
pub mod bank_bodies {}
#[doc = include_str!("../docs/traps/challenge_data.md")]
pub mod challenge_data {}
#[doc = include_str!("../docs/traps/context_scope.md")]
pub mod context_scope {}
#[doc = include_str!("../docs/traps/floats.md")]
pub mod floats {}
#[doc = include_str!("../docs/traps/frequency_per_day.md")]
pub mod frequency_per_day {}
#[doc = include_str!("../docs/traps/hosts.md")]
pub mod hosts {}
#[doc = include_str!("../docs/traps/methods_by_position.md")]
pub mod methods_by_position {}
#[doc = include_str!("../docs/traps/next_address.md")]
pub mod next_address {}
#[doc = include_str!("../docs/traps/polling.md")]
pub mod polling {}
#[doc = include_str!("../docs/traps/redirect_placeholders.md")]
pub mod redirect_placeholders {}
#[doc = include_str!("../docs/traps/repeated_payments.md")]
pub mod repeated_payments {}
#[doc = include_str!("../docs/traps/request_id.md")]
pub mod request_id {}
#[doc = include_str!("../docs/traps/sticky_headers.md")]
pub mod sticky_headers {}
#[doc = include_str!("../docs/traps/tokens.md")]
pub mod tokens {}
#[doc = include_str!("../docs/traps/unknown_words.md")]
pub mod unknown_words {}
