use crate::forward::{Logits, Part, forward};
use crate::writing::Writing;
use crate::{Engine, EngineError, Event, Reply, Stream};
use glassbox_models::ModelError;
use glassbox_trace::StopReason;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Replies that are written side by side, in one batch after another: an iterator of their events,
/// each with the index of its reply.
///
/// In a batch each reply that is being written has its next token, and what is left of the batch is
/// shared by the prompts that are still to be read. By the replay law every reply is, to the bit,
/// what it would be alone. Replies for which the cache has no room wait for others to end; the
/// youngest gives its pages back where all would wait, and is computed again later.
///
/// Nothing runs between two events. A cancelled reply ends before the next batch.
pub struct Group<'s> {
    engine: Engine,
    members: Vec<Option<Stream<'s>>>,
    /// Errors that ended replies and are still to be told.
    failed: VecDeque<(usize, EngineError)>,
    /// Those that gave their pages back, until another ends.
    parked: Vec<usize>,
    /// Who is asked first.
    turn: usize,
}

/// What a member has in the next batch.
struct Share {
    member: usize,
    ids: Vec<u32>,
    /// Whether it reaches the member's last token, whose logits are wanted.
    whole: bool,
}

impl<'s> Group<'s> {
    /// No reply yet, of sessions on `engine`.
    pub fn new(engine: &Engine) -> Self {
        Group {
            engine: engine.clone(),
            members: Vec::new(),
            failed: VecDeque::new(),
            parked: Vec::new(),
            turn: 0,
        }
    }

    /// Adds a reply, at any time, and returns its index.
    ///
    /// # Panics
    /// When the stream's session is not on the group's engine.
    pub fn push(&mut self, stream: Stream<'s>) -> usize {
        assert!(
            stream.session.engine().is(&self.engine),
            "a group's sessions share its engine"
        );
        self.members.push(Some(stream));
        self.members.len() - 1
    }

