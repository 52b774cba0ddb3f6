/** Every English text of the page. Another language is another file of the same type. */

import type { Theme } from '../../app/settings.ts'
import type { DeviceKind, Input, MediaTrouble } from '../../call/devices.ts'
import type { Quality, TroubleWith } from '../../call/state.ts'
import type { DownloadPhase, StopCause, UploadPhase } from '../../files/state.ts'
import type { ConnectionStatus } from '../../room/roster.ts'
import type { NoticeKind } from '../../room/timeline.ts'
import type { Browser } from '../browser.ts'
import type { Trouble } from '../model.ts'
import type { Shortcut } from '../shortcuts.ts'
import { sentences } from './isolate.ts'
import { plurals } from './plural.ts'

const plural = plurals('en')
const say = sentences('en')

type Named<Kinds extends string> = Record<Kinds, (name: string) => string>

const refusals: Record<Exclude<Trouble['what'], 'not-loaded'>, string> = {
  'wrong-password': 'This password is wrong.',
  'no-password': 'This room needs a password.',
  'room-full': 'The room is full. Try again when someone has left.',
  'no-such-room': 'This room does not exist, or it has ended. Ask for a new link.',
  'try-later': 'There were too many attempts, or the server is busy. Try again in a moment.',
  'room-locked': 'The room is locked. Its owner lets nobody in for now.',
  'kept-out': 'The owner of this room has removed you.',
  'room-ended': 'The owner has ended this room.',
  'room-closed': 'This room has been closed.',
  waiting: 'The owner lets people in one by one. Waiting to be let in…',
  'sent-away': 'The owner has not let you in.',
  'not-invited-create': 'You need an invitation to make a room here.',
  'not-invited-join': 'You need an invitation to join this room.',
  'not-open-yet': 'This room is not open yet. It opens when someone comes who may make rooms here.',
  'bad-invitation': 'This invitation is not valid here. Ask for a new one.',
  'expired-invitation': 'This invitation has expired. Ask for a new one.',
  'wrong-server-password': 'This is not the server’s password.',
  'room-error': 'Something went wrong on the server. Please try again.',
  'not-hosted':
    'The server cannot carry this room at the moment. Try again later, or create a room with another connection type.',
  unreachable: 'The server cannot be reached. What you typed is still here; try again in a moment.',
  'no-name': 'Enter your name first.',
  'not-a-room': 'This is neither a link nor a room ID.',
  'name-taken':
    'A room with this name in its link is open already, with another password. Choose another name, or enter its password.',
  'no-link-name': 'This name has no letters or digits that could stand in a link.',
  'token-taken': 'You are invited to this server now. Create a room, or enter the link to one.',
}

const notices: Named<NoticeKind> = {
  joined: name => say`${name} joined`,
  left: name => say`${name} left`,
  removed: name => say`${name} was removed by the owner`,
  locked: () => 'The room is locked now. Nobody new can join.',
  unlocked: () => 'The room is open again.',
  muted: name => (name === '' ? 'The owner muted you' : say`${name} muted you`),
  changed: () => 'The room’s name, password or size has changed. The link is another one now.',
  'owner-now': () => 'You own this room now.',
  'owner-changed': name => (name === '' ? 'The room has another owner now.' : say`${name} owns the room now`),
  'waiting-on': () => 'Newcomers now wait until the owner lets them in.',
  'waiting-off': () => 'Newcomers come in without waiting again.',
  'handed-over': name => say`You shared recent messages with ${name}`,
  'too-fast': name => say`${name} is sending faster than can be displayed; some messages are missing`,
  'host-offline': () =>
    'The host lost the connection to the server. You can keep talking, but nobody new can join.',
  'password-changed': () => 'The room has another password now. Nobody new can join.',
  'host-changed': name => (name === '' ? 'The room has another host now.' : say`${name} is the host now`),
  'host-now': () => 'Your device is the host now.',
  'host-awaited': () =>
    'The host left. The room goes on as soon as somebody comes whose device can be the host.',
  'host-left': () => 'The host left, so the room has ended.',
  'line-lost': () => 'Connection to the server lost.',
  'line-back': () => 'Connection to the server restored.',
  'room-gone': () => 'The server no longer has this room. Nobody new can join.',
  sealed: () => 'End-to-end encrypted from now on.',
  unsealed: name =>
    say`${name}’s page does not support end-to-end encryption: whoever runs the server could listen in and read along.`,
  'unsealed-here': () =>
    'Your browser does not support end-to-end encryption: whoever runs the server could listen in and read along.',
  'sealing-failed': () =>
    'Encryption has failed on this page: nothing is sent or shown any more. Reload the page.',
  'key-changed': name => say`${name} has a different key than before. Compare the safety code again.`,
  'keys-missing': name => say`Could not set up encryption with ${name}: you cannot reach each other.`,
  'unsealed-star': name =>
    say`${name}’s page does not support end-to-end encryption: the host’s device could change what others write or send.`,
}

