/**
 * Who has which key: whom we are still to agree with, what they have confirmed, and when a new key is due. Everybody seals
 * with a key of their own, an epoch after another, and hands it to each of the others. Pure: the keys are elsewhere.
 */
import { stepsOf } from '../base/steps.ts'
import type { MemberId } from '../wire/ids.ts'
import type { End } from './derivation.ts'

export type Peer = {
  /** When they came. Keys from before that are none of theirs. */
  readonly since: number
  /** When we began to agree with this page of theirs. */
  readonly metAt: number
  /** Null until they have said so. */
  readonly end: End | null
  /** Of our epochs the last one that they have confirmed. */
  readonly has: number | null
  /** Of their epochs the last one that we have. */
  readonly theirs: number | null
  /** What should have opened has not: somebody in between has changed it. */
  readonly broken: boolean
  readonly sentAt: number
  readonly tries: number
}

export type OwnEpoch = { readonly epoch: number; readonly madeAt: number }

export type Exchange = {
  readonly own: End
  /** The last ones, the newest last. */
  readonly epochs: readonly OwnEpoch[]
  /** The one in use. The newest is used once those who are there have it. */
  readonly current: number
  readonly rotation: { readonly first: number; readonly due: number } | null
  readonly peers: ReadonlyMap<MemberId, Peer>
  /** Public keys by which members are known, also those who have gone. */
  readonly known: ReadonlyMap<MemberId, readonly string[]>
}

export type ExchangeEvent =
  /** Those with whom messages can be sealed at all. */
  | { type: 'members'; members: ReadonlySet<MemberId> }
  | { type: 'heard'; from: MemberId; end: End; known: string | null }
  /** A box of theirs has opened. `has` is the last epoch of ours that they have. */
  | { type: 'agreed'; from: MemberId; end: End; epoch: number; has: number | null }
  | { type: 'refused'; from: MemberId; end: End }
  | { type: 'tick' }

export type ExchangeEffect =
  | { type: 'send'; to: MemberId }
  /** Derive what the two of us share; what was shared before is void. */
  | { type: 'pair'; member: MemberId; end: End }
  | { type: 'forget'; member: MemberId }
  /** Make a key for that epoch. */
  | { type: 'make'; epoch: number }
  | { type: 'use'; epoch: number }
  /** A member whom we know shows another public key than before. */
  | { type: 'key-changed'; member: MemberId }

/** After somebody has come or gone, until nobody has for so long; but no longer than that. */
export const settleMs = 3_000
const settleMsMax = 10_000
/** A new key is used after so long although not everybody has confirmed it. */
export const spreadMs = 1_000
/** Said again after so long, and ever more rarely. */
const againMs = 2_000
const againMsMax = 10_000
/** Nothing has been agreed on for so long: it does not come about. */
export const agreeMs = 8_000
const epochsKept = 4
const epochsMax = 256
/** Of one member. Whoever shows more is not listened to. */
const identitiesMax = 4
const knownMax = 100

const { stepTo, andThen, stepEach } = stepsOf<Exchange, ExchangeEffect>()
type Step = ReturnType<typeof stepTo>

export const startExchange = (own: End, epoch: number, at: number): Exchange => ({
  own,
  epochs: [{ epoch, madeAt: at }],
  current: epoch,
  rotation: null,
  peers: new Map(),
  known: new Map(),
})

export const newest = ({ epochs, current }: Exchange): number => epochs.at(-1)?.epoch ?? current

/** Those of our epochs that a member gets: the ones made since they came, for what was said while they were out of reach. */
export const epochsFor = (state: Exchange, member: MemberId): number[] => {
  const since = state.peers.get(member)?.since ?? Number.POSITIVE_INFINITY
  const made = state.epochs.filter(({ madeAt }) => madeAt >= since).map(({ epoch }) => epoch)
  return made.length > 0 ? made : [newest(state)]
}

export const isAgreed = ({ theirs, has, broken }: Peer): boolean => theirs !== null && has !== null && !broken

/** It does not come about. */
export const isFailing = (peer: Peer, at: number): boolean =>
  peer.broken || (!isAgreed(peer) && at - peer.metAt >= agreeMs)

