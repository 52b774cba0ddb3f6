/** Leads through the views: what a command does, which view follows, and what the address bar says meanwhile. */
import { fileNameUnitsMax, safeFileName } from '../base/text.ts'
import type { Preview } from '../call/preview.ts'
import type { Client, Entered } from '../core/client.ts'
import type { RoomSession } from '../core/room-session.ts'
import { type Stay, withReadUpTo } from '../core/stay.ts'
import type { Commands, Model, Shared, Where } from '../ui/model.ts'
import { endsWithUs } from '../ui/selectors.ts'
import type { Access } from '../wire/access.ts'
import { isTurn } from '../wire/ice.ts'
import { roomId } from '../wire/ids.ts'
import { type Invitation, parseInvitation, parsePasted } from '../wire/invitation.ts'
import { isFinal, type RoomCard } from '../wire/server.ts'
import { attachCall, callCommands, goOnInCall } from './call-commands.ts'
import { type Alerts, alertCall, attachChat, chatCommands } from './chat-commands.ts'
import { connectionCommands } from './connection-commands.ts'
import { keepDraft } from './drafts.ts'
import { afterMove, type RoomHistory } from './history.ts'
import {
  addressOf,
  bareAddress,
  invitationIn,
  invitationOf,
  isSameCard,
  targetOf,
  typedAccess,
} from './invitations.ts'
import { type KnownRoom, withoutRoom, withRoom } from './known-rooms.ts'
import { removedRooms } from './removed-rooms.ts'
import { fileCommands, ownerCommands } from './room-commands.ts'
import { defaultSettings, type Settings } from './settings.ts'

/** What the controller needs of the browser. */
export type Page = {
  readonly address: () => string
  readonly history: RoomHistory
  readonly copy: (text: string) => Promise<boolean>
  readonly generatePassword: () => string
  readonly alerts: Alerts
  /** By room. */
  readonly drafts: Map<string, string>
  /** For the next page of this tab. */
  readonly keepAccess: (access: Access) => void
  readonly install: () => Promise<void>
  /** Where the system has a sheet for it. */
  readonly share?: (what: Shared) => Promise<void>
  /** A part of the page could not be loaded. */
  readonly partFailed: () => void
  /** Into the folder for what was fetched. */
  readonly save: (blob: Blob, name: string) => void
  /**
   * Asks where a file should go, where the browser has a window for that; null if the person has changed their mind.
   */
  readonly choosePlace?: (name: string) => Promise<FileSystemFileHandle | null>
}

/** Where the browser keeps the rooms that it was in. */
export type RoomStore = {
  readonly read: () => readonly KnownRoom[]
  readonly write: (rooms: readonly KnownRoom[]) => void
}

/** After a reload, a refusal that may pass is met by asking again. */
const againMs = [1_000, 2_000, 4_000, 8_000]

export class AppController {
  readonly #model: Model
  readonly #page: Page
  readonly #client: Client
  readonly #preview: Preview
  readonly #rooms: RoomStore
  #created = false
  #session: RoomSession | null = null
  #invitation: Invitation | null = null
  #detach: () => void = () => undefined
  /** Made once, so that a view that is handed one of them can tell that it is still the same. */
  readonly commands: Commands