const reaches: Record<ConnectionStatus, string> = {
  self: 'you',
  direct: 'connected',
  'via-host': 'through the host',
  'via-server': 'through the server',
  connecting: 'connecting…',
  unsteady: 'unstable connection…',
  lost: 'connection lost, reconnecting…',
}

const themes: Record<Theme, string> = { auto: 'System default', light: 'Light', dark: 'Dark' }

/** Said as a heading; what to do about it follows. */
const troubles: Record<Input, Record<MediaTrouble, string>> = {
  microphone: {
    insecure: 'This page cannot use a microphone',
    blocked: 'Microphone access is blocked',
    'blocked-by-system': 'Your system blocks microphone access',
    dismissed: 'The permission request was dismissed',
    'not-found': 'No microphone found',
    'in-use': 'The microphone is already in use',
    lost: 'The microphone was disconnected',
    failed: 'The microphone could not be started',
  },
  camera: {
    insecure: 'This page cannot use a camera',
    blocked: 'Camera access is blocked',
    'blocked-by-system': 'Your system blocks camera access',
    dismissed: 'The permission request was dismissed',
    'not-found': 'No camera found',
    'in-use': 'The camera is already in use',
    lost: 'The camera was disconnected',
    failed: 'The camera could not be started',
  },
}

const troublesBoth: Partial<Record<MediaTrouble, string>> = {
  insecure: 'This page cannot use a microphone or camera',
  blocked: 'Microphone and camera access is blocked',
  'blocked-by-system': 'Your system blocks microphone and camera access',
  'not-found': 'No microphone or camera found',
  'in-use': 'Microphone and camera are already in use',
}

/** Browsers leave the devices out on plain http, and some apps do so in the browser that is built into them. */
const remedies: Record<Exclude<MediaTrouble, 'blocked'>, string> = {
  insecure:
    'Browsers only allow it on https:// addresses. If this is one, open the link in your usual browser instead of this app.',
  'blocked-by-system': 'Allow it for the browser in your system’s privacy settings, then try again.',
  dismissed: 'Press “Try again” and choose “Allow” when the browser asks.',
  'not-found': 'Check that it is connected and switched on.',
  'in-use': 'Close the other app or tab that is using it, then try again.',
  lost: 'Reconnect it or choose another one.',
  failed: 'Disconnect and reconnect it, or choose another one.',
}

/** Where each browser keeps what it may do on a page; and a page within another one is not asked about at all. */
const unblocking: Record<Browser | 'framed', string> = {
  chromium: 'Click the icon to the left of the address, allow access there, then try again.',
  firefox: 'Click the crossed-out icon to the left of the address, remove the block, then try again.',
  safari: 'Choose “Settings for This Website…” in the Safari menu, allow access there, then try again.',
  'safari-phone':
    'Tap the icon to the left of the address, then “Website Settings”, allow access there, then try again.',
  android: 'Tap the icon to the left of the address, then “Permissions”, allow access there, then try again.',
  framed:
    'This page is shown inside another one, which does not pass on microphone and camera. Open it in a tab of its own.',
  other: 'Allow access in the browser’s settings for this site, then try again.',
}

const devices: Record<DeviceKind, string> = {
  microphone: 'Microphone',
  camera: 'Camera',
  speaker: 'Speaker',
}

const choose: Record<DeviceKind, string> = {
  microphone: 'Choose a microphone',
  camera: 'Choose a camera',
  speaker: 'Choose a speaker',
}

const qualities: Record<Quality, string> = {
  good: 'Good connection',
  fair: 'Fair connection',
  poor: 'Poor connection',
}

const callTroubles: Record<TroubleWith, string> = {
  microphone: 'The microphone is not working',
  camera: 'The camera is not working',
  screen: 'The screen could not be shared',
  speaker: 'Sound cannot be played on this speaker',
}

const shortcuts: Record<Shortcut, string> = {
  microphone: 'Turn the microphone on or off',
  camera: 'Turn the camera on or off',
  talk: 'Hold to talk (with push-to-talk on)',
  screen: 'Start or stop screen sharing',
  chat: 'Open or close the chat',
  'full-screen': 'Enter or exit full screen',
  help: 'Show keyboard shortcuts',
}

const phases: Named<Exclude<DownloadPhase, 'resumable'>> = {
  offered: from => say`${from} wants to send this file.`,
  queued: () => 'Queued…',
  opening: () => 'Preparing storage…',
  asking: from => say`Waiting for ${from}…`,
  running: from => say`Downloading from ${from}…`,
  waiting: from => say`Interrupted. Resumes as soon as ${from} is reachable.`,
  checking: () => 'Verifying…',
  kept: () => 'Complete and verified.',
  declined: () => 'You declined this file.',
  stopped: () => 'Stopped.',
}

