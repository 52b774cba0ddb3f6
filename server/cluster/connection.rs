//! One connection to the store while it holds: what is asked over it, and what is heard.
use std::{
    collections::BTreeMap,
    mem,
    sync::{Arc, PoisonError},
    time::Duration,
};

use redis::{PushInfo, Value};
use tokio::{
    sync::mpsc::UnboundedReceiver,
    time::{Instant, MissedTickBehavior, interval, timeout},
};

use super::{
    NodeRecord, Shared, Task,
    store::{self, Failed, Link, Store},
    wire,
};
use crate::sessions::cluster::{KEEP, NodeId, Renewals, ToCluster};

/// How long a node is believed to be there after it was last heard of.
const LEASE: Duration = Duration::from_secs(10);
/// Between two signs of life.
const RENEW_LEASE_EVERY: Duration = Duration::from_secs(3);
/// Between two looks at what must be kept in the store; a third of how long it is kept there.
const RENEW_EVERY: Duration = Duration::from_secs(60);
/// Asked in one go.
const AT_ONCE: usize = 256;
/// Between two parts of what is renewed, so that what people ask for does not wait for all of it.
const RENEW_PART_EVERY: Duration = Duration::from_millis(20);

/// A connection to the store, until it fails.
pub(super) struct Connection<'a> {
    link: Link,
    /// What other nodes say.
    pushed: UnboundedReceiver<PushInfo>,
    shared: &'a Arc<Shared>,
    /// What is still to be renewed.
    due: Renewals,
    has_said_goodbye: bool,
    n_echoes: u64,
}

impl<'a> Connection<'a> {
    pub(super) fn new(link: Link, pushed: UnboundedReceiver<PushInfo>, shared: &'a Arc<Shared>) -> Self {
        Connection { link, pushed, shared, due: Renewals::default(), has_said_goodbye: false, n_echoes: 0 }
    }

    /// Until the store fails.
    pub(super) async fn serve(&mut self, store: &Store, queue: &mut UnboundedReceiver<Task>) -> Failed {
        let mut leases = interval(RENEW_LEASE_EVERY);
        let mut renewals = interval(RENEW_EVERY);
        let mut parts = interval(RENEW_PART_EVERY);
        for it in [&mut leases, &mut renewals, &mut parts] {
            it.set_missed_tick_behavior(MissedTickBehavior::Delay);
        }
        let mut tasks = Vec::new();
        loop {
            let done = tokio::select! {
                biased;
                Some(push) = self.pushed.recv() => self.shared.hear(&push).map(drop),
                _ = leases.tick(), if !self.has_said_goodbye => self.renew_lease(store).await,
                _ = renewals.tick() => {
                    self.due = self.shared.sessions.renewals();
                    Ok(())
                }
                _ = parts.tick(), if !self.due.is_empty() => self.renew_part(store).await,
                _ = queue.recv_many(&mut tasks, AT_ONCE) => self.ask(store, mem::take(&mut tasks)).await,
            };
            if let Err(failed) = done {
                return failed;
            }
        }
    }

    /// Asks the store. What other nodes said before it answered is heard before its answer is, and what they said afterwards is
    /// not: which is which shows where this node hears itself, which it does last.
    async fn run(&mut self, store: &Store, mut tasks: redis::Pipeline) -> Result<Vec<Value>, Failed> {
        let begun = Instant::now();
        self.n_echoes += 1;
        let echo = Some(self.n_echoes);
        store::say(&mut tasks, &store.keys, &self.shared.own, &wire::echo(self.n_echoes));
        self.shared.table().echo = Some(begun);
        let mut heard = None;
        let mut answers = {
            let running = self.link.run(&tasks);
            tokio::pin!(running);
            loop {
                tokio::select! {
                    Some(push) = self.pushed.recv(), if heard != echo => heard = self.shared.hear(&push)?,
                    answers = &mut running => break answers?,
                }
            }
        };
        answers.pop();
        // A store may say it after its answer.
        while heard != echo
            && let Ok(Some(push)) = timeout(self.shared.timeout, self.pushed.recv()).await
        {
            heard = self.shared.hear(&push)?;
        }
        self.shared.table().durations.observe(begun.elapsed());
        Ok(answers)
    }

