/** Leads through the views: what a command does, which view follows, and what the address bar says meanwhile. */
import type { Preview } from '../call/preview.ts'
import type { Client, Entered } from '../core/client.ts'
import type { RoomSession } from '../core/room-session.ts'
import type { Stay } from '../core/stay.ts'
import type { RoomState } from '../room/state.ts'
import type { Commands, Model, Where } from '../ui/model.ts'
import { loadedOnce } from '../ui/parts/ahead.ts'
import { roomId } from '../wire/ids.ts'
import { type Invitation, namedBy } from '../wire/invitation.ts'
import type { RoomCard } from '../wire/server.ts'
import { callCommands } from './call-commands.ts'
import { chatCommands } from './chat-commands.ts'
import { connectionCommands, showServer } from './connection-commands.ts'
import { keepDraft } from './drafts.ts'
import { afterMove } from './history.ts'
import {
  acceptToken,
  addressOf,
  asksPassword,
  bareAddress,
  invitationIn,
  invitationOf,
  invitedView,
  targetOf,
  typedAccess,
  waiting,
} from './invitations.ts'
import { type KnownRoom, withoutRoom, withRoom } from './known-rooms.ts'
import { loadPasted, loadPlans, type Page, partOf, type RoomStore } from './page.ts'
import { planCommands } from './plan-commands.ts'
import { fileCommands, ownerCommands } from './room-commands.ts'
import { defaultSettings, type Settings } from './settings.ts'

/** It comes with the first answer of the server, as the session itself does. */
const loadAttached = loadedOnce(() => import('./attach-session.ts'))
type Attached = Awaited<ReturnType<typeof loadAttached>>

