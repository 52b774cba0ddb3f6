/** Owns the way between the views: what a command does, which view follows, and what the address bar says meanwhile. */
import type { Preview } from './call/preview.ts'
import { attendCall, callingCommands } from './calling.ts'
import type { Client, Entered } from './core/client.ts'
import type { Visit } from './core/visit.ts'
import { safeName } from './files/names.ts'
import type { IncomingKey, Parcel } from './files/state.ts'
import { defaultSettings, type Settings } from './settings.ts'
import { type Alerts, attend, talkCommands } from './talk.ts'
import {
  type Commands,
  type FileCommands,
  filesAtOnceMax,
  type Model,
  type Shared,
  type Where,
} from './ui/model.ts'
import { isTurn } from './wire/ice.ts'
import { type Invitation, parseInvitation, parsePasted, writeInvitation } from './wire/invitation.ts'

/** What the desk needs of the browser; a page, in short. */
export type Page = {
  readonly address: () => string
  readonly setAddress: (address: string) => void
  readonly copy: (text: string) => Promise<boolean>
  readonly generatePassword: () => string
  readonly alerts: Alerts
  readonly install: () => Promise<void>
  /** Where the system has a sheet for it. */
  readonly share?: (what: Shared) => Promise<void>
  /** Into the folder for what was fetched. */
  readonly save: (blob: Blob, name: string) => void
  /** Asks where a file should go, where the browser has a window for that; null if the person has changed their mind. */
  readonly choosePlace?: (name: string) => Promise<FileSystemFileHandle | null>
}

export class Desk {
  readonly #model: Model
  readonly #page: Page
  readonly #client: Client
  readonly #preview: Preview
  #visit: Visit | null = null
  #invitation: Invitation | null = null
  #unattend: () => void = () => undefined

  constructor(model: Model, page: Page, client: Client, preview: Preview) {
    this.#model = model
    this.#page = page
    this.#client = client
    this.#preview = preview
    client.on('online', () => {
      model.server.value = 'online'
      model.serverRelays.value = client.iceServers.some(({ urls }) => urls.some(isTurn))
    })
    client.on('offline', () => {
      model.server.value = 'offline'
    })
    this.addressChanged()
  }

  get commands(): Commands {
    return {
      create: roomName => void this.#create(roomName),
      join: where => void this.#join(where),
      rejoin: () => void this.#enter('left'),
      leave: () => this.leave(),
      toStart: () => this.#toStart(),
      ...talkCommands(this.#model, this.#page.alerts, () => this.#visit),
      pasted: text => this.#pasted(text),
      copy: text => this.#page.copy(text),
      generatePassword: () => this.#page.generatePassword(),
      files: this.#page.choosePlace ? { ...this.#files, acceptInto: this.#acceptInto } : this.#files,
      connection: async member => (await this.#visit?.connection(member)) ?? null,
      tryIceServer: async server => (await import('./link/probe.ts')).answersIce(server),
      install: () => void this.#page.install(),
      ...(this.#page.share ? { share: this.#page.share } : {}),
      choose: part => this.#choose(part),
      ...callingCommands({
        model: this.#model,
        preview: this.#preview,
        visit: () => this.#visit,
        choose: part => this.#choose(part),
      }),
      forgetChoices: () => this.#choose(defaultSettings),
    }
  }

  readonly #files: FileCommands = {
    share: parcels => this.#share(parcels),
    unshare: file => this.#visit?.files.unshare(file),
    accept: key => this.#visit?.files.accept(key),
    decline: key => this.#visit?.files.decline(key),
    pause: (key, on) => this.#visit?.files.pause(key, on),
    cancel: key => this.#visit?.files.cancel(key),
    kept: key => this.#visit?.files.blobOf(key) ?? null,
    shared: file => this.#visit?.files.sourceOf(file) ?? null,
    save: key => {
      const blob = this.#visit?.files.blobOf(key)
      const it = this.#visit?.files.state.incoming.get(key)
      if (blob && it) this.#page.save(blob, safeName(it.file.name))
    },
  }

  readonly #acceptInto = async (key: IncomingKey): Promise<void> => {
    const visit = this.#visit
    const it = visit?.files.state.incoming.get(key)
    const handle = it && (await this.#page.choosePlace?.(safeName(it.file.name)))
    if (handle) visit?.files.accept(key, { kind: 'chosen', handle })
  }

  #share(parcels: readonly Parcel[]): boolean {
    if (!this.#visit?.canOffer || parcels.length === 0) return false
    const many = parcels.length > filesAtOnceMax
    this.#model.tooManyFiles.value = many
    if (many) return false
    this.#visit.files.share(parcels)
    return true
  }

  /** An invitation in the address, ours or the original's; ours is what the address bar shows from then on. */
  addressChanged(): void {
    const found = parseInvitation(this.#page.address())
    if (!found || (this.#visit && found.room === this.#visit.state.card.id)) return
    this.leave()
    this.#invitation = found
    if (found.password !== null) this.#showInvitation(found.password)
    this.#model.trouble.value = null
    this.#model.view.value = { kind: 'invited', password: found.password === null ? 'missing' : 'known' }
  }

  leave(): void {
    const visit = this.#visit
    if (!visit) return
    this.#visit = null
    this.#unattend()
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

  #choose(part: Partial<Settings>): void {
    const { settings } = this.#model
    settings.value = { ...settings.value, ...part }
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
      this.#invitation = { room: pasted.room, password: pasted.password ?? form.password }
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
    const { room, password } = invitation
    await this.#ask(where, userName => this.#client.join({ room, password: password ?? '' }, userName), false)
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
    trouble.value = null
    busy.value = where
    const asked = view.value
    const entered = await ask(name)
    busy.value = null
    // Gone elsewhere meanwhile, by a link say: the seat is given back.
    if (entered.ok && view.value !== asked) return entered.visit.leave()
    if (!entered.ok) {
      const shut = entered.refusal === 'wrong-password'
      const bare = shut && !created && (this.#invitation?.password ?? '') === ''
      trouble.value = { where, what: bare ? 'no-password' : entered.refusal }
      if (asked.kind === 'invited' && asked.password === 'known' && shut)
        view.value = { kind: 'invited', password: bare ? 'missing' : 'wrong' }
      return
    }
    this.#begin(entered.visit, created)
  }

  #begin(visit: Visit, created: boolean): void {
    const { card } = visit.state
    this.#visit = visit
    this.#invitation = { room: card.id, password: card.password }
    const invitation = this.#showInvitation(card.password)
    const show = (): void => {
      if (this.#visit !== visit) return
      this.#model.view.value = { kind: 'room', state: visit.state, invitation, created }
    }
    visit.on('changed', show)
    visit.files.on('changed', state => {
      if (this.#visit === visit) this.#model.files.value = state
    })
    visit.files.on('kept', ({ file, blob }) => {
      if (blob) this.#page.save(blob, safeName(file.file.name))
    })
    this.#model.files.value = visit.files.state
    // Before the view changes, which closes the preview.
    const stops = [
      attendCall(visit, this.#model, this.#preview),
      attend(visit, this.#model, this.#page.alerts),
    ]
    this.#unattend = () => {
      for (const stop of stops) stop()
    }
    show()
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
