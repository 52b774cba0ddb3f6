/** Owns the English words of a call: its bar, its tiles, and what happens in it. */
import type { Quality, TroubleWith } from '../../../call/state.ts'
import type { Shortcut } from '../../shortcuts.ts'
import { plurals } from '../plural.ts'

const plural = plurals('en')

const qualities: Record<Quality, string> = {
  good: 'Good connection',
  fair: 'Connection is fair',
  poor: 'Poor connection',
}

const shortcuts: Record<Shortcut, string> = {
  microphone: 'Microphone on or off',
  camera: 'Camera on or off',
  talk: 'Talk while held, with push-to-talk on',
  screen: 'Share a screen, or stop it',
  chat: 'Open or close the chat',
  'full-screen': 'Full screen on or off',
  help: 'Show these keys',
}

const troubles: Record<TroubleWith, string> = {
  microphone: 'The microphone does not work',
  camera: 'The camera does not work',
  screen: 'The screen cannot be shared',
  speaker: 'The sound cannot be played there',
}

export const call = {
  start: 'Start call',
  join: 'Join call',
  joinTitle: 'Join the call',
  startTitle: 'Start a call',
  leave: 'Leave call',
  area: 'Call',
  bar: 'Call controls',
  people: 'People in the call',
  /** Who is in a call that one is not in oneself. */
  inIt: (first: string, others: number): string =>
    others === 0
      ? `${first} is in the call`
      : others === 1
        ? `${first} and one more are in the call`
        : `${first} and ${others} more are in the call`,
  inItTwo: (first: string, second: string) => `${first} and ${second} are in the call`,
  inCall: 'in the call',
  alone: 'You are the only one in the call',
  microphone: 'Microphone',
  camera: 'Camera',
  screen: 'Share screen',
  screenStop: 'Stop sharing',
  screenMore: 'What you share',
  chat: 'Chat',
  chatUnread: 'Chat, with new messages',
  peoplePanel: 'People',
  more: 'More',
  switchCamera: 'Switch camera',
  you: 'You',
  self: (name: string) => `${name} (you)`,
  muted: 'muted',
  noPicture: 'camera off',
  notShown: 'picture not shown: audio only',
  screenOf: (name: string) => `${name}’s screen`,
  ownScreen: 'Your screen',
  ownScreenWhole: 'You are sharing your whole screen',
  ownScreenHint: 'It is not shown here, since it would show itself again and again.',
  pin: 'Pin',
  unpin: 'Unpin',
  pinned: (name: string) => `${name} is pinned`,
  unpinned: (name: string) => `${name} is no longer pinned`,
  fullScreen: 'Full screen',
  fullScreenOff: 'Leave full screen',
  smallWindow: 'In a window of its own',
  options: (name: string) => `Options for ${name}`,
  volumeOf: (name: string) => `Volume of ${name}`,
  qualities,
  measured: (lossPercent: number, roundTripMs: number | null, jitterMs: number) =>
    [
      `${lossPercent} % lost`,
      roundTripMs === null ? null : `${roundTripMs} ms there and back`,
      `${jitterMs} ms unsteady`,
    ]
      .filter(it => it !== null)
      .join(' · '),
  reconnecting: 'Reconnecting…',
  reconnectingAll: 'Reconnecting… Stay here: the call goes on by itself.',
  connecting: 'Connecting…',
  needsPress: 'Your browser holds back the sound until you press here.',
  playSound: 'Play sound',
  mutedSpeaking: 'You are speaking, but your microphone is off.',
  silent: 'Your microphone is on but gives no sound at all. Perhaps it is muted by a switch of its own.',
  unmute: 'Turn microphone on',
  holdToTalk: 'Hold the space bar to talk',
  holdToTalkTouch: 'Hold the microphone to talk',
  talking: 'You are heard',
  troubles,
  screenUnsupported: 'This browser cannot share screens.',
  screenBlocked: 'Sharing was not allowed. Press the button again, and choose what to share.',
  plugged: (device: string) => `${device} is plugged in.`,
  replaced: {
    microphone: (by: string) => `The microphone was unplugged. ${by} is used now.`,
    camera: (by: string) => `The camera was unplugged. ${by} is used now.`,
  },
  useIt: 'Use it',
  dismiss: 'Dismiss',
  carrying: (guests: number, megabits: string) =>
    `${plural(guests, {
      one: 'You pass the call on to # guest',
      other: 'You pass the call on to # guests',
    })}: ${megabits} Mbit/s`,
  strained:
    'Your connection or computer is at its limit, so the others get less sharp pictures. Audio only would help.',
  audioOnly: 'Audio only',
  audioOnlyHint: 'Neither sends nor shows cameras.',
  showPictures: 'Show pictures',
  pushToTalk: 'Push to talk',
  pushToTalkHint: 'Heard only while the space bar is held.',
  pushToTalkHintTouch: 'Heard only while the microphone is held.',
  hints: { text: 'Sharp letters', motion: 'Smooth motion' },
  hintTitle: 'What matters in it',
  shareAnother: 'Share another',
  shortcuts,
  shortcutsTitle: 'Keyboard shortcuts',
  shortcutsHint: 'They do nothing while you type.',
  space: 'Space',
  said: {
    joined: (name: string) => `${name} has joined the call`,
    left: (name: string) => `${name} has left the call`,
    shares: (name: string) => `${name} shares a screen`,
    sharesNot: (name: string) => `${name} no longer shares a screen`,
    entered: 'You are in the call',
    out: 'You have left the call',
    unmuted: 'Microphone on',
    muted: 'Microphone off',
    cameraOn: 'Camera on',
    cameraOff: 'Camera off',
    audioOnly: 'Audio only',
    audioOnlyNot: 'Pictures again',
    sharing: 'You share your screen',
    sharingNot: 'You no longer share your screen',
  },
}
