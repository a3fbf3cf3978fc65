#![allow(unsafe_code)]

use crate::CpuError;
use glassbox_kernels::{Grid, Tile};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle, Thread};

/// Rounds that a thread waits busily before it sleeps: longer than the pause between two
/// operations of a decode step, and well below a time slice.
const SPIN: usize = 10_000;
/// Elements from which on a cheap pass is worth more than to wake others and to wait for them,
/// which takes about a microsecond.
const WORTH: usize = 1 << 13;
/// The most threads of a team.
pub(crate) const MAX_THREADS: usize = 1024;

/// A fixed team of threads that runs one parallel loop at a time.
///
/// The thread that calls [`for_each_part`](Self::for_each_part) works too. Parts are handed out one by one,
/// and only a helper that has taken the job up is waited for, so that a thread that the system
/// keeps from running holds nothing up; who computes a part does not change its result.
pub(crate) struct Team {
    shared: Arc<Shared>,
    sleepers: Vec<Thread>,
    handles: Vec<JoinHandle<()>>,
    runs: Vec<Run>,
}

/// How many parts of a run have been handed out.
#[derive(Default)]
#[repr(align(128))]
struct Run(AtomicUsize);

/// What can be cut into parts that any threads may take.
pub(crate) trait Split: Sync {
    type Part;

    fn n_parts(&self) -> usize;

    /// Part `index`.
    ///
    /// # Safety
    /// No two parts with the same index may be alive at once.
    unsafe fn part(&self, index: usize) -> Self::Part;
}

impl<'a> Split for Grid<'a> {
    type Part = Tile<'a>;

    fn n_parts(&self) -> usize {
        self.len()
    }

    unsafe fn part(&self, index: usize) -> Tile<'a> {
        // SAFETY: the same contract.
        unsafe { Grid::part(self, index) }
    }
}

/// Nothing but the numbers of so many parts.
pub(crate) struct Numbers(pub(crate) usize);

impl Split for Numbers {
    type Part = ();

    fn n_parts(&self) -> usize {
        self.0
    }

    unsafe fn part(&self, _index: usize) {}
}

/// Three things with as many parts, cut alike.
impl<A: Split, B: Split, C: Split> Split for (A, B, C) {
    type Part = (A::Part, B::Part, C::Part);

    fn n_parts(&self) -> usize {
        self.0.n_parts()
    }

    unsafe fn part(&self, index: usize) -> Self::Part {
        // SAFETY: the same contract.
        unsafe { (self.0.part(index), self.1.part(index), self.2.part(index)) }
    }
}

/// Several things one after another; a part comes with the number of its thing.
impl<S: Split, const N: usize> Split for [S; N] {
    type Part = (usize, S::Part);

    fn n_parts(&self) -> usize {
        self.iter().map(Split::n_parts).sum()
    }

    unsafe fn part(&self, index: usize) -> Self::Part {
        let (mut i, mut rest) = (0, index);
        while rest >= self[i].n_parts() {
            rest -= self[i].n_parts();
            i += 1;
        }
        // SAFETY: the same contract, as different indices are different parts.
        (i, unsafe { self[i].part(rest) })
    }
}

/// A slice cut into pieces of one size; the last may be shorter.
pub(crate) struct Chunks<'a, T> {
    first: *mut T,
    len: usize,
    size: usize,
    lifetime: PhantomData<&'a mut [T]>,
}

// SAFETY: the only access through shared chunks is `part`, whose contract hands every piece to one
// caller, and distinct pieces do not overlap.
unsafe impl<T: Send> Sync for Chunks<'_, T> {}

impl<'a, T> Chunks<'a, T> {
    pub(crate) fn new(whole: &'a mut [T], size: usize) -> Self {
        Chunks {
            first: whole.as_mut_ptr(),
            len: whole.len(),
            size: size.max(1),
            lifetime: PhantomData,
        }
    }
}

impl<'a, T: Send> Split for Chunks<'a, T> {
    type Part = &'a mut [T];

    fn n_parts(&self) -> usize {
        self.len.div_ceil(self.size)
    }

    unsafe fn part(&self, index: usize) -> &'a mut [T] {
        let start = (index * self.size).min(self.len);
        let len = self.size.min(self.len - start);
        // SAFETY: the range is within the slice, which is borrowed mutably for `'a`; pieces of different indices do not overlap, and by this function's contract no
        // other piece has this index.
        unsafe { std::slice::from_raw_parts_mut(self.first.add(start), len) }
    }
}

/// What the thread of a seat does; the caller has seat 0.
type Job<'a> = dyn Fn(usize) + Sync + 'a;

