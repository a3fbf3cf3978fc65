//! What outlives a process: certificates and audit logs.

use glassbox_engine::{AuditError, AuditReader, Certificate};
use std::io::Write as _;

/// A certificate. One that holds says the same when it is written and read again, and holds no
/// longer with another token.
pub fn certificate(data: &[u8]) {
    let Ok(certificate) = serde_json::from_slice::<Certificate>(data) else {
        return;
    };
    let json = serde_json::to_vec(&certificate).expect("a certificate is plain data");
    let again: Certificate = serde_json::from_slice(&json).expect("what was written is read");
    assert_eq!(again, certificate);
    if certificate.check().is_ok() {
        let mut other = certificate;
        for at in 0..other.tokens.len() {
            other.tokens[at] ^= 1;
            assert!(other.check().is_err(), "token {at}");
            other.tokens[at] ^= 1;
        }
    }
}

/// An audit log. It is read up to the first line that does not hold, and without its last byte
/// that line is torn, or an earlier one still does not hold.
pub fn audit(data: &[u8]) {
    let (lines, error) = read(data);
    let Some((_, rest)) = data.split_last() else {
        assert_eq!(lines, 0);
        return;
    };
    let (fewer, torn) = read(rest);
    match error {
        None => {
            assert_eq!(fewer, lines - 1);
            assert!(matches!(torn, Some(AuditError::Torn { .. })), "{torn:?}");
        }
        Some(_) => assert_eq!(fewer, lines),
    }
}

/// The lines of a log that hold, and what is wrong with the next.
fn read(log: &[u8]) -> (u64, Option<AuditError>) {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(log).expect("a temporary file is written");
    let mut reader = AuditReader::open(file.path()).expect("a temporary file is read");
    let error = reader.by_ref().find_map(Result::err);
    assert!(reader.next().is_none(), "the first error is the last");
    (reader.line(), error)
}
