/**
 * What is said in the name of a room's owner, as far as it is to be believed: signatures are checked in the order in which
 * acts came, and ours are made. Whoever has the owner's keys is the owner, and says so when they come in.
 */
import type { RoomOwner } from '../room/state.ts'
import type { MemberId, RoomId } from '../wire/ids.ts'
import type { Knock, Ownership, SignedAct } from '../wire/owner.ts'
import { type OwnerAct, parseAct, writeAct } from '../wire/owner-act.ts'
import type { RoomCard } from '../wire/server.ts'
import { fingerprintOf, isSignedRight, signAct } from './owner-keys.ts'

export type OwnerVoicePorts = {
  /** Whether the server takes it for the owner's. */
  readonly send: (signed: SignedAct) => Promise<boolean>
  /** Who the owner is now; null where there is none, or none that we could believe. */
  readonly known: (owner: RoomOwner | null, knocking: readonly Knock[]) => void
  readonly acted: (act: OwnerAct, owner: RoomOwner) => void
}

const nobodyKnown: RoomOwner = { ours: false, member: null, locked: false, waits: false }

export class OwnerVoice {
  readonly #room: RoomId
  readonly #founder: string | null
  readonly #stay: MemberId
  readonly #ports: OwnerVoicePorts
  /** Ours, by which we are the owner if the owner's fingerprint is theirs. */
  readonly #keys: RoomCard['ownerKeys']
  #ownPrint: string | null = null
  /** Of the owner's key. */
  #owner: string | null = null
  /** Of the last act that was heard, and that we have made. */
  #number = 0
  #said = 0
  #known = nobodyKnown
  /** Cryptography takes its time, and acts count in the order in which they came. */
  #queue: Promise<unknown> = Promise.resolve()

  constructor({ id, founder = null, ownerKeys = null }: RoomCard, stay: MemberId, ports: OwnerVoicePorts) {
    this.#room = id
    this.#founder = founder
    this.#keys = ownerKeys
    this.#stay = stay
    this.#ports = ports
  }

  /** What the server says when we come in, or back. */
  begin(ownership: Ownership | null): void {
    this.#then(() => this.#begin(ownership))
  }

  /** Something that is said to come from the owner. */
  hear(signed: SignedAct): void {
    this.#then(async () => {
      const heard = await this.#believed(signed)
      if (!heard || heard.number <= this.#number) return
      this.#number = heard.number
      this.#take(heard.act)
      this.#ports.acted(heard.act, this.#known)
      if (heard.act.type === 'hand-on') await this.#present()
    })
  }

  /** Acts as the owner. False where we are not, or the server did not hear of it. */
  act(act: OwnerAct): Promise<boolean> {
    return this.#then(async () => {
      if (!this.#known.ours || !this.#keys) return false
      return this.#say(this.#keys, act)
    })
  }

  /** Makes a member the owner whose page has this public key. */
  async handOn(member: MemberId, key: string | null): Promise<boolean> {
    const to = key === null ? null : await fingerprintOf(key)
    return to !== null && this.act({ type: 'hand-on', to, member })
  }

  #then<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work)
    this.#queue = done.catch(() => undefined)
    return done
  }

  async #begin(ownership: Ownership | null): Promise<void> {
    const founder = this.#founder ?? ownership?.founder ?? null
    if (!ownership || ownership.founder !== founder || !(await this.#follow(ownership))) {
      // Nobody is believed any more, nor is whoever was the owner on the way to one that cannot be followed.
      this.#owner = null
      this.#known = nobodyKnown
      return this.#ports.known(null, [])
    }
    this.#ownPrint = this.#keys ? await fingerprintOf(this.#keys.publicKey) : null
    const here = ownership.presence && (await this.#believed(ownership.presence))
    this.#number = Math.max(this.#number, ownership.number)
    const member = here?.act.type === 'present' ? here.act.member : null
    const ours = this.#ownPrint !== null && this.#ownPrint === this.#owner
    this.#known = { ours, member, locked: ownership.locked, waits: ownership.waits }
    this.#ports.known(this.#known, ownership.knocking)
    if (member !== this.#stay) await this.#present()
  }

  /** Says which member the owner is, where it is us. */
  async #present(): Promise<void> {
    if (this.#known.ours && this.#keys) await this.#say(this.#keys, { type: 'present', member: this.#stay })
  }

  /** From the founder to the owner, act by act. False where somebody's word for it is missing. */
  async #follow({ founder, handedOn }: Ownership): Promise<boolean> {
    this.#owner = founder
    for (const signed of handedOn) {
      const heard = await this.#believed(signed)
      if (heard?.act.type !== 'hand-on') return false
      this.#owner = heard.act.to
    }
    return true
  }

  /** Null for what the owner has not signed, or not for this room. */
  async #believed(signed: SignedAct) {
    const said = parseAct(signed.act)
    if (said?.room !== this.#room || this.#owner === null) return null
    const isOwners = (await fingerprintOf(signed.key)) === this.#owner && (await isSignedRight(signed))
    return isOwners ? said : null
  }

  #take(act: OwnerAct): void {
    if (act.type === 'present') this.#known = { ...this.#known, member: act.member }
    if (act.type === 'wait') this.#known = { ...this.#known, waits: act.on }
    if (act.type === 'lock') this.#known = { ...this.#known, locked: act.on }
    if (act.type !== 'hand-on') return
    this.#owner = act.to
    this.#known = { ...this.#known, ours: act.to === this.#ownPrint, member: act.member }
  }

  /** Several in a row each have a number of their own, although the server passes them on later. */
  async #say(keys: NonNullable<RoomCard['ownerKeys']>, act: OwnerAct): Promise<boolean> {
    const number = Math.max(this.#number, this.#said) + 1
    this.#said = number
    const signed = await signAct(keys, writeAct({ room: this.#room, number, act }))
    return signed !== null && (await this.#ports.send(signed))
  }
}
