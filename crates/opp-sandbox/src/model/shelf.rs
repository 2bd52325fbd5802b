//! A bounded map: when it is full, the oldest entry goes.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Entries by id, in the order in which they came.
#[derive(Clone, Debug)]
pub(crate) struct Shelf<T> {
    entries: HashMap<String, T>,
    order: VecDeque<String>,
    capacity: usize,
}

impl<T> Shelf<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { entries: HashMap::new(), order: VecDeque::new(), capacity: capacity.max(1) }
    }

    pub(crate) fn insert(&mut self, id: String, value: T) {
        if self.entries.insert(id.clone(), value).is_none() {
            self.order.push_back(id);
        }
        while self.entries.len() > self.capacity {
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            if self.entries.remove(&oldest).is_some() {
                tracing::warn!(
                    kind = std::any::type_name::<T>(),
                    id = oldest,
                    "state is full, the oldest entry is gone"
                );
            }
        }
    }

    pub(crate) fn get(&self, id: &str) -> Option<&T> {
        self.entries.get(id)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.entries.get_mut(id)
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<T> {
        let gone = self.entries.remove(id);
        if gone.is_some() {
            self.order.retain(|known| known != id);
        }
        gone
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.order.iter().filter_map(|id| Some((id.as_str(), self.entries.get(id)?)))
    }

    /// A restored shelf takes over the bounds of the sandbox that restores it.
    pub(crate) fn set_capacity(&mut self, capacity: usize) {
        self.capacity = capacity.max(1);
    }
}

impl<T: Serialize> Serialize for Shelf<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Shelf<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs = Vec::<(String, T)>::deserialize(deserializer)?;
        let mut shelf = Self::new(usize::MAX);
        for (id, value) in pairs {
            shelf.insert(id, value);
        }
        Ok(shelf)
    }
}
