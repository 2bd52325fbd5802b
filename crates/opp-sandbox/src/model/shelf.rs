//! A bounded map: when it is full, the oldest entry goes.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// After how many lost entries of a kind the log says so again.
const SAY_AGAIN: u64 = 1_000;

/// Roughly how many bytes an entry takes. What a caller can make large has to be counted.
pub(crate) trait Weight {
    fn weight(&self) -> usize {
        512
    }
}

/// Entries by id, in the order in which they came.
#[derive(Clone, Debug)]
pub(crate) struct Shelf<T> {
    entries: HashMap<String, (u64, usize, T)>,
    /// Ids by the number under which they came.
    order: BTreeMap<u64, String>,
    next: u64,
    weight: usize,
    capacity: usize,
    bytes: usize,
    lost: u64,
}

impl<T: Weight> Shelf<T> {
    /// Holds so many entries and so many bytes.
    pub(crate) fn new(capacity: usize, bytes: usize) -> Self {
        Self {
            entries: HashMap::new(),
            order: BTreeMap::new(),
            next: 0,
            weight: 0,
            capacity: capacity.max(1),
            bytes,
            lost: 0,
        }
    }

    pub(crate) fn insert(&mut self, id: String, value: T) {
        let weight = value.weight();
        let known = self.entries.get(&id).map(|(number, weight, _)| (*number, *weight));
        let number = if let Some((number, old)) = known {
            self.weight -= old;
            number
        } else {
            self.next += 1;
            self.order.insert(self.next, id.clone());
            self.next
        };
        self.entries.insert(id, (number, weight, value));
        self.weight += weight;
        self.shrink();
    }

    /// Lets the oldest entries go until the rest fits; the newest always stays.
    fn shrink(&mut self) {
        while self.entries.len() > self.capacity || (self.weight > self.bytes && self.entries.len() > 1) {
            let Some((_, oldest)) = self.order.pop_first() else {
                break;
            };
            if let Some((_, weight, _)) = self.entries.remove(&oldest) {
                self.weight -= weight;
                // Without its id: that of a token is the token.
                if self.lost.is_multiple_of(SAY_AGAIN) {
                    let kind = std::any::type_name::<T>().rsplit("::").next();
                    tracing::warn!(kind, lost = self.lost + 1, "state is full, the oldest entry is gone");
                }
                self.lost += 1;
            }
        }
    }

    pub(crate) fn get(&self, id: &str) -> Option<&T> {
        self.entries.get(id).map(|(_, _, value)| value)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.entries.get_mut(id).map(|(_, _, value)| value)
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<T> {
        let (number, weight, value) = self.entries.remove(id)?;
        self.order.remove(&number);
        self.weight -= weight;
        Some(value)
    }

    pub(crate) fn contains(&self, id: &str) -> bool {
        self.entries.contains_key(id)
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// All values, in no order.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.entries.values_mut().map(|(_, _, value)| value)
    }

    /// A restored shelf takes over the bounds of the sandbox that restores it.
    pub(crate) fn set_capacity(&mut self, capacity: usize, bytes: usize) {
        self.capacity = capacity.max(1);
        self.bytes = bytes;
        self.shrink();
    }
}

impl<T> Shelf<T> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.order.values().filter_map(|id| Some((id.as_str(), &self.entries.get(id)?.2)))
    }
}

impl<T: Serialize> Serialize for Shelf<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de, T: Deserialize<'de> + Weight> Deserialize<'de> for Shelf<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs = Vec::<(String, T)>::deserialize(deserializer)?;
        let mut shelf = Self::new(usize::MAX, usize::MAX);
        for (id, value) in pairs {
            shelf.insert(id, value);
        }
        Ok(shelf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Weight for String {
        fn weight(&self) -> usize {
            self.len()
        }
    }

    fn ids(shelf: &Shelf<String>) -> Vec<&str> {
        shelf.iter().map(|(id, _)| id).collect()
    }

    #[test]
    fn the_oldest_goes_when_there_are_too_many() {
        let mut shelf = Shelf::new(2, 1_000);
        for id in ["a", "b", "c"] {
            shelf.insert(id.to_owned(), "x".to_owned());
        }
        assert_eq!(ids(&shelf), ["b", "c"]);
    }

    #[test]
    fn the_oldest_go_when_all_together_are_too_heavy() {
        let mut shelf = Shelf::new(100, 10);
        for id in ["a", "b", "c"] {
            shelf.insert(id.to_owned(), "xxxx".to_owned());
        }
        assert_eq!(ids(&shelf), ["b", "c"]);
        shelf.insert("d".to_owned(), "x".repeat(50));
        assert_eq!(ids(&shelf), ["d"], "the newest stays, however heavy");
    }

    #[test]
    fn what_was_removed_weighs_nothing() {
        let mut shelf = Shelf::new(100, 10);
        for round in 0..100 {
            shelf.insert("a".to_owned(), "x".repeat(8));
            shelf.insert(format!("b{round}"), "xx".to_owned());
            assert!(shelf.remove(&format!("b{round}")).is_some());
        }
        assert_eq!(ids(&shelf), ["a"]);
    }
}
