/** What the views show and what they may ask for. The views change nothing here but what is typed into them. */
import { type Signal, signal } from '@preact/signals'
import type { IceServer, Settings } from '../app/settings.ts'
import type { Choice, DeviceKind, Input } from '../call/devices.ts'
import type { PreviewState } from '../call/preview.ts'
import type { CallCommands, CallState, Processing } from '../call/state.ts'
import { type DownloadKey, type FileId, type FilesState, noFiles, type UploadKey } from '../files/state.ts'
import type { RosterEntry } from '../room/roster.ts'
import type { Closed, Knock, Refusal, RoomKind, RoomSettings, RoomState } from '../room/state.ts'
import type { MessageId } from '../room/timeline.ts'
import type { Picked } from './picked.ts'
import { freshReading, type Reading } from './selectors.ts'

export type View =
  | { readonly kind: 'start' }
  /** Somebody followed a link, which may or may not have had the password in it. */
  | {
      readonly kind: 'invited'
      readonly room: string
      /** As the invitation has it; empty where it does not say. */
      readonly roomName: string
      /** By a link that names the room, which is made if it is not there. */
      readonly named: boolean
      readonly throughServer: boolean
      readonly password: 'known' | 'missing' | 'wrong'
    }
  | {
      readonly kind: 'room'
      readonly state: RoomState
      readonly invitation: string
      readonly created: boolean
    }
  | {
      readonly kind: 'left'
      readonly roomName: string
      readonly ended: boolean
      /** By its owner. */
      readonly closed: Closed | null
      readonly canReturn: boolean
    }

export type Where = 'create' | 'join' | 'invited' | 'left'
/**
 * `no-password`: a room has one, and none was given. `name-taken`: a room has that name in its link and another password.
 * `not-loaded`: a part of the page could not be. `token-taken`: an invitation to the server was pasted, which names no room.
 */
export type Trouble = {
  readonly where: Where
  readonly what:
    | Refusal
    | 'no-name'
    | 'no-password'
    | 'not-a-room'
    | 'name-taken'
    | 'no-link-name'
    | 'not-loaded'
    | 'token-taken'
}
export type ServerState = 'connecting' | 'online' | 'offline'

/** What stands above the page. */
export type DialogName = 'settings' | 'shortcuts' | 'call' | 'leave' | 'end' | 'change' | 'plan'

/** `named`: its link has the name in it. */
export type CreateForm = {
  name: string
  kind: RoomKind
  password: string
  peersMax: number
  named: boolean
}
export type JoinForm = { room: string; password: string }

/** The safety code in groups of digits, where there is HTTPS. */
export type ConnectionShown = {
  readonly route: 'direct' | 'relayed' | 'relayed-udp' | 'relayed-tcp' | 'relayed-tls' | null
  readonly code: readonly string[] | null
}

/** What came of one step of the connection check; `detail` is an address, some lines or empty. */
export type CheckedShown = {
  readonly step: 'secure' | 'microphone' | 'camera' | 'server' | 'proxy' | 'stun' | 'udp' | 'tcp' | 'tls'
  readonly outcome: 'good' | 'fault' | 'absent' | 'skipped'
  readonly detail: string
}

/** When people want to meet, in milliseconds since 1970, and for how long. */
export type Planned = { readonly from: number; readonly minutes: number }

/** A room that this browser was in lately, or that is planned. */
export type ListedRoom = {
  readonly id: string
  readonly name: string
  readonly kind: RoomKind
  readonly password: string
  readonly planned: Planned | null
  /** This browser alone has the key that shows whose it is. */
  readonly owns: boolean
}

/** `kept`: the browser could store it, so that the next page knows of it, too. */
export type PlannedRoom = { readonly room: string; readonly kept: boolean }

export type Shared = { readonly title: string; readonly url: string }

export type Model = {
  readonly settings: Signal<Settings>
  readonly view: Signal<View>
  readonly server: Signal<ServerState>
  readonly installable: Signal<boolean>
  /** Whether this browser can connect to anybody at all. */
  readonly canConnect: boolean
  /** Whether this browser supports end-to-end encryption through a server that is the host. */
  readonly canSeal: boolean
  /** Whether the server hands out a TURN server. */
  readonly serverRelays: Signal<boolean>
  readonly busy: Signal<Where | null>
  readonly trouble: Signal<Trouble | null>
  readonly userName: Signal<string>
  readonly create: Signal<CreateForm>
  readonly join: Signal<JoinForm>
  /** The server's own, where its operator does not let everybody make rooms or join them. */
  readonly serverPassword: Signal<string>
  readonly draft: Signal<string>
  /** The message that the draft answers. */
  readonly answering: Signal<MessageId | null>
  readonly reading: Signal<Reading>
  /** Somebody looks at the end of the conversation. */
  readonly attending: Signal<boolean>
  readonly files: Signal<FilesState>
  /** The names of files that could not be read when they were to be shared just now. */
  readonly unreadable: Signal<readonly string[]>
  readonly preview: Signal<PreviewState>
  /** Of the room one is in. */
  readonly call: Signal<CallState | null>
  readonly dialog: Signal<DialogName | null>
  readonly rooms: Signal<readonly ListedRoom[]>
  /** The planned room that the window for planning is about; null for a new one. */
  readonly plan: Signal<string | null>
  /** The rooms that other tabs of this browser are in, by their ids. */
  readonly inOtherTabs: Signal<ReadonlySet<string>>
}