const why: Named<StopCause> = {
  cancelled: from => say`${from} cancelled the transfer. Nothing was saved.`,
  declined: from => say`${from} declined the transfer. Nothing was saved.`,
  gone: from => say`${from} no longer has this file, or it has changed. Nothing was saved.`,
  'no-room': () => 'Not enough storage space on this device.',
  'memory-only': () =>
    'Too large to be received here: without HTTPS, or in a private window, the browser gives this page no storage, and it cannot hold more than about 500 MB itself. Nothing was saved.',
  'no-storage': () => 'The browser could not open or write to its storage. Try again, or reload the page.',
  wrong: () => 'The received data does not match the offered file. Nothing was saved.',
  withdrawn: from => say`${from} withdrew this file. Nothing was saved.`,
  reloaded: from =>
    say`${from} reloaded the page, and the file is no longer offered. Ask ${from} to send it again.`,
  'own-choice': () => 'You cancelled the transfer. Nothing was saved.',
  'no-answer': from => say`${from} is not responding.`,
  lost: () => 'Connection lost. Nothing was saved.',
}

/** Said behind the receiver's name. */
const rows: Record<UploadPhase, string> = {
  running: 'sending…',
  sent: 'sent, verifying…',
  waiting: 'interrupted, resumes once reconnected',
  done: 'complete',
  declined: 'declined',
  stopped: 'stopped',
}

/** Said behind the receiver's name, too. */
const whyRow: Record<StopCause, string> = {
  cancelled: 'cancelled by recipient',
  declined: 'declined',
  gone: 'the file can no longer be read',
  'no-room': 'not enough storage space there',
  'memory-only': 'too large to be held there',
  'no-storage': 'storage could not be opened there',
  wrong: 'received data did not match',
  withdrawn: 'withdrawn',
  reloaded: 'lost when the page was reloaded',
  'own-choice': 'cancelled by you',
  'no-answer': 'no response',
  lost: 'connection lost',
}

