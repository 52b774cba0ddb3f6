/**
 * The messages of calls: the original's voice events, which a mesh and a star number and shape differently, and our own
 * beside them, which go only to pages that have said that they know them.
 */
import { parseMap, parseSet, writeMap, writeSet } from '../legacy/wire/encoding.ts'
import { type MemberId, memberId, type StreamId, streamId } from './ids.ts'
import { type Fields, idText, isRecord } from './json.ts'

/** `camera`: somebody's microphone and camera, whichever of them is on. The original knows it as the primary stream. */
export type StreamKind = 'camera' | 'screen'
/** What is worth more in a shared screen: sharp letters, or every frame. */
export type ScreenHint = 'text' | 'motion'

export type StreamAbout = {
  readonly id: StreamId
  readonly kind: StreamKind
  /** For screens. */
  readonly hint: ScreenHint
  /** Does sound come with it? Null where nobody said so: an original page does not. */
  readonly sound: boolean | null
}

/** How large somebody shows a stream, so that no more is sent than is seen. `none`: it comes another way, with its sound. */
export type StreamSize = 'none' | 'hidden' | 'small' | 'medium' | 'large'

/** What somebody says of their own devices, for which the original has no words. */
export type Media = { readonly muted: boolean; readonly cameraOff: boolean; readonly pushToTalk: boolean }

/**
 * The streams that somebody in a call can be asked for. `media` is null where nothing is known, as of an original page.
 */
export type Announced = {
  readonly streams: readonly StreamAbout[]
  readonly media: Media | null
}

export type CallMessage =
  /** `reply`: said to a newcomer by somebody who is in the call already. */
  | { kind: 'join-call'; reply: boolean }
  | { kind: 'leave-call' }
  | { kind: 'streams'; announced: Announced }
  /** `of` is its owner, whom a star's guest has to name. */
  | { kind: 'want-stream'; stream: StreamId; of: MemberId | null }
  /** From a star's host: everybody who is in the call. */
  | { kind: 'calls'; calls: ReadonlyMap<MemberId, Announced> }
  | { kind: 'media'; media: Media }
  /** How large the streams that we get over this link are shown here. */
  | { kind: 'sizes'; sizes: ReadonlyMap<StreamId, StreamSize> }

/** More screens than anybody can show at once; further ones are neither announced nor taken. */
export const streamsMax = 8
const callersMax = 40
const sizesMax = 400

/** How a mesh and a star write the original's voice events. */
export type CallDialect = {
  readonly numbers: {
    readonly join: number
    readonly leave: number
    readonly streams: number
    readonly want: number
  }
  readonly join: (reply: boolean) => unknown
  readonly want: (stream: StreamId) => unknown
  readonly wanted: (special: unknown) => unknown
}

export const meshCall: CallDialect = {
  numbers: { join: 0, leave: 1, streams: 2, want: 4 },
  join: reply => reply,
  want: stream => stream,
  wanted: special => special,
}

export const starCall: CallDialect = {
  numbers: { join: 0, leave: 1, streams: 4, want: 6 },
  join: reply => (reply ? true : {}),
  want: stream => ({ StreamID: stream }),
  wanted: special => (isRecord(special) ? special['StreamID'] : null),
}

/** `target` is whom a star's frame names, which only a request for a stream makes use of. */
export const parseCallMessage = (
  dialect: CallDialect,
  data: unknown,
  target: MemberId | null = null,
): CallMessage | null => {
  if (!isRecord(data)) return null
  const special = data['special']
  switch (data['type']) {
    case dialect.numbers.join:
      return { kind: 'join-call', reply: special === true }
    case dialect.numbers.leave:
      return { kind: 'leave-call' }
    case dialect.numbers.streams: {
      const announced = parseAnnounced(special)
      return announced && { kind: 'streams', announced }
    }
    case dialect.numbers.want: {
      const id = idText(dialect.wanted(special))
      return id === null ? null : { kind: 'want-stream', stream: streamId(id), of: target }
    }
    default:
      return null
  }
}

type OriginalCallMessage = Extract<
  CallMessage,
  { kind: 'join-call' | 'leave-call' | 'streams' | 'want-stream' }
>

export const writeCallMessage = (dialect: CallDialect, message: OriginalCallMessage): object => {
  const { numbers } = dialect
  switch (message.kind) {
    case 'join-call':
      return { type: numbers.join, special: dialect.join(message.reply) }
    case 'leave-call':
      return { type: numbers.leave, special: {} }
    case 'streams':
      return { type: numbers.streams, special: writeAnnounced(message.announced) }
    case 'want-stream':
      return { type: numbers.want, special: dialect.want(message.stream) }
  }
}

