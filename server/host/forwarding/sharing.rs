//! Who gets which size of what, on a downlink that does not take everything. Pictures are raised one step after the other, so
//! that none is large while another one could be there at all.

/// One more step is only taken where there is so much more room than it needs.
const MARGIN: f64 = 1.15;
/// The same shortly after there was too little.
const HELD_MARGIN: f64 = 2.0;

/// A picture that somebody is to be shown.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Picture {
    /// What its sizes take, in bits a second, the smallest first.
    pub(super) rates: Vec<f64>,
    /// Which of them it is sent in now.
    pub(super) now: Option<usize>,
    /// It becomes no larger than it is, and does not come back, unless there is plenty of room.
    pub(super) held: bool,
}

impl Picture {
    /// What a step takes from what is left.
    fn price(&self, step: usize) -> Option<f64> {
        let rate = *self.rates.get(step)?;
        let before = step.checked_sub(1).and_then(|it| self.rates.get(it)).copied().unwrap_or(0.0);
        let more = (rate - before).max(0.0);
        match self.now {
            Some(now) if step <= now => Some(more),
            _ if self.held => Some(more * HELD_MARGIN),
            _ => Some(more * MARGIN),
        }
    }
}

/// Which size of each is sent, the most important picture first. `first_anyway`: the first is sent whether or not there is
/// room for it, since a downlink over which nothing goes cannot be measured.
pub(super) fn share(pictures: &[Picture], bits_per_second: f64, first_anyway: bool) -> Vec<Option<usize>> {
    let mut left = bits_per_second;
    let mut chosen = vec![None; pictures.len()];
    let steps = pictures.iter().map(|it| it.rates.len()).max().unwrap_or(0);
    for step in 0..steps {
        for (at, picture) in pictures.iter().enumerate() {
            let Some(price) = picture.price(step).filter(|_| chosen[at] == step.checked_sub(1)) else { continue };
            if price <= left || (first_anyway && step == 0 && at == 0) {
                chosen[at] = Some(step);
                left -= price;
            }
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(now: Option<usize>) -> Picture {
        Picture { rates: vec![100.0, 400.0, 1_200.0], now, held: false }
    }

    #[test]
    fn everybody_is_seen_before_anybody_is_large() {
        let three = [picture(None), picture(None), picture(None)];
        assert_eq!(share(&three, 340.0, false), [Some(0), Some(0), None]);
        assert_eq!(share(&three, 700.0, false), [Some(1), Some(0), Some(0)]);
        assert_eq!(share(&three, 1_500.0, false), [Some(1), Some(1), Some(1)]);
        assert_eq!(share(&three, f64::INFINITY, false), [Some(2), Some(2), Some(2)]);
        assert_eq!(share(&three, 50.0, false), [None, None, None]);
        assert_eq!(share(&three, 50.0, true), [Some(0), None, None]);
    }

    #[test]
    fn what_is_there_stays_where_it_just_fits_and_rises_where_there_is_more() {
        assert_eq!(share(&[picture(Some(1))], 410.0, false), [Some(1)]);
        assert_eq!(share(&[picture(Some(0))], 410.0, false), [Some(0)]);
        assert_eq!(share(&[picture(Some(0))], 460.0, false), [Some(1)]);
        assert_eq!(share(&[picture(Some(2))], 410.0, false), [Some(1)]);
        let held = |now| Picture { held: true, ..picture(now) };
        assert_eq!(share(&[held(Some(0)), held(None)], 290.0, false), [Some(0), None]);
        assert_eq!(share(&[held(Some(0))], 690.0, false), [Some(0)]);
        assert_eq!(share(&[held(Some(0)), held(None)], 1_600.0, false), [Some(1), Some(1)]);
    }
}
