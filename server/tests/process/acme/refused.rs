//! Mistakes about certificates end the start with one sentence that says what to do.
use super::super::{output, said};

/// What it says about these flags and settings, and that it does not start.
fn refused(arguments: &[&str], config: &str) -> String {
    let output = output(&[arguments, &["--port", "0", "--address", "127.0.0.1"]].concat(), config);
    let (code, printed, sentence) = said(&output);
    assert_eq!((code, printed, sentence.lines().count()), (Some(2), "", 1), "{arguments:?} {config}: {sentence}");
    sentence.to_owned()
}

#[test]
fn two_sources_of_certificates_are_one_too_many() {
    let files = "[tls]\ncert_path = \"c.pem\"\nkey_path = \"k.pem\"\n";
    for (arguments, config, words) in [
        (&["--acme", "a.example"][..], files, ["tls.acme.names (--acme)", "tls.cert_path or tls.key_path"]),
        (&["--self-signed"], files, ["tls.self_signed", "tls.cert_path or tls.key_path"]),
        (&["--self-signed", "--acme", "a.example"], "", ["tls.self_signed", "choose one of the two"]),
        (&[], "[tls]\nself_signed = true\n[tls.acme]\nnames = [\"a.example\"]\n", ["tls.self_signed", "--acme"]),
    ] {
        let sentence = refused(arguments, config);
        assert!(words.iter().all(|it| sentence.contains(it)), "{sentence}");
    }
}

#[test]
fn a_name_that_no_certificate_can_be_for_is_refused() {
    for (name, words) in [
        ("*.example.org", "name each host"),
        ("https://example.org", "bare name"),
        ("example.org:443", "bare name"),
        ("example.org/chat", "bare name"),
        ("", "bare name"),
        ("a..b", "bare name"),
        ("1.2.3", "bare name"),
        ("[2001:db8::1]", "without brackets"),
        ("bücher.example", "xn--"),
        ("0.0.0.0", "no single machine"),
        ("ff02::1", "no single machine"),
    ] {
        let sentence = refused(&["--acme", name], "");
        assert!(sentence.contains(words) && sentence.contains(&format!("{name:?}")), "{sentence}");
    }
    assert!(refused(&["--acme", "a.example", "--acme", "A.example"], "").contains("twice"));
}

#[test]
fn what_goes_with_a_certificate_is_looked_at_before_anybody_is_asked() {
    let acme = |text: &str| format!("[state]\ndir = \"state\"\n[tls.acme]\nnames = [\"a.example\"]\n{text}\n");
    for (text, words) in [
        ("staging = true\ndirectory_url = \"https://ca.example/\"", "choose one of the two"),
        ("directory_url = \"http://ca.example/\"", "tls.acme.directory_url"),
        ("contact = \"somebody\"", "e-mail"),
        ("profile = \"two words\"", "one word"),
        ("eab_key_id = \"kid\"", "give both or neither"),
        ("eab_key_id = \"kid\"\neab_hmac_key = \"hush!hush\"", "no base64url"),
        ("root_cert_path = \"nothing.pem\"", "nothing.pem"),
        ("root_cert_path = \"config.toml\"", "BEGIN CERTIFICATE"),
        ("eab_hmac_key = [\"hush\"]", "a text in quotes"),
        ("name = [\"a\"]", "did you mean tls.acme.names?"),
    ] {
        let sentence = refused(&[], &acme(text));
        assert!(sentence.contains(words) && !sentence.contains("hush"), "{sentence}");
    }
    for (config, words) in [
        ("[tls]\nredirect_port = 81\n", "no HTTPS to lead to"),
        ("[tls]\nredirect_port = 81\nenabled = true\ncert_path = \"c\"\nkey_path = \"k\"\n", "set http.hostname"),
        (
            "[tls]\nself_signed = true\nredirect_port = 81\n[http]\nlisteners = [{ preset = \"poc\", port = 81 }]\n",
            "port of",
        ),
    ] {
        let sentence = refused(&[], config);
        assert!(sentence.contains(words), "{sentence}");
    }
}

#[test]
fn without_a_folder_no_authority_is_asked() {
    let memory = "[state]\ndir = \"memory\"\n";
    for (arguments, config) in
        [(&["--acme", "a.example"][..], ""), (&["--acme", "a.example", "--check-config"], memory)]
    {
        let sentence = refused(arguments, config);
        assert!(sentence.contains("set state.dir"), "{sentence}");
    }
    let checked = output(&["--acme", "a.example", "--check-config"], "");
    assert_eq!(checked.status.code(), Some(0), "a service has a folder that whoever checks its settings has not");
    let sentence = refused(&["--acme", "a.example"], "[state]\ndir = \"config.toml/below\"\n");
    assert!(sentence.contains("cannot be kept in config.toml/below"), "{sentence}");
}

#[test]
fn a_name_is_all_it_takes_and_a_port_that_is_set_stays() {
    let printed = |arguments: &[&str], config: &str| {
        let output = output(&[arguments, &["--print-config"]].concat(), config);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        said(&output).1.to_owned()
    };
    let has =
        |text: &str, lines: &[&str]| assert!(lines.iter().all(|it| text.lines().any(|line| line == *it)), "{text}");
    let names = "names = [\"a.example\", \"192.0.2.1\"]";
    has(&printed(&["--acme", "a.example", "--acme", "192.0.2.1"], ""), &["port = 443", "enabled = true", names]);
    has(&printed(&["--acme", "a.example", "--port", "8443"], ""), &["port = 8443", "enabled = true"]);
    has(&printed(&["--acme", "a.example"], "[http]\nport = 8443\n"), &["port = 8443"]);
    let file = format!("[tls.acme]\n{names}\n");
    has(&printed(&[], &file), &["port = 443", "enabled = true", names]);
    has(&printed(&["--acme", "b.example"], &file), &["names = [\"b.example\"]"]);
    has(&printed(&["--self-signed"], ""), &["port = 8080", "enabled = true", "self_signed = true"]);
    let secret = "eab_key_id = \"k\"\neab_hmac_key = \"aHVzaA\"\n";
    let text = printed(&[], &format!("{file}{secret}"));
    assert!(!text.contains("aHVzaA") && text.contains("eab_hmac_key = \"(hidden)\""), "{text}");
}