  /** `stay` is what an earlier page of this tab has left. */
  constructor(
    model: Model,
    page: Page,
    client: Client,
    preview: Preview,
    rooms: RoomStore,
    stay: Stay | null,
  ) {
    this.#model = model
    this.#page = page
    this.#client = client
    this.#preview = preview
    this.#rooms = rooms
    model.rooms.value = rooms.read()
    this.commands = this.#makeCommands()
    client.on('online', () => {
      model.server.value = 'online'
      model.serverRelays.value = client.iceServers.some(({ urls }) => urls.some(isTurn))
    })
    client.on('offline', () => {
      model.server.value = 'offline'
    })
    this.addressChanged()
    if (stay && this.#invitation?.room === stay.card.id) void this.#goOn(stay)
  }

  /** By room, with what is being written now. */
  get drafts(): ReadonlyMap<string, string> {
    const { drafts } = this.#page
    if (this.#session) keepDraft(drafts, this.#session.state.card.id, this.#model.draft.value)
    return drafts
  }

  /** What the next page of this tab needs to go on in the room that we are in. */
  get stay(): Stay | null {
    const session = this.#session
    if (!session) return null
    return { ...withReadUpTo(session.stay, this.#model.reading.value.read), created: this.#created }
  }

  #makeCommands(): Commands {
    return {
      create: roomName => void this.#create(roomName),
      join: where => void this.#join(where),
      rejoin: () => void this.#enter('left'),
      openRoom: id => this.#openRoom(id),
      forgetRoom: id => this.#remember(withoutRoom(this.#rooms.read(), roomId(id))),
      takeHost: () => this.#session?.takeHost(),
      owner: ownerCommands(() => this.#session),
      leave: () => this.leave(),
      toStart: () => this.#toStart(),
      ...chatCommands(this.#model, this.#page.alerts, () => this.#session),
      pasted: text => this.#pasted(text),
      copy: text => this.#page.copy(text),
      generatePassword: () => this.#page.generatePassword(),
      files: fileCommands({ ...this.#page, model: this.#model, session: () => this.#session }),
      ...connectionCommands(this.#model, this.#client, () => this.#session),
      install: () => void this.#page.install(),
      ...(this.#page.share ? { share: this.#page.share } : {}),
      choose: part => this.#choose(part),
      ...callCommands({
        model: this.#model,
        preview: this.#preview,
        session: () => this.#session,
        choose: part => this.#choose(part),
      }),
      forgetChoices: () => {
        this.#choose(defaultSettings)
        this.#remember([])
      },
    }
  }

  /** An invitation in the address, ours or the original's; ours is what the address bar shows from then on. */
  addressChanged(): void {
    const found = invitationIn(this.#page, this.#client, this.#model)
    if (!found || (this.#session && found.room === this.#session.state.card.id)) return
    this.leave()
    this.#invitation = found
    if (found.password !== null) this.#showInvitation()
    this.#model.trouble.value = null
    const roomName = found.restore?.name ?? ''
    const password = found.password === null ? 'missing' : 'known'
    this.#model.view.value = { kind: 'invited', room: found.room, roomName, password }
  }

  /** The person has gone back or forward in the browser's history, within this page. */
  moved(): void {
    const { history, address } = this.#page
    const { dialog } = this.#model
    const invited = parseInvitation(address())?.room ?? null
    const state = this.#session?.state
    const [room, ended] = [state?.card.id ?? null, state?.ended ?? false]
    const asking = dialog.value === 'leave'
    switch (afterMove({ room, ended, entry: history.entry(), invited, asking })) {
      case 'show':
        if (invited === null) this.#toStart()
        else this.addressChanged()
        return
      case 'ask':
        history.forward()
        dialog.value = 'leave'
        return
      case 'leave':
        dialog.value = null
        this.leave()
    }
  }

  leave(): void {
    const session = this.#session
    if (!session) return
    this.#session = null
    this.#detach()
    session.leave()
    const { card, closed } = session.state
    const ended = session.state.ended || endsWithUs(session.state)
    if (closed?.how === 'removed') removedRooms.add(card.id)
    this.#invitation = invitationOf(card)
    this.#model.trouble.value = null
    this.#model.view.value = {
      kind: 'left',
      roomName: card.name,
      ended,
      closed,
      // Whoever has a room's key opens it again, but not against its owner's will.
      canReturn: (closed === null || closed.how === 'sent-away') && (!ended || (card.key ?? null) !== null),
    }
  }

  #choose(part: Partial<Settings>): void {
    const { settings } = this.#model
    settings.value = { ...settings.value, ...part }
  }

  #toStart(): void {
    this.#invitation = null
    this.#model.trouble.value = null
    this.#page.history.setAddress(bareAddress(this.#page.address()))
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
    await this.#ask('create', userName => this.#client.create(draft, userName), true)
  }

  async #join(where: 'join' | 'invited'): Promise<void> {
    const form = this.#model.join.value
    if (where === 'join') {
      const pasted = parsePasted(form.room)
      if (!pasted) {
        this.#model.trouble.value = { where, what: 'not-a-room' }
        return
      }
      this.#invitation = { ...pasted, password: pasted.password ?? form.password }
    } else if (this.#invitation && this.#asksPassword()) {
      this.#invitation = { ...this.#invitation, password: form.password }
    }
    await this.#enter(where)
  }

  #asksPassword(): boolean {
    const view = this.#model.view.value
    return view.kind === 'invited' && view.password !== 'known'
  }

  async #enter(where: Where): Promise<void> {
    const invitation = this.#invitation
    if (!invitation) return
    const known = this.#rooms.read().find(({ id }) => id === invitation.room) ?? null
    // Whoever made it may have removed another tab of their own.
    if (known?.created !== true && removedRooms.has(invitation.room)) {
      this.#model.trouble.value = { where, what: 'kept-out' }
      return
    }
    const target = targetOf(invitation, known)
    const waits = this.#waiting(where)
    await this.#ask(where, userName => this.#client.join(target, userName, waits), false)
  }

  /** Whether whoever has not been let in yet still looks at that. */
  #waiting(where: Where): () => boolean {
    const { trouble, view } = this.#model
    const asked = view.value
    return () => {
      const here = view.value === asked
      if (here) trouble.value = { where, what: 'waiting' }
      return here
    }
  }

  #openRoom(id: string): void {
    const found = this.#rooms.read().find(it => it.id === id)
    if (!found) return
    this.#invitation = invitationOf(found)
    this.#showInvitation()
    void this.#enter('join')
  }

  #remember(rooms: readonly KnownRoom[]): void {
    this.#rooms.write(rooms)
    this.#model.rooms.value = rooms
  }

  /** After a reload: into the room again, as who we were, and into the call with what we were in it with. */
  async #goOn(stay: Stay): Promise<void> {
    const { busy, trouble, view } = this.#model
    const asked = view.value
    busy.value = 'invited'
    const waits = this.#waiting('invited')
    let entered = await this.#client.goOn(stay, waits)
    for (const ms of againMs) {
      if (entered.ok || isFinal(entered.refusal) || view.value !== asked) break
      await new Promise(resolve => setTimeout(resolve, ms))
      entered = await this.#client.goOn(stay, waits)
    }
    busy.value = null
    if (entered.ok && view.value !== asked) return entered.session.leave()
    if (!entered.ok) {
      this.#client.giveUp(stay)
      if (view.value !== asked) return
      trouble.value = { where: 'invited', what: entered.refusal }
      return
    }
    this.#begin(entered.session, stay.created, stay.read)
    if (stay.call) goOnInCall(this.#model, entered.session, stay.call)
  }

  async #ask(where: Where, ask: (userName: string) => Promise<Entered>, created: boolean): Promise<void> {
    const { busy, trouble, userName, view } = this.#model
    if (busy.value !== null) return
    const name = userName.value.trim()
    if (name === '') {
      trouble.value = { where, what: 'no-name' }
      return
    }
    this.#choose({ name })
    typedAccess(this.#page, this.#client, this.#model)
    trouble.value = null
    busy.value = where
    const asked = view.value
    const entered = await ask(name)
    busy.value = null
    // The person has gone elsewhere meanwhile, by a link for instance, where none of it matters.
    if (view.value !== asked) return entered.ok ? entered.session.leave() : undefined
    if (!entered.ok) {
      const shut = entered.refusal === 'wrong-password'
      const bare = shut && !created && (this.#invitation?.password ?? '') === ''
      trouble.value = { where, what: bare ? 'no-password' : entered.refusal }
      if (asked.kind === 'invited' && asked.password === 'known' && shut)
        view.value = { ...asked, password: bare ? 'missing' : 'wrong' }
      return
    }
    this.#begin(entered.session, created)
  }

  #begin(session: RoomSession, created: boolean, read = 0): void {
    const { card } = session.state
    this.#session = session
    this.#created = created
    this.#model.trouble.value = null
    let shown = card
    let invitation = this.#showRoom(card, created)
    const show = (): void => {
      if (this.#session !== session) return
      const { state } = session
      if (!isSameCard(shown, state.card)) invitation = this.#showRoom(state.card, created)
      shown = state.card
      this.#model.view.value = { kind: 'room', state, invitation, created }
      if (state.closed) this.leave()
    }
    session.on('changed', show)
    session.files.on('changed', state => {
      if (this.#session === session) this.#model.files.value = state
    })
    session.files.on('part-failed', () => this.#page.partFailed())
    session.files.on('unpacked', names => {
      this.#model.unreadable.value = names
    })
    session.files.on('kept', ({ file, blob }) => {
      if (blob) this.#page.save(blob, safeFileName(file.file.name, fileNameUnitsMax))
    })
    this.#model.files.value = session.files.state
    // Before the view changes, which closes the preview.
    const stops = [
      attachCall(session, this.#model, this.#preview, {
        choose: part => this.#choose(part),
        begun: member => alertCall(session, this.#model, this.#page.alerts, member),
      }),
      attachChat(session, this.#model, { ...this.#page, read }),
    ]
    this.#detach = () => {
      for (const stop of stops) stop()
    }
    show()
  }

  /** Remembers it, and shows the way into it. */
  #showRoom(card: RoomCard, created: boolean): string {
    this.#remember(withRoom(this.#rooms.read(), card, created, Date.now()))
    this.#invitation = invitationOf(card)
    return this.#showInvitation(address => this.#page.history.enterRoom(address, card.id))
  }

  #showInvitation(set = this.#page.history.setAddress): string {
    const page = this.#page.address()
    const address = this.#invitation ? addressOf(page, this.#invitation) : bareAddress(page)
    if (this.#invitation) set(address)
    return address
  }
}
