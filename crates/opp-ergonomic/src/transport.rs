//! The one path to the network.