struct Shared {
    /// [`State`] in one word, so that a helper joins a job only while it is open.
    state: AtomicUsize,
    /// The current job; valid while the state is open or a helper works.
    job: AtomicPtr<&'static Job<'static>>,
    /// The first panic of a helper in the current job.
    panic: Mutex<Option<Box<dyn std::any::Any + Send>>>,
    stop: AtomicBool,
    /// Rounds of busy waiting; none where there are more threads than cores.
    spin: usize,
}

/// The number of the job, whether helpers may still join it, and how many are at work on it.
#[derive(Clone, Copy)]
struct State(usize);

impl State {
    const WORKERS: usize = 0xffff;
    const OPEN: usize = 0x1_0000;
    const NUMBER: usize = !(Self::WORKERS | Self::OPEN);

    fn number(self) -> usize {
        self.0 & Self::NUMBER
    }

    fn is_open(self) -> bool {
        self.0 & Self::OPEN != 0
    }

    fn workers(self) -> usize {
        self.0 & Self::WORKERS
    }

    /// The next job, open, with nobody at work on it yet.
    fn next(self) -> State {
        let number = self.number().wrapping_add(Self::OPEN << 1) & Self::NUMBER;
        State(number | Self::OPEN)
    }
}

impl Team {
    /// A team of `threads`, the caller included.
    pub(crate) fn new(threads: usize) -> Result<Self, CpuError> {
        if !(1..=MAX_THREADS).contains(&threads) {
            return Err(CpuError::Threads {
                got: threads,
                max: MAX_THREADS,
            });
        }
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let shared = Arc::new(Shared {
            state: AtomicUsize::new(0),
            job: AtomicPtr::new(std::ptr::null_mut()),
            panic: Mutex::new(None),
            stop: AtomicBool::new(false),
            spin: if threads <= cores { SPIN } else { 0 },
        });
        let mut team = Team {
            shared,
            sleepers: Vec::new(),
            handles: Vec::new(),
            runs: (0..threads).map(|_| Run::default()).collect(),
        };
        for index in 1..threads {
            let shared = team.shared.clone();
            let builder = thread::Builder::new().name(format!("glassbox-{index}"));
            // A team that fails to start is dropped, which ends the threads that did.
            let handle = builder
                .spawn(move || helper(&shared, index))
                .map_err(|source| CpuError::Spawn { index, source })?;
            team.sleepers.push(handle.thread().clone());
            team.handles.push(handle);
        }
        Ok(team)
    }

    /// Threads of the team, the caller included.
    pub(crate) fn threads(&self) -> usize {
        self.handles.len() + 1
    }

    /// Calls `body` with each row of `rows`, for a pass that takes less than a nanosecond an
    /// element.
    pub(crate) fn for_each_row(&mut self, rows: Tile<'_>, body: impl Fn(Tile<'_>) + Sync) {
        let width = rows.n_cols();
        let worth = rows.n_rows() * width >= WORTH;
        self.for_each_part_if(worth, rows.grid(1, width), |_, row| body(row));
    }

    /// Calls `body` with each part of `whole` and its number.
    pub(crate) fn for_each_part<S: Split>(
        &mut self,
        whole: S,
        body: impl Fn(usize, S::Part) + Sync,
    ) {
        self.for_each_part_if(true, whole, body);
    }

    /// [`for_each_part`](Self::for_each_part) on this thread alone, unless it is `worth` the others'
    /// while.
    pub(crate) fn for_each_part_if<S: Split>(
        &mut self,
        worth: bool,
        whole: S,
        body: impl Fn(usize, S::Part) + Sync,
    ) {
        let n = whole.n_parts();
        if !worth || n <= 1 || self.handles.is_empty() {
            // SAFETY: each index comes once.
            (0..n).for_each(|i| body(i, unsafe { whole.part(i) }));
            return;
        }
        let runs = &self.runs[..self.runs.len().min(n)];
        runs.iter()
            .for_each(|run| run.0.store(0, Ordering::Relaxed));
        let begin = |run: usize| n / runs.len() * run + run.min(n % runs.len());
        let job = |seat: usize| {
            for run in (0..runs.len()).map(|i| (seat + i) % runs.len()) {
                let (first, end) = (begin(run), begin(run + 1));
                loop {
                    let index = first + runs[run].0.fetch_add(1, Ordering::Relaxed);
                    if index >= end {
                        break;
                    }
                    // SAFETY: the counter gives each index to one caller.
                    body(index, unsafe { whole.part(index) });
                }
            }
        };
        self.run(&job, n - 1);
    }

    /// Runs `job` on this thread and on those of the team that join in before it has returned
    /// here; at most `helpers` of them are woken. Returns when all have finished. The caller borrows
    /// the team mutably, so that there is one job at a time.
    fn run(&self, job: &Job<'_>, helpers: usize) {
        // SAFETY: the pointee outlives its use. A helper reads it only after it has counted itself
        // in while the job was open, and `Close` does not let this function end, by return or by
        // panic, before the job is closed and nobody is counted in.
        let mut job: &'static Job<'static> = unsafe { std::mem::transmute(job) };
        let shared = &*self.shared;
        let panic = || {
            shared
                .panic
                .lock()
                .unwrap_or_else(|e| e.into_inner())
                .take()
        };
        // What a job left behind whose own panic came first is not this job's.
        drop(panic());
        shared.job.store(&raw mut job, Ordering::Relaxed);
        let last = State(shared.state.load(Ordering::Relaxed));
        // Publishes the job.
        shared.state.store(last.next().0, Ordering::Release);
        {
            let _close = Close(shared);
            for sleeper in self.sleepers.iter().take(helpers) {
                sleeper.unpark();
            }
            job(0);
        }
        if let Some(panic) = panic() {
            resume_unwind(panic);
        }
    }
}

