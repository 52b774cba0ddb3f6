/**
 * Every frame that comes over a room's channel is charged here, once, before anything is done with it: to the link that
 * it came over, and to whoever speaks in it, because a star's host passes on what others say. What cannot be paid for is
 * dropped. Nothing behind this file looks at how fast somebody is.
 */
import { type Pace, TokenBucket } from '../base/token-bucket.ts'
import type { MemberId, PeerId } from '../wire/ids.ts'
import { decodeFrame } from '../wire/json.ts'
import type { PeerMessage, Received } from '../wire/peer.ts'

type Kind = PeerMessage['kind']

/** Whatever it says, a frame has to be decoded. A file in the original's words comes in thousands of them. */
const framePace: Pace = { burst: 20_000, perSecond: 8_000 }
const bytePace: Pace = { burst: 67_108_864, perSecond: 67_108_864 }

/**
 * What frames are paid from, for each speaker. Nobody types faster; pages that talk to each other, or a long text that is
 * pasted again and again, stay below it too.
 */
const purses = {
  /** Is shown, or passed on to be shown. */
  talk: { burst: 90, perSecond: 20 },
  acks: { burst: 600, perSecond: 100 },
  /** One for each file that a message lists. A share is 40 at most, and whoever comes later is told of 60. */
  files: { burst: 120, perSecond: 2 },
  announcements: { burst: 240, perSecond: 10 },
  call: { burst: 90, perSecond: 10 },
  /** What pages of others say to their like, as a pointer that moves does. */
  topics: { burst: 240, perSecond: 60 },
  /** A small question with a large answer. */
  questions: { burst: 20, perSecond: 1 },
  /** Of connections that are made through others. */
  signals: { burst: 400, perSecond: 40 },
  /** How a file comes in the original's words. Its chunks are many; the rest is about a whole file. */
  requests: { burst: 500, perSecond: 20 },
  chunks: { burst: 10_000, perSecond: 6_000 },
  /** Sealed for everybody, whatever is in it, which is charged once it is open. */
  boxes: { burst: 400, perSecond: 150 },
} as const satisfies Readonly<Record<string, Pace>>

type Purse = keyof typeof purses

const purseByKind: Readonly<Record<Exclude<Kind, 'file-signal'>, Purse>> = {
  hello: 'talk',
  knock: 'talk',
  admitted: 'talk',
  introduce: 'talk',
  chat: 'talk',
  reaction: 'talk',
  typing: 'talk',
  history: 'talk',
  topic: 'topics',
  roster: 'talk',
  card: 'talk',
  lost: 'talk',
  moved: 'talk',
  'moved-noted': 'talk',
  ack: 'acks',
  'ask-roster': 'questions',
  'ask-card': 'questions',
  'ask-history': 'questions',
  'join-call': 'call',
  'leave-call': 'call',
  streams: 'call',
  'want-stream': 'call',
  calls: 'call',
  media: 'call',
  sizes: 'call',
  downlink: 'call',
  'file-announced': 'announcements',
  'file-withdrawn': 'announcements',
  direct: 'signals',
  keys: 'signals',
  sealed: 'boxes',
  // What is in it is charged once it is open.
  'sealed-for': 'chunks',
  signal: 'signals',
}

const purseOf = (message: PeerMessage): Purse => {
  if (message.kind !== 'file-signal') return purseByKind[message.kind]
  return message.signal.kind === 'chunk' || message.signal.kind === 'peer' ? 'chunks' : 'requests'
}

/** Only what is missing on the screen is worth a word to the person. */
const noticed: ReadonlySet<Purse> = new Set(['talk', 'files'])

/** Whoever has lost nothing for so long is calm: of what they lose then a person is told anew. */
const calmMs = 60_000

/** `tooFast`: who has lost something that would have been shown, for the first time since they were calm. */
export type Charged = {
  readonly received: Received | null
  readonly tooFast: { readonly source: MemberId | null } | null
}
const nothing: Charged = { received: null, tooFast: null }

/** As many speakers as a room has people, and some that come and go. A host that names more pays for them itself. */
const speakersMax = 42
/** Links that have ended keep their account, so that calling again opens no new one; the oldest goes. */
const linksMax = 200

type Account = {
  readonly buckets: ReadonlyMap<Purse, TokenBucket>
  /** When something was last lost that would have been shown. */
  lostAt: number
}
type LinkAccount = {
  readonly frames: TokenBucket
  readonly bytes: TokenBucket
  readonly speakers: Map<MemberId | null, Account>
}

const newAccount = (): Account => ({
  buckets: new Map(
    Object.entries(purses).map(([name, pace]) => [name as Purse, new TokenBucket(pace)] as const),
  ),
  lostAt: Number.NEGATIVE_INFINITY,
})

const sizeOf = (frame: unknown): number => {
  if (typeof frame === 'string') return frame.length
  return frame instanceof ArrayBuffer ? frame.byteLength : 0
}

export class FrameMeter {
  readonly #now: () => number
  readonly #links = new Map<PeerId, LinkAccount>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** A frame as it came; null for one that nobody understands, or that is not paid for. */
  receive(via: PeerId, frame: unknown, parse: (value: unknown) => Received | null): Charged {
    const { frames, bytes } = this.#accountOf(via)
    const at = this.#now()
    if (!frames.take(at) || !bytes.take(at, sizeOf(frame))) return nothing
    const received = parse(decodeFrame(frame))
    return received ? this.charge(via, received) : nothing
  }

  /** What is left of a message when it has been paid for: a message that lists more files than that shows fewer. */
  charge(via: PeerId, received: Received): Charged {
    const { message, source } = received
    const account = this.#speakerOf(via, source)
    const paid = this.#pay(account, purseOf(message), 1)
    if (paid.amount === 0) return { received: null, tooFast: paid.warns ? { source } : null }
    if (message.kind !== 'chat' || !message.files) return { received, tooFast: null }
    const listed = this.#pay(account, 'files', message.files.length)
    const files = message.files.slice(0, listed.amount)
    const tooFast = listed.warns ? { source } : null
    return { received: { ...received, message: { ...message, files } }, tooFast }
  }

  #pay(account: Account, purse: Purse, price: number): { amount: number; warns: boolean } {
    const at = this.#now()
    const amount = account.buckets.get(purse)?.takeUpTo(price, at) ?? 0
    if (amount === price || !noticed.has(purse)) return { amount, warns: false }
    const warns = at - account.lostAt >= calmMs
    account.lostAt = at
    return { amount, warns }
  }

  #accountOf(via: PeerId): LinkAccount {
    const known = this.#links.get(via)
    if (known) return known
    const [oldest] = this.#links.keys()
    if (oldest !== undefined && this.#links.size >= linksMax) this.#links.delete(oldest)
    const made = { frames: new TokenBucket(framePace), bytes: new TokenBucket(bytePace), speakers: new Map() }
    this.#links.set(via, made)
    return made
  }

  #speakerOf(via: PeerId, source: MemberId | null): Account {
    const { speakers } = this.#accountOf(via)
    const speaker = speakers.has(source) || speakers.size < speakersMax ? source : null
    const account = speakers.get(speaker) ?? newAccount()
    speakers.set(speaker, account)
    return account
  }
}