const isSettled = (state: Exchange, peer: Peer): boolean => isAgreed(peer) && peer.has === newest(state)

const again = ({ tries }: Peer): number => Math.min(againMs * 1.5 ** Math.min(tries - 1, 10), againMsMax)

/** When it has to be looked at again; null for never. */
export const nextDue = (state: Exchange, at: number): number | null => {
  const dues = [...state.peers.values()].flatMap(peer => [
    ...(isSettled(state, peer) ? [] : [peer.sentAt + again(peer)]),
    ...(isAgreed(peer) || at - peer.metAt >= agreeMs ? [] : [peer.metAt + agreeMs]),
  ])
  if (state.rotation) dues.push(state.rotation.due)
  if (newest(state) !== state.current) dues.push((state.epochs.at(-1)?.madeAt ?? at) + spreadMs)
  return dues.length === 0 ? null : Math.min(...dues)
}

export const exchange = (state: Exchange, event: ExchangeEvent, at: number): Step =>
  andThen(taken(state, event, at), now => moveOn(now, at))

const taken = (state: Exchange, event: ExchangeEvent, at: number): Step => {
  switch (event.type) {
    case 'members':
      return membersKnown(state, event.members, at)
    case 'heard':
      return heard(state, event, at)
    case 'agreed':
      return agreed(state, event, at)
    case 'refused':
      return stepTo(isOf(state, event) ? withPeer(state, event.from, { broken: true }) : state)
    case 'tick':
      return tick(state, at)
  }
}

const withPeer = (state: Exchange, member: MemberId, change: Partial<Peer>): Exchange => {
  const peer = state.peers.get(member)
  return peer ? { ...state, peers: new Map(state.peers).set(member, { ...peer, ...change }) } : state
}

const send = (state: Exchange, to: MemberId, at: number): Step => {
  const tries = (state.peers.get(to)?.tries ?? 0) + 1
  return stepTo(withPeer(state, to, { sentAt: at, tries }), { type: 'send', to })
}

const membersKnown = (state: Exchange, members: ReadonlySet<MemberId>, at: number): Step => {
  const gone = [...state.peers.keys()].filter(member => !members.has(member))
  const come = [...members].filter(member => !state.peers.has(member))
  if (gone.length + come.length === 0) return stepTo(state)
  const peers = new Map([...state.peers].filter(([member]) => members.has(member)))
  for (const member of come) peers.set(member, freshPeer(at))
  const forgotten = gone.map(member => ({ type: 'forget', member }) as const)
  const next = stepTo({ ...state, peers }, ...forgotten)
  const changed = andThen(next, now => stepTo(withChange(now, come.length > 0, at)))
  // Once there is a new key, if there is to be one at once.
  return andThen(
    andThen(changed, now => rotated(now, at)),
    now => stepEach(now, come, (then, member) => send(then, member, at)),
  )
}

const freshPeer = (at: number): Peer => ({
  since: at,
  metAt: at,
  end: null,
  has: null,
  theirs: null,
  broken: false,
  sentAt: at,
  tries: 0,
})

/**
 * Whoever comes must not open what was sealed before, and so waits for a new key, which there is at once where the last one is
 * not as good as new. Whoever has gone could open what comes until there is one, some seconds later.
 */
const withChange = (state: Exchange, come: boolean, at: number): Exchange => {
  const madeAt = state.epochs.at(-1)?.madeAt ?? at
  const first = state.rotation?.first ?? at
  const now = come && at - madeAt >= settleMs
  return { ...state, rotation: { first, due: now ? at : Math.min(at + settleMs, first + settleMsMax) } }
}

/** One at a time: a key that nobody has yet is handed out first. */
const rotated = (state: Exchange, at: number): Step => {
  const { rotation } = state
  if (!rotation || rotation.due > at || newest(state) !== state.current) return stepTo(state)
  const epoch = (newest(state) + 1) % epochsMax
  const epochs = [...state.epochs, { epoch, madeAt: at }].slice(-epochsKept)
  const made = stepTo({ ...state, epochs, rotation: null }, { type: 'make', epoch })
  const paired = [...state.peers].filter(([, { end }]) => end !== null).map(([member]) => member)
  return sendToEach(made, paired, at)
}

