//! The store that nodes share: Redis 7, Valkey, or what speaks as they do (RESP3). One connection carries requests and what
//! other nodes say, and a new one is made when it breaks.
//!
//! A room is a hash with its version and its value; a session is a string under the hash of each of its resume tokens; nodes
//! are a sorted set by the time at which their leases end, by the store's own clock, so that clocks of nodes do not matter.
use std::{fmt, io, time::Duration};

use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, Pipeline, ProtocolVersion,
    PushInfo, RedisError, TlsMode, Value,
    aio::MultiplexedConnection,
    sentinel::{SentinelClient, SentinelNodeConnectionInfo, SentinelServerType},
};
use secrecy::ExposeSecret;
use tokio::{sync::mpsc::UnboundedSender, time::timeout};

use super::wire;
use crate::{
    config::ClusterSettings,
    rooms::RoomId,
    sessions::cluster::{Commit, Committed, Delivery, NodeId, Version},
    store::records,
};

/// Sets a room, if it has the version that was expected, and tells the nodes that have members there, all in one. Versions are
/// microseconds of the store's clock, so that they grow from a room to the next one of its id. A room that ends leaves its last
/// version behind for a while, which tells it from one that the store has lost.
/// KEYS: the room. ARGV: expected version, value or nothing, milliseconds to keep it, a version to be above, then a channel and
/// a message for each node. Answers 1, the new version and how many heard each message; or 0 and what there is.
const COMMIT: &str = r"
local there = redis.call('HMGET', KEYS[1], 'version', 'value')
local version = there[1] or '0'
if version ~= ARGV[1] then return {0, version, there[2] or ''} end
local time = redis.call('TIME')
local new = math.max(time[1] * 1000000 + time[2], tonumber(ARGV[4]) + 1, tonumber(version) + 1)
new = string.format('%.0f', new)
redis.call('HSET', KEYS[1], 'version', new)
if ARGV[2] == '' then redis.call('HDEL', KEYS[1], 'value') else redis.call('HSET', KEYS[1], 'value', ARGV[2]) end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
local answer = {1, new}
for n = 5, #ARGV, 2 do answer[#answer + 1] = redis.call('PUBLISH', ARGV[n], new .. '\n' .. ARGV[n + 1]) end
return answer";

/// Renews a node's lease, and forgets nodes whose leases are over. KEYS: leases, what nodes say of themselves. ARGV: the node,
/// what it says, milliseconds. Answers every node, and what it says.
const LEASE: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)) do
  redis.call('ZREM', KEYS[1], gone)
  redis.call('HDEL', KEYS[2], gone)
