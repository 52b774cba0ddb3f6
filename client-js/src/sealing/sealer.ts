/**
 * Seals what this page says and sends in a star, and opens what the others do: carries out what the exchange of keys decides,
 * one thing after the other, and hands the keys to the worker, where sound and pictures are sealed too.
 */
import { base64UrlOf, randomBytes } from '../base/random.ts'
import type { MemberId, MessageId } from '../wire/ids.ts'
import type { IdentityKeys, SealedMessage } from '../wire/sealing.ts'
import { openBox, parseBox, sealBox } from './box.ts'
import {
  type End,
  identityCode,
  importSecret,
  makeIdentity,
  type PairKeys,
  pairKeys,
  type SenderKeys,
  senderKeys,
} from './derivation.ts'
import {
  type Exchange,
  type ExchangeEffect,
  type ExchangeEvent,
  epochsFor,
  exchange,
  isAgreed,
  isFailing,
  nextDue,
  startExchange,
} from './exchange.ts'
import type { MediaMode } from './keyring.ts'
import { SealedMedia } from './media.ts'
import { countersMax } from './media-frame.ts'
import {
  type Deliver,
  labelOf,
  parseAgreement,
  ReceivedMessages,
  secretOf,
  textOfSecret,
  writeAgreement,
} from './received-messages.ts'
import { ReplayWindow } from './replay-window.ts'

/** With whom keys have been agreed on, and with whom that does not come about. */
export type SealingStatus = {
  readonly agreed: ReadonlySet<MemberId>
  readonly failing: ReadonlySet<MemberId>
}

export type SealerPorts = {
  readonly say: (to: MemberId, message: SealedMessage) => void
  /** A member whom we know shows another key than before. */
  readonly keyChanged: (member: MemberId) => void
  readonly status: (status: SealingStatus) => void
  /** Something of our own does not work: nothing may be sent or shown any more. */
  readonly failed: () => void
  readonly now: () => number
}

type Pair = { readonly end: End; readonly keys: PairKeys; readonly seen: ReplayWindow; counter: number }
type Own = { readonly secret: string; readonly keys: SenderKeys }

/** So long what was sealed with an earlier key may be on its way. */
const underWayMs = 10_000
const ownKept = 4
/** Pages that we have met in one stay. With more of them nothing is agreed on. */
const retiredMax = 10_000
const keysLabel = 'keys'
const forOneLabel = 'sealed-for'

export type SealedMediaPort = Pick<
  SealedMedia,
  'setMode' | 'seal' | 'add' | 'dropBefore' | 'protect' | 'setOwners' | 'close'
>

/** Where sound and pictures go unsealed. */
const noMedia: SealedMediaPort = {
  setMode: () => undefined,
  seal: () => undefined,
  add: () => undefined,
  dropBefore: () => undefined,
  protect: () => true,
  setOwners: () => undefined,
  close: () => undefined,
}

/** `media`: sound and pictures too, by a worker of its own. */
export const startSealing = (
  own: IdentityKeys,
  secret: CryptoKey,
  room: string,
  media: boolean,
  ports: SealerPorts,
): Sealer => new Sealer(own, secret, room, media ? new SealedMedia(ports.failed) : noMedia, ports)

/** The one that an earlier page of this stay had, where it is one. */
export const identityFor = async (
  known: IdentityKeys | null,
): Promise<{ readonly identity: IdentityKeys; readonly secret: CryptoKey }> => {
  const kept = known && (await importSecret(known.privateKey).catch(() => null))
  if (known && kept) return { identity: known, secret: kept }
  const identity = await makeIdentity()
  return { identity, secret: await importSecret(identity.privateKey) }
}

export class Sealer {
  readonly #own: IdentityKeys
  readonly #secret: CryptoKey
  readonly #room: string
  readonly #media: SealedMediaPort
  readonly #ports: SealerPorts
  readonly #secrets = new Map<number, Own>()
  readonly #pairs = new Map<MemberId, Pair>()
  readonly #retired = new Map<string, { readonly sent: number; readonly heard: number }>()
  readonly #messages = new ReceivedMessages()
  readonly #timers = new Set<ReturnType<typeof setTimeout>>()
  #exchange: Exchange
  #counter = 0
  #mode: MediaMode = 'closed'
  #status: SealingStatus = { agreed: new Set(), failing: new Set() }
  #due: ReturnType<typeof setTimeout> | undefined
  #work: Promise<void> = Promise.resolve()
  #over = false

