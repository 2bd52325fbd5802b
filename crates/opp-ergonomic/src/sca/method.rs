//! Which way to sign: chosen by the user's device and by preference, never by position or type.

use std::collections::HashSet;

use opp_raw::Text;
use opp_raw::types::AuthenticationObject;
use serde::{Deserialize, Serialize};

use crate::secret::print_only;

/// What the user looks at the page with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Device {
    /// A screen that a telephone can be held before.
    Desktop,
    /// The telephone or tablet that the signing app is on.
    Phone,
}

/// A way to sign that a bank offers.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Method {
    /// Its id, such as `mbid`.
    pub id: String,
    /// Its name, for a list to choose from. It may tell a part of a telephone number, and is not printed.
    pub name: Option<String>,
}

print_only!(Method { id });

pub(super) const SAME_DEVICE: &str = "mbid_same_device";
pub(super) const ANIMATED_TOKEN: &str = "mbid_animated_qr_token";
pub(super) const ANIMATED_IMAGE: &str = "mbid_animated_qr_image";
/// Also what is tried where a bank lists nothing.
pub(super) const MBID: &str = "mbid";

impl Device {
    /// The orders that were seen to work (platform-facts 8.2). What suits another device comes last: it is still
    /// better than none.
    fn order(self) -> [&'static str; 4] {
        match self {
            Self::Desktop => [ANIMATED_TOKEN, ANIMATED_IMAGE, MBID, SAME_DEVICE],
            Self::Phone => [SAME_DEVICE, MBID, ANIMATED_TOKEN, ANIMATED_IMAGE],
        }
    }
}

/// How many of them a user is given to choose from, and a store to keep.
pub(super) const MOST_OFFERED: usize = 64;

/// The id of a method, unless it says nothing.
pub(super) fn id(object: &AuthenticationObject) -> Option<&str> {
    object.authentication_method_id.as_ref().map(Text::as_str).filter(|id| !id.trim().is_empty())
}

/// What is offered, without repetitions and without what has no id.
#[inline]
pub(super) fn offered(list: &[AuthenticationObject]) -> Vec<Method> {
    let mut known = HashSet::new();
    let objects = list.iter().filter_map(|object| Some((id(object)?, object))).filter(|(id, _)| known.insert(*id));
    objects.map(|(id, object)| Method { id: id.to_owned(), name: object.name.clone() }).collect()
}

/// The method to take, or `None` if the user has to choose.
#[inline]
pub(super) fn choose(offered: &[Method], preferred: &[String], device: Device) -> Option<String> {
    if offered.is_empty() {
        // Several banks list nothing, and want one named all the same.
        return Some(preferred.first().cloned().unwrap_or_else(|| MBID.to_owned()));
    }
    let wanted = preferred.iter().map(String::as_str).chain(device.order());
    let known = wanted.into_iter().find(|id| offered.iter().any(|method| method.id == *id));
    match (known, offered) {
        (Some(id), _) => Some(id.to_owned()),
        (None, [only]) => Some(only.id.clone()),
        (None, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(ids: &[&str], preferred: &[&str], device: Device) -> Option<String> {
        let offered: Vec<_> = ids.iter().map(|id| Method { id: (*id).to_owned(), name: None }).collect();
        let preferred: Vec<_> = preferred.iter().map(|id| (*id).to_owned()).collect();
        choose(&offered, &preferred, device)
    }

    const ALL: [&str; 4] = [MBID, ANIMATED_IMAGE, SAME_DEVICE, ANIMATED_TOKEN];

    #[test]
    fn the_position_in_the_list_does_not_matter() {
        for turn in 0..4 {
            let mut list = ALL;
            list.rotate_left(turn);
            assert_eq!(chosen(&list, &[], Device::Desktop).unwrap(), ANIMATED_TOKEN);
            assert_eq!(chosen(&list, &[], Device::Phone).unwrap(), SAME_DEVICE);
        }
    }

    #[test]
    fn a_preference_comes_before_the_device() {
        assert_eq!(chosen(&ALL, &["mbid"], Device::Phone).unwrap(), MBID);
        assert_eq!(chosen(&ALL, &["card"], Device::Phone).unwrap(), SAME_DEVICE);
    }

    #[test]
    fn unknown_methods_are_left_to_the_user_unless_there_is_one() {
        assert_eq!(chosen(&["card", "sms"], &[], Device::Desktop), None);
        assert_eq!(chosen(&["card"], &[], Device::Desktop).unwrap(), "card");
    }

    #[test]
    fn a_bank_that_lists_nothing_gets_the_usual_one() {
        assert_eq!(chosen(&[], &[], Device::Desktop).unwrap(), MBID);
        assert_eq!(chosen(&[], &["card"], Device::Desktop).unwrap(), "card");
    }
}
