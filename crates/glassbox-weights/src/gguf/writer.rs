use super::{DEFAULT_ALIGNMENT, Value};
use crate::WeightsError;
use glassbox_core::DType;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Writes a GGUF file of version 3: metadata first, then tensor data in the order declared.
///
/// The same calls give the same bytes. Data goes to a temporary file in the same folder, which is
/// flushed to disk and renamed by [`TensorWriter::finish`]: whoever opens `path` sees the old file
/// or the whole new one.
///
/// ```
/// use glassbox_core::DType;
/// use glassbox_weights::gguf::{Value, Writer};
///
/// let folder = tempfile::tempdir()?;
/// let mut writer = Writer::new();
/// writer.set("general.architecture", Value::String("llama".into()));
/// writer.tensor("output_norm.weight", DType::F32, &[2]);
/// let mut data = writer.create(&folder.path().join("tiny.gguf"))?;
/// data.write(&1.0f32.to_le_bytes())?;
/// data.write(&2.0f32.to_le_bytes())?;
/// data.finish()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Writer {
    entries: Vec<(String, Value)>,
    tensors: Vec<Tensor>,
    /// `None` is the format's default.
    alignment: Option<u32>,
}

#[derive(Clone, Debug)]
struct Tensor {
    name: String,
    dtype: DType,
    shape: Vec<u64>,
    n_bytes: u64,
}

impl Writer {
    /// Nothing yet.
    pub fn new() -> Self {
        Writer::default()
    }

    /// Sets a key: in place when it was set before, at the end otherwise.
    pub fn set(&mut self, key: impl Into<String>, value: Value) -> &mut Self {
        let key = key.into();
        match self.entries.iter_mut().find(|(k, _)| *k == key) {
            Some(entry) => entry.1 = value,
            None => self.entries.push((key, value)),
        }
        self
    }

    /// Lets every tensor begin at a multiple of `bytes`, a power of two of 8 or more.
    pub fn align(&mut self, bytes: u32) -> &mut Self {
        self.alignment = Some(bytes);
        self.set("general.alignment", Value::U32(bytes))
    }

    fn alignment(&self) -> u64 {
        self.alignment.unwrap_or(DEFAULT_ALIGNMENT).into()
    }

    /// Declares a tensor of `shape`, outermost first, and gives the bytes its data must have.
    ///
    /// # Panics
    /// When a row is not a whole number of blocks, or the size overflows: a writer's caller knows
    /// its tensors.
    pub fn tensor(&mut self, name: impl Into<String>, dtype: DType, shape: &[u64]) -> u64 {
        let name = name.into();
        let n_bytes = tensor_bytes(dtype, shape)
            .unwrap_or_else(|| panic!("tensor {name}: {shape:?} of {dtype} is no size"));
        self.tensors.push(Tensor {
            name,
            dtype,
            shape: shape.to_vec(),
            n_bytes,
        });
        n_bytes
    }

    /// Writes the header to a temporary file beside `path`.
    pub fn create(&self, path: &Path) -> Result<TensorWriter, WeightsError> {
        let temporary = temporary_name(path);
        let io = |source| WeightsError::Io {
            path: temporary.clone(),
            source,
        };
        let file = File::create_new(&temporary).map_err(io)?;
        let mut writer = TensorWriter {
            file: BufWriter::with_capacity(1 << 20, file),
            path: path.to_path_buf(),
            temporary: Some(temporary.clone()),
            sizes: self.tensors.iter().map(|t| t.n_bytes).collect(),
            alignment: self.alignment(),
            tensor: 0,
            written: 0,
        };
        let header = self.header();
        writer.file.write_all(&header).map_err(io)?;
        writer.skip_empty().map_err(io)?;
        Ok(writer)
    }

    /// The file up to the tensor data.
    fn header(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend(b"GGUF");
        out.extend(3u32.to_le_bytes());
        out.extend((self.tensors.len() as u64).to_le_bytes());
        out.extend((self.entries.len() as u64).to_le_bytes());
        for (key, value) in &self.entries {
            put_str(&mut out, key);
            out.extend(value.value_type().id().to_le_bytes());
            put_value(&mut out, value);
        }
        let mut offset = 0u64;
        for tensor in &self.tensors {
            put_str(&mut out, &tensor.name);
            out.extend((tensor.shape.len() as u32).to_le_bytes());
            for dim in tensor.shape.iter().rev() {
                out.extend(dim.to_le_bytes());
            }
            out.extend(tensor.dtype.gguf_id().to_le_bytes());
            out.extend(offset.to_le_bytes());
            offset += tensor.n_bytes.next_multiple_of(self.alignment());
        }
        out.resize(out.len().next_multiple_of(self.alignment() as usize), 0);
        out
    }
}

