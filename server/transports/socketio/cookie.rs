//! The cookie by which the browser of an original page is recognised when its connection broke. Set on the request that begins
//! an Engine.IO session; it counts once a later request of that session has brought it back.
//!
//! **Invariants:** a page of another origin neither gets one nor is recognised by one. Scripts cannot read it.
use axum::{
    extract::Request,
    http::{HeaderValue, header},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

const NAME: &str = "p2pchat-session";

/// Random bytes of it, as many as resume tokens have.
const BYTES: usize = 32;

/// Of one socket.io path.
#[derive(Clone, Debug)]
pub(super) struct Cookies {
    path: String,
    /// It is reached by HTTPS alone. Where both ways lead to it, the page that came by HTTP could not set one that the other had
    /// made secure (RFC 6265bis, section 5.7).
    is_secure: bool,
}

/// A cookie that a session began with.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Cookie(String);

impl Cookies {
    pub(super) fn new(path: &str, is_secure: bool) -> Self {
        Cookies { path: path.to_owned(), is_secure }
    }

    /// What the browser sends with this request.
    pub(super) fn read(request: &Request) -> Option<Cookie> {
        let headers = request.headers().get_all(header::COOKIE).iter().filter_map(|it| it.to_str().ok());
        let mut values = headers.flat_map(|it| it.split(';')).filter_map(|it| it.trim().strip_prefix(NAME));
        let value = values.find_map(|it| it.strip_prefix('='))?;
        let is_ours = BASE64_URL_SAFE_NO_PAD.decode(value).is_ok_and(|it| it.len() == BYTES);
        is_ours.then(|| Cookie(value.to_owned()))
    }

    /// A fresh one, and the header that sets it, for a page that a proxy may have handed on by HTTPS. `None`: the system has no
    /// random bytes.
    pub(super) fn fresh(&self, is_proxied_https: bool) -> Option<(Cookie, HeaderValue)> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).ok()?;
        let value = BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let secure = if self.is_secure || is_proxied_https { "; Secure" } else { "" };
        let header = format!("{NAME}={value}; Path={}; HttpOnly; SameSite=Strict{secure}", self.path);
        Some((Cookie(value), header.parse().ok()?))
    }
}

impl Cookie {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn read(cookies: &[&str]) -> Option<Cookie> {
        let request = cookies.iter().fold(Request::get("/"), |request, it| request.header("cookie", *it));
        Cookies::read(&request.body(Body::empty()).unwrap())
    }

    #[test]
    fn a_cookie_is_read_as_it_was_set_and_nothing_else_is_one() {
        let (cookie, header) = Cookies::new("/s/", true).fresh(false).unwrap();
        let header = header.to_str().unwrap();
        assert_eq!(header, format!("{NAME}={}; Path=/s/; HttpOnly; SameSite=Strict; Secure", cookie.as_str()));
        let pair = header.split(';').next().unwrap();
        assert!(read(&[pair]) == Some(cookie.clone()) && read(&["a=b", &format!("c=d; {pair};e=f")]) == Some(cookie));
        for bad in [
            "",
            NAME,
            "p2pchat-session=",
            "p2pchat-session=x",
            "p2pchat-sessions=AAAA",
            &format!("x{pair}"),
            &format!("{pair}A"),
        ] {
            assert!(read(&[bad]).is_none(), "{bad}");
        }
    }
}
