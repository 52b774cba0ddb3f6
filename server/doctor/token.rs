//! The token by which the doctor is invited, in a link as `invite` prints it or by itself.

/// What is given with the address of the page, and what is given for a token: the token itself, or a link that holds it.
///
/// # Errors
/// What is given for a token is a link without one, in words.
pub(super) fn token_of<'a>(url: &'a str, given: Option<&'a str>) -> Result<Option<&'a str>, String> {
    match given.map(str::trim).filter(|it| !it.is_empty()) {
        None => Ok(token_of_link(url)),
        // No token has these.
        Some(link) if link.contains(['/', '#']) => token_of_link(link).map(Some).ok_or_else(|| {
            "--token has a link without a token: give one like https://chat.example.org/#token=…, or the token itself".to_owned()
        }),
        token => Ok(token),
    }
}

/// As the app reads a link (`client-js/src/wire/access.ts`): in the fragment, by itself or behind a room's name.
fn token_of_link(link: &str) -> Option<&str> {
    let (_, fragment) = link.split_once('#')?;
    let token = fragment.split(['?', '&']).find_map(|it| it.strip_prefix("token="));
    token.filter(|it| !it.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "https://chat.example";

    #[test]
    fn a_token_is_taken_from_the_fragment_alone_and_by_its_whole_name() {
        for fragment in
            ["#token=a.b.c", "#room=r&token=a.b.c&pwd=p", "#/tea?pwd=p&token=a.b.c", "#/tea?token=a.b.c&pwd=token=x"]
        {
            assert_eq!(token_of_link(&format!("{PAGE}/{fragment}")), Some("a.b.c"), "{fragment}");
        }
        for rest in [
            "",
            "/token=a.b.c",
            "/?token=a.b.c",
            "/?token=a.b.c#/tea",
            "/#token=",
            "/#tokens=a.b.c",
            "/#mytoken=a.b.c",
            "/#/tea?pwd=token=a.b.c",
            "/#/token=a.b.c",
        ] {
            assert_eq!(token_of_link(&format!("{PAGE}{rest}")), None, "{rest}");
        }
    }

    #[test]
    fn what_is_given_for_a_token_may_be_a_link_and_goes_before_the_address() {
        let (url, link) = (format!("{PAGE}/#token=a.b.c"), format!("{PAGE}/#/tea?token=d.e.f"));
        assert_eq!(token_of(PAGE, None), Ok(None));
        assert_eq!(token_of(&url, None), Ok(Some("a.b.c")));
        assert_eq!(token_of(&url, Some(" ")), Ok(Some("a.b.c")));
        for given in ["d.e.f", " d.e.f\n", "#token=d.e.f", &link] {
            assert_eq!(token_of(&url, Some(given)), Ok(Some("d.e.f")), "{given}");
        }
        for given in [PAGE, "#room=tea", &format!("{PAGE}/?token=secret")] {
            let fault = token_of(&url, Some(given)).unwrap_err();
            assert!(fault.starts_with("--token has a link without a token") && !fault.contains("secret"), "{fault}");
        }
    }
}