fn tensor_bytes(dtype: DType, shape: &[u64]) -> Option<u64> {
    let cols = usize::try_from(shape.last().copied().unwrap_or(1)).ok()?;
    let rows = &shape[..shape.len().saturating_sub(1)];
    rows.iter()
        .try_fold(dtype.row_bytes(cols)? as u64, |n, &dim| n.checked_mul(dim))
        .filter(|&n| n <= i64::MAX as u64)
}

/// A name in the same folder, so that renaming never crosses a file system.
fn temporary_name(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}

fn put_str(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

fn put_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::U8(n) => out.extend(n.to_le_bytes()),
        Value::I8(n) => out.extend(n.to_le_bytes()),
        Value::U16(n) => out.extend(n.to_le_bytes()),
        Value::I16(n) => out.extend(n.to_le_bytes()),
        Value::U32(n) => out.extend(n.to_le_bytes()),
        Value::I32(n) => out.extend(n.to_le_bytes()),
        Value::F32(x) => out.extend(x.to_le_bytes()),
        Value::Bool(b) => out.push(u8::from(*b)),
        Value::String(s) => put_str(out, s),
        Value::Array(array) => {
            out.extend(array.element_type().id().to_le_bytes());
            out.extend(array.len().to_le_bytes());
            out.extend(array.raw());
        }
        Value::U64(n) => out.extend(n.to_le_bytes()),
        Value::I64(n) => out.extend(n.to_le_bytes()),
        Value::F64(x) => out.extend(x.to_le_bytes()),
    }
}

/// A GGUF file whose header is written and whose tensor data is on its way.
///
/// Dropping it unfinished removes the temporary file.
#[derive(Debug)]
pub struct TensorWriter {
    file: BufWriter<File>,
    path: PathBuf,
    /// None once it has its final name.
    temporary: Option<PathBuf>,
    sizes: Vec<u64>,
    alignment: u64,
    tensor: usize,
    written: u64,
}

impl TensorWriter {
    /// Appends bytes of the current tensor; the next one begins when its size is reached.
    ///
    /// # Errors
    /// More bytes than the tensor has, or a file system that says no.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), WeightsError> {
        let size = self.sizes.get(self.tensor).copied().unwrap_or(0);
        if bytes.len() as u64 > size - self.written {
            return Err(WeightsError::WriteSize {
                tensor: self.tensor,
                expected: size,
                got: self.written + bytes.len() as u64,
            });
        }
        self.append(bytes).map_err(|source| WeightsError::Io {
            path: self.path.clone(),
            source,
        })
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.written += bytes.len() as u64;
        if self.sizes.get(self.tensor) == Some(&self.written) {
            let padding = self.written.next_multiple_of(self.alignment) - self.written;
            self.file.write_all(&vec![0; padding as usize])?;
            self.tensor += 1;
            self.written = 0;
        }
        self.skip_empty()
    }

    /// Tensors of no bytes are complete before anything is written.
    fn skip_empty(&mut self) -> io::Result<()> {
        while self.written == 0 && self.sizes.get(self.tensor) == Some(&0) {
            self.tensor += 1;
        }
        Ok(())
    }

    /// Flushes everything to disk and gives the file its name.
    ///
    /// # Errors
    /// A tensor that is not complete, or a file system that says no.
    pub fn finish(mut self) -> Result<(), WeightsError> {
        if let Some(&expected) = self.sizes.get(self.tensor) {
            return Err(WeightsError::WriteSize {
                tensor: self.tensor,
                expected,
                got: self.written,
            });
        }
        self.publish().map_err(|source| WeightsError::Io {
            path: self.path.clone(),
            source,
        })
    }

    fn publish(&mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        if let Some(temporary) = &self.temporary {
            fs::rename(temporary, &self.path)?;
            self.temporary = None;
        }
        // The name is in the folder's own data; not every platform can flush a folder.
        if let Some(folder) = self.path.parent()
            && let Ok(folder) = File::open(folder)
        {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

impl Drop for TensorWriter {
    fn drop(&mut self) {
        if let Some(temporary) = self.temporary.take() {
            // Nobody is left to tell, and a file left behind is only a file.
            let _ = fs::remove_file(temporary);
        }
    }
}
