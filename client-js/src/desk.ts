/** Owns the way between the views: what a command does, which view follows, and what the address bar says meanwhile. */
import type { RoomState } from './room/state.ts'
import type { Answer, Line } from './signaling/line.ts'
import type { Commands, Model, Where } from './ui/model.ts'
import { Visit } from './visit.ts'
import { type Invitation, parseInvitation, parsePasted, writeInvitation } from './wire/invitation.ts'
import type { Identity, Notice } from './wire/server.ts'

/** What the desk needs of the browser; a page, in short. */
export type Page = {
  readonly address: () => string
  readonly setAddress: (address: string) => void
  readonly rememberName: (name: string) => void
  readonly copy: (text: string) => Promise<boolean>
  readonly generatePassword: () => string
}

const earlyMax = 200

export class Desk {
  readonly #model: Model
  readonly #page: Page
  readonly #line: Line
  #identity: Identity | null = null
  #visit: Visit | null = null
  #invitation: Invitation | null = null
  /** A poll can bring the answer and the first signals at once; these wait until the visit has begun. */
  #early: Notice[] = []

  constructor(model: Model, page: Page, line: Line) {
    this.#model = model
    this.#page = page
    this.#line = line
    this.addressChanged()
  }

  get commands(): Commands {
    return {
      create: roomName => void this.#create(roomName),
      join: where => void this.#join(where),
      rejoin: () => void this.#enter('left'),
      leave: () => this.leave(),
      toStart: () => this.#toStart(),
      say: text => this.#visit?.say(text) ?? false,
      pasted: text => this.#pasted(text),
      copy: text => this.#page.copy(text),
      generatePassword: () => this.#page.generatePassword(),
    }
  }

  /** An invitation in the address, ours or the original's; ours is what the address bar shows from then on. */
  addressChanged(): void {
    const found = parseInvitation(this.#page.address())
    if (!found || (this.#visit && found.room === this.#visit.state.card.id)) return
    this.leave()
    this.#invitation = found
    if (found.password !== null) this.#showInvitation(found.password)
    this.#model.trouble.value = null
    this.#model.view.value = { kind: 'invited', asksPassword: found.password === null }
  }

  found(identity: Identity): void {
    this.#identity = identity
    this.#model.server.value = 'online'
    this.#visit?.lineFound(identity)
  }

  lost(): void {
    this.#identity = null
    this.#model.server.value = 'offline'
    this.#visit?.lineLost()
  }

  notice(notice: Notice): void {
    if (this.#visit) this.#visit.notice(notice)
    else if (this.#early.length < earlyMax) this.#early.push(notice)
  }

  leave(): void {
    const visit = this.#visit
    if (!visit) return
    this.#visit = null
    visit.leave()
    const { card, ended, topology } = visit.state
    this.#invitation = { room: card.id, password: card.password }
    this.#model.trouble.value = null
    this.#model.view.value = {
      kind: 'left',
      roomName: card.name,
      ended: ended || topology.role === 'host',
    }
  }

  #toStart(): void {
    this.#invitation = null
    this.#model.trouble.value = null
    this.#page.setAddress(bareAddress(this.#page.address()))
    this.#model.view.value = { kind: 'start' }
  }

  #pasted(text: string): void {
    const found = parsePasted(text)
    const { join } = this.#model
    if (!found) return
    join.value = { room: found.room, password: found.password ?? join.value.password }
  }

  async #create(name: string): Promise<void> {
    const { kind, password, peersMax } = this.#model.create.value
    const draft = { name, kind, password, peersMax }
    await this.#ask('create', () => this.#line.create(draft), true)
  }

  async #join(where: 'join' | 'invited'): Promise<void> {
    const form = this.#model.join.value
    if (where === 'join') {
      const pasted = parsePasted(form.room)
      if (!pasted) {
        this.#model.trouble.value = { where, what: 'not-a-room' }
        return
      }
      this.#invitation = { room: pasted.room, password: pasted.password ?? form.password }
    } else if (this.#invitation && this.#asksPassword()) {
      this.#invitation = { ...this.#invitation, password: form.password }
    }
    await this.#enter(where)
  }

  #asksPassword(): boolean {
    const view = this.#model.view.value
    return view.kind === 'invited' && view.asksPassword
  }

  async #enter(where: Where): Promise<void> {
    const invitation = this.#invitation
    if (!invitation) return
    await this.#ask(where, () => this.#line.join(invitation.room, invitation.password ?? ''), false)
  }

  async #ask(where: Where, ask: () => Promise<Answer>, created: boolean): Promise<void> {
    const { busy, trouble, userName, view } = this.#model
    if (busy.value !== null) return
    const name = userName.value.trim()
    if (name === '') {
      trouble.value = { where, what: 'no-name' }
      return
    }
    this.#page.rememberName(name)
    trouble.value = null
    busy.value = where
    const asked = view.value
    this.#early = []
    const answer = await ask()
    busy.value = null
    const identity = this.#identity
    // Gone elsewhere meanwhile, by a link say: the seat is given back.
    if (answer.ok && view.value !== asked) return this.#line.leave(answer.admission.card.id)
    if (!answer.ok || !identity) {
      trouble.value = { where, what: answer.ok ? 'unreachable' : answer.refusal }
      if (where === 'invited' && !answer.ok && answer.refusal === 'wrong-password')
        view.value = { kind: 'invited', asksPassword: true }
      return
    }
    const { card } = answer.admission
    this.#invitation = { room: card.id, password: card.password }
    const invitation = this.#showInvitation(card.password)
    const show = (state: RoomState): void => {
      view.value = { kind: 'room', state, invitation, created }
    }
    this.#visit = new Visit(this.#line, identity, answer.admission, name, show)
    for (const notice of this.#early.splice(0)) this.#visit.notice(notice)
  }

  #showInvitation(password: string): string {
    const room = this.#invitation?.room
    if (room === undefined) return bareAddress(this.#page.address())
    const address = writeInvitation(this.#page.address(), room, password)
    this.#page.setAddress(address)
    return address
  }
}

const bareAddress = (address: string): string => {
  const url = new URL(address)
  url.search = ''
  url.hash = ''
  return url.href
}
