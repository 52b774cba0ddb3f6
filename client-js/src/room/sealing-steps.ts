/**
 * What changes whether a star is sealed: it is as long as everybody's page can, and is not while somebody's cannot, which
 * everybody is told; before anything goes unsealed, where the server is the host. Pure.
 */
import type { MemberId } from '../wire/ids.ts'
import type { OwnerAct } from '../wire/owner-act.ts'
import { stepTo, withEntry } from './change.ts'
import { endedFor, linkToward, offersFor } from './file.ts'
import { requestHistory, skipHistory } from './history.ts'
import { nameOf } from './roster.ts'
import { isAble, knowsMembers, type SealingEvent, type SealingMode, unsealedMembers } from './sealing.ts'
import { hostedByServer, type RoomEffect, type RoomState, type RoomStep } from './state.ts'
import type { SealingNotice } from './timeline.ts'

/** So long everybody can read that the room is about to be unsealed, before it is. */
const noticeMs = 2_000
/** So long what is unsealed may be on its way to a person who is the host, and on from there. */
const settleMs = 3_000

const withMode = (state: RoomState, mode: SealingMode): RoomState => ({
  ...state,
  sealing: { ...state.sealing, mode },
})

const withNotice = (state: RoomState, notice: SealingNotice, name: string, at: number): RoomState =>
  withEntry(state, { kind: 'notice', notice, name }, at)

/**
 * Makes it follow from who is there, whatever has just happened. Before the roster has come nothing is known of that.
 * `act`: what the owner has just done.
 */
export const reconcileSealing = (
  before: RoomState,
  now: RoomState,
  at: number,
  act: OwnerAct | null,
): RoomStep => {
  const after = act?.type === 'remove' ? withoutRemoved(before, now, act) : withGone(before, now, at)
  const { mode } = after.sealing
  if (mode === 'none' || mode === 'failed' || !knowsMembers(after) || after.ended) return stepTo(after)
  const first = !knowsMembers(before)
  const hosted = hostedByServer(after)
  if (!isAble(after)) return stepTo(first ? withNotice(after, 'unsealed-here', '', at) : after)
  if (!first && before.members === after.members) return stepTo(after)
  const [someone] = unsealedMembers(after)
  if (someone === undefined) {
    // Whoever is the first has missed nothing.
    if (mode === 'sealed') return stepTo(first && after.members.size === 0 ? skipHistory(after) : after)
    if (hosted) return stepTo(withNotice(withMode(after, 'sealed'), 'sealed', '', at))
    if (mode === 'closing') return stepTo(after)
    return stepTo(withMode(after, 'closing'), { type: 'timer', timer: { kind: 'seal' }, ms: settleMs })
  }
  if (mode === 'closing') return stepTo(withMode(after, 'open'))
  if (mode !== 'sealed') return stepTo(after)
  const told = withNotice(after, hosted ? 'unsealed' : 'unsealed-star', nameOf(after, someone) ?? '', at)
  // Whoever has just come has not said anything yet, and a person who is the host hears everything in any case.
  if (first || !hosted) return stepTo(withMode(told, 'open'))
  const timer = { kind: 'unseal' } as const
  return stepTo(withMode(told, 'opening'), { type: 'timer', timer, ms: noticeMs })
}

/** For so many, and so long, and so long before it was noticed that they had gone, as a host's outbox does. */
const goneMax = 20
const goneMs = 3_600_000
const noticedMs = 60_000
const missedMax = 50

const withGone = (before: RoomState, after: RoomState, at: number): RoomState => {
  const { sealing, members } = after
  if (before.members === members || sealing.mode === 'none' || !isAble(after)) return after
  const gone = [...before.members.values()].filter(({ id, caps }) => caps.sealed && !members.has(id))
  if (gone.length === 0) return after
  const known = [...sealing.gone, ...gone.map(({ id }) => [id, at] as const)]
  return { ...after, sealing: { ...sealing, gone: new Map(known.slice(-goneMax)) } }
}

