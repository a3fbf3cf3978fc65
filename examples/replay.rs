//! Writes a certificate of a reply, and computes the reply again from it, on other threads.
//!
//! `cargo run --release -p glassbox-examples --example replay`

use anyhow::Result;
use glassbox::{Cancel, Model};

fn main() -> Result<()> {
    let model = Model::options().certify(true).threads(2).open_tiny()?;
    let reply = model.session().ask("Is 91 a prime?").seed(7).run()?;
    let mut certificate = reply.certificate(model.engine())?;
    println!(
        "{} tokens, sealed by {}",
        certificate.tokens.len(),
        certificate.seal
    );

    let other = Model::options().certify(true).threads(1).open_tiny()?;
    let replay = other.engine().replay(&certificate, &Cancel::new())?;
    println!("on one thread: {replay:?}");

    // A document that was changed says where.
    certificate.tokens[3] += 1;
    if let Err(error) = certificate.check() {
        println!("changed: {error}");
    }
    Ok(())
}

#[test]
fn it_runs() {
    main().unwrap();
}
