//! The threads of a simulation: the one that installed it, and those that the library starts. Exactly one of them runs at a time,
//! from where it blocks to where it blocks next. The clock advances only when all of them block. So each run of an input is the
//! same, though the threads are real.

use crate::network::{Connection, Network};
use libc::pollfd;
use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What a lookup of a name gives.
#[derive(Clone, Copy, Debug)]
pub struct Lookup {
    pub after: Duration,
    /// How many addresses, or an error of getaddrinfo.
    pub found: Result<u8, i32>,
}

/// A simulation that the calling thread has installed.
pub struct World {
    network: Network,
    threads: Vec<Thread>,
    /// The kernel's numbers of the threads that the library has started.
    started: Vec<i32>,
    /// The number of the thread that runs.
    turn: u32,
    next_number: u32,
    /// Threads that were started, less those that have arrived.
    starting: i32,
    alarms: Vec<(Duration, Alarm)>,
    lookups: VecDeque<Lookup>,
    /// One bit for each place at which a thread may let others run first.
    yields: u64,
    is_ending: bool,
}

type Alarm = Box<dyn FnOnce() + Send>;

struct Thread {
    number: u32,
    state: State,
}

enum State {
    /// It runs, or could.
    Able,
    /// Until a descriptor is ready or the time has come.
    Blocked(Vec<pollfd>, Option<Duration>),
}

static WORLD: Mutex<Option<World>> = Mutex::new(None);
static TURN: Condvar = Condvar::new();
static RANDOM: AtomicU64 = AtomicU64::new(0);

/// The number of the thread that installs a simulation.
const FIRST: u32 = 0;

/// A thread leaves the simulation when it ends.
struct Membership(Cell<Option<u32>>);

thread_local! {
    static ME: Membership = const { Membership(Cell::new(None)) };
}

impl Drop for Membership {
    fn drop(&mut self) {
        if let Some(me) = self.0.take() {
            leave(me);
        }
    }
}

/// From now on the calling thread, and those that the library starts, are simulated. Connections follow the scripts; when these
/// are used up, connections are refused.
pub fn install(scripts: impl IntoIterator<Item = Connection, IntoIter: Send + 'static>) {
    RANDOM.store(0, Ordering::Relaxed);
    let thread = Thread { number: FIRST, state: State::Able };
    *lock() = Some(World {
        network: Network::new(Box::new(scripts.into_iter())),
        threads: vec![thread],
        started: Vec::new(),
        turn: FIRST,
        next_number: FIRST + 1,
        starting: 0,
        alarms: Vec::new(),
        lookups: VecDeque::new(),
        yields: 0,
        is_ending: false,
    });
    ME.with(|me| me.0.set(Some(FIRST)));
}

/// Ends the simulation after the other threads have ended, and returns the record of the network. Panics if one does not end.
pub fn take_down() -> Network {
    with(|world| world.is_ending = true);
    while with(|world| world.threads.len() > 1) == Some(true) {
        pass_turn(FIRST, State::Blocked(Vec::new(), None));
    }
    ME.with(|me| me.0.set(None));
    let world = lock().take().expect("a simulation is installed");
    let World { started, mut network, alarms, .. } = world;
    // They may hold a client with its connections.
    drop(alarms);
    started.into_iter().for_each(await_end);
    network.proceed();
    network
}

/// A thread that has left the simulation still frees what the C library keeps for it. The leak detector must not see that.
fn await_end(thread: i32) {
    // SAFETY: no pointers are passed; signal 0 only asks whether the thread exists.
    while unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), thread, 0) } == 0 {
        std::thread::yield_now();
    }
}

/// The simulated time.
#[must_use]
pub fn now() -> Duration {
    with(|world| world.network.now).expect("a simulation is installed")
}

/// Lets time pass, and the other threads run.
pub fn sleep(pause: Duration) {
    block(&mut [], Some(now() + pause));
}

/// Lets the other threads run until they block.
pub fn let_others_run() {
    if let Some(me) = me() {
        pass_turn(me, State::Able);
    }
}

/// Calls a function at a later time, on the thread that happens to block then, as the handler of a signal is called.
pub fn call_after(pause: Duration, alarm: impl FnOnce() + Send + 'static) {
    with(|world| world.alarms.push((world.network.now + pause, Box::new(alarm))));
}

/// What the next lookups give. Afterwards each gives one address at once.
pub fn set_lookups(lookups: impl IntoIterator<Item = Lookup>) {
    with(|world| world.lookups = lookups.into_iter().collect());
}

/// One bit for each place at which a thread of the library may let others run first.
pub fn set_yields(yields: u64) {
    with(|world| world.yields = yields);
}

/// The network, for a simulated thread.
pub fn network<T>(look: impl FnOnce(&mut Network) -> T) -> Option<T> {
    with(|world| look(&mut world.network))
}

/// The calling thread is one that the library has started.
pub(crate) fn join() {
    if me().is_some() {
        return;
    }
    let mut world = lock();
    let Some(joined) = world.as_mut() else { return };
    let number = joined.next_number;
    joined.next_number += 1;
    joined.starting -= 1;
    // SAFETY: no pointers are passed.
    joined.started.push(unsafe { libc::gettid() });
    joined.threads.push(Thread { number, state: State::Able });
    ME.with(|me| me.0.set(Some(number)));
    TURN.notify_all();
    drop(await_turn(world, number));
}