export const en = {
  appName: 'P2PChat',
  titleIn: (room: string) => say`${room} – P2PChat`,
  refusals,
  access: {
    password: 'Server password',
    hint: 'If you were given this server’s password, enter it here.',
  },
  notices,
  /** Said behind what is wrong at the server, to whoever is not alone. */
  connectionsStay: 'Your connections to people in the room keep working.',
  /** How many wrong passwords came from one address. */
  passwordAttempts: (count: number) =>
    plural(count, {
      one: 'Somebody is trying passwords for this room (# wrong one from one address)',
      other: 'Somebody is trying passwords for this room (# wrong ones from one address)',
    }),
  reaches,
  settings: {
    title: 'Settings',
    general: 'General',
    theme: 'Appearance',
    themes,
    language: 'Language',
    automatic: 'Browser default',
    install: 'Install app',
    installHint: 'Adds P2PChat to your apps and opens it in its own window.',
    reset: 'Reset all settings',
    resetSure: 'Press again to reset',
    resetHint:
      'Deletes from this browser: your name, everything you have set here, and the list of your rooms on the start page. After that you can no longer manage rooms that you own. The rooms themselves stay.',
    resetDone: 'All settings have been reset.',
    chat: 'Chat',
    connection: 'Connection',
    media: 'Audio and video',
    devicesHint: 'Device names appear once microphone or camera access is allowed.',
    noiseSuppression: 'Noise suppression',
    noiseSuppressionHint: 'Removes background noise such as fans and keyboards. Turn it off for music.',
    echoCancellation: 'Echo cancellation',
    echoCancellationHint: 'Keeps others from hearing themselves. Needed without headphones.',
    autoGain: 'Automatic gain control',
    autoGainHint: 'Keeps your voice at an even volume.',
    keyboard: 'Keyboard',
    notifications: 'Notifications',
    notificationsHint: 'System notifications while you are in another tab or app.',
    notificationsRefused: 'The browser blocks notifications. Allow them in its settings for this site.',
    sound: 'Notification sound',
    soundHint: 'A soft sound while you are in another tab or app.',
    typing: 'Show others when I am typing',
    typingHint: 'You always see when others are typing.',
    shortcuts: 'Single-key shortcuts',
    shortcutsHint: 'Turn them off if you use dictation software, which can press keys by mistake.',
    handOver: 'Share recent messages',
    handOverHint: 'People who join later receive up to 100 recent messages from you.',
  },
  preview: {
    title: 'Microphone and camera',
    devices,
    choose,
    systemDevice: 'System default',
    ask: 'Do you want others to hear and see you?',
    askHint: 'Your browser will ask for permission. You can also join without.',
    allowBoth: 'Allow microphone and camera',
    allowMicrophone: 'Microphone only',
    asking: 'Answer your browser’s permission request…',
    cameraOff: 'Your camera is off',
    speak: 'Say something: the level meter should move.',
    silent: 'Your microphone is on, but there is no sound. It may have a mute switch.',
    testSpeaker: 'Test sound',
    testing: 'Playing a test sound…',
    testFailed: 'The test sound could not be played.',
    again: 'Try again',
    troubles,
    troublesBoth,
    remedies,
    unblocking,
    entersWithout: 'You join the call with microphone and camera off. You can turn them on at any time.',
    joins: {
      neither: 'You join without microphone and camera. You can join the call at any time.',
      microphone: 'You join the call with your microphone on and camera off.',
      camera: 'You join the call with your camera on and microphone off.',
      both: 'You join the call with microphone and camera on.',
    },
  },
  call: {
    start: 'Start call',
    join: 'Join call',
    startWithout: 'Start call without microphone and camera',
    joinWithout: 'Join call without microphone and camera',
    joinTitle: 'Join the call',
    startTitle: 'Start a call',
    leave: 'Leave call',
    area: 'Call',
    bar: 'Call controls',
    people: 'People in the call',
    /** Who is in a call that one is not in oneself. */
    inIt: (first: string, others: number) =>
      others === 0
        ? say`${first} is in the call`
        : say`${first} and ${plural(others, { one: '# other', other: '# others' })} are in the call`,
    inItTwo: (first: string, second: string) => say`${first} and ${second} are in the call`,
    inCall: 'in the call',
    inCallDirectly: 'in the call, directly',
    directly: 'directly',
    through: (name: string) => say`through ${name}`,
    alone: 'You are the only one in the call',
    microphone: 'Microphone',
    camera: 'Camera',
    screen: 'Share screen',
    screenStop: 'Stop sharing',
    screenMore: 'Screen sharing options',
    chat: 'Chat',
    chatUnread: 'Chat, unread messages',
    peoplePanel: 'People',
    more: 'More',
    switchCamera: 'Switch camera',
    you: 'You',
    self: (name: string) => say`${name} (you)`,
    muted: 'muted',
    silenced: 'you have muted them',
    noPicture: 'camera off',
    notShown: 'video hidden in audio-only mode',
    screenOf: (name: string) => say`${name}’s screen`,
    ownScreen: 'Your screen',
    ownScreenWhole: 'You are sharing your entire screen',
    ownScreenHint: 'It is not shown here, to avoid an infinite mirror.',
    pin: 'Pin',
    unpin: 'Unpin',
    pinned: (name: string) => say`${name} is pinned`,
    unpinned: (name: string) => say`${name} is no longer pinned`,
    fullScreen: 'Full screen',
    fullScreenOff: 'Exit full screen',
    smallWindow: 'Picture-in-picture',
    options: (name: string) => say`Options for ${name}`,
    volumeOf: (name: string) => say`Volume of ${name}`,
    qualities,
    measured: (lossPercent: number, roundTripMs: number | null, jitterMs: number) =>
      [
        say`Packet loss ${lossPercent}%`,
        roundTripMs === null ? null : say`latency ${roundTripMs} ms`,
        say`jitter ${jitterMs} ms`,
      ]
        .filter(it => it !== null)
        .join(' · '),
    reconnecting: 'Reconnecting…',
    reconnectingAll: 'Reconnecting… Keep this page open; the call resumes automatically.',
    connecting: 'Connecting…',
    needsPress: 'Your browser has blocked the sound of the call.',
    playSound: 'Play sound',
    mutedSpeaking: 'You are speaking, but your microphone is off.',
    unmute: 'Turn on microphone',
    holdToTalk: 'Hold the space bar to talk',
    holdToTalkTouch: 'Hold the microphone button to talk',
    talking: 'Others can hear you',
    troubles: callTroubles,
    screenUnsupported: 'This browser does not support screen sharing.',
    screenEcho:
      'The sound of your computer is not shared: in this browser the others would hear themselves in it. The sound of a tab can be shared.',
    screenBlocked: 'Screen sharing was not allowed. Press the button again and choose what to share.',
    plugged: (device: string) => say`${device} is connected.`,
    replaced: {
      microphone: (by: string) => say`The microphone was disconnected. Now using ${by}.`,
      camera: (by: string) => say`The camera was disconnected. Now using ${by}.`,
    },
    useIt: 'Use it',
    dismiss: 'Dismiss',
    carrying: (guests: number, megabits: number) => {
      const relaying = plural(guests, {
        one: 'You are relaying the call to # guest',
        other: 'You are relaying the call to # guests',
      })
      return say`${relaying}: ${megabits} Mbit/s`
    },
    strained:
      'Your connection or device is at its limit, so others see you in lower quality. Audio only would help.',
    audioOnly: 'Audio only',
    audioOnlyHint: 'Turns off your camera and hides all video.',
    audioOnlyHintRelaying:
      'Turns off your camera and hides all video on your device. You still relay the others’ video.',
    showPictures: 'Show video',
    pushToTalk: 'Push to talk',
    pushToTalkHint: 'Others hear you only while you hold the space bar.',
    pushToTalkHintTouch: 'Others hear you only while you hold the microphone button.',
    hints: { text: 'Sharp text', motion: 'Smooth motion' },
    hintTitle: 'Optimize for',
    shareAnother: 'Share another screen',
    shortcuts,
    shortcutsTitle: 'Keyboard shortcuts',
    shortcutsHint: 'Shortcuts are off while you are typing.',
    space: 'Space',
    said: {
      joined: (name: string) => say`${name} joined the call`,
      left: (name: string) => say`${name} left the call`,
      shares: (name: string) => say`${name} is sharing a screen`,
      sharesNot: (name: string) => say`${name} stopped sharing a screen`,
      entered: 'You joined the call',
      out: 'You left the call',
      unmuted: 'Microphone on',
      muted: 'Microphone off',
      cameraOn: 'Camera on',
      cameraOff: 'Camera off',
      audioOnly: 'Audio only on',
      audioOnlyNot: 'Audio only off',
      sharing: 'You are sharing your screen',
      sharingNot: 'You stopped sharing your screen',
    },
  },
  connection: {
    noWay:
      'No connection can be made to some people here. Your networks do not let your browsers reach each other, and this site has no relay (TURN server). Another network may help, for example mobile data.',
    noWayRelayed:
      'No connection can be made to some people here, not even through the relay (TURN server). Another network may help, for example mobile data.',
    obstacles: {
      'no-candidates':
        'No connection can be made: a setting of this browser, an extension, or a policy of your organization keeps WebRTC from using the network. Another browser or device may help.',
      'no-relay':
        'No connection can be made to some people here, and the relay (TURN server) does not answer. Your network may block it. Another one may help, for example mobile data.',
      'same-network':
        'No connection can be made to some people here. You seem to be on the same network; it may keep devices apart, as guest Wi-Fi often does. Another network may help, for example mobile data.',
    },
    noWebrtc:
      'This browser cannot connect to anybody: WebRTC is missing or switched off. Switch it on, or open this page in another browser.',
    relayOnly: 'Hide my IP address',
    relayOnlyHint:
      'Off: people in a room can see your IP address. On: everything goes through a relay (TURN server), which passes on the encrypted data and cannot read it. This adds a little delay.',
    noRelay:
      'This needs a relay (TURN server). Neither you nor this site has set one, so you could not reach anyone.',
    relayFails:
      'Nobody can be reached yet: your IP address is hidden, and no connection can be made through the relay (TURN server). Test it in the settings.',
    own: 'Custom STUN and TURN servers',
    ownHint: 'Used instead of the ones this site provides.',
    address: 'Server address',
    addressHint: 'Starts with stun:, turn: or turns:',
    noAddress: 'This is not a STUN or TURN address. Example: turn:turn.example.org:3478',
    username: 'Username',
    credential: 'Password',
    noAccount: 'A TURN server needs a username and a password.',
    add: 'Add server',
    remove: (address: string) => say`Remove ${address}`,
    attempt: 'Test',
    tried: { trying: 'Testing…', yes: 'The server responds.', no: 'The server does not respond.' },
    fromNowOn: 'Applies to new connections.',
  },
  check: {
    title: 'Connection check',
    lead: 'Tries what a call needs, and says what does not work here. It takes up to a minute.',
    start: 'Start check',
    again: 'Check again',
    running: 'Checking…',
    copy: 'Copy report',
    copied: 'Report copied',
    steps: {
      secure: 'Secure page',
      microphone: 'Microphone',
      camera: 'Camera',
      server: 'Connection to the server',
      proxy: 'Proxy configuration',
      stun: 'STUN server',
      udp: 'Relay over UDP',
      tcp: 'Relay over TCP',
      tls: 'Relay over TLS',
    },
    outcomes: { good: 'works', fault: 'does not work', absent: 'not set up', skipped: 'not tested' },
    hints: {
      skipped: 'Only people in a room can use the relay. Join one, then test again.',
      secure:
        'Open this page by its https address: without one, browsers give no access to microphone and camera.',
      device: 'No device is connected, or the browser or the system blocks access to it.',
      polling: 'Something on the way blocks websockets. A slower way is used instead.',
      away: 'The server does not answer, or it is busy.',
      proxy:
        'The server does not receive this header as it should. Whoever runs the server can fix that with these lines.',
      stun: 'The network blocks UDP, or the server does not answer.',
      relay: 'The network or a firewall blocks this way, or the relay does not answer.',
    },
    verdicts: {
      untried: 'The server can be reached. The relay was not tested.',
      none: 'No connection: the server cannot be reached.',
      direct: 'You can reach people where both networks allow direct connections. No relay can be reached.',
      relayed: (over: string) => say`You can reach people, directly or through the relay (${over}).`,
    },
  },
  safety: {
    open: (name: string) => say`Connection to ${name}`,
    direct: 'Direct connection between your browsers.',
    relayed: (over: string) => say`Through a TURN server${over}, which cannot read what it relays.`,
    code: 'Safety code',
    lead: 'Compare it on the phone or face to face. If both of you see the same code, nobody is intercepting the connection.',
    differs: 'If the codes differ, someone may be intercepting the connection. Do not continue.',
    viaHost: (name: string) =>
      say`You reach ${name} through the host’s device, which relays everything between you and could read or change it.`,
    viaHostSealed: (name: string) =>
      say`You reach ${name} through the host’s device. It hears the call, but cannot change messages or files: they are end-to-end encrypted.`,
    viaServer: (name: string) =>
      say`You reach ${name} through the server, which relays everything between you, and one of your browsers does not support end-to-end encryption: whoever runs the server could listen in, read or change it.`,
    viaServerSealed: (name: string) =>
      say`You reach ${name} through the server, which relays everything between you but cannot read it: it is end-to-end encrypted.`,
    callDirect: (name: string) =>
      say`In the call, you and ${name} see and hear each other directly: sound and pictures go from browser to browser.`,
    agreeing: (name: string) => say`Setting up encryption with ${name}…`,
    noHttps: 'This page was not loaded over HTTPS, so a safety code would prove nothing.',
    none: 'There is no connection at the moment.',
  },
  media: {
    show: 'Preview',
    hide: 'Close preview',
    failed: 'No preview available. Save the file and open it in another app.',
  },
  dialog: {
    close: 'Close',
    notLoaded: 'This part of the page could not be loaded. Check your connection and try again.',
    newVersion: 'A new version of this page is here. Reload the page to go on.',
    reload: 'Reload',
  },
  server: {
    connecting: 'Connecting to the server…',
    online: 'Connected to the server',
    offline: 'Server unreachable, reconnecting…',
    roomGone: 'Nobody new can join',
    ended: 'Ended',
  },
  start: {
    rooms: 'Your rooms',
    roomsLead:
      'Rooms that you were in lately, and rooms that you have planned. Only this browser remembers them.',
    openRoom: 'Open',
    forgetRoom: 'Forget',
    forgetAsk: {
      title: 'Forget this room?',
      owned:
        'Nobody but this browser can prove who owns this room. Without it, nobody can manage the room any more.',
      planned:
        'The planned time and the link are in no list here any more. Whoever has the link can still come.',
      keep: 'Keep',
    },
    inOtherTab: 'open in another tab',
    title: 'Chat, call and share files',
    lead: 'Messages, calls, screens and files of any size go from browser to browser, encrypted. The server only connects you.',
    yourName: 'Your name',
    yourNameHint: 'Shown to others in the room.',
  },
  create: {
    title: 'Create a room',
    lead: 'You get a link to share.',
    roomName: 'Room name',
    options: 'More options',
    optionsHint: 'Connection type, password, size, a name in the link, a time',
    kind: 'Connection type',
    mesh: 'Mesh',
    meshLead:
      'Everyone connects to everyone. Only the people in the room can hear, see and read what is said there.',
    star: 'Star',
    starLead:
      'Everyone connects to your device, which relays everything and hears, sees and reads what is meant for everyone. When you leave, another person’s device can take over.',
    server: 'Through the server',
    serverLead:
      'Everyone connects to this server, which relays everything. It is end-to-end encrypted as long as everyone’s browser supports that; otherwise, whoever runs the server could listen in, and the room says so. Best for many cameras, and nobody’s device has to stay.',
    password: 'Password',
    passwordHint: 'Included in the link. Leave it empty for a room without a password.',
    passwordHintNamed:
      'Included in the link that you copy. While the room is open, whoever knows only the name is asked for it.',
    named: 'Name in the link',
    namedHint: 'Whoever knows the name can come in, unless the room has a password. Nobody owns such a room.',
    generate: 'Generate',
    peersMax: 'Maximum number of people',
    submit: 'Create room',
    busy: 'Creating…',
    /** Becomes the name of a room, so that nothing invisible may be in it. */
    defaultName: (name: string) => (name === '' ? 'Our room' : `${name}’s room`),
  },
  join: {
    title: 'Join a room',
    lead: 'With a link or a room ID.',
    room: 'Link or room ID',
    password: 'Password',
    passwordHint: 'A link already includes it.',
    submit: 'Join room',
    busy: 'Joining…',
  },
  plan: {
    open: 'Plan for later…',
    title: 'Plan a room',
    lead: 'You get the link now. It opens the room whenever somebody comes who may make rooms here, even after a restart of the server.',
    when: 'Date and time',
    duration: 'Duration',
    submit: 'Make the link',
    past: 'This time has passed.',
    toCalendar: 'Add to calendar (.ics)',
    show: 'Link and calendar',
    notKept:
      'This browser could not keep the room. Copy its link now: it will be in no list here, and you will not be its owner when you come.',
  },
  invited: {
    namedTitle: 'Open this room',
    namedLead:
      'Enter your name. The room is made if it is not there yet. Whoever knows its name can come in, unless it has a password.',
    title: 'You are invited',
    lead: 'Enter your name to join.',
    passwordLead: 'This room may need a password, and the link does not include one.',
    wrongLead: 'The password in the link is wrong, or no longer valid. Ask for it, or for a new link.',
    twice: 'You are already in this room in another tab. If you join here too, you appear twice.',
    elsewhere: 'Go to the start page',
  },
  room: {
    people: 'People',
    peopleCount: (count: number, max: number) => say`${count} of ${max}`,
    you: 'you',
    host: 'host',
    stranger: 'Someone',
    leave: 'Leave',
    leaveNamed: 'Leave the room',
    leaveAsk: {
      room: {
        title: 'End the room for everyone?',
        lead: 'Your device relays everything between the others. When you leave, the room ends for them, too.',
        yes: 'End room',
      },
      files: {
        title: 'Leave while files are being transferred?',
        lead: 'The transfers stop when you leave.',
        yes: 'Leave',
      },
      nothing: { title: 'Leave the room?', lead: 'The conversation is not saved.', yes: 'Leave' },
    },
    stay: 'Stay',
    invite: 'Copy link',
    copied: 'Link copied',
    copyFailed: 'The link could not be copied. Select it and copy it yourself.',
    link: 'Link to this room',
    share: 'Share',
    qrShow: 'QR code',
    qr: 'Invitation QR code',
    qrLead: 'Anyone who scans this code can join: it contains the link and the password.',
    qrLeadOpen: 'Anyone who scans this code can join.',
    ready: 'Your room is ready',
    alone: 'Nobody else is here',
    readyLead: 'Send this link to the people you want to talk to. It includes the password.',
    readyLeadOpen: 'Send this link to the people you want to talk to.',
    linkLater: 'The link works again as soon as the server can be reached.',
    ended: 'This room has ended.',
    waitingForHost: 'Connecting to the host…',
    waiting: 'The server has not let you back into the room yet. Trying again…',
    takeHost: 'Be the host',
    hostLost: 'Connection to the host lost. Reconnecting…',
  },
  /** Where the server is the host. */
  hosted: {
    lead: 'This room goes through the server, end-to-end encrypted as long as everyone’s browser supports that; otherwise, whoever runs the server could listen in, and the room says so.',
    sealed:
      'End-to-end encrypted. Whoever runs the server sees who is here and how much is sent, but cannot listen in or read along.',
    failing: 'no encryption set up',
    cannot: 'no end-to-end encryption',
    connecting: 'Connecting to the room…',
    lost: 'Connection to the room lost. Reconnecting…',
    alone: 'Nobody else is here yet. The server keeps the latest messages for people who join later.',
    earlier: 'Earlier messages, kept by the server',
  },
  owner: {
    tag: 'owner',
    options: (name: string) => say`What you can do with ${name}`,
    manage: 'Manage room',
    lock: 'Lock room',
    unlock: 'Unlock room',
    isLocked: 'The room is locked. Nobody new can join.',
    wait: 'Turn on waiting room',
    waitOff: 'Turn off waiting room',
    isWaiting: 'Newcomers wait until the owner lets them in.',
    waiting: 'Waiting to be let in',
    nobodyWaits: 'Nobody is waiting to be let in.',
    knocks: (name: string) => say`${name} wants to come in`,
    letIn: 'Let in',
    sendAway: 'Send away',
    mute: 'Mute',
    muteAll: 'Mute everyone',
    muteAsked: (name: string) => say`${name} was asked to be silent`,
    change: 'Name, password, size…',
    changeTitle: 'Change the room',
    passwordHint: 'Included in the link. With another password, the links sent so far no longer work.',
    save: 'Save',
    handOn: 'Make owner…',
    handOnTitle: (name: string) => say`Hand the room over to ${name}?`,
    handOnLead:
      'You become a member like the others, and cannot take it back. When the room has been empty for a while and is opened again by its link, it is yours again.',
    handOnYes: 'Hand over',
    remove: 'Remove…',
    removeTitle: (name: string) => say`Remove ${name}?`,
    removeLead:
      'The page and the browser stay out. Somebody with another browser and the link could come back: lock the room, or change its password, to prevent that.',
    removeYes: 'Remove',
    reason: 'Reason',
    reasonHint: 'Optional. The person concerned reads it.',
    end: 'End for everyone',
    endTitle: 'End the room for everyone?',
    endLead: 'Everybody is disconnected, and the link lets in nobody but you for the next hour.',
    cancel: 'Cancel',
    failed: 'The server did not take it. Try again in a moment.',
    removedTitle: 'You were removed',
    removedYou: (room: string) => say`The owner of “${room}” removed you from the room.`,
    endedForAll: (room: string) => say`The owner has ended “${room}” for everyone.`,
  },
  chat: {
    log: 'Conversation',
    /** Read out with the name of the log. */
    logHint: 'Use the arrow keys to move between messages.',
    message: 'Message',
    placeholder: 'Write a message',
    hint: 'Enter to send, Shift + Enter for a new line.',
    alone: 'Nobody else is here yet. Messages are not stored for people who join later.',
    aloneHandingOver: 'Nobody else is here yet.',
    send: 'Send',
    parts: (count: number) =>
      plural(count, { one: 'Will be sent as # message', other: 'Will be sent as # messages' }),
    tooLong: 'Too long to send. Shorten it, or send it as a file.',
    left: (units: number) =>
      units === 0
        ? 'Maximum length reached'
        : plural(units, { one: '# character left', other: '# characters left' }),
    you: 'You',
    empty: 'No messages yet. Say hello.',
    reply: 'Reply',
    react: 'React',
    replyingTo: (name: string) => say`Replying to ${name}`,
    replyingToSelf: 'Replying to yourself',
    cancelReply: 'Cancel reply',
    quoted: (name: string) => say`In reply to ${name}:`,
    quotedSelf: 'In reply to you:',
    earlier: 'In reply to an earlier message',
    emoji: 'Emoji',
    reaction: (sign: string, names: string) => say`${sign}: ${names}`,
    sendAgain: 'Send again',
    unheard: 'Not delivered yet',
    told: (name: string) => say`Earlier messages, shared by ${name}`,
    sinceYouCame: 'Since you joined',
    older: 'Older messages are no longer shown.',
    fresh: 'New',
    toLast: 'Jump to the latest message',
    toEnd: (count: number) => plural(count, { one: '# new message', other: '# new messages' }),
    typing: (names: readonly string[]) => {
      const [first = '', second] = names
      if (names.length > 2) return 'Several people are typing…'
      return second === undefined ? say`${first} is typing…` : say`${first} and ${second} are typing…`
    },
  },
  emoji: {
    search: 'Search emoji',
    tone: 'Skin tone',
    groups: 'Emoji groups',
    often: 'Frequently used',
    smileys: 'Smileys and emotion',
    people: 'People and gestures',
    nature: 'Animals and nature',
    food: 'Food and drink',
    travel: 'Travel and places',
    activities: 'Activities',
    objects: 'Objects',
    symbols: 'Symbols',
    flags: 'Flags',
    found: (count: number) =>
      count === 0 ? 'No emoji found' : plural(count, { one: '# emoji found', other: '# emoji found' }),
  },
  files: {
    attach: 'Send files',
    attachFolder: 'Send a folder',
    accept: 'Accept',
    acceptInto: 'Save as…',
    acceptAll: 'Accept all',
    decline: 'Decline',
    cancel: 'Cancel',
    pause: 'Pause',
    resume: 'Resume',
    saveAgain: 'Save again',
    fetch: 'Download anyway',
    takeBack: 'Withdraw',
    /** Where somebody has the file already, which nothing takes back. */
    stopOffering: 'Stop offering',
    takenBack: (file: string) => say`You no longer offer “${file}”.`,
    unknown: (file: string) => say`“${file}” is no longer available.`,
    offeredToAll: 'Nobody has downloaded it yet.',
    paused: 'Paused.',
    pausedBy: (name: string) => say`Paused by ${name}.`,
    keptUnchecked: 'Complete.',
    noLongerOffered: (name: string) => say`No longer available: ${name} does not offer this file any more.`,
    ownerGone: (name: string) =>
      say`Interrupted. ${name} left. Resumes when they come back and offer this file again.`,
    mustSendAgain: (name: string) =>
      say`Interrupted. ${name} reloaded the page and has to send this file again. It then resumes where it stopped.`,
    offerOf: (from: string, file: string) => say`File from ${from}: ${file}`,
    ownOffer: (file: string) => say`Your file: ${file}`,
    progressOf: (file: string) => say`Progress of ${file}`,
    of: (done: string, all: string) => say`${done} of ${all}`,
    left: (time: string) => say`${time} left`,
    offers: (count: number) => plural(count, { one: '# file offered', other: '# files offered' }),
    moving: (count: number) => plural(count, { one: 'Transferring # file', other: 'Transferring # files' }),
    partly: (done: string, all: string) => say`${done} of ${all} already downloaded.`,
    dropFor: (room: string) => say`Drop files to send them to ${room}`,
    nobodyThere: 'Nobody is here to receive files',
    unreadable: (names: string, more: number) =>
      more === 0
        ? say`These could not be read and are not sent: ${names}`
        : say`These could not be read and are not sent: ${names} and ${more} more`,
    phases,
    why,
    rows,
    /** Of somebody who is connected and has not asked for the rest yet. */
    rowAwaited: 'interrupted, waiting for them to resume',
    whyRow,
  },
  left: {
    gone: 'This room does not exist any more: it ended when the last person left. You can create a new one on the start page.',
    title: 'You left the room',
    titleEnded: 'The room has ended',
    lead: (room: string) => say`You are no longer in “${room}”. The conversation was not saved.`,
    leadEnded: (room: string) => say`“${room}” has ended. The conversation was not saved.`,
    closedByServer: (room: string) => say`“${room}” was closed by the people who run this server.`,
    rejoin: 'Rejoin',
    busy: 'Joining…',
    toStart: 'Start page',
  },
}

export type Texts = typeof en