/** An announcement as the original has it, with keys of ours that it passes over: `about` and `media`. */
const writeAnnounced = ({ streams, media }: Announced): object => {
  const primary = streams.find(({ kind }) => kind === 'camera')
  const about = streams.map(({ id, hint, sound }) => ({ id, hint, sound }))
  return {
    possibilities: writeSet(streams.map(({ id }) => id)),
    ...(primary ? { primaryStream: primary.id } : {}),
    ...(media ? { about, media } : {}),
  }
}

const parseAnnounced = (value: unknown): Announced | null => {
  const ids = isRecord(value) ? parseSet(value['possibilities'], streamsMax) : null
  if (!isRecord(value) || ids === null) return null
  const details = new Map(parseAbout(value['about']))
  const unsaid = { hint: 'motion', sound: null } as const
  const streams = [...new Set(ids)].flatMap((entry): StreamAbout[] => {
    const id = idText(entry)
    if (id === null) return []
    const kind = entry === value['primaryStream'] ? 'camera' : 'screen'
    return [{ id: streamId(id), kind, ...(details.get(id) ?? unsaid) }]
  })
  return { streams, media: parseMedia(value['media']) }
}

type StreamDetails = readonly [string, { hint: ScreenHint; sound: boolean }]

const parseAbout = (value: unknown): StreamDetails[] =>
  !Array.isArray(value)
    ? []
    : value.slice(0, streamsMax).flatMap((entry: unknown): StreamDetails[] => {
        const id = isRecord(entry) ? idText(entry['id']) : null
        if (!isRecord(entry) || id === null) return []
        return [[id, { hint: entry['hint'] === 'text' ? 'text' : 'motion', sound: entry['sound'] === true }]]
      })

export const parseMedia = (value: unknown): Media | null => {
  if (!isRecord(value)) return null
  const is = (name: keyof Media): boolean => value[name] === true
  return { muted: is('muted'), cameraOff: is('cameraOff'), pushToTalk: is('pushToTalk') }
}

export const writeCalls = (calls: ReadonlyMap<MemberId, Announced>): object =>
  writeMap([...calls].map(([id, announced]) => [id, writeAnnounced(announced)]))

export const parseCalls = (value: unknown): CallMessage | null => {
  const entries = parseMap(value, callersMax)
  if (entries === null) return null
  const calls = entries.flatMap(([key, announcement]): [MemberId, Announced][] => {
    const id = idText(key)
    const announced = parseAnnounced(announcement)
    return id !== null && announced ? [[memberId(id), announced]] : []
  })
  return { kind: 'calls', calls: new Map(calls) }
}

const sizes: readonly string[] = ['none', 'hidden', 'small', 'medium', 'large'] satisfies StreamSize[]
const isSize = (value: unknown): value is StreamSize => typeof value === 'string' && sizes.includes(value)

const writeSizes = (wished: ReadonlyMap<StreamId, StreamSize>): object => ({
  sizes: [...wished].map(([id, size]) => ({ id, size })),
})

const parseSizes = (data: Fields): CallMessage | null => {
  const listed = data['sizes']
  if (!Array.isArray(listed)) return null
  const wished = listed.slice(0, sizesMax).flatMap((entry: unknown): [StreamId, StreamSize][] => {
    const id = isRecord(entry) ? idText(entry['id']) : null
    return isRecord(entry) && id !== null && isSize(entry['size']) ? [[streamId(id), entry['size']]] : []
  })
  return { kind: 'sizes', sizes: new Map(wished) }
}

/** Names of our own types; the same in a mesh and in a star. */
const extensionTypes = { media: 'media', sizes: 'sizes' } as const

export const writeCallExtension = (message: Extract<CallMessage, { kind: 'media' | 'sizes' }>): object =>
  message.kind === 'media'
    ? { type: extensionTypes.media, data: message.media }
    : { type: extensionTypes.sizes, data: writeSizes(message.sizes) }

export const parseCallExtension = (type: unknown, data: unknown): CallMessage | null => {
  if (!isRecord(data)) return null
  if (type === extensionTypes.sizes) return parseSizes(data)
  const media = type === extensionTypes.media ? parseMedia(data) : null
  return media && { kind: 'media', media }
}
