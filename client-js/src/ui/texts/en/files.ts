/** Owns the English words about files. */
import type { DownloadPhase, StopCause, UploadPhase } from '../../../files/state.ts'
import { plurals } from '../plural.ts'

const plural = plurals('en')

type Said<Kinds extends string> = Record<Kinds, (name: string) => string>

const phases: Said<Exclude<DownloadPhase, 'resumable'>> = {
  offered: from => `${from} offers this file.`,
  queued: () => 'Waiting for its turn…',
  opening: () => 'Making room…',
  asking: from => `Asking ${from}…`,
  running: from => `Coming from ${from}…`,
  waiting: from => `Interrupted. It goes on as soon as ${from} can be reached.`,
  checking: () => 'Checking that nothing was changed…',
  kept: () => 'Complete and checked.',
  declined: () => 'You declined this file.',
  stopped: () => 'Stopped.',
}

const why: Said<StopCause> = {
  cancelled: from => `${from} cancelled it. Nothing was kept.`,
  declined: from => `${from} declined. Nothing was kept.`,
  gone: from => `${from} no longer has this file, or it was changed meanwhile. Nothing was kept.`,
  'no-room': () => 'It cannot be written here: there is not enough room.',
  wrong: () => 'What came is not the file that was offered. Nothing was kept.',
  withdrawn: from => `${from} took it back. Nothing was kept.`,
  'own-choice': () => 'You cancelled it. Nothing was kept.',
  'no-answer': from => `${from} does not answer.`,
  lost: () => 'The connection broke. Nothing was kept.',
}

const rows: Record<UploadPhase, string> = {
  running: 'sending…',
  sent: 'sent, being checked there…',
  waiting: 'interrupted; it goes on when the connection is back',
  done: 'complete',
  declined: 'declined',
  stopped: 'stopped',
}

const whyRow: Said<StopCause> = {
  cancelled: to => `${to} cancelled`,
  declined: () => 'declined',
  gone: () => 'the file cannot be read any more',
  'no-room': to => `${to} has no room for it`,
  wrong: () => 'it did not arrive as it was sent',
  withdrawn: () => 'taken back',
  'own-choice': () => 'cancelled',
  'no-answer': () => 'no answer',
  lost: () => 'the connection broke',
}

export const files = {
  attach: 'Send files',
  attachFolder: 'Send a folder',
  accept: 'Accept',
  acceptInto: 'Save to…',
  acceptAll: 'Accept all',
  decline: 'Decline',
  cancel: 'Cancel',
  pause: 'Pause',
  resume: 'Go on',
  saveAgain: 'Save again',
  fetch: 'Get it after all',
  takeBack: 'Take back',
  takenBack: 'You took this file back.',
  unknown: 'This file is no longer offered.',
  offeredToAll: 'Offered. Nobody has fetched it yet.',
  paused: 'Paused.',
  pausedBy: (name: string) => `Paused by ${name}.`,
  keptUnchecked: 'Complete.',
  ownerGone: (name: string) =>
    `Interrupted. ${name} has left. It goes on when they come back and offer this file again.`,
  offerOf: (from: string, file: string) => `File from ${from}: ${file}`,
  progressOf: (file: string) => `Progress of ${file}`,
  of: (done: string, all: string) => `${done} of ${all}`,
  left: (time: string) => `${time} left`,
  offers: (count: number) => plural(count, { one: '# file is offered', other: '# files are offered' }),
  moving: (count: number) => plural(count, { one: '# file on its way', other: '# files on their way' }),
  partly: (done: string, all: string) => `${done} of ${all} lie here already.`,
  dropFor: (room: string) => `Drop to send to ${room}`,
  nobodyThere: 'Nobody is here who could receive files',
  tooMany: (max: number) => `No more than ${max} files at a time. Put them into a folder and send that.`,
  phases,
  why,
  rows,
  whyRow,
}