    /// Takes a reply out, at any time: to finish it, or to drop it. `None` if it was taken before.
    pub fn remove(&mut self, index: usize) -> Option<Stream<'s>> {
        self.members.get_mut(index)?.take()
    }

    /// Writes all replies to their ends. They come in the order in which they were added; those
    /// that were taken out are left out.
    pub fn run(mut self) -> Vec<Result<Reply, EngineError>> {
        let mut errors: Vec<Option<EngineError>> = self.members.iter().map(|_| None).collect();
        for (index, event) in self.by_ref() {
            if let Err(error) = event {
                errors[index] = Some(error);
            }
        }
        let ended = self.members.into_iter().zip(errors);
        ended
            .filter_map(|(member, error)| Some((member?, error)))
            .map(|(stream, error)| error.map_or_else(|| stream.finish(), Err))
            .collect()
    }

    /// The next event that is there.
    fn told(&mut self) -> Option<(usize, Result<Event, EngineError>)> {
        if let Some((member, error)) = self.failed.pop_front() {
            return Some((member, Err(error)));
        }
        let n = self.members.len();
        (0..n).map(|i| (i + self.turn) % n).find_map(|i| {
            let stream = self.members[i].as_mut()?;
            Some((i, Ok(stream.writing.events.pop_front()?)))
        })
    }

    /// Computes one batch. Returns whether there was anything left to do.
    fn step(&mut self) -> bool {
        for stream in self.members.iter_mut().flatten() {
            if stream.writing.cancel.is_cancelled() {
                stream.writing.end(StopReason::Cancelled);
            }
            stream.writing.end_if_full();
            if stream.writing.has_ended() {
                stream.session.sequence.publish();
            }
        }
        let live = self.live();
        if live.len() == self.parked.len() {
            // Room was made for others, and they are through.
            self.parked.clear();
        }
        if live.is_empty() {
            return false;
        }
        let (shares, refused) = self.shares(&live);
        match (shares.is_empty(), refused) {
            (false, _) => self.compute(shares),
            (true, Some(error)) => self.make_room(&live, error),
            (true, None) => {}
        }
        true
    }

    /// Those that have not ended, from the one whose turn it is on.
    fn live(&mut self) -> Vec<usize> {
        let is_live = |i: &usize| {
            let member = self.members[*i].as_ref();
            member.is_some_and(|stream| !stream.writing.has_ended())
        };
        let mut live: Vec<usize> = (0..self.members.len()).filter(is_live).collect();
        self.parked.retain(|i| live.contains(i));
        self.turn = self.turn.wrapping_add(1);
        if !live.is_empty() {
            let first = self.turn % live.len();
            live.rotate_left(first);
        }
        live
    }

    /// Divides the next batch, and reserves the places of what is in it. The error is of one that
    /// found no place.
    fn shares(&mut self, live: &[usize]) -> (Vec<Share>, Option<EngineError>) {
        let mut room = self.engine.max_batch();
        for &member in live {
            self.begin(member);
        }
        let (writing, mut reading): (Vec<usize>, Vec<usize>) = live
            .iter()
            .filter(|i| !self.parked.contains(i))
            .partition(|&&i| self.pending(i).len() == 1);
        let mut shares = Vec::new();
        let mut refused = None;
        let mut waiting = writing.len() + reading.len();
        // The shortest first, so that what one leaves of its part falls to the others.
        reading.sort_by_key(|&i| self.pending(i).len());
        for member in writing.into_iter().chain(reading) {
            let fair = room.div_ceil(waiting.max(1));
            waiting -= 1;
            let pending = self.pending(member);
            let n = pending.len().min(fair);
            if n == 0 {
                continue;
            }
            let (ids, whole) = (pending[..n].to_vec(), n == pending.len());
            let Some(stream) = &mut self.members[member] else {
                continue;
            };
            match stream.session.sequence.reserve(n) {
                Ok(()) => {
                    room -= n;
                    shares.push(Share { member, ids, whole });
                }
                Err(error) => refused = Some(error),
            }
        }
        (shares, refused)
    }

    /// Gives a member that holds nothing what is known of its prompt.
    fn begin(&mut self, member: usize) {
        if let Some(stream) = &mut self.members[member]
            && stream.session.sequence.ids().is_empty()
            && !self.parked.contains(&member)
        {
            stream.session.sequence.start(stream.writing.ids());
        }
    }

    /// The tokens of a member whose keys and values are still to be computed.
    fn pending(&self, member: usize) -> &[u32] {
        match &self.members[member] {
            Some(stream) => &stream.writing.ids()[stream.session.sequence.ids().len()..],
            None => &[],
        }
    }

    fn compute(&mut self, mut shares: Vec<Share>) {
        shares.sort_by_key(|share| share.member);
        let (mut parts, mut writings) = (Vec::new(), Vec::new());
        let mut next = shares.iter().peekable();
        for (i, member) in self.members.iter_mut().enumerate() {
            if let (Some(stream), Some(share)) = (member, next.next_if(|s| s.member == i)) {
                parts.push(Part {
                    sequence: &mut stream.session.sequence,
                    ids: &share.ids,
                    first: share.ids.len() - usize::from(share.whole),
                });
                writings.push((i, &mut stream.writing));
            }
        }
        let cancels: Vec<_> = writings.iter().map(|(_, w)| w.cancel.clone()).collect();
        let mut proceed = || !cancels.iter().all(|cancel| cancel.is_cancelled());
        let computed = forward(&self.engine, &mut parts, &mut proceed);
        if let Ok(logits) = &computed {
            self.failed
                .extend(take(&self.engine, &mut writings, logits));
        }
        for (part, (_, writing)) in parts.iter_mut().zip(&writings) {
            // A loop was taken back.
            if writing.ids().len() <= part.sequence.ids().len() {
                part.sequence.keep_common(writing.ids());
            }
        }
        match computed {
            Ok(_) | Err(EngineError::Model(ModelError::Cancelled)) => {}
            Err(error) => {
                // The others meet it themselves, if it is still there.
                let (member, writing) = &mut writings[0];
                writing.fail();
                self.failed.push_back((*member, error));
            }
        }
    }

    /// Where nobody found a place: one that has ended lets go of its pages, or the youngest that
    /// holds some gives them back, or the only one left fails.
    fn make_room(&mut self, live: &[usize], error: EngineError) {
        let ended = self.members.iter_mut().flatten();
        let mut ended = ended.filter(|stream| {
            stream.writing.has_ended() && !stream.session.sequence.ids().is_empty()
        });
        if let Some(stream) = ended.next() {
            stream.session.sequence.truncate(0);
            return;
        }
        let holds = |&&i: &&usize| {
            let member = self.members[i].as_ref();
            member.is_some_and(|stream| !stream.session.sequence.ids().is_empty())
        };
        let holders: Vec<usize> = live.iter().filter(holds).copied().collect();
        let youngest = holders.iter().max().or(live.iter().min());
        let Some((member, stream)) = youngest.and_then(|&i| Some((i, self.members[i].as_mut()?)))
        else {
            return;
        };
        if holders.len() > 1 {
            stream.session.sequence.truncate(0);
            self.parked.push(member);
        } else {
            stream.writing.fail();
            self.failed.push_back((member, error));
        }
    }
}

/// Has every member whose logits are there take them, side by side; returns the errors.
fn take(
    engine: &Engine,
    writings: &mut [(usize, &mut Writing)],
    logits: &Logits,
) -> Vec<(usize, EngineError)> {
    // A part of a group wants one row at the most.
    let mut rows = logits.rows().peekable();
    let mut takers = Vec::new();
    for (part, (member, writing)) in writings.iter_mut().enumerate() {
        if let Some((_, row)) = rows.next_if(|(owner, _)| *owner == part) {
            takers.push(Mutex::new((*member, &mut **writing, row, None)));
        }
    }
    engine.model().each(takers.len(), &|i| {
        let mut taker = takers[i].lock().unwrap_or_else(PoisonError::into_inner);
        let (member, writing, row, error) = &mut *taker;
        *error = writing.take(row).err().map(|error| (*member, error));
        if error.is_some() {
            writing.fail();
        }
    });
    let takers = takers.into_iter();
    let takers = takers.map(|taker| taker.into_inner().unwrap_or_else(PoisonError::into_inner));
    takers.filter_map(|(_, _, _, error)| error).collect()
}

impl Iterator for Group<'_> {
    type Item = (usize, Result<Event, EngineError>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(told) = self.told() {
                return Some(told);
            }
            // What there is left to do may be to tell of ends.
            if !self.step() {
                return self.told();
            }
        }
    }
}