/// The calling thread has started another one. Returns when that has arrived, so that the order of arrivals is always the same.
pub(crate) fn await_start() {
    if me().is_none() {
        return;
    }
    let mut world = lock();
    world.iter_mut().for_each(|world| world.starting += 1);
    while world.as_ref().is_some_and(|world| world.starting > 0) {
        world = TURN.wait(world).unwrap_or_else(PoisonError::into_inner);
    }
}

/// A place at which others may run first.
pub(crate) fn may_yield() {
    let yields = with(|world| {
        world.yields = world.yields.rotate_right(1);
        world.yields >> 63 == 1
    });
    if yields == Some(true) && me() != Some(FIRST) {
        let_others_run();
    }
}

pub(crate) fn look_up() -> Option<Result<u8, i32>> {
    let lookup = with(|world| world.lookups.pop_front())?;
    let Some(Lookup { after, found }) = lookup else { return Some(Ok(1)) };
    sleep(after);
    Some(found)
}

/// A byte of a sequence that begins anew with each simulation.
pub(crate) fn random() -> u8 {
    let next = |state: u64| state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let before = RANDOM.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |state| Some(next(state)));
    (before.unwrap_or(0) >> 56) as u8
}

/// Blocks until a descriptor is ready, or until that time. Returns what poll returns.
pub(crate) fn block(fds: &mut [pollfd], until: Option<Duration>) -> i32 {
    let me = me().expect("a simulated thread");
    if until.is_some_and(|until| until <= now()) {
        return poll_now(fds);
    }
    loop {
        network(Network::proceed);
        let ready = poll_now(fds);
        if ready != 0 || until.is_some_and(|until| until <= now()) {
            return ready;
        }
        pass_turn(me, State::Blocked(fds.to_vec(), until));
    }
}

/// The number of the calling thread; `None` if it is not simulated.
pub(crate) fn me() -> Option<u32> {
    ME.try_with(|me| me.0.get()).ok().flatten()
}

fn with<T>(look: impl FnOnce(&mut World) -> T) -> Option<T> {
    me()?;
    lock().as_mut().map(look)
}

fn lock() -> MutexGuard<'static, Option<World>> {
    WORLD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets the other threads run, and returns when it is this thread's turn.
fn pass_turn(me: u32, state: State) {
    let mut world = lock();
    if let Some(thread) = world.as_mut().and_then(|world| world.threads.iter_mut().find(|thread| thread.number == me)) {
        thread.state = state;
    }
    drop(await_turn(choose(world, me), me));
}

fn leave(me: u32) {
    let mut world = lock();
    if let Some(left) = world.as_mut() {
        left.threads.retain(|thread| thread.number != me);
        // If none can run, the first lets time pass, since this thread cannot call alarms any more.
        left.turn = left.next_able(me).unwrap_or(FIRST);
        TURN.notify_all();
    }
}

fn await_turn(mut world: MutexGuard<'_, Option<World>>, me: u32) -> MutexGuard<'_, Option<World>> {
    while world.as_ref().is_some_and(|world| world.turn != me) {
        world = TURN.wait(world).unwrap_or_else(PoisonError::into_inner);
    }
    world
}

/// Gives the turn to the next thread that can run. If none can, time passes until one can.
fn choose(mut guard: MutexGuard<'static, Option<World>>, before: u32) -> MutexGuard<'static, Option<World>> {
    loop {
        let Some(world) = guard.as_mut() else { return guard };
        world.network.proceed();
        if let Some(next) = world.next_able(before) {
            world.turn = next;
            TURN.notify_all();
            return guard;
        }
        world.advance();
        let due: Vec<Alarm> = world.take_due();
        drop(guard);
        due.into_iter().for_each(|alarm| alarm());
        guard = lock();
    }
}

impl World {
    /// The first thread that can run, of those that come after `before`, and then of the others.
    fn next_able(&mut self, before: u32) -> Option<u32> {
        self.threads.sort_unstable_by_key(|thread| (thread.number <= before, thread.number));
        let (now, is_last) = (self.network.now, self.is_ending && self.threads.len() == 1);
        let is_able = |thread: &mut Thread| match &mut thread.state {
            State::Able => true,
            State::Blocked(fds, until) => is_last || until.is_some_and(|until| until <= now) || poll_now(fds) != 0,
        };
        let next = self.threads.iter_mut().find_map(|thread| is_able(thread).then_some(thread))?;
        next.state = State::Able;
        Some(next.number)
    }

    fn advance(&mut self) {
        let untils = self.threads.iter().filter_map(|thread| match &thread.state {
            State::Able => None,
            State::Blocked(_, until) => *until,
        });
        let alarms = self.alarms.iter().map(|(at, _)| *at);
        let next = untils.chain(alarms).chain(self.network.next()).min();
        self.network.now = next.unwrap_or_else(|| panic!("all {} threads are blocked for ever", self.threads.len()));
    }

    fn take_due(&mut self) -> Vec<Alarm> {
        let now = self.network.now;
        let (due, later) = std::mem::take(&mut self.alarms).into_iter().partition(|(at, _)| *at <= now);
        self.alarms = later;
        let due: Vec<(Duration, Alarm)> = due;
        due.into_iter().map(|(_, alarm)| alarm).collect()
    }
}

fn poll_now(fds: &mut [pollfd]) -> i32 {
    let none = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let count = fds.len() as libc::nfds_t;
    // SAFETY: the slice is live, and so is the local.
    unsafe { libc::syscall(libc::SYS_ppoll, fds.as_mut_ptr(), count, &raw const none, 0, 8) as i32 }
}
