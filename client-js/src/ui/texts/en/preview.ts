/** Owns the English words around microphone, camera and speaker, and what to do when one cannot be had. */
import type { DeviceKind, Input, MediaTrouble } from '../../../call/devices.ts'
import type { Browser } from '../../browser.ts'

/** Said as a heading; what to do about it follows. */
const troubles: Record<Input, Record<MediaTrouble, string>> = {
  microphone: {
    insecure: 'No microphone without https',
    blocked: 'The microphone is blocked',
    'blocked-by-system': 'The system keeps the microphone from the browser',
    dismissed: 'The browser’s question was not answered',
    'not-found': 'No microphone was found',
    'in-use': 'The microphone is busy',
    lost: 'The microphone was unplugged',
    failed: 'The microphone could not be started',
  },
  camera: {
    insecure: 'No camera without https',
    blocked: 'The camera is blocked',
    'blocked-by-system': 'The system keeps the camera from the browser',
    dismissed: 'The browser’s question was not answered',
    'not-found': 'No camera was found',
    'in-use': 'The camera is busy',
    lost: 'The camera was unplugged',
    failed: 'The camera could not be started',
  },
}

const troublesBoth: Partial<Record<MediaTrouble, string>> = {
  insecure: 'No microphone and no camera without https',
  blocked: 'Microphone and camera are blocked',
  'blocked-by-system': 'The system keeps microphone and camera from the browser',
  'not-found': 'No microphone and no camera were found',
  'in-use': 'Microphone and camera are busy',
}

const remedies: Record<Exclude<MediaTrouble, 'blocked'>, string> = {
  insecure:
    'This page came over plain http, and browsers give such pages no devices. Ask for an address that begins with https://.',
  'blocked-by-system':
    'Open the privacy settings of your system and allow the browser to use it. Then come back and try again.',
  dismissed: 'Press “Try again”, and choose “Allow” when the browser asks.',
  'not-found': 'Check that it is plugged in and switched on.',
  'in-use': 'Another program or tab is using it. Close that one, then try again.',
  lost: 'Plug it in again, or choose another one.',
  failed: 'Unplug it and plug it in again, or choose another one.',
}

/** Where each browser keeps what it may do on a page. */
const unblocking: Record<Browser, string> = {
  chromium: 'Press the icon at the left end of the address, switch it on there, then try again.',
  firefox: 'Press the crossed-out icon at the left end of the address, remove the block, then try again.',
  safari: 'Choose “Settings for This Website…” in the Safari menu, allow it there, then try again.',
  'safari-phone':
    'Press the icon at the left end of the address, then “Website Settings”, allow it there, then try again.',
  android:
    'Press the icon at the left end of the address, then “Permissions”, allow it there, then try again.',
  other: 'Allow it in the browser’s settings for this page, then try again.',
}

const devices: Record<DeviceKind, string> = {
  microphone: 'Microphone',
  camera: 'Camera',
  speaker: 'Speaker',
}

export const preview = {
  title: 'Microphone and camera',
  devices,
  choose: {
    microphone: 'Choose a microphone',
    camera: 'Choose a camera',
    speaker: 'Choose a speaker',
  } satisfies Record<DeviceKind, string>,
  systemDevice: 'As the system',
  ask: 'Do you want to be heard and seen?',
  askHint: 'Your browser will ask you first. You can do without, too.',
  allowBoth: 'Allow microphone and camera',
  allowMicrophone: 'Microphone only',
  asking: 'Answer the question of your browser…',
  cameraOff: 'Your camera is off',
  speak: 'Say something: the bar should move.',
  silent: 'Your microphone is on but gives no sound at all. Perhaps it is muted by a switch of its own.',
  testSpeaker: 'Test the sound',
  testing: 'Three notes are playing…',
  testFailed: 'No sound could be played.',
  again: 'Try again',
  troubles,
  troublesBoth,
  remedies,
  unblocking,
  entersWithout: 'You enter the call unheard and unseen. You can change that there at any time.',
  joins: {
    neither: 'You join without microphone and camera. You can enter the call whenever you like.',
    microphone: 'You join the call with your microphone, unseen.',
    camera: 'You join the call with your camera, muted.',
    both: 'You join the call with microphone and camera.',
  },
}
