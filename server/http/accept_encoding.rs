//! `Accept-Encoding`: which form of a body a client wants. The one place that reads this header, so that the built-in
//! client and the `views` folder cannot disagree.

use axum::http::{HeaderMap, HeaderValue, header};

/// A form in which a body can travel; the later of two equally welcome ones is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Encoding {
    Identity,
    Gzip,
    Brotli,
}

impl Encoding {
    pub(super) fn name(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Encoding::Identity => "identity",
            Encoding::Gzip => "gzip",
            Encoding::Brotli => "br",
        })
    }
}

/// The best of `offered`. Where a client refuses everything it gets the plain bytes: more use to it than a 406.
pub(super) fn best(headers: &HeaderMap, offered: &[Encoding]) -> Encoding {
    let wishes = wishes(headers);
    let weight = |encoding: Encoding| {
        let named = wishes.iter().find(|(name, _)| match encoding {
            Encoding::Identity => name == "identity",
            Encoding::Gzip => name == "gzip" || name == "x-gzip",
            Encoding::Brotli => name == "br",
        });
        let any = wishes.iter().find(|(name, _)| name == "*");
        match (named.or(any), encoding) {
            (Some(&(_, weight)), _) => weight,
            // What is not mentioned is refused, save the plain bytes, which are then the last choice.
            (None, Encoding::Identity) => f32::MIN_POSITIVE,
            (None, Encoding::Gzip | Encoding::Brotli) => 0.0,
        }
    };
    offered
        .iter()
        .map(|&it| (weight(it), it))
        .filter(|&(weight, _)| weight > 0.0)
        .max_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)))
        .map_or(Encoding::Identity, |(_, encoding)| encoding)
}

fn wishes(headers: &HeaderMap) -> Vec<(String, f32)> {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|it| it.to_str().ok());
    lines.flat_map(|it| it.split(',')).filter_map(request).collect()
}

fn request(text: &str) -> Option<(String, f32)> {
    let (name, parameter) = text.split_once(';').unwrap_or((text, "q=1"));
    let (key, weight) = parameter.trim().split_once('=')?;
    let weight: f32 = weight.trim().parse().ok()?;
    let sane = key.trim().eq_ignore_ascii_case("q") && (0.0..=1.0).contains(&weight);
    sane.then(|| (name.trim().to_ascii_lowercase(), weight))
}

#[cfg(test)]
mod tests {
    use super::{
        Encoding::{Brotli, Gzip, Identity},
        best,
    };
    use axum::http::HeaderMap;

    #[test]
    fn wishes_are_weighed() {
        for (request, expected) in [
            ("", Identity),
            ("gzip, deflate, br, zstd", Brotli),
            ("br;q=0.5, gzip", Gzip),
            ("BR; Q=1.0 , GZIP", Brotli),
            ("br;q=0, gzip;q=0", Identity),
            ("*", Brotli),
            ("*;q=0.1, br;q=0", Gzip),
            ("gzip;q=0.5, identity", Identity),
            ("gzip;q=0.001", Gzip),
            ("x-gzip", Gzip),
            ("br;q=2, gzip;q=x", Identity),
            ("br;q=nan", Identity),
            ("identity;q=0", Identity),
            ("identity;q=0, *", Brotli),
            ("zstd", Identity),
        ] {
            let headers = HeaderMap::from_iter([(axum::http::header::ACCEPT_ENCODING, request.parse().unwrap())]);
            assert_eq!(best(&headers, &[Identity, Gzip, Brotli]), expected, "{request}");
        }
        assert_eq!(best(&HeaderMap::new(), &[Identity, Gzip, Brotli]), Identity);
    }
}
