//! Upper bounds of rooms. Longer texts are cut and larger numbers clamped; only too many rooms are refused.
use super::{Rejection, room::RoomSettings};

/// Upper bounds for every room.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// People in one room, the creator included.
    pub peers_max: usize,
    /// Rooms that one peer may be in at a time.
    pub rooms_per_peer_max: usize,
    /// Length of a name, in UTF-16 units.
    pub name_units_max: usize,
    /// Length of a password, in UTF-16 units.
    pub password_units_max: usize,
}

impl Limits {
    pub(super) fn applied_to(&self, mut settings: RoomSettings) -> RoomSettings {
        cut(&mut settings.name, self.name_units_max);
        cut(&mut settings.password.0, self.password_units_max);
        settings.peers_max = settings.peers_max.min(self.peers_max);
        settings
    }

    /// May a peer that is in so many rooms join another?
    pub(super) fn check_rooms(&self, n_rooms: usize) -> Result<(), Rejection> {
        if n_rooms < self.rooms_per_peer_max { Ok(()) } else { Err(Rejection::TooManyRooms) }
    }
}

/// Cuts at a number of UTF-16 units, as JavaScript counts, but never inside a character.
fn cut(text: &mut String, units_max: usize) {
    let mut units = 0;
    let end = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > units_max
    });
    if let Some((at, _)) = end {
        text.truncate(at);
    }
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn a_text_is_cut_between_characters_and_counted_in_utf_16() {
        for (text, units_max, left) in
            [("abc", 3, "abc"), ("abc", 2, "ab"), ("a😀b", 2, "a"), ("a😀b", 3, "a😀"), ("", 0, "")]
        {
            let mut cut_text = text.to_owned();
            cut(&mut cut_text, units_max);
            assert_eq!(cut_text, left, "{text} at {units_max}");
        }
    }
}