/** The owner's word may come before they have gone, or after. */
const withoutRemoved = (
  before: RoomState,
  after: RoomState,
  { member }: Extract<OwnerAct, { type: 'remove' }>,
): RoomState => {
  const removed = [...before.members.keys()].filter(id => !after.members.has(id))
  return withoutGone(after, member === null ? removed : [...removed, member])
}

/** What we have said while somebody was away who is back, as themselves. Whoever has it already shows it once. */
const missedBy = (state: RoomState, to: MemberId, at: number): RoomEffect[] => {
  const since = state.sealing.gone.get(to)
  const over = linkToward(state, to)
  if (since === undefined || over === null || at - since > goneMs) return []
  const missed = state.timeline.flatMap(it =>
    it.kind === 'chat' && it.own && it.sealed && it.id !== null && it.at >= since - noticedMs
      ? [{ kind: 'chat', text: it.text, id: it.id, replyTo: it.replyTo, sealed: true } as const]
      : [],
  )
  return missed
    .slice(-missedMax)
    .map(message => ({ type: 'send', over, source: state.stay, message, to }) as const)
}

/** Nothing unsealed is on its way any more. */
export const sealDue = (state: RoomState, at: number): RoomStep =>
  stepTo(state.sealing.mode === 'closing' ? withNotice(withMode(state, 'sealed'), 'sealed', '', at) : state)

/** It has been read. One of an earlier notice may end a later one early, which is a notice all the same. */
export const unsealDue = (state: RoomState): RoomStep =>
  stepTo(state.sealing.mode === 'opening' ? withMode(state, 'open') : state)

export const sealingChanged = (state: RoomState, event: SealingEvent, at: number): RoomStep => {
  const { sealing } = state
  if (sealing.mode === 'none' || sealing.mode === 'failed' || state.ended) return stepTo(state)
  switch (event.type) {
    case 'sealing-failed':
      return stepTo(withNotice(withMode(state, 'failed'), 'sealing-failed', '', at))
    case 'key-changed': {
      const name = nameOf(state, event.member)
      // Whoever they are now, they were not agreed with before.
      const agreed = new Set([...sealing.agreed].filter(member => member !== event.member))
      const next = withoutGone({ ...state, sealing: { ...sealing, agreed } }, [event.member])
      return stepTo(name === undefined ? next : withNotice(next, 'key-changed', name, at))
    }
    case 'sealing-status': {
      const { agreed, failing } = event
      const met = [...agreed].filter(member => !sealing.agreed.has(member))
      const missing = [...failing].filter(member => !sealing.failing.has(member))
      // Their page is another one, which cannot open what was sealed before, though nobody has missed them.
      const anew = [...sealing.agreed].filter(member => !agreed.has(member) && state.members.has(member))
      const gone = new Map([...anew.map(member => [member, at] as const), ...sealing.gone])
      const next: RoomState = { ...state, sealing: { ...sealing, agreed, failing, gone } }
      const told = missing.reduce((now, member) => {
        const name = nameOf(now, member)
        return name === undefined ? now : withNotice(now, 'keys-missing', name, at)
      }, next)
      const asked = requestHistory(told)
      const tells = met.flatMap(member => [
        ...toldOf(asked.state, member),
        ...missedBy(asked.state, member, at),
      ])
      return stepTo(withoutGone(asked.state, met), ...tells, ...asked.effects)
    }
  }
}

const withoutGone = (state: RoomState, back: readonly MemberId[]): RoomState => {
  const gone = new Map([...state.sealing.gone].filter(([member]) => !back.includes(member)))
  return { ...state, sealing: { ...state.sealing, gone } }
}

/** Nobody else can tell whoever has come what we have offered under seal. */
const toldOf = (state: RoomState, to: MemberId): RoomEffect[] => {
  const over = linkToward(state, to)
  if (over === null) return []
  const messages = [...endedFor(state, state.stay), ...offersFor(state, state.stay)]
  return messages.map(message => ({ type: 'send', over, source: state.stay, message, to }) as const)
}
