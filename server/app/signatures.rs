//! Signatures of rooms' owners, as browsers make them: ECDSA on P-256 with SHA-256 (Web Cryptography API, section 23).
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

use crate::{rooms::SignedAct, sessions::SignatureCheck};

/// What stands before every text that is signed, so that no signature for anything else is one of an owner.
const CONTEXT: &str = "p2pchat owner 1\n";

/// The check that the rooms of this server go by.
#[derive(Debug)]
pub(super) struct OwnerSignatures;

impl SignatureCheck for OwnerSignatures {
    fn is_right(&self, SignedAct { text, key, signature }: &SignedAct) -> bool {
        let (Ok(key), Ok(signature)) = (BASE64_URL_SAFE_NO_PAD.decode(key), BASE64_URL_SAFE_NO_PAD.decode(signature))
        else {
            return false;
        };
        let signed = format!("{CONTEXT}{text}");
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key).verify(signed.as_bytes(), &signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with WebCrypto, as a page makes it.
    const KEY: &str = "BKpU8TTYtyqdA2x-DsGzJbDU6DnyagB_FXImuOOfju3eUA1c4jpopyEIE9dAXTWtfPQrE72YBH4Ynt6gv10K3a0";
    const SIGNATURE: &str = "GvqZ4sxwwkvjpQcA4pBFjH-iZVEC_4o31fgH7r5jy0uPEOO4Xzahfi_2u3gmCfCAX-AklemL6civ4ifxJyqCwQ";
    const TEXT: &str = r#"{"room":"r","number":5,"type":"end"}"#;

    fn is_right(text: &str, key: &str, signature: &str) -> bool {
        let [text, key, signature] = [text, key, signature].map(str::to_owned);
        OwnerSignatures.is_right(&SignedAct { text, key, signature })
    }

    #[test]
    fn a_browsers_signature_is_right_and_nothing_else() {
        assert!(is_right(TEXT, KEY, SIGNATURE));
        assert!(!is_right(&TEXT.replace('5', "6"), KEY, SIGNATURE));
        let other_case = SIGNATURE.replacen(|it: char| it.is_ascii_lowercase(), "A", 1);
        let zeros = "A".repeat(SIGNATURE.len());
        for signature in ["", "ä", &other_case, &zeros, &SIGNATURE[1..]] {
            assert!(!is_right(TEXT, KEY, signature), "{signature}");
        }
        let off_the_curve = format!("BA{}", "A".repeat(KEY.len() - 2));
        for key in ["", "ä", &off_the_curve, &zeros, &KEY[..43]] {
            assert!(!is_right(TEXT, key, SIGNATURE), "{key}");
        }
    }
}
