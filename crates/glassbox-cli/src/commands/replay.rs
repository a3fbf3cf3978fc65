use crate::exit::Reported;
use crate::model_args::{self, ModelPath};
use crate::{interrupt, output};
use anyhow::{Context as _, Result, bail};
use glassbox::{AuditReader, Cancel, Certificate, KvType, Model, ModelOptions, Replay};
use serde::Serialize;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// The most bytes of a certificate: some forty for each of a million tokens.
const MOST: u64 = 64 << 20;
/// What a line of an audit log begins with.
const LOG: &[u8] = b"{\"hash\":";

/// Compute a certified reply, or all replies of an audit log, again: identical, or where it departs.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    model: ModelPath,
    /// Threads that compute; as many as there are cores where left out. The result is the same
    #[arg(short, long, value_name = "N", value_parser = model_args::threads)]
    threads: Option<usize>,
    /// Only check the hashes, for which no model is needed
    #[arg(long)]
    check: bool,
    /// One JSON object for each reply
    #[arg(long)]
    json: bool,
    /// A certificate, as ask --certificate writes it, or an audit log, as --audit does
    file: PathBuf,
}

pub(crate) fn run(args: Args) -> Result<()> {
    let interrupt = interrupt::guard();
    interrupt::install()?;
    let mut replays = Replays {
        cancel: interrupt.cancel.clone(),
        args: &args,
        model: None,
        departed: false,
    };
    for (line, certificate) in Certificates::open(&args.file)?.enumerate() {
        replays.one(line + 1, &certificate?)?;
    }
    match replays.departed {
        true => Err(Reported.into()),
        false => Ok(()),
    }
}

/// The certificates of a file, checked as they come.
enum Certificates {
    One(Option<Box<Certificate>>),
    Log(AuditReader),
}

impl Certificates {
    fn open(path: &Path) -> Result<Self> {
        let name = || path.display().to_string();
        let file = File::open(path).with_context(name)?;
        let mut bytes = Vec::new();
        let begins = LOG.len() as u64;
        (&file)
            .take(begins)
            .read_to_end(&mut bytes)
            .with_context(name)?;
        if bytes == LOG {
            return Ok(Certificates::Log(AuditReader::open(path)?));
        }
        file.take(MOST).read_to_end(&mut bytes).with_context(name)?;
        if bytes.len() as u64 > MOST {
            bail!("{}: larger than the limit of {MOST} bytes", path.display());
        }
        let certificate: Certificate = serde_json::from_slice(&bytes).with_context(name)?;
        certificate.check().with_context(name)?;
        Ok(Certificates::One(Some(Box::new(certificate))))
    }
}

impl Iterator for Certificates {
    type Item = Result<Certificate>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Certificates::One(certificate) => certificate.take().map(|one| Ok(*one)),
            Certificates::Log(reader) => match reader.next()? {
                Ok(entry) => Some(Ok(entry.certificate)),
                Err(error) => Some(Err(error.into())),
            },
        }
    }
}

struct Replays<'a> {
    args: &'a Args,
    cancel: Cancel,
    /// The model by the type of its cache and its context, which the certificates decide.
    model: Option<(KvType, usize, Model)>,
    departed: bool,
}

/// The result of one, for programs.
#[derive(Serialize)]
struct ReplayJson {
    reply: usize,
    result: &'static str,
    tokens: usize,
    steps: usize,
    seal: String,
    /// Where it departs, from 0.
    token: Option<usize>,
    step: Option<usize>,
    certified: Option<u32>,
    written: Option<u32>,
}

impl Replays<'_> {
    fn one(&mut self, reply: usize, certificate: &Certificate) -> Result<()> {
        let mut json = ReplayJson {
            reply,
            result: "whole",
            tokens: certificate.tokens.len(),
            steps: certificate.steps.len(),
            seal: certificate.seal.to_string(),
            token: None,
            step: None,
            certified: None,
            written: None,
        };
        let mut departs = String::new();
        if !self.args.check {
            let cancel = self.cancel.clone();
            let model = self.model_for(certificate)?;
            json.result = "identical";
            if let Replay::Departs {
                token,
                step,
                certified,
                written,
            } = model.engine().replay(certificate, &cancel)?
            {
                json.result = "departs";
                (json.token, json.step) = (Some(token), step);
                (json.certified, json.written) = (certified, written);
                departs = format!(
                    " at token {token}, {}: the certificate has {}, this model writes {}",
                    step.map_or("after the last step".to_owned(), |step| format!(
                        "in step {step}"
                    )),
                    shown(model, certified)?,
                    shown(model, written)?,
                );
            }
        }
        self.departed |= json.result == "departs";
        if self.args.json {
            return output::json(&json);
        }
        let mut out = io::stdout();
        writeln!(
            out,
            "reply {reply}: {}{departs} ({} tokens in {} steps, seal {:.16}…)",
            json.result, json.tokens, json.steps, json.seal
        )?;
        Ok(())
    }

    /// The model, opened as the certificate wants it.
    fn model_for(&mut self, certificate: &Certificate) -> Result<&Model> {
        let terms = &certificate.terms;
        let named = KvType::ALL.into_iter().find(|kv| kv.name() == terms.kv);
        let Some(kv) = named else {
            bail!(
                "the certificate names a cache of type {:?}, which is not known",
                terms.kv
            );
        };
        let tokens = terms.prompt.len() + certificate.tokens.len();
        let fits = |(have, context, _): &(KvType, usize, Model)| *have == kv && tokens <= *context;
        let (_, _, model) = match self.model.take().filter(fits) {
            Some(open) => self.model.insert(open),
            None => {
                let context = tokens.next_multiple_of(4096);
                let model = self.open(kv, context)?;
                self.model.insert((kv, context, model))
            }
        };
        Ok(model)
    }

    fn open(&self, kv: KvType, context: usize) -> Result<Model> {
        let options = ModelOptions::default().kv_type(kv).context(context);
        let mut options = options.certify(true);
        if let Some(threads) = self.args.threads {
            options = options.threads(threads);
        }
        let source = self.args.model.get()?;
        let checkpoint = source.checkpoint(&Default::default());
        let checkpoint = checkpoint.map_err(|error| source.named(error))?;
        model_args::load(&source, &checkpoint, &options)
    }
}

/// A token, or the end.
fn shown(model: &Model, id: Option<u32>) -> Result<String> {
    Ok(match id {
        Some(id) => {
            let text = model.engine().tokenizer()?.text_of(id);
            format!("{:?} (id {id})", output::harmless(&text))
        }
        None => "its end".to_owned(),
    })
}