export type FileCommands = {
  /** What cannot be read is named. Whether there was anything to offer, and anybody to offer it to. */
  readonly share: (picked: Picked) => boolean
  readonly unshare: (file: FileId) => void
  readonly accept: (key: DownloadKey) => void
  /** Straight to where the person says, in browsers that can ask. */
  readonly acceptInto?: (key: DownloadKey) => void
  readonly decline: (key: DownloadKey) => void
  readonly pause: (key: DownloadKey | UploadKey, on: boolean) => void
  readonly cancel: (key: DownloadKey | UploadKey) => void
  /** Once more, for what has been kept. */
  readonly save: (key: DownloadKey) => void
  /** What has come and lies here, and what we share: for looking at. */
  readonly saved: (key: DownloadKey) => Blob | null
  readonly shared: (file: FileId) => Blob | null
}

/** What only a room's owner can do. Each says whether the server has heard of it. */
export type OwnerCommands = {
  readonly remove: (person: RosterEntry, reason: string) => Promise<boolean>
  readonly end: (reason: string) => Promise<boolean>
  readonly lock: (on: boolean) => Promise<boolean>
  /** Has newcomers wait until they are let in. */
  readonly wait: (on: boolean) => Promise<boolean>
  readonly answer: (knock: Knock, on: boolean) => Promise<boolean>
  /** Null: everybody. */
  readonly mute: (person: RosterEntry | null) => Promise<boolean>
  readonly change: (settings: RoomSettings) => Promise<boolean>
  readonly handOn: (person: RosterEntry) => Promise<boolean>
}

export type Commands = {
  readonly owner: OwnerCommands
  readonly files: FileCommands
  readonly create: (roomName: string) => void
  /** With what the join form or the invitation holds. */
  readonly join: (where: 'join' | 'invited') => void
  readonly rejoin: () => void
  /** One of the rooms that this browser was in lately. */
  readonly openRoom: (room: string) => void
  readonly forgetRoom: (room: string) => void
  /** Makes the link to a room as the form has it, and remembers when it is wanted; or says why not. */
  readonly planRoom: (
    roomName: string,
    planned: Planned,
  ) => Promise<PlannedRoom | 'no-link-name' | 'not-loaded'>
  readonly linkOf: (room: string) => string
  /** A file with the appointment, which every calendar takes. False where what makes it could not be loaded. */
  readonly saveAppointment: (room: string) => Promise<boolean>
  /** How many people may be in a room that goes through the server; null where rooms cannot. */
  readonly hosting: () => Promise<number | null>
  /** Asks for a star's place of host back. */
  readonly takeHost: () => void
  readonly leave: () => void
  readonly toStart: () => void
  /** Whether it was said; if not, whoever typed it keeps it. */
  readonly say: (text: string, replyTo: MessageId | null) => boolean
  /** Once more, to those who have not had it. */
  readonly sendAgain: (message: MessageId) => void
  readonly react: (to: MessageId, emoji: string, on: boolean) => void
  /** Whether something is being written; to be called with every key. */
  readonly typing: (on: boolean) => void
  /** Where a whole link was pasted, its parts go where they belong. */
  readonly pasted: (text: string) => void
  readonly copy: (text: string) => Promise<boolean>
  /** Only where the system has a sheet for it. */
  readonly share?: (what: Shared) => Promise<void>
  /** As an app of its own, where `installable`. */
  readonly install: () => void
  readonly generatePassword: () => string
  readonly preview: PreviewCommands
  /** With what the preview shows. */
  readonly enterCall: () => void
  /** Null outside of rooms. */
  readonly call: () => CallCommands | null
  /** Now and from now on. */
  readonly useDevice: (kind: DeviceKind, choice: Choice) => void
  readonly process: (part: Partial<Processing>) => void
  readonly setPushToTalk: (on: boolean) => void
  /** How the connection to a member stands; null without one. */
  readonly connection: (member: string) => Promise<ConnectionShown | null>
  readonly tryIceServer: (server: IceServer) => Promise<'yes' | 'no'>
  /** Tries what a call needs; done after the last step. */
  readonly checkConnection: (told: (checked: CheckedShown) => void) => Promise<void>
  readonly choose: (part: Partial<Settings>) => void
  readonly forgetChoices: () => void
  /** Asks the browser whether we may notify. */
  readonly mayNotify: () => Promise<boolean>
  /** The sound of a message, for trying it. */
  readonly chime: () => void
}

/** One's own microphone and camera while one is not in a call. */
export type PreviewCommands = {
  readonly open: () => void
  readonly close: () => void
  readonly want: (inputs: readonly Input[]) => void
  readonly drop: (input: Input) => void
}

export { roomNameUnitsMax } from '../base/text.ts'

export const passwordUnitsMax = 32

export const makeModel = (
  settings: Settings,
  preview: PreviewState,
  canConnect = true,
  canSeal = true,
): Model => ({
  canConnect,
  canSeal,
  settings: signal(settings),
  view: signal<View>({ kind: 'start' }),
  server: signal<ServerState>('connecting'),
  installable: signal(false),
  serverRelays: signal(false),
  busy: signal<Where | null>(null),
  trouble: signal<Trouble | null>(null),
  userName: signal(settings.name),
  create: signal<CreateForm>({ name: '', kind: 'mesh', password: '', peersMax: 8, named: false }),
  join: signal<JoinForm>({ room: '', password: '' }),
  serverPassword: signal(''),
  draft: signal(''),
  answering: signal<MessageId | null>(null),
  reading: signal(freshReading),
  attending: signal(false),
  files: signal(noFiles),
  unreadable: signal([]),
  preview: signal(preview),
  call: signal<CallState | null>(null),
  dialog: signal<DialogName | null>(null),
  rooms: signal<readonly ListedRoom[]>([]),
  plan: signal<string | null>(null),
  inOtherTabs: signal<ReadonlySet<string>>(new Set()),
})