const sendToEach = (step: Step, members: readonly MemberId[], at: number): Step =>
  andThen(step, now =>
    stepEach(now, members, (then, member) => send(withPeer(then, member, { tries: 0 }), member, at)),
  )

type From = { readonly from: MemberId; readonly end: End }

const isSameEnd = (a: End | null, b: End): boolean => a?.identity === b.identity && a.nonce === b.nonce

/** Said by the page that we know them by now. */
const isOf = (state: Exchange, { from, end }: From): boolean =>
  isSameEnd(state.peers.get(from)?.end ?? null, end)

const heard = (
  state: Exchange,
  { from, end, known }: Extract<ExchangeEvent, { type: 'heard' }>,
  at: number,
): Step => {
  const peer = state.peers.get(from)
  if (!peer || !mayBe(state, from, end.identity)) return stepTo(state)
  const met = isSameEnd(peer.end, end) ? stepTo(state) : meet(state, from, end, at)
  // They do not know this page of ours yet.
  return known === state.own.nonce ? met : andThen(met, now => send(now, from, at))
}

/** Nobody is who we are, or who somebody else is: what one says would pass for the other's. */
const mayBe = (state: Exchange, from: MemberId, identity: string): boolean => {
  const others = [...state.peers].filter(([member]) => member !== from)
  if (identity === state.own.identity || others.some(([, { end }]) => end?.identity === identity))
    return false
  const known = state.known.get(from) ?? []
  return known.includes(identity) || known.length < identitiesMax
}

/** A page that we do not know: of a newcomer, or loaded anew, or of somebody else under the same name. */
const meet = (state: Exchange, member: MemberId, end: End, at: number): Step => {
  const known = state.known.get(member) ?? []
  const changed = known.length > 0 && known.at(-1) !== end.identity
  const identities = [...known.filter(it => it !== end.identity), end.identity]
  const others = [...state.known].filter(([it]) => it !== member).slice(-(knownMax - 1))
  const next: Exchange = { ...state, known: new Map([...others, [member, identities]]) }
  const fresh = withPeer(next, member, {
    metAt: at,
    end,
    has: null,
    theirs: null,
    broken: false,
    tries: 0,
    ...(changed ? { since: at } : {}),
  })
  const pair = { type: 'pair', member, end } as const
  if (!changed) return stepTo(fresh, pair)
  const step = stepTo(withChange(fresh, true, at), pair, { type: 'key-changed', member })
  return andThen(step, now => rotated(now, at))
}

const agreed = (state: Exchange, event: Extract<ExchangeEvent, { type: 'agreed' }>, at: number): Step => {
  const peer = state.peers.get(event.from)
  if (!peer || !isOf(state, event)) return stepTo(state)
  const { epoch: theirs, has } = event
  const next = withPeer(state, event.from, { theirs, has, broken: false })
  const news = peer.theirs !== theirs || has !== newest(state)
  return news ? send(withPeer(next, event.from, { tries: 0 }), event.from, at) : stepTo(next)
}

const tick = (state: Exchange, at: number): Step => {
  const due = [...state.peers].filter(
    ([, peer]) => !isSettled(state, peer) && peer.sentAt + again(peer) <= at,
  )
  return stepEach(
    state,
    due.map(([member]) => member),
    (now, member) => send(now, member, at),
  )
}

/** A new key is used as soon as everybody has it who can. */
const moveOn = (state: Exchange, at: number): Step => {
  const last = state.epochs.at(-1)
  if (!last || last.epoch === state.current) return rotated(state, at)
  const all = [...state.peers.values()].every(({ end, has }) => end === null || has === last.epoch)
  if (!all && at - last.madeAt < spreadMs) return stepTo(state)
  const used = stepTo({ ...state, current: last.epoch }, { type: 'use', epoch: last.epoch })
  return andThen(used, now => rotated(now, at))
}