  constructor(
    own: IdentityKeys,
    secret: CryptoKey,
    room: string,
    media: SealedMediaPort,
    ports: SealerPorts,
  ) {
    this.#own = own
    this.#secret = secret
    this.#room = room
    this.#media = media
    this.#ports = ports
    const nonce = base64UrlOf(randomBytes(16))
    const [epoch = 0] = randomBytes(1)
    this.#exchange = startExchange({ identity: own.publicKey, nonce }, epoch, ports.now())
    this.#carryOut([
      { type: 'make', epoch },
      { type: 'use', epoch },
    ])
  }

  get identity(): IdentityKeys {
    return this.#own
  }

  setMode(mode: MediaMode): void {
    if (mode !== this.#mode) this.#media.setMode(mode)
    this.#mode = mode
  }

  protect(transceiver: RTCRtpTransceiver): boolean {
    return this.#media.protect(transceiver)
  }

  setOwners(owners: ReadonlyMap<string, MemberId>): void {
    this.#media.setOwners(owners)
  }

  /** Everybody else with whom messages can be sealed. */
  setMembers(members: ReadonlySet<MemberId>): void {
    this.#feed({ type: 'members', members })
  }

  /** For everybody. Null for what is too large. */
  seal(value: unknown, id: MessageId | null): Promise<SealedMessage | null> {
    return this.#inTurn(async () => {
      const epoch = this.#exchange.current
      const own = this.#secrets.get(epoch)
      if (!own || this.#counter >= countersMax) return null
      const counter = this.#counter++
      const box = await sealBox(own.keys.messages, { epoch, counter }, value, labelOf(id))
      return box === null ? null : { kind: 'sealed', id, box }
    })
  }

  /** For one of them; null too where nothing has been agreed on with them. */
  sealFor(to: MemberId, value: unknown, chunk: boolean): Promise<SealedMessage | null> {
    return this.#inTurn(async () => {
      const box = await this.#boxFor(to, value, forOneLabel)
      return box === null ? null : { kind: 'sealed-for', to, chunk, box }
    })
  }

  async #boxFor(to: MemberId, value: unknown, label: string): Promise<string | null> {
    const pair = this.#pairs.get(to)
    if (!pair || pair.counter >= countersMax) return null
    const counter = pair.counter++
    return sealBox(pair.keys.sends, { epoch: 0, counter }, value, label)
  }

  /** Hands on what opens, in its turn. Keys are taken in themselves. */
  hear(from: MemberId, message: SealedMessage, taken: Deliver): Promise<void> {
    const deliver: Deliver = value => {
      try {
        taken(value)
      } catch (error) {
        // Not the sealing's fault.
        reportError(error)
      }
    }
    if (message.kind === 'keys') return this.#hearKeys(from, message)
    return this.#inTurn(async () => {
      if (message.kind === 'sealed') return this.#messages.open(from, message, deliver, this.#ports.now())
      const value = await this.#openFrom(from, message.box, forOneLabel)
      if (value !== 'again' && value !== undefined) deliver(value)
    }).then(() => undefined)
  }

  /** `again`: it has come before, or is not for this page. */
  async #openFrom(from: MemberId, text: string, label: string): Promise<unknown> {
    const pair = this.#pairs.get(from)
    const box = parseBox(text)
    if (!pair || !box) return pair ? undefined : 'again'
    if (!pair.seen.isNew(box.counter)) return 'again'
    const value = await openBox(pair.keys.receives, box, label)
    if (value !== undefined) pair.seen.take(box.counter)
    return value
  }

  #hearKeys(from: MemberId, message: Extract<SealedMessage, { kind: 'keys' }>): Promise<void> {
    const { identity, nonce, known, box } = message
    const end = { identity, nonce }
    this.#feed({ type: 'heard', from, end, known })
    if (box === null || known !== this.#exchange.own.nonce) return Promise.resolve()
    return this.#inTurn(async () => {
      const pair = this.#pairs.get(from)
      if (pair?.end.identity !== identity || pair.end.nonce !== nonce) return
      const value = await this.#openFrom(from, box, keysLabel)
      if (value === 'again') return
      const agreement = parseAgreement(value)
      const last = agreement?.keys.at(-1)
      if (!agreement || !last) return this.#feed({ type: 'refused', from, end })
      for (const { epoch, secret } of agreement.keys) await this.#take(from, epoch, secret)
      await this.#messages.retry(from, this.#ports.now())
      this.#later(underWayMs, () => {
        this.#messages.dropBefore(from, last.epoch)
        this.#media.dropBefore(from, last.epoch)
      })
      this.#feed({ type: 'agreed', from, end, epoch: last.epoch, has: agreement.has })
    }).then(() => undefined)
  }

  /** One that we have goes on with what we have seen of it. */
  async #take(from: MemberId, epoch: number, secret: string): Promise<void> {
    if (this.#messages.knows(from, secret)) return
    const keys = await senderKeys(secretOf(secret))
    this.#messages.add(from, epoch, secret, keys)
    this.#media.add(from, epoch, { audio: keys.audio, video: keys.video })
  }

  /** Null while nothing has been agreed on with them. */
  async code(member: MemberId): Promise<readonly string[] | null> {
    const peer = this.#exchange.peers.get(member)
    if (!peer?.end || !isAgreed(peer)) return null
    return identityCode(this.#own.publicKey, peer.end.identity)
  }

  close(): void {
    this.#over = true
    clearTimeout(this.#due)
    for (const timer of this.#timers) clearTimeout(timer)
    this.#media.close()
  }

  #feed(event: ExchangeEvent): void {
    if (this.#over) return
    const { state, effects } = exchange(this.#exchange, event, this.#ports.now())
    this.#exchange = state
    this.#carryOut(effects)
    this.#watch()
  }

  #watch(): void {
    const now = this.#ports.now()
    clearTimeout(this.#due)
    const due = nextDue(this.#exchange, now)
    if (due !== null) this.#due = setTimeout(() => this.#feed({ type: 'tick' }), Math.max(due - now, 50))
    const peers = [...this.#exchange.peers]
    const agreed = new Set(peers.filter(([, peer]) => isAgreed(peer)).map(([member]) => member))
    const failing = new Set(peers.filter(([, peer]) => isFailing(peer, now)).map(([member]) => member))
    if (same(agreed, this.#status.agreed) && same(failing, this.#status.failing)) return
    this.#status = { agreed, failing }
    // Behind what it follows from: whoever is agreed with can be sealed for.
    void this.#inTurn(async () => this.#ports.status({ agreed, failing }))
  }

  #carryOut(effects: readonly ExchangeEffect[]): void {
    for (const effect of effects) void this.#inTurn(() => this.#perform(effect))
  }

  async #perform(effect: ExchangeEffect): Promise<void> {
    switch (effect.type) {
      case 'make': {
        const secret = randomBytes(32)
        this.#secrets.set(effect.epoch, { secret: textOfSecret(secret), keys: await senderKeys(secret) })
        const [oldest] = this.#secrets.keys()
        if (this.#secrets.size > ownKept && oldest !== undefined) this.#secrets.delete(oldest)
        return
      }
      case 'use': {
        const own = this.#secrets.get(effect.epoch)
        if (!own) return
        this.#counter = 0
        this.#media.seal(effect.epoch, { audio: own.keys.audio, video: own.keys.video })
        return
      }
      case 'pair':
        return this.#pair(effect.member, effect.end)
      case 'forget':
        return this.#retire(effect.member)
      case 'send':
        return this.#sendKeys(effect.to)
      case 'key-changed':
        return this.#ports.keyChanged(effect.member)
    }
  }

  /** What somebody shows may be no key. */
  async #pair(member: MemberId, end: End): Promise<void> {
    this.#retire(member)
    const before = this.#retired.get(nameOf(end))
    const tooMany = !before && this.#retired.size >= retiredMax
    const keys = tooMany
      ? null
      : await pairKeys(this.#secret, this.#exchange.own, end, this.#room).catch(() => null)
    if (!keys) return this.#feed({ type: 'refused', from: member, end })
    const { sent, heard } = before ?? { sent: 0, heard: -1 }
    this.#pairs.set(member, { end, keys, seen: new ReplayWindow(heard), counter: sent })
  }

  /** The same two pages may meet again, and share the same keys then: their counters go on. */
  #retire(member: MemberId): void {
    const pair = this.#pairs.get(member)
    if (!pair) return
    this.#pairs.delete(member)
    this.#retired.set(nameOf(pair.end), { sent: pair.counter, heard: pair.seen.latest })
  }

  async #sendKeys(to: MemberId): Promise<void> {
    const peer = this.#exchange.peers.get(to)
    if (!peer) return
    const keys = epochsFor(this.#exchange, to).flatMap(epoch => {
      const own = this.#secrets.get(epoch)
      return own ? [{ epoch, secret: own.secret }] : []
    })
    const known = this.#pairs.get(to)?.end.nonce ?? null
    const box = await this.#boxFor(to, writeAgreement({ keys, has: peer.theirs }), keysLabel)
    this.#ports.say(to, {
      kind: 'keys',
      to,
      ...this.#exchange.own,
      known: box === null ? null : known,
      box,
    })
  }

  #later(ms: number, then: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      then()
    }, ms)
    this.#timers.add(timer)
  }

  /** One thing after the other. What fails of ours is said, and leaves nothing unsealed. */
  #inTurn<T>(work: () => Promise<T>): Promise<T | null> {
    const done = this.#work.then(async () => {
      if (this.#over) return null
      try {
        return await work()
      } catch {
        this.#ports.failed()
        return null
      }
    })
    this.#work = done.then(() => undefined)
    return done
  }
}

const nameOf = ({ identity, nonce }: End): string => `${identity} ${nonce}`

const same = <T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean =>
  a.size === b.size && [...a].every(it => b.has(it))
