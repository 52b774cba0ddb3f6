/** What others seal their messages with, and what waits for a key that is on its way. */
import { base64UrlOf, bytesOfBase64Url } from '../base/random.ts'
import type { MemberId } from '../wire/ids.ts'
import { isRecord, wholeNumber } from '../wire/json.ts'
import type { SealedMessage } from '../wire/sealing.ts'
import { type Box, openBox, parseBox } from './box.ts'
import type { SenderKeys } from './derivation.ts'
import { ReplayWindow } from './replay-window.ts'

/** What two pages tell each other under what they share. */
export type Agreement = {
  /** The epochs of whoever says so with their secrets, the newest last. */
  readonly keys: readonly { readonly epoch: number; readonly secret: string }[]
  /** The last epoch of the other one's that has come. */
  readonly has: number | null
}

const epochsKept = 4
const secretBytes = 32

export const writeAgreement = ({ keys, has }: Agreement): object => ({
  keys: keys.map(({ epoch, secret }) => ({ epoch, secret })),
  has,
})

const isEpoch = (value: unknown): value is number => (wholeNumber(value) ?? 256) < 256

/** Null for whatever makes no sense. */
export const parseAgreement = (value: unknown): Agreement | null => {
  if (!isRecord(value) || !Array.isArray(value['keys'])) return null
  const keys = value['keys'].slice(-epochsKept).flatMap((it: unknown) => {
    if (!isRecord(it)) return []
    const { epoch, secret } = it
    return isEpoch(epoch) && typeof secret === 'string' && /^[\w-]{43}$/.test(secret)
      ? [{ epoch, secret }]
      : []
  })
  const { has } = value
  return keys.length === 0 ? null : { keys, has: isEpoch(has) ? has : null }
}

export const secretOf = (text: string): Uint8Array<ArrayBuffer> =>
  bytesOfBase64Url(text).slice(0, secretBytes)
export const textOfSecret = (bytes: Uint8Array): string => base64UrlOf(bytes)

type Theirs = { readonly key: CryptoKey; readonly seen: ReplayWindow }
type Sealed = Extract<SealedMessage, { kind: 'sealed' }>
export type Deliver = (value: unknown) => void
type Waiting = {
  readonly from: MemberId
  readonly box: Box
  readonly label: string
  readonly deliver: Deliver
  readonly until: number
}

/** Each with the last secrets that have come, so that none is taken anew: what it was used for could be said again. */
const membersMax = 64
const secretsKept = 16
const waitingMax = 100
/** As long as a page may take that starts on a busy machine. */
const waitingMs = 120_000

/** What a message of that name has to be opened under. */
export const labelOf = (id: Sealed['id']): string => `sealed ${id ?? ''}`

export class ReceivedMessages {
  readonly #keys = new Map<MemberId, Map<number, Theirs>>()
  readonly #secrets = new Map<MemberId, readonly string[]>()
  #waiting: readonly Waiting[] = []

  /** Whether it has come before, in use or not. */
  knows(member: MemberId, secret: string): boolean {
    return this.#secrets.get(member)?.includes(secret) ?? false
  }

  add(member: MemberId, epoch: number, secret: string, { messages }: SenderKeys): void {
    const known = this.#keys.get(member) ?? new Map<number, Theirs>()
    known.delete(epoch)
    known.set(epoch, { key: messages, seen: new ReplayWindow() })
    const [oldest] = known.keys()
    if (known.size > epochsKept && oldest !== undefined) known.delete(oldest)
    const secrets = [...(this.#secrets.get(member) ?? []), secret].slice(-secretsKept)
    for (const map of [this.#keys, this.#secrets]) map.delete(member)
    const [first] = this.#keys.keys()
    if (first !== undefined && this.#keys.size >= membersMax)
      for (const map of [this.#keys, this.#secrets]) map.delete(first)
    this.#keys.set(member, known)
    this.#secrets.set(member, secrets)
  }

  dropBefore(member: MemberId, epoch: number): void {
    const known = this.#keys.get(member)
    if (!known?.has(epoch)) return
    for (const it of [...known.keys()]) {
      if (it === epoch) return
      known.delete(it)
    }
  }

  /** What does not open is dropped. What has been said a moment before its key has come waits for that. */
  async open(from: MemberId, { id, box: text }: Sealed, deliver: Deliver, now: number): Promise<void> {
    const box = parseBox(text)
    if (!box) return
    if (await this.#opened(from, box, labelOf(id), deliver)) return
    const waiting = { from, box, label: labelOf(id), deliver, until: now + waitingMs }
    this.#waiting = [...this.#waiting.filter(it => it.until > now), waiting].slice(-waitingMax)
  }

  /** A key has come. */
  async retry(member: MemberId, now: number): Promise<void> {
    const ours = this.#waiting.filter(({ from, until }) => from === member && until > now)
    this.#waiting = this.#waiting.filter(({ from }) => from !== member)
    for (const it of ours)
      if (!(await this.#opened(it.from, it.box, it.label, it.deliver)))
        this.#waiting = [...this.#waiting, it].slice(-waitingMax)
  }

  /** False where the key is missing. */
  async #opened(from: MemberId, box: Box, label: string, deliver: Deliver): Promise<boolean> {
    const theirs = this.#keys.get(from)?.get(box.epoch)
    if (!theirs) return false
    if (!theirs.seen.isNew(box.counter)) return true
    const value = await openBox(theirs.key, box, label)
    if (value === undefined) return true
    theirs.seen.take(box.counter)
    deliver(value)
    return true
  }
}