    /// Asks the store, and hands back what comes of it.
    async fn ask(&mut self, store: &Store, tasks: Vec<Task>) -> Result<(), Failed> {
        let shared = self.shared;
        let mut asked = redis::pipe();
        let keys = &store.keys;
        let mut goodbyes = Vec::new();
        for task in &tasks {
            match task {
                Task::Ask(ToCluster::Load { room }) => store::load(&mut asked, keys, room),
                Task::Ask(ToCluster::Commit(commit)) => store::commit(&mut asked, keys, commit),
                Task::Ask(ToCluster::Deliver { node, deliveries, .. }) => {
                    store::deliver(&mut asked, keys, node, deliveries);
                }
                Task::Ask(ToCluster::FindSession { token, .. }) => {
                    asked.cmd("GET").arg(keys.session(token));
                }
                Task::Ask(ToCluster::SaveSession { token, session }) => {
                    let keep = store::millis(KEEP);
                    asked.cmd("SET").arg(keys.session(token)).arg(wire::session(session)).arg("PX").arg(keep);
                }
                Task::Ask(ToCluster::DropSession { token }) => {
                    asked.cmd("DEL").arg(keys.session(token));
                }
                Task::Ask(ToCluster::AskForSession { node, peer, token, number }) => {
                    shared.table().asked.insert(*number);
                    store::say(&mut asked, keys, node, &wire::ask_for_session(&shared.own, *number, peer, token));
                }
                Task::Ask(ToCluster::HandOver { node, number, session }) => {
                    store::say(&mut asked, keys, node, &wire::hand_over(*number, session.as_ref()));
                }
                Task::Ask(ToCluster::LeftRelay { node, left }) => {
                    store::say(&mut asked, keys, node, &wire::left_relay(left));
                }
                Task::Goodbye(_) => {
                    self.has_said_goodbye = true;
                    let others: Vec<_> = shared.table().nodes.keys().filter(|it| **it != shared.own).cloned().collect();
                    store::end_lease(&mut asked, keys, &shared.own);
                    others.iter().for_each(|it| store::say(&mut asked, keys, it, &wire::goodbye(&shared.own)));
                    goodbyes.push(2 + others.len());
                }
            }
        }
        let answers = match self.run(store, asked).await {
            Ok(answers) => answers,
            Err(failed) => {
                tasks.into_iter().for_each(|it| shared.give_up(it));
                return Err(failed);
            }
        };
        let (mut answers, mut goodbyes) = (answers.into_iter(), goodbyes.into_iter());
        for task in tasks {
            match task {
                Task::Ask(asked) => {
                    shared.on_taken(&asked);
                    shared.answer(asked, &answers.next().unwrap_or(Value::Nil));
                }
                Task::Goodbye(done) => {
                    answers.by_ref().take(goodbyes.next().unwrap_or_default()).for_each(drop);
                    let _ = done.send(());
                }
            }
        }
        Ok(())
    }

    async fn renew_lease(&mut self, store: &Store) -> Result<(), Failed> {
        let shared = self.shared;
        let info = {
            let mut info = shared.info.lock().unwrap_or_else(PoisonError::into_inner);
            info.sessions = shared.sessions.ledger().balance().n_sessions;
            info.relay = shared.sessions.relay_urls();
            serde_json::to_string(&*info).unwrap_or_default()
        };
        let mut tasks = redis::pipe();
        store::lease(&mut tasks, &store.keys, &shared.own, &info, LEASE);
        tasks.cmd("GET").arg(store.keys.name());
        let answers = self.run(store, tasks).await?;
        if answers.get(1).and_then(store::text) != shared.table().store_name {
            // It has lost everything while the connection held.
            let (name, secret) = self.link.name_and_secret(&store.keys).await?;
            shared.on_reached(name, secret);
        }
        let Some(nodes) = answers.first().and_then(store::leased) else { return Ok(()) };
        let nodes: BTreeMap<NodeId, NodeRecord> =
            nodes.into_iter().map(|(id, info)| (id, serde_json::from_str(&info).unwrap_or_default())).collect();
        let before = shared.table().take_leases(nodes.clone());
        shared.tell_relays();
        for node in nodes.keys().filter(|it| !before.contains_key(it) && **it != shared.own) {
            tracing::info!(event = "node", node = node.as_str(), "a node is there");
        }
        let members = shared.sessions.nodes_of_members();
        for node in before.keys().chain(&members).filter(|it| !nodes.contains_key(it) && **it != shared.own) {
            shared.on_gone(node);
        }
        Ok(())
    }

    /// Keeps in the store some of what is of people here.
    async fn renew_part(&mut self, store: &Store) -> Result<(), Failed> {
        let Renewals { rooms, tokens } = &mut self.due;
        let rooms = rooms.split_off(rooms.len().saturating_sub(AT_ONCE));
        let tokens = tokens.split_off(tokens.len().saturating_sub(AT_ONCE));
        let mut tasks = redis::pipe();
        for (room, keep) in &rooms {
            tasks.cmd("PEXPIRE").arg(store.keys.room(room)).arg(store::millis(*keep));
        }
        for token in &tokens {
            tasks.cmd("PEXPIRE").arg(store.keys.session(token)).arg(store::millis(KEEP));
        }
        let mut is_missing = self.run(store, tasks).await?.into_iter().map(|it| it == Value::Int(0));
        let mut is_next_missing = || is_missing.next().unwrap_or(false);
        let missing = Renewals {
            rooms: rooms.into_iter().filter(|_| is_next_missing()).collect(),
            tokens: tokens.into_iter().filter(|_| is_next_missing()).collect(),
        };
        if !missing.is_empty() {
            self.shared.sessions.on_missing(missing);
        }
        Ok(())
    }
}