/// Closes the job, when dropped, and waits until nobody works on it.
struct Close<'a>(&'a Shared);

impl Drop for Close<'_> {
    fn drop(&mut self) {
        self.0.state.fetch_and(!State::OPEN, Ordering::Relaxed);
        let mut rounds = 0usize;
        // Acquires what the helpers wrote.
        while State(self.0.state.load(Ordering::Acquire)).workers() != 0 {
            rounds += 1;
            if rounds < self.0.spin {
                std::hint::spin_loop();
            } else {
                thread::yield_now();
            }
        }
    }
}

fn helper(shared: &Shared, seat: usize) {
    let mut seen = 0;
    let mut rounds = 0usize;
    loop {
        let now = State(shared.state.load(Ordering::Relaxed));
        if now.is_open() && now.number() != seen {
            // Acquires the job. The number in the word keeps a late helper out of a later job.
            let join = shared.state.compare_exchange(
                now.0,
                now.0 + 1,
                Ordering::Acquire,
                Ordering::Relaxed,
            );
            if join.is_err() {
                continue;
            }
            seen = now.number();
            // SAFETY: this thread is counted in, so the job is alive; it is shared by all threads
            // and `Sync`.
            let job: &Job<'_> = unsafe { *shared.job.load(Ordering::Relaxed) };
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| job(seat))) {
                shared
                    .panic
                    .lock()
                    .unwrap_or_else(|e| e.into_inner())
                    .get_or_insert(panic);
            }
            shared.state.fetch_sub(1, Ordering::Release);
            rounds = 0;
            continue;
        }
        if shared.stop.load(Ordering::Relaxed) {
            return;
        }
        rounds += 1;
        if rounds < shared.spin {
            std::hint::spin_loop();
        } else {
            thread::park();
        }
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        for sleeper in &self.sleepers {
            sleeper.unpark();
        }
        for handle in self.handles.drain(..) {
            // A helper catches the panics of jobs and has no others.
            let _ = handle.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_done_once_and_the_team_can_be_used_again() {
        for threads in 1..=4 {
            let mut team = Team::new(threads).unwrap();
            let mut matrix = vec![0.0f32; 40 * 50];
            for round in 1..=200 {
                team.for_each_part(Tile::whole(&mut matrix, 50).grid(3, 7), |_, mut tile| {
                    for r in 0..tile.n_rows() {
                        tile.row(r).iter_mut().for_each(|x| *x += 1.0);
                    }
                });
                assert!(matrix.iter().all(|&x| x == round as f32));
            }
        }
    }

    #[test]
    fn a_panic_reaches_the_caller_and_leaves_the_team_alive() {
        let mut team = Team::new(3).unwrap();
        let mut matrix = vec![0.0f32; 64];
        let broken = catch_unwind(AssertUnwindSafe(|| {
            team.for_each_part(Tile::whole(&mut matrix, 1).grid(1, 1), |_, tile| {
                assert!(tile.first_row() != 33, "part 33");
            });
        }));
        assert!(broken.is_err());
        team.for_each_part(Chunks::new(&mut matrix, 1), |_, x| x[0] = 1.0);
        assert!(matrix.iter().all(|&x| x == 1.0));
    }

    #[test]
    fn no_threads_is_refused() {
        assert!(matches!(
            Team::new(0),
            Err(CpuError::Threads { got: 0, .. })
        ));
    }
}
