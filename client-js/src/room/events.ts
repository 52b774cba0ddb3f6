/** Tells what happened in a room as events, which are the difference between two of its states. Pure. */
import { type ConnectionStatus, type RosterEntry, roster } from './roster.ts'
import type { RoomState } from './state.ts'

export type RoomEvents = {
  /** Whatever happened, after it has: the whole state. */
  changed: RoomState
  /** Something was said, by us or by somebody else. `at` is in milliseconds since 1970. */
  message: { readonly from: string; readonly own: boolean; readonly text: string; readonly at: number }
  'peer-joined': { readonly id: string; readonly name: string }
  'peer-left': { readonly id: string; readonly name: string }
  /** Somebody has lost the server and found it again, and goes on under another id. They never left. */
  'peer-moved': { readonly from: string; readonly id: string; readonly name: string }
  /** How well somebody is reached has changed. */
  connection: { readonly id: string; readonly name: string; readonly connectionStatus: ConnectionStatus }
  /** A star whose host has left. */
  ended: undefined
}

export type EmittedEvent = {
  [Kind in keyof RoomEvents]: { readonly kind: Kind; readonly event: RoomEvents[Kind] }
}[keyof RoomEvents]

/** Nobody goes on under another id. */
const noneMoved: ReadonlyMap<string, string> = new Map()

/** `moved`: the new ids of people by their old ones, for those who go on under another. */
export const diffEvents = (
  before: RoomState,
  after: RoomState,
  moved: ReadonlyMap<string, string> = noneMoved,
): EmittedEvent[] => [
  { kind: 'changed', event: after },
  ...rosterEvents(before, after, moved),
  ...messages(before, after),
  ...(after.ended && !before.ended ? [{ kind: 'ended', event: undefined } as const] : []),
]

type Known = RosterEntry & { readonly name: string }

const known = (state: RoomState): Map<string, Known> =>
  new Map(
    roster(state)
      .filter((seen): seen is Known => seen.name !== null && seen.connectionStatus !== 'self')
      .map(seen => [seen.key, seen] as const),
  )

const rosterEvents = (
  before: RoomState,
  after: RoomState,
  moved: ReadonlyMap<string, string>,
): EmittedEvent[] => {
  if (before.members === after.members && before.links === after.links) return []
  const [was, later] = [known(before), known(after)]
  const earlier = new Map([...was].map(([key, it]) => [moved.get(key) ?? key, { ...it, key }] as const))
  const gone: EmittedEvent[] = [...earlier.values()]
    .filter(({ key }) => !later.has(moved.get(key) ?? key))
    .map(({ key, name }) => ({ kind: 'peer-left', event: { id: key, name } }))
  const here = [...later.values()].flatMap(({ key, name, connectionStatus }): EmittedEvent[] => {
    const known = earlier.get(key)
    const came: EmittedEvent[] = known ? [] : [{ kind: 'peer-joined', event: { id: key, name } }]
    const goesOn: EmittedEvent[] =
      known && known.key !== key ? [{ kind: 'peer-moved', event: { from: known.key, id: key, name } }] : []
    const reached: EmittedEvent[] =
      known?.connectionStatus === connectionStatus
        ? []
        : [{ kind: 'connection', event: { id: key, name, connectionStatus } }]
    return [...came, ...goesOn, ...reached]
  })
  return [...gone, ...here]
}

const messages = (before: RoomState, after: RoomState): EmittedEvent[] => {
  if (before.timeline === after.timeline) return []
  const seen = before.timeline.at(-1)?.key ?? 0
  return after.timeline.flatMap((entry): EmittedEvent[] => {
    if (entry.kind !== 'chat' || entry.key <= seen) return []
    const { name, own, text, at } = entry
    return [{ kind: 'message', event: { from: name, own, text, at } }]
  })
}