end
local answer = {}
for _, node in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  answer[#answer + 1] = node
  answer[#answer + 1] = redis.call('HGET', KEYS[2], node) or ''
end
return answer";

/// Gives the name that the store got when it was empty. KEYS: where that is kept. ARGV: a name in case it has none.
const NAME: &str = r"
redis.call('SET', KEYS[1], ARGV[1], 'NX')
return redis.call('GET', KEYS[1])";

/// How the store is reached.
pub(super) struct Store {
    source: Source,
    pub(super) keys: Keys,
    timeout: Duration,
}

enum Source {
    One(Box<Client>),
    /// Asks which one it is at the moment.
    Sentinel(Box<SentinelClient>),
}

/// What things are called in the store.
#[derive(Clone)]
pub(super) struct Keys {
    prefix: String,
}

/// One connection to the store.
pub(super) struct Link {
    connection: MultiplexedConnection,
    timeout: Duration,
}

/// The store did not do what it was asked.
#[derive(Debug)]
pub(super) struct Failed(pub(super) String);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<RedisError> for Failed {
    // The detail of an error may quote an argument, and so a password.
    fn from(error: RedisError) -> Self {
        let code = error.code().map(|it| format!(" ({it})")).unwrap_or_default();
        Failed(format!("{}{code}", error.category()))
    }
}

impl Keys {
    pub(super) fn room(&self, room: &RoomId) -> String {
        format!("{}:room:{room}", self.prefix)
    }

    pub(super) fn session(&self, token: &[u8; 32]) -> String {
        format!("{}:session:{}", self.prefix, records::hex(token))
    }

    pub(super) fn channel(&self, node: &NodeId) -> String {
        format!("{}:node:{}", self.prefix, node.as_str())
    }

    fn leases(&self) -> String {
        format!("{}:{{nodes}}:leases", self.prefix)
    }

    fn infos(&self) -> String {
        format!("{}:{{nodes}}:infos", self.prefix)
    }

    pub(super) fn name(&self) -> String {
        format!("{}:{{nodes}}:name", self.prefix)
    }

    fn secret(&self) -> String {
        format!("{}:{{nodes}}:secret", self.prefix)
    }
}

impl Store {
    /// As the settings have it.
    ///
    /// # Errors
    /// An address makes no sense.
    pub(super) fn new(settings: &ClusterSettings) -> Result<Self, String> {
        let addresses = settings.redis.iter().map(ExposeSecret::expose_secret).enumerate();
        let infos: Vec<ConnectionInfo> = addresses.map(|(n, it)| info(n, it)).collect::<Result<_, _>>()?;
        let wrong = |_: RedisError| "cluster.redis makes no sense together".to_owned();
        let source = match (&*settings.sentinel, &infos[..]) {
            ("", [one]) => Source::One(Box::new(Client::open(one.clone()).map_err(wrong)?)),
            ("", _) => return Err("cluster.redis has several addresses, and cluster.sentinel is empty".to_owned()),
            (name, _) => {
                if let Some(n) = infos.iter().position(|it| it.redis_settings().db() != 0) {
                    return Err(format!(
                        "cluster.redis[{n}] names a database, and sentinels have none: leave it out, and give clusters that \
                         share a store another cluster.prefix each"
                    ));
                }
                let first = infos.first().map(|it| it.redis_settings().clone()).unwrap_or_default();
                let server = SentinelNodeConnectionInfo::default().set_redis_connection_info(first);
                // Sentinels name an address, and not what is spoken there.
                let is_tls = infos.first().is_some_and(|it| matches!(it.addr(), ConnectionAddr::TcpTls { .. }));
                let server = if is_tls { server.set_tls_mode(TlsMode::Secure) } else { server };
                let kind = SentinelServerType::Master;
                let client = SentinelClient::build(infos, name, Some(server), kind).map_err(wrong)?;
                Source::Sentinel(Box::new(client))
            }
        };
        let timeout = Duration::from_millis(settings.timeout_ms);
        Ok(Store { source, keys: Keys { prefix: settings.prefix.clone() }, timeout })
    }

    /// Connects, and listens to what other nodes say to this one.
    ///
    /// # Errors
    /// The store cannot be reached.
    pub(super) async fn connect(&mut self, own: &NodeId, pushes: UnboundedSender<PushInfo>) -> Result<Link, Failed> {
        let config = AsyncConnectionConfig::new()
            .set_push_sender(pushes)
            .set_connection_timeout(Some(self.timeout * 4))
            .set_response_timeout(Some(self.timeout));
        let connecting = async {
            match &mut self.source {
                Source::One(client) => client.get_multiplexed_async_connection_with_config(&config).await,
                Source::Sentinel(client) => client.get_async_connection_with_config(&config).await,
            }
        };
        let late = |_| Failed("it does not answer".to_owned());
        let connection = timeout(self.timeout * 8, connecting).await.map_err(late)??;
        let mut link = Link { connection, timeout: self.timeout };
        let channel = self.keys.channel(own);
        timeout(self.timeout, link.connection.subscribe(channel)).await.map_err(late)??;
        Ok(link)
    }
}

/// Over RESP3, whatever the address says: what other nodes say comes over the same connection.
fn info(n: usize, address: &str) -> Result<ConnectionInfo, String> {
    // It is not repeated: it may hold a password.
    let info = address.into_connection_info().map_err(|_| {
        format!(
            "cluster.redis[{n}] is no address of a store: it must be one like \"redis://:password@127.0.0.1:6379/0\", or \
             \"rediss:\" for TLS"
        )
    })?;
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    Ok(info.set_redis_settings(settings))
}

impl Link {
    /// Does everything in order, in one go. An answer each.
    ///
    /// # Errors
    /// Something was refused, or there was no answer in time. What was done of it is not known.
    pub(super) async fn run(&mut self, tasks: &Pipeline) -> Result<Vec<Value>, Failed> {
        let late = |_| Failed("it does not answer".to_owned());
        Ok(timeout(self.timeout, tasks.query_async(&mut self.connection)).await.map_err(late)??)
    }

    /// The name that the store got when it was empty, and the secret by which nodes know each other.
    ///
    /// # Errors
    /// It does not answer, or has something else under these keys.
    pub(super) async fn name_and_secret(&mut self, keys: &Keys) -> Result<(String, String), Failed> {
        let mut tasks = redis::pipe();
        for key in [keys.name(), keys.secret()] {
            tasks.cmd("EVAL").arg(NAME).arg(1).arg(key).arg(uuid::Uuid::new_v4().simple().to_string());
        }
        let answers = self.run(&tasks).await?;
        let mut texts = answers.iter().filter_map(text).filter(|it| !it.is_empty());
        let both = texts.next().zip(texts.next());
        both.ok_or_else(|| Failed("it has something else where its name and the nodes' secret are kept".to_owned()))
    }
}

pub(super) fn load(tasks: &mut Pipeline, keys: &Keys, room: &RoomId) {
    tasks.cmd("HMGET").arg(keys.room(room)).arg("version").arg("value");
}

/// `None`: it is of a later version of this server, or of something else.
pub(super) fn loaded(answer: &Value) -> Option<Version> {
    let Value::Array(fields) = answer else { return None };
    let [version, value] = &fields[..] else { return None };
    read_version(&text(version).unwrap_or_else(|| "0".to_owned()), text(value).as_deref())
}

fn read_version(version: &str, value: Option<&str>) -> Option<Version> {
    let number = version.parse().ok()?;
    let value = match value.filter(|it| !it.is_empty()) {
        None => None,
        Some(value) => Some(wire::read_room(value)?),
    };
    Some(Version { number, value })
}

pub(super) fn commit(tasks: &mut Pipeline, keys: &Keys, commit: &Commit) {
    let Commit { room, expected, above, value, keep, told } = commit;
    let task = tasks.cmd("EVAL").arg(COMMIT).arg(1).arg(keys.room(room)).arg(*expected);
    task.arg(value.as_ref().map(wire::room).unwrap_or_default()).arg(millis(*keep)).arg(*above);
    for (node, deliveries) in told {
        task.arg(keys.channel(node)).arg(wire::changed(room, *expected, value.as_ref(), deliveries));
    }
}

/// What came of it, and which nodes are gone.
pub(super) fn committed(answer: &Value, commit: &Commit) -> Option<(Committed, Vec<NodeId>)> {
    let Value::Array(fields) = answer else { return None };
    match &fields[..] {
        [Value::Int(1), number, heard @ ..] => {
            let number = text(number)?.parse().ok()?;
            let deaf = commit.told.iter().zip(heard).filter(|it| *it.1 == Value::Int(0));
            Some((Committed::Done { number }, deaf.map(|it| it.0.0.clone()).collect()))
        }
        [Value::Int(0), version, value] => {
            let version = read_version(&text(version)?, text(value).as_deref())?;
            Some((Committed::Conflict(Box::new(version)), Vec::new()))
        }
        _ => None,
    }
}

pub(super) fn say(tasks: &mut Pipeline, keys: &Keys, node: &NodeId, message: &str) {
    tasks.cmd("PUBLISH").arg(keys.channel(node)).arg(format!("0\n{message}"));
}

pub(super) fn deliver(tasks: &mut Pipeline, keys: &Keys, node: &NodeId, deliveries: &[Delivery]) {
    say(tasks, keys, node, &wire::deliver(deliveries));
}

pub(super) fn lease(tasks: &mut Pipeline, keys: &Keys, own: &NodeId, info: &str, lasts: Duration) {
    let task = tasks.cmd("EVAL").arg(LEASE).arg(2).arg(keys.leases()).arg(keys.infos());
    task.arg(own.as_str()).arg(info).arg(millis(lasts));
}

/// Every node, and what it says of itself.
pub(super) fn leased(answer: &Value) -> Option<Vec<(NodeId, String)>> {
    let Value::Array(fields) = answer else { return None };
    let texts: Vec<_> = fields.iter().filter_map(text).collect();
    Some(texts.chunks_exact(2).map(|it| (NodeId::from(&*it[0]), it[1].clone())).collect())
}

pub(super) fn end_lease(tasks: &mut Pipeline, keys: &Keys, own: &NodeId) {
    tasks.cmd("ZREM").arg(keys.leases()).arg(own.as_str());
    tasks.cmd("HDEL").arg(keys.infos()).arg(own.as_str());
}

/// What was said, as `version` and JSON. `None`: it is nothing that a node says.
pub(super) fn message(push: &PushInfo) -> Option<(u64, String)> {
    let said = text(push.data.get(1)?)?;
    let (version, message) = said.split_once('\n')?;
    Some((version.parse().ok()?, message.to_owned()))
}

pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes.clone()).ok(),
        Value::SimpleString(text) => Some(text.clone()),
        Value::VerbatimString { text, .. } => Some(text.clone()),
        Value::Int(number) => Some(number.to_string()),
        _ => None,
    }
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl From<Failed> for io::Error {
    fn from(failed: Failed) -> Self {
        io::Error::other(failed.0)
    }
}
