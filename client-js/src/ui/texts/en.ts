/** Owns every English word of the page. Another language is another file of the same type. */
import type { ConnectionStatus } from '../../room/roster.ts'
import type { NoticeKind } from '../../room/timeline.ts'
import type { Trouble } from '../model.ts'
import { call } from './en/call.ts'
import { chat } from './en/chat.ts'
import { connection } from './en/connection.ts'
import { files } from './en/files.ts'
import { preview } from './en/preview.ts'
import { safety } from './en/safety.ts'
import { settings } from './en/settings.ts'

const refusals: Record<Trouble['what'], string> = {
  'wrong-password': 'That is not the password of this room.',
  'no-password': 'This room has a password.',
  'room-full': 'The room is full. Try again when somebody has left.',
  'no-such-room': 'There is no such room, or it has ended. Ask for a new link.',
  'room-error': 'The server could not do that. Please try again.',
  unreachable: 'The server cannot be reached. What you typed is still here; try again in a moment.',
  'no-name': 'Please say who you are first.',
  'not-a-room': 'This is neither a link nor a room id.',
}

const notices: Record<NoticeKind, (name: string) => string> = {
  joined: name => `${name} is here`,
  left: name => `${name} has left`,
  'handed-over': name => `You handed ${name} the last messages`,
  'too-fast': name => `${name} sends faster than can be shown; some of it is left out`,
  'host-offline': () => 'The host has lost the server. You can go on talking, but nobody new can join.',
  'host-left': () => 'The host has left, and the room has ended with that.',
  'line-lost': () => 'The line to the server broke. Those already here still hear you.',
  'line-back': () => 'The line to the server is back.',
  'room-gone': () =>
    'The server no longer knows this room. Those already here can go on talking; nobody new can join.',
}

const reaches: Record<ConnectionStatus, string> = {
  self: 'you',
  direct: 'direct connection',
  'via-host': 'through the host',
  connecting: 'connecting…',
  unsteady: 'connection unsteady…',
  lost: 'connection lost, trying again…',
}

export const en = {
  appName: 'P2PChat',
  titleIn: (room: string) => `${room} – P2PChat`,
  refusals,
  notices,
  reaches,
  settings,
  preview,
  call,
  connection,
  safety,
  media: {
    show: 'Show here',
    hide: 'Hide',
    failed: 'This cannot be shown here. Save it and open it with another app.',
  },
  dialog: {
    close: 'Close',
    notLoaded: 'This part of the page could not be loaded. Check the connection and try again.',
  },
  server: {
    connecting: 'Connecting to the server…',
    online: 'Connected to the server',
    offline: 'Server not reachable, trying again…',
    roomGone: 'Closed to newcomers',
    ended: 'Ended',
  },
  start: {
    title: 'Talk directly.',
    lead: 'What you write goes from browser to browser. The server only introduces you to each other.',
    yourName: 'Your name',
    yourNameHint: 'Shown to the others in the room.',
  },
  create: {
    title: 'Create a room',
    lead: 'You get a link to share.',
    roomName: 'Room name',
    kind: 'How people connect',
    mesh: 'Mesh',
    meshLead: 'Everyone connects to everyone. The room lives as long as somebody is in it.',
    star: 'Star',
    starAlias: '(SFU)',
    starLead: 'Everyone connects to you and you pass it on. The room ends when you leave.',
    password: 'Password',
    passwordHint: 'Part of the link. Leave it empty for a room without one.',
    generate: 'Generate',
    peersMax: 'People at most',
    submit: 'Create room',
    busy: 'Creating…',
    defaultName: (name: string) => (name === '' ? 'Our room' : `${name}’s room`),
  },
  join: {
    title: 'Join a room',
    lead: 'With a link or a room id.',
    room: 'Link or room id',
    password: 'Password',
    passwordHint: 'A link brings it along.',
    submit: 'Join room',
    busy: 'Joining…',
  },
  invited: {
    title: 'You are invited',
    lead: 'Say who you are, and step in.',
    passwordLead: 'This room may have a password, and the link does not contain it.',
    wrongLead:
      'The password in the link is not, or no longer, that of the room. Ask for it, or for a new link.',
    elsewhere: 'Go to the start page instead',
  },
  room: {
    people: 'People',
    peopleCount: (count: number, max: number) => `${count} of ${max}`,
    you: 'you',
    host: 'host',
    stranger: 'Somebody',
    leave: 'Leave',
    endAsk: {
      title: 'End the room for everybody?',
      lead: 'You pass everything on between the others. When you leave, the room is over for them, too.',
      yes: 'End room',
    },
    leaveAsk: {
      title: 'Leave while files are on their way?',
      lead: 'They stop when you leave.',
      yes: 'Leave',
    },
    stay: 'Stay',
    invite: 'Copy link',
    copied: 'Link copied',
    copyFailed: 'Copying is not allowed here. Select the link and copy it yourself.',
    link: 'Link to this room',
    share: 'Share',
    qrShow: 'QR code',
    qr: 'Invitation as a QR code',
    qrLead: 'Whoever points a camera at it can come in: it holds the link with the password.',
    ready: 'Your room is ready',
    alone: 'Nobody else is here',
    readyLead: 'Send this link to the people you want to talk to. It contains the password.',
    readyLeadOpen: 'Send this link to the people you want to talk to.',
    mesh: 'Mesh',
    star: 'Star',
    ended: 'This room has ended.',
    waitingForHost: 'Connecting you to the host…',
    hostLost: 'The connection to the host broke. Waiting for it to come back…',
  },
  chat,
  files,
  left: {
    title: 'You have left',
    titleEnded: 'The room has ended',
    lead: (room: string) => `You are no longer in ${room}. Nothing of the conversation was kept.`,
    leadEnded: (room: string) => `${room} is over. Nothing of the conversation was kept.`,
    rejoin: 'Rejoin',
    busy: 'Joining…',
    toStart: 'Start page',
  },
}

export type Texts = typeof en