export class AppController {
  readonly #model: Model
  readonly #page: Page
  readonly #client: Client
  readonly #preview: Preview
  readonly #rooms: RoomStore
  #created = false
  #session: RoomSession | null = null
  /** What came with the session. */
  #loaded: Attached | null = null
  #invitation: Invitation | null = null
  /** A link that names a room is being read. */
  #opening: Promise<void> | null = null
  /** The room that an earlier page of this tab was in. */
  readonly #earlier: RoomCard | null
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
    this.#earlier = stay?.card ?? null
    model.rooms.value = rooms.read()
    this.commands = this.#makeCommands()
    showServer(model, client)
    client.on('online', () => void this.#attached())
    this.addressChanged()
    if (stay && this.#invitation?.room === stay.card.id) void this.#goOn(stay)
  }

  /** By room, with what is being written now. */
  get drafts(): ReadonlyMap<string, string> {
    const { drafts } = this.#page
    if (this.#session) keepDraft(drafts, this.#session.state.card.id, this.#model.draft.value)
    return drafts
  }

  /** What the next page of this tab needs to go on in the room that we are in, as text. */
  get stay(): string | null {
    const { read } = this.#model.reading.value
    return (this.#session && this.#loaded?.writtenStay(this.#session, read, this.#created)) ?? null
  }

  #makeCommands(): Commands {
    const session = (): RoomSession | null => this.#session
    const around = { model: this.#model, preview: this.#preview, session }
    const choose = (part: Partial<Settings>): void => this.#choose(part)
    return {
      create: roomName => void this.#create(roomName),
      join: where => void this.#join(where),
      rejoin: () => void this.#enter('left'),
      openRoom: id => void this.#openRoom(id),
      forgetRoom: id => void this.#remember(withoutRoom(this.#rooms.read(), roomId(id))),
      ...planCommands(this.#model, this.#page, this.#rooms.read, rooms => this.#remember(rooms)),
      takeHost: () => this.#session?.takeHost(),
      owner: ownerCommands(session),
      leave: () => this.leave(),
      toStart: () => this.#toStart(),
      ...chatCommands(this.#model, this.#page.alerts, session),
      pasted: text => void partOf(this.#page, loadPasted).then(it => it?.fillIn(this.#model, text)),
      copy: text => this.#page.copy(text),
      generatePassword: () => this.#page.generatePassword(),
      files: fileCommands({ ...this.#page, ...around }),
      ...connectionCommands(this.#model, this.#client, session),
      install: () => void this.#page.install(),
      ...(this.#page.share ? { share: this.#page.share } : {}),
      choose,
      ...callCommands({ ...around, choose }),
      forgetChoices: () => {
        this.#choose(defaultSettings)
        this.#remember([])
      },
    }
  }

  /** An invitation in the address, ours or the original's; ours is what the address bar shows from then on. */
  addressChanged(): void {
    const found = this.#invitedTo()
    if (found) return this.#invite(found)
    const behind = namedBy(this.#page.address())
    if (behind === null) return
    if (!this.#session) {
      this.#invitation = null
      this.#showInvited(null)
    }
    this.#opening = this.#openNamed(behind)
  }

  /** Whoever presses the button has it tried again, where what reads such links could not be loaded. */
  async #openNamed(behind: string): Promise<void> {
    const address = this.#page.address()
    const plans = await partOf(this.#page, loadPlans)
    if (!plans || this.#page.address() !== address) return
    const invitation = plans.parseNamed(behind)
    if (invitation) this.#invite(invitation)
    else this.#toStart()
  }

  /** Null too for a link that names another room than the one that we are in, or were: that takes a while to read. */
  #invitedTo(): Invitation | null {
    const known = invitationIn(this.#page, this.#client, this.#model)
    const [card, address] = [this.#session?.state.card ?? this.#earlier, this.#page.address()]
    if (known || !card) return known
    const ours = invitationOf(card)
    return addressOf(address, ours) === address ? ours : null
  }

  #invite(found: Invitation): void {
    if (this.#session && found.room === this.#session.state.card.id) return void this.#showInvitation()
    this.leave()
    this.#invitation = found
    // Whether it has one is seen where it is asked for: most rooms with a name have none.
    const known = found.password !== null || found.linkName !== undefined
    if (known) this.#showInvitation()
    this.#showInvited(found, known ? 'known' : 'missing')
  }

  #showInvited(invitation: Invitation | null, password: 'known' | 'missing' = 'known'): void {
    this.#model.trouble.value = null
    this.#model.view.value = invitedView(invitation, password)
  }

  /** The person has gone back or forward in the browser's history, within this page. */
  moved(): void {
    const { history, address } = this.#page
    const { dialog } = this.#model
    const other = namedBy(address()) === null ? null : roomId(address())
    const invited = this.#invitedTo()?.room ?? other
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
    const [session, attached] = [this.#session, this.#loaded]
    if (!session || !attached) return
    this.#session = null
    this.#detach()
    session.leave()
    const { card, closed } = session.state
    if (closed?.how === 'removed') attached.removedRooms.add(card.id)
    this.#invitation = invitationOf(card)
    this.#model.trouble.value = null
    this.#model.view.value = attached.leftView(session.state)
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

  async #create(name: string): Promise<void> {
    const { kind, password, peersMax, named } = this.#model.create.value
    if (named) return this.#createNamed(name)
    const draft = { name, kind, password, peersMax }
    await this.#ask('create', userName => this.#client.create(draft, userName), true)
  }

  /** Or comes into the room that has this name, where there is one. */
  async #createNamed(name: string): Promise<void> {
    const plans = await partOf(this.#page, loadPlans)
    const invitation = plans?.namedRoom(this.#model.create.value, name)
    if (invitation) return this.#ask('create', as => this.#client.join(targetOf(invitation, null), as), true)
    this.#model.trouble.value = { where: 'create', what: plans ? 'no-link-name' : 'not-loaded' }
  }

  async #join(where: 'join' | 'invited'): Promise<void> {
    const form = this.#model.join.value
    if (where === 'join') {
      const reader = await partOf(this.#page, loadPasted)
      const pasted = await reader?.pastedIn(form, {
        accept: token => acceptToken(this.#page, this.#client, this.#model, token),
        plans: () => partOf(this.#page, loadPlans),
      })
      if (!pasted || typeof pasted === 'string') {
        this.#model.trouble.value = { where, what: pasted ?? 'not-loaded' }
        return
      }
      this.#invitation = pasted
    } else if (this.#invitation && asksPassword(this.#model.view.value)) {
      this.#invitation = { ...this.#invitation, password: form.password }
    }
    await this.#enter(where)
  }

  async #enter(where: Where): Promise<void> {
    await this.#opening
    const behind = namedBy(this.#page.address())
    if (!this.#invitation && behind !== null) await this.#openNamed(behind)
    const invitation = this.#invitation
    if (!invitation) {
      if (behind !== null) this.#model.trouble.value = { where, what: 'not-loaded' }
      return
    }
    const known = this.#rooms.read().find(({ id }) => id === invitation.room) ?? null
    // Whoever made it may have removed another tab of their own.
    if (known?.created !== true && (await this.#attached())?.removedRooms.has(invitation.room)) {
      this.#model.trouble.value = { where, what: 'kept-out' }
      return
    }
    const target = targetOf(invitation, known)
    const waits = waiting(this.#model, where)
    await this.#ask(where, userName => this.#client.join(target, userName, waits), false)
  }

  /** Whoever is refused finds what to do about it where the room's link would have led them. */
  async #openRoom(id: string): Promise<void> {
    const found = this.#rooms.read().find(it => it.id === id)
    const { busy, view } = this.#model
    if (!found || busy.value !== null) return
    const [asked, invitation] = [view.value, invitationOf(found)]
    this.#invitation = invitation
    this.#showInvitation()
    await this.#enter('join')
    if (view.value === asked) (await this.#attached())?.showRefusalOf(invitation, this.#model)
  }

  /** Whether the next page will know of them, too. */
  #remember(rooms: readonly KnownRoom[]): boolean {
    const kept = this.#rooms.write(rooms)
    this.#model.rooms.value = rooms
    return kept
  }

  /** After a reload: into the room again, as who we were, and into the call with what we were in it with. */
  async #goOn(stay: Stay): Promise<void> {
    const { busy, trouble, view } = this.#model
    const asked = view.value
    busy.value = 'invited'
    const waits = waiting(this.#model, 'invited')
    const entered = await this.#client.goOn(stay, waits, () => view.value === asked)
    busy.value = null
    if (entered.ok && view.value !== asked) return entered.session.leave()
    if (!entered.ok) {
      this.#client.giveUp(stay)
      if (view.value !== asked) return
      trouble.value = { where: 'invited', what: entered.refusal }
      return
    }
    const attached = await this.#attached()
    if (!attached) return entered.session.leave()
    this.#begin(entered.session, attached, stay.created, stay.read)
    if (stay.call) attached.goOnInCall(this.#model, entered.session, stay.call)
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
    const refused = typedAccess(this.#page, this.#client, this.#model)
    trouble.value = null
    busy.value = where
    const asked = view.value
    const [entered, attached] = await Promise.all([ask(name), this.#attached()])
    busy.value = null
    if (!entered.ok) refused(entered.refusal)
    // The person has gone elsewhere meanwhile, by a link for instance, where none of it matters.
    if (entered.ok && (view.value !== asked || !attached)) entered.session.leave()
    if (view.value !== asked) return
    if (!attached) {
      trouble.value = { where, what: 'not-loaded' }
      return
    }
    if (!entered.ok) {
      const given = this.#invitation?.password ?? ''
      return attached.showRefusal(this.#model, where, entered.refusal, { created, given })
    }
    this.#begin(entered.session, attached, created)
  }

  #attached(): Promise<Attached | null> {
    return partOf(this.#page, loadAttached)
  }

  #begin(session: RoomSession, attached: Attached, created: boolean, read = 0): void {
    this.#session = session
    this.#loaded = attached
    this.#created = created
    this.#model.trouble.value = null
    const isShown = (): boolean => this.#session === session
    const show = attached.roomShown(session, this.#model, {
      created,
      isShown,
      invite: state => this.#showRoom(state, created),
      leave: () => this.leave(),
    })
    session.on('changed', show)
    // Before the view changes, which closes the preview.
    this.#detach = attached.attachSession(session, {
      model: this.#model,
      page: this.#page,
      preview: this.#preview,
      choose: part => this.#choose(part),
      isShown,
      read,
    })
    show()
  }

  /** Remembers it, and shows the way into it. */
  #showRoom(state: RoomState, created: boolean): string {
    const { card } = state
    this.#remember(
      withRoom(this.#rooms.read(), card, { created, owns: state.owner?.ours ?? false }, Date.now()),
    )
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
