#![doc = include_str!("../README.md")]

// In the order in which a request meets them: how the demo is set up, who is asking, what is known of them, how a
// signature goes on by itself, what is shown.
mod app;
mod chart;
mod demo;
mod guest;
mod ledger;
mod order;
mod pages;
mod platform;
mod problem;
mod record;
mod remark;
mod settings;
mod signing;
mod view;

pub use demo::Demo;
pub use settings::{Platform, Settings};
