/**
 * The state of a call as the views see it, and what they may ask for. The call plays everybody's sound itself, so
 * whatever shows a stream shows it muted.
 */
import type { ScreenHint, StreamKind, StreamSize } from '../wire/call.ts'
import type { MemberId, StreamId } from '../wire/ids.ts'
import type { Choice, Choices, MediaTrouble } from './devices.ts'

export type { ScreenHint, StreamKind, StreamSize } from '../wire/call.ts'
export type { MemberId, StreamId } from '../wire/ids.ts'

export type Quality = 'good' | 'fair' | 'poor'

/** How well a stream arrives, over the last few seconds. */
export type Measured = {
  readonly quality: Quality
  /** Of the packets, 0 to 1. */
  readonly loss: number
  readonly jitterMs: number
  /** Null until it has been measured. */
  readonly roundTripMs: number | null
  readonly bitsPerSecond: number
}

export type RemoteStream = {
  readonly id: StreamId
  readonly kind: StreamKind
  readonly hint: ScreenHint
  /** Null until it arrives, and while the way to its sender is broken. The same object for as long as it lives. */
  readonly stream: MediaStream | null
  /** There is a picture to show now. */
  readonly hasVideo: boolean
  readonly hasAudio: boolean
  /** The sender has the microphone off; null where nobody says so, as an original page does not. */
  readonly muted: boolean | null
  readonly cameraOff: boolean | null
  readonly speaking: boolean
  /** 0 to 1, at our end alone. */
  readonly volume: number
  /** How we asked for it to be sent. */
  readonly size: StreamSize
  readonly measured: Measured | null
}

/** Somebody else in the call. `streams` has the camera first. */
export type Participant = {
  readonly member: MemberId
  readonly streams: readonly RemoteStream[]
  readonly pushToTalk: boolean
}

export type OwnScreen = {
  readonly id: StreamId
  readonly stream: MediaStream
  /** `monitor` is a whole screen, which should not be shown to its owner: it would hold itself. */
  readonly surface: 'monitor' | 'window' | 'browser' | 'unknown'
  readonly sound: boolean
  readonly hint: ScreenHint
}

/** How the browser treats what the microphone hears. */
export type Processing = {
  readonly noiseSuppression: boolean
  readonly echoCancellation: boolean
  readonly autoGainControl: boolean
}

export type OwnCall = {
  readonly phase: 'out' | 'joining' | 'in'
  /** Our microphone and camera, for looking at ourselves. */
  readonly stream: MediaStream | null
  /**
   * `none`: there is none, or it was not allowed; asking for it once more may help. `muted`: by us, or by the system,
   * which has taken it for a phone call say; `setMuted(false)` asks for it again then.
   */
  readonly microphone: 'none' | 'muted' | 'on'
  readonly camera: 'off' | 'starting' | 'on'
  /**
   * The camera is on and gives no picture: the system has taken it, for a phone call say. The others are told that it is
   * off.
   */
  readonly cameraInterrupted: boolean
  /** Sent only while `talking`, as long as this is on. */
  readonly pushToTalk: boolean
  readonly talking: boolean
  /** The microphone hears a voice; whether anybody else does, `microphone` says. */
  readonly speaking: boolean
  /** The microphone is on and has given no sound at all for a while. */
  readonly silent: boolean
  /** What was chosen. Null is whatever the system prefers. */
  readonly devices: Choices
  readonly processing: Processing
  /**
   * Neither sends nor receives pictures. Turning the camera on ends it; ending it turns a camera on that was on before.
   */
  readonly audioOnly: boolean
  readonly screens: readonly OwnScreen[]
}

export type TroubleWith = 'microphone' | 'camera' | 'screen' | 'speaker'

/**
 * `unsupported`: the browser cannot share screens. `needs-press`: it plays no sound until the page is pressed, see
 * `playSound`. `lost`: it was unplugged during the call, and there is no other. `replaced`: it was unplugged, and
 * another has taken its place, which is worth a word and no trouble any more. `echo`: the system's sound is not shared
 * with the screen, since the others would hear themselves in it.
 */
export type TroubleKind = MediaTrouble | 'replaced' | 'unsupported' | 'needs-press' | 'echo'

/** One for each device at most; `key` is a new number for each. */
export type CallTrouble = {
  readonly key: number
  readonly with: TroubleWith
  readonly what: TroubleKind
  /** The name of what has taken its place. */
  readonly by?: string | undefined
}

/** What a star's host passes on between its guests, with its own sending. */
export type Carrying = {
  readonly guests: number
  readonly streams: number
  readonly bitsPerSecond: number
  /** The machine cannot keep up, or the uplink is full; sending quality has been lowered. */
  readonly strained: boolean
}

export type CallState = {
  readonly own: OwnCall
  /** Everybody else who is in the call, whether or not we are. */
  readonly participants: readonly Participant[]
  readonly carrying: Carrying | null
  readonly troubles: readonly CallTrouble[]
}

/** A device to begin with. `track`: one that is already running, for a preview say; the call takes it over. */
export type Begin = {
  readonly on: boolean
  readonly choice?: Choice
  readonly track?: MediaStreamTrack | null
}

export type CallChoices = {
  readonly microphone: Begin
  readonly camera: Begin
  readonly speaker?: Choice
  readonly processing?: Partial<Processing>
  readonly audioOnly?: boolean
  readonly pushToTalk?: boolean
}

/** What can be asked of a call. Nothing here throws or rejects: what goes wrong becomes a trouble. */
export type CallCommands = {
  /** With neither microphone nor camera one can still look and listen. */
  readonly join: (choices: CallChoices) => Promise<void>
  readonly leave: () => void
  /** Asks for a microphone where there is none yet. */
  readonly setMuted: (muted: boolean) => Promise<void>
  readonly setCamera: (on: boolean) => Promise<void>
  readonly useMicrophone: (choice: Choice) => Promise<void>
  readonly useCamera: (choice: Choice) => Promise<void>
  readonly useSpeaker: (choice: Choice) => Promise<void>
  readonly setProcessing: (change: Partial<Processing>) => Promise<void>
  readonly setPushToTalk: (on: boolean) => void
  /** The key is down, or up again. */
  readonly talk: (held: boolean) => void
  readonly setAudioOnly: (on: boolean) => Promise<void>
  readonly shareScreen: (wish: { sound: boolean; hint: ScreenHint }) => Promise<void>
  readonly stopScreen: (id: StreamId) => void
  readonly setHint: (id: StreamId, hint: ScreenHint) => void
  /** 0 to 1, for somebody's every stream or for one of them. */
  readonly setVolume: (member: MemberId, volume: number, stream?: StreamId) => void
  /** How large a stream is shown; `large` until said otherwise. */
  readonly setSize: (id: StreamId, size: StreamSize) => void
  /** From within a press, after the trouble `needs-press`. */
  readonly playSound: () => Promise<void>
  readonly dismiss: (key: number) => void
}
