//! What comes of what the sessions asked, and what other nodes say.
use std::{
    sync::{Arc, MutexGuard, PoisonError, atomic::Ordering},
    time::Duration,
};

use redis::{PushInfo, PushKind, Value};
use tokio::{
    sync::mpsc::UnboundedReceiver,
    time::{Instant, sleep},
};

use super::{
    Shared, Table, Task,
    store::{self, Failed},
    wire::{self, Message},
};
use crate::sessions::cluster::{Committed, HandedOver, NodeId, ToCluster, Unavailable};

impl Shared {
    pub(super) fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn on_lost(&self, failed: &Failed) {
        tracing::warn!(event = "store", error = %failed, "the cluster's store does not answer");
        self.n_failures.fetch_add(1, Ordering::Relaxed);
        {
            let mut table = self.table();
            table.is_up = false;
            table.lost_at.get_or_insert_with(Instant::now);
        }
        self.sessions.on_store_lost();
    }

    /// The store is there. Another name than before: it has lost what it had.
    pub(super) fn on_reached(&self, name: String, secret: String) {
        let (is_empty, away) = {
            let mut table = self.table();
            table.is_up = true;
            table.secret = Some(secret.into());
            let away = table.lost_at.take().map_or(Duration::ZERO, |it| it.elapsed());
            (table.store_name.replace(name.clone()).is_some_and(|it| it != name), away)
        };
        self.tell_relays();
        tracing::info!(event = "store", node = self.own.as_str(), is_empty, "the cluster's store is reached");
        self.sessions.on_store_back(is_empty, away);
    }

    /// It waits no more.
    pub(super) fn on_taken(&self, message: &ToCluster) {
        self.n_waiting.fetch_sub(1, Ordering::Relaxed);
        self.waiting_bytes.fetch_sub(message.n_bytes(), Ordering::Relaxed);
    }

    /// Answers whatever is asked that there is no store. Never done.
    pub(super) async fn refuse_all(&self, queue: &mut UnboundedReceiver<Task>) {
        while let Some(task) = queue.recv().await {
            self.refuse(task);
        }
        std::future::pending().await
    }

    pub(super) async fn refuse_for(&self, queue: &mut UnboundedReceiver<Task>, time: Duration) {
        tokio::select! {
            () = sleep(time) => (),
            () = self.refuse_all(queue) => (),
        }
    }

    pub(super) fn refuse(&self, task: Task) {
        if let Task::Ask(ToCluster::Deliver { number, deliveries, .. }) = &task {
            self.sessions.on_undelivered(None, *number, deliveries.clone());
        }
        self.end(task);
    }

    /// The same where it was asked, and nobody knows what came of it. Frames that were heard are not to come twice.
    pub(super) fn give_up(&self, task: Task) {
        if let Task::Ask(ToCluster::Deliver { deliveries, .. }) = &task {
            self.n_dropped.fetch_add(deliveries.len() as u64, Ordering::Relaxed);
        }
        self.end(task);
    }

    fn end(&self, task: Task) {
        let Task::Ask(asked) = task else { return };
        self.on_taken(&asked);
        let sessions = &self.sessions;
        match asked {
            ToCluster::Load { room } => sessions.on_loaded(&room, Err(Unavailable)),
            ToCluster::Commit(commit) => sessions.on_committed(&commit.room, Committed::Unavailable),
            ToCluster::FindSession { number, .. } => sessions.on_session_found(number, Err(Unavailable)),
            ToCluster::AskForSession { number, .. } => sessions.on_handed_over(number, None),
            // It ends by itself when the credentials do.
            ToCluster::LeftRelay { .. } => (),
            ToCluster::Deliver { .. }
            | ToCluster::SaveSession { .. }
            | ToCluster::DropSession { .. }
            | ToCluster::HandOver { .. } => (),
        }
    }

    pub(super) fn answer(self: &Arc<Self>, asked: ToCluster, answer: &Value) {
        let sessions = &self.sessions;
        let is_deaf = *answer == Value::Int(0);
        match asked {
            ToCluster::Load { room } => sessions.on_loaded(&room, store::loaded(answer).ok_or(Unavailable)),
            ToCluster::Commit(commit) => {
                let (committed, gone) =
                    store::committed(answer, &commit).unwrap_or((Committed::Unavailable, Vec::new()));
                sessions.on_committed(&commit.room, committed);
                gone.iter().for_each(|it| self.on_gone(it));
            }
            ToCluster::Deliver { node, number, deliveries } if is_deaf => {
                self.note_gone(&node);
                sessions.on_undelivered(Some(&node), number, deliveries);
            }
            ToCluster::FindSession { number, .. } => {
                sessions.on_session_found(number, Ok(store::text(answer).and_then(|it| wire::read_session(&it))));
            }
            ToCluster::AskForSession { node, number, .. } if is_deaf => {
                self.on_gone(&node);
                self.on_handed_over(number, None);
            }
            ToCluster::AskForSession { number, .. } => {
                let shared = self.clone();
                let late = async move {
                    sleep(shared.timeout).await;
                    shared.on_handed_over(number, None);
                };
                drop(tokio::spawn(late));
            }
            ToCluster::Deliver { .. }
            | ToCluster::LeftRelay { .. }
            | ToCluster::SaveSession { .. }
            | ToCluster::DropSession { .. }
            | ToCluster::HandOver { .. } => (),
        }
    }

    /// The first answer counts.
    pub(super) fn on_handed_over(&self, number: u64, session: Option<HandedOver>) {
        if self.table().asked.remove(&number) {
            self.sessions.on_handed_over(number, session);
        }
    }

    pub(super) fn on_gone(&self, node: &NodeId) {
        self.note_gone(node);
        self.sessions.on_node_gone(node);
    }

    fn note_gone(&self, node: &NodeId) {
        self.table().nodes.remove(node);
        tracing::info!(event = "node", node = node.as_str(), "a node is gone");
    }

    /// What another node says, or that the connection has broken. A number: which echo of this node it was.
    pub(super) fn hear(&self, push: &PushInfo) -> Result<Option<u64>, Failed> {
        if push.kind == PushKind::Disconnection {
            return Err(Failed("the connection broke".to_owned()));
        }
        let message = store::message(push).filter(|_| push.kind == PushKind::Message);
        let Some(message) = message.and_then(|(version, text)| wire::read(version, &text)) else { return Ok(None) };
        let sessions = &self.sessions;
        match message {
            Message::Changed { room, previous, version, deliveries } => {
                sessions.on_room_changed(&room, previous, version, deliveries);
            }
            Message::Deliver(deliveries) => sessions.on_deliveries(deliveries),
            Message::AskForSession { node, number, peer, token } => {
                sessions.on_asked_for_session(node, number, &peer, token);
            }
            Message::HandOver { number, session } => self.on_handed_over(number, session),
            Message::LeftRelay(left) => sessions.on_member_left(&left),
            Message::Goodbye(node) => self.on_goodbye(&node),
            Message::Echo(number) => {
                let mut table = self.table();
                if let Some(said) = table.echo.take() {
                    table.bus_lag.observe(said.elapsed());
                }
                return Ok(Some(number));
            }
        }
        Ok(None)
    }
}
