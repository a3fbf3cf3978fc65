#![allow(unsafe_code)]

use crate::CpuError;
use glassbox_kernels::Tile;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle, Thread};

/// Rounds that a thread waits busily before it sleeps: longer than the pause between two
/// operations of a decode step, and well below a time slice.
const SPIN: usize = 10_000;
/// The most threads of a team.
pub(crate) const MAX_THREADS: usize = 1024;

/// A fixed team of threads that runs one parallel loop at a time.
///
/// The thread that calls [`for_each`](Self::for_each) works too. Parts are handed out one by one,
/// so that a thread that the system delays holds up no other; who computes a part does not
/// change its result.
pub(crate) struct Team {
    shared: Arc<Shared>,
    sleepers: Vec<Thread>,
    handles: Vec<JoinHandle<()>>,
}

type Job<'a> = dyn Fn() + Sync + 'a;

struct Shared {
    /// Counts jobs; a change is the signal to begin.
    epoch: AtomicUsize,
    /// The current job; valid from a change of `epoch` until `running` is zero again.
    job: AtomicPtr<&'static Job<'static>>,
    /// Helpers that have not finished the current job.
    running: AtomicUsize,
    /// The first panic of a helper in the current job.
    panic: Mutex<Option<Box<dyn std::any::Any + Send>>>,
    stop: AtomicBool,
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
        let shared = Arc::new(Shared {
            epoch: AtomicUsize::new(0),
            job: AtomicPtr::new(std::ptr::null_mut()),
            running: AtomicUsize::new(0),
            panic: Mutex::new(None),
            stop: AtomicBool::new(false),
        });
        let mut team = Team {
            shared,
            sleepers: Vec::new(),
            handles: Vec::new(),
        };
        for index in 1..threads {
            let shared = team.shared.clone();
            let builder = thread::Builder::new().name(format!("glassbox-{index}"));
            // A team that fails to start is dropped, which ends the threads that did.
            let handle = builder
                .spawn(move || helper(&shared))
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

    /// Calls `body` with each part of `whole`, cut into at most `n_rows` by `n_cols`.
    pub(crate) fn for_each(
        &mut self,
        whole: Tile<'_>,
        n_rows: usize,
        n_cols: usize,
        body: impl Fn(Tile<'_>) + Sync,
    ) {
        let grid = whole.grid(n_rows, n_cols);
        let next = AtomicUsize::new(0);
        let job = || {
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= grid.len() {
                    break;
                }
                // SAFETY: the counter gives each index to one caller.
                body(unsafe { grid.part(index) });
            }
        };
        if grid.len() <= 1 || self.handles.is_empty() {
            job();
        } else {
            self.run(&job);
        }
    }

    /// Runs `job` on every thread of the team, and returns when all have finished.
    fn run(&mut self, job: &Job<'_>) {
        // SAFETY: the pointee outlives its use. Helpers read it only between the change of
        // `epoch` below and their decrement of `running`, and `Wait` does not let this function
        // end, by return or by panic, before `running` is zero.
        let mut job: &'static Job<'static> = unsafe { std::mem::transmute(job) };
        let shared = &*self.shared;
        // What a job left behind whose own panic came first is not this job's.
        shared
            .panic
            .lock()
            .unwrap_or_else(|e| e.into_inner())
            .take();
        shared.running.store(self.handles.len(), Ordering::Relaxed);
        shared.job.store(&raw mut job, Ordering::Relaxed);
        // Publishes the two stores above.
        shared.epoch.fetch_add(1, Ordering::Release);
        for sleeper in &self.sleepers {
            sleeper.unpark();
        }
        {
            let _wait = Wait(shared);
            job();
        }
        if let Some(panic) = shared
            .panic
            .lock()
            .unwrap_or_else(|e| e.into_inner())
            .take()
        {
            resume_unwind(panic);
        }
    }
}

/// Waits, when dropped, until no helper runs.
struct Wait<'a>(&'a Shared);

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let mut rounds = 0usize;
        // Acquires what the helpers wrote.
        while self.0.running.load(Ordering::Acquire) != 0 {
            rounds += 1;
            if rounds < SPIN {
                std::hint::spin_loop();
            } else {
                thread::yield_now();
            }
        }
    }
}

fn helper(shared: &Shared) {
    let mut seen = 0;
    loop {
        let mut rounds = 0usize;
        while shared.epoch.load(Ordering::Acquire) == seen {
            if shared.stop.load(Ordering::Relaxed) {
                return;
            }
            rounds += 1;
            if rounds < SPIN {
                std::hint::spin_loop();
            } else {
                thread::park();
            }
        }
        seen = seen.wrapping_add(1);
        // SAFETY: `epoch` changed, so the job is set and, until `running` is decremented below,
        // alive; it is shared by all threads and `Sync`.
        let job: &Job<'_> = unsafe { *shared.job.load(Ordering::Relaxed) };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(job)) {
            shared
                .panic
                .lock()
                .unwrap_or_else(|e| e.into_inner())
                .get_or_insert(panic);
        }
        shared.running.fetch_sub(1, Ordering::Release);
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
                team.for_each(Tile::whole(&mut matrix, 50), 3, 7, |mut tile| {
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
            team.for_each(Tile::whole(&mut matrix, 1), 1, 1, |tile| {
                assert!(tile.first_row() != 33, "part 33");
            });
        }));
        assert!(broken.is_err());
        team.for_each(Tile::whole(&mut matrix, 1), 1, 1, |mut t| t.row(0)[0] = 1.0);
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
