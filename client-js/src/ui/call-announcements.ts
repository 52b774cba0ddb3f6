/** What is announced of a call to those who do not see it: what has changed between two states. Pure. */
import type { CallState, MemberId } from '../call/state.ts'
import type { Texts } from './texts/en.ts'

type Words = Texts['call']['said']

/** Nothing for those who are not in the call: the strip that says who is in it is read by itself. */
export const callAnnouncements = (
  before: CallState,
  after: CallState,
  nameOf: (member: MemberId) => string,
  words: Words,
): readonly string[] => {
  const [was, is] = [before.own, after.own]
  if (is.phase !== 'in') return was.phase === 'in' ? [words.out] : []
  if (was.phase !== 'in') return [words.entered]
  return [...ofOthers(before, after, nameOf, words), ...ofOwn(was, is, words)]
}

const ofOthers = (
  before: CallState,
  after: CallState,
  nameOf: (member: MemberId) => string,
  words: Words,
): string[] => {
  const had = new Map(before.participants.map(it => [it.member, screensOf(it)]))
  const has = new Map(after.participants.map(it => [it.member, screensOf(it)]))
  const said: string[] = []
  for (const [member, screens] of has) {
    const shared = had.get(member)
    if (shared === undefined) said.push(words.joined(nameOf(member)))
    if (screens > (shared ?? 0)) said.push(words.shares(nameOf(member)))
    if (screens < (shared ?? 0)) said.push(words.sharesNot(nameOf(member)))
  }
  for (const member of had.keys()) if (!has.has(member)) said.push(words.left(nameOf(member)))
  return said
}

const screensOf = ({ streams }: CallState['participants'][number]): number =>
  streams.filter(({ kind }) => kind === 'screen').length

const ofOwn = (was: CallState['own'], is: CallState['own'], words: Words): string[] => {
  const said: string[] = []
  if (was.microphone !== is.microphone) said.push(is.microphone === 'on' ? words.unmuted : words.muted)
  if (was.camera !== is.camera && is.camera !== 'starting')
    said.push(is.camera === 'on' ? words.cameraOn : words.cameraOff)
  if (was.audioOnly !== is.audioOnly) said.unshift(is.audioOnly ? words.audioOnly : words.audioOnlyNot)
  if (is.screens.length > was.screens.length) said.push(words.sharing)
  if (is.screens.length < was.screens.length) said.push(words.sharingNot)
  return said
}
